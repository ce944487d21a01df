using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>Counts for <see cref="JournalMetrics"/>; written by the writer's thread and by callers, read by anybody.</summary>
internal sealed class WriteCounters
{
    private readonly Lock _lock = new();
    private JournalMetrics _now = new(0, 0, 0, 0, 0, 0, 0, TimeSpan.Zero);

    public JournalMetrics Snapshot()
    {
        lock (_lock)
            return _now;
    }

    public void Committed(int writes, TimeSpan committing)
    {
        lock (_lock)
            _now = _now with
            {
                Transactions = _now.Transactions + 1,
                Writes = _now.Writes + writes,
                LargestGroup = Math.Max(_now.LargestGroup, writes),
                Committing = _now.Committing + committing,
            };
    }

    public void Failed(int writes)
    {
        lock (_lock)
            _now = _now with { Failures = _now.Failures + writes };
    }

    public void Answered(AppendResult result)
    {
        lock (_lock)
            _now = result switch
            {
                AppendResult.Appended => _now with { Appended = _now.Appended + 1 },
                AppendResult.SequenceConflict => _now with { SequenceConflicts = _now.SequenceConflicts + 1 },
                AppendResult.Fenced => _now with { Fenced = _now.Fenced + 1 },
                _ => throw new ArgumentOutOfRangeException(nameof(result), result, "unknown result"),
            };
    }
}
