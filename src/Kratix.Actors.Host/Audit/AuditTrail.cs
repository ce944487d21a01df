using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Audit;

/// <summary>One event as stored, where the object stood after it, and what it says in words.</summary>
internal sealed record AuditEntry(JournalEvent Event, string Phase, AuditStory Story);

/// <summary>Reads an object's history. An event that cannot be read is shown as such and does not hide the ones after it.</summary>
internal static class AuditTrail
{
    internal static async Task<IReadOnlyList<AuditEntry>> Read(IJournal journal, EntityKey entity, CancellationToken cancellation)
    {
        var fold = AuditFold.Of(entity);
        var broken = false;
        var entries = new List<AuditEntry>();
        await foreach (var happened in journal.Events(entity, 0, cancellation))
        {
            try
            {
                var story = broken ? AuditStory.Of("not told: an event before it cannot be read") : fold.Apply(happened);
                entries.Add(new AuditEntry(happened, broken ? "unknown" : fold.Phase, story));
            }
            catch (AuditException exception)
            {
                broken = true;
                entries.Add(new AuditEntry(happened, "unknown", AuditStory.Of(exception.Message)));
            }
        }
        return entries;
    }
}
