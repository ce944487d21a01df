using System.Diagnostics.Metrics;

namespace Kratix.Actors.Journal;

/// <summary>A journal's <see cref="JournalMetrics"/> as instruments of the meter <see cref="Name"/>. Nothing is measured for it.</summary>
public sealed class JournalMeter : IDisposable
{
    public const string Name = "Kratix.Actors.Journal";

    private readonly Meter _meter = new(Name);

    public JournalMeter(SqliteJournal journal)
    {
        Count("kratix.journal.transactions", "{transaction}", "Transactions committed.", m => m.Transactions);
        Count("kratix.journal.writes", "{write}", "Writes that were committed; by transactions, the mean size of a group.", m => m.Writes);
        Count("kratix.journal.events", "{event}", "Events appended.", m => m.Appended);
        Count("kratix.journal.conflicts", "{append}", "Appends refused because the object had moved on.", m => m.SequenceConflicts);
        Count("kratix.journal.fenced", "{append}", "Appends refused because the shard has a new owner.", m => m.Fenced);
        Count("kratix.journal.failures", "{write}", "Writes that failed.", m => m.Failures);
        _meter.CreateObservableCounter("kratix.journal.committing.time", () => journal.Metrics.Committing.TotalSeconds, "s", "Time spent waiting for the disk.");
        _meter.CreateObservableGauge("kratix.journal.group.largest", () => journal.Metrics.LargestGroup, "{write}", "Most writes that shared a transaction.");

        void Count(string name, string unit, string description, Func<JournalMetrics, long> value) =>
            _meter.CreateObservableCounter(name, () => value(journal.Metrics), unit, description);
    }

    public void Dispose() => _meter.Dispose();
}
