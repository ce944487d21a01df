using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Audit;

/// <summary>Something in the journal is not as it was written. <paramref name="Sequence"/>: of the event; 0 where it is the stored state as a whole.</summary>
internal sealed record AuditFault(EntityKey Entity, long Sequence, string Problem);

/// <param name="Events">Events whose hashes were recomputed.</param>
/// <param name="Objects">Objects they belong to.</param>
/// <param name="Folded">Objects whose stored state was compared with the fold of their events.</param>
/// <param name="Faults">What is wrong; empty when all is well.</param>
internal sealed record AuditReport(long Events, long Objects, long Folded, IReadOnlyList<AuditFault> Faults);

/// <summary>
/// Checks that nobody changed history: every event's hash and its link to the one before, and that the events of each object lead exactly to the
/// state stored beside them. Works on a journal that is being written: an object is compared at the sequence its row had when it was read.
/// </summary>
internal static class AuditVerification
{
    internal static async Task<AuditReport> Verify(IJournal journal, EntityKey? entity, CancellationToken cancellation)
    {
        var chain = await journal.VerifyChain(entity, cancellation);
        var faults = chain.Faults.Select(fault => new AuditFault(fault.Entity, fault.Sequence, fault.Problem)).ToList();
        var folded = 0L;
        await foreach (var row in Rows(journal, entity, cancellation))
        {
            folded++;
            if (await FaultOf(journal, row, cancellation) is { } fault)
                faults.Add(fault);
        }
        return new AuditReport(chain.Events, chain.Entities, folded, faults);
    }

    private static async IAsyncEnumerable<EntityRow> Rows(
        IJournal journal, EntityKey? entity, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        if (entity is { } one)
        {
            if (await journal.Read(one, cancellation) is { } row)
                yield return row;
            yield break;
        }
        foreach (var type in AuditFold.Types)
            await foreach (var row in journal.Rows(type, cancellation))
                yield return row;
    }

    private static async Task<AuditFault?> FaultOf(IJournal journal, EntityRow row, CancellationToken cancellation)
    {
        var last = 0L;
        try
        {
            var fold = AuditFold.Of(row.Entity);
            await foreach (var happened in journal.Events(row.Entity, 0, cancellation))
            {
                if (happened.Sequence > row.Sequence)
                    break;
                last = happened.Sequence;
                fold.Apply(happened);
            }
            if (last != row.Sequence)
                return new AuditFault(row.Entity, row.Sequence, $"the stored state is that after event {row.Sequence}, but the events end with {last}");
            return fold.LeadsTo(row) ? null : new AuditFault(row.Entity, row.Sequence, "the events do not lead to the stored state");
        }
        catch (Exception exception) when (exception is AuditException or FormatException)
        {
            return new AuditFault(row.Entity, last, exception.Message);
        }
    }
}
