using Kratix.Actors.Host.Commands;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Audit;

/// <summary>Something in the journal is not as it was written. <paramref name="Sequence"/>: of the event; 0 where it is the stored state as a whole.</summary>
internal sealed record AuditFault(EntityKey Entity, long Sequence, string Problem);

/// <param name="Events">Events whose hashes were recomputed.</param>
/// <param name="Objects">Objects they belong to.</param>
/// <param name="Folded">Objects whose stored state was compared with the fold of their events.</param>
/// <param name="Head">What stands for all events there are; null where one object was looked at, and where there are none.</param>
/// <param name="Faults">What is wrong; empty when all is well.</param>
internal sealed record AuditReport(long Events, long Objects, long Folded, JournalHead? Head, IReadOnlyList<AuditFault> Faults);

/// <summary>
/// Checks that nobody changed history: every event's hash and its link to the one before, and that the events of each object lead exactly to the
/// state stored beside them. Works on a journal that is being written: an object is compared at the sequence its row had when it was read.
/// </summary>
internal static class AuditVerification
{
    /// <param name="head">What an earlier check ended with, as <c>POSITION:HASH</c>; null for none.</param>
    /// <exception cref="CommandException">The head has another form.</exception>
    internal static async Task<AuditReport> Verify(IJournal journal, EntityKey? entity, string? head, CancellationToken cancellation)
    {
        var expected = head is null ? null : HeadOf(head);
        var chain = await journal.VerifyChain(entity, cancellation);
        var faults = chain.Faults.Select(fault => new AuditFault(fault.Entity, fault.Sequence, fault.Problem)).ToList();
        var folded = 0L;
        try
        {
            await foreach (var row in Rows(journal, entity, cancellation))
            {
                folded++;
                if (await FaultOf(journal, row, cancellation) is { } fault)
                    faults.Add(fault);
            }
        }
        catch (JournalException unreadable) when (faults.Count > 0)
        {
            // A forged value may be one that cannot be read. What the chain has to say of it must not be lost with it.
            faults.Add(new AuditFault(Whole, 0, $"only {folded} states could be compared with their events: {unreadable.Message}"));
        }

        if (expected is not null && await FaultOf(journal, expected, cancellation) is { } cut)
            faults.Add(cut);
        return new AuditReport(chain.Events, chain.Entities, folded, entity is null ? await journal.Head(null, cancellation) : null, faults);
    }

    private static JournalHead HeadOf(string text) =>
        text.Split(':') is [var position, { Length: 64 } hash] && hash.All(char.IsAsciiHexDigitLower)
        && long.TryParse(position, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var at)
            ? new JournalHead(at, hash)
            : throw new CommandException(ExitCode.Usage, $"the head is '{text}'; write POSITION:HASH as `audit verify` printed it");

    /// <summary>The chain proves what is in the file; only what was kept elsewhere proves that the file was not set back as a whole.</summary>
    private static async Task<AuditFault?> FaultOf(IJournal journal, JournalHead expected, CancellationToken cancellation)
    {
        if (await journal.Head(expected.Position, cancellation) is { } found)
            return found == expected ? null : new AuditFault(Whole, expected.Position, $"changed: the events up to position {expected.Position} are not those that the head stands for");
        var last = (await journal.Head(null, cancellation))?.Position ?? 0;
        return new AuditFault(Whole, last + 1, $"removed: the journal ends with position {last}, and once went up to {expected.Position}: what came after was cut off");
    }

    private static readonly EntityKey Whole = new("journal", "positions");

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
        catch (AuditException exception)
        {
            return new AuditFault(row.Entity, last, exception.Message);
        }
    }
}
