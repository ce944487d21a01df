namespace Kratix.Actors.Journal;

/// <summary>
/// What the writer did since it was opened.
/// <paramref name="Transactions"/>: committed ones; divide <paramref name="Writes"/> by it for the mean size of a group.
/// <paramref name="Failures"/>: writes that ended in a <see cref="Ports.Journal.JournalException"/>.
/// <paramref name="Committing"/>: time spent in COMMIT, which is waiting for the disk.
/// </summary>
public sealed record JournalMetrics(
    long Transactions, long Writes, long Appended, long SequenceConflicts, long Fenced, long Failures, int LargestGroup, TimeSpan Committing);
