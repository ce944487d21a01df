using System.Security.Cryptography;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>
/// Checks what no entity's chain can know: that positions have no gap (they never have, unless events were removed) and that the events between
/// two anchors are those, in the order, that were there when the anchor was written. So the removal of a whole entity is noticed too.
/// </summary>
internal sealed class PositionCheck(ChainChecker checker, IReadOnlyDictionary<long, byte[]> anchors) : IDisposable
{
    private const long Interval = JournalTables.AnchorInterval;

    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _last;
    private long _missing;
    private long _firstMissing;
    private long _boundary = Interval;
    private bool _windowExplained;
    private int _faultsBefore;

    /// <summary>Before the event itself is checked.</summary>
    public void Next(long position, ReadOnlySpan<byte> hash)
    {
        if (position > _boundary)
            CloseWindows(position);
        if (position > _last + 1)
            Missing(_last + 1, position - 1);
        _sha.AppendData(hash);
        _last = position;
    }

    /// <param name="given">The last position ever given to an event.</param>
    public void EventsEnd(long given)
    {
        if (_last == _boundary)
            CloseWindow();
        if (given > _last)
            Missing(_last + 1, given);
    }

    /// <summary>After all events and rows: reports removals that no chain and no row knows of.</summary>
    public void RowsEnd()
    {
        if (_missing > checker.KnownRemoved)
            checker.JournalFault(
                _firstMissing,
                $"removed: {_missing - checker.KnownRemoved} events that no row and no other event tells of are missing, "
                + $"the first gap is at position {_firstMissing}");
    }

    public void Dispose() => _sha.Dispose();

    private void CloseWindows(long position)
    {
        CloseWindow();
        if (position <= _boundary)
            return;

        // Whole windows are gone; that is reported as missing positions. Go on from the last anchor before the event.
        Missing(_last + 1, position - 1);
        _last = position - 1;
        _boundary = (position + Interval - 1) / Interval * Interval;
        _sha.GetHashAndReset();
        _sha.AppendData(anchors.GetValueOrDefault(_boundary - Interval) ?? []);
    }

    private void CloseWindow()
    {
        if (_last < _boundary)
        {
            Missing(_last + 1, _boundary);
            _last = _boundary;
        }

        var computed = _sha.GetHashAndReset();
        if (!anchors.TryGetValue(_boundary, out var stored))
            checker.JournalFault(_boundary, $"removed: the anchor at position {_boundary} is missing");
        else if (!stored.AsSpan().SequenceEqual(computed) && !_windowExplained && checker.FaultCount == _faultsBefore)
            checker.JournalFault(
                _boundary,
                $"changed: the events of positions {_boundary - Interval + 1} to {_boundary} are not those, or not in the order, "
                + "of which the anchor was written");

        _sha.AppendData(stored ?? computed);
        _boundary += Interval;
        _windowExplained = false;
        _faultsBefore = checker.FaultCount;
    }

    private void Missing(long first, long last)
    {
        if (_missing == 0)
            _firstMissing = first;
        _missing += last - first + 1;
        _windowExplained = true;
    }
}
