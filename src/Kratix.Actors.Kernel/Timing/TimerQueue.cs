namespace Kratix.Actors.Kernel;

/// <summary>
/// All timers of a system behind one timer of its clock: a binary heap by due time. Starting and cancelling cost a logarithm of the
/// number of running timers and no timer object of the clock.
/// </summary>
internal sealed class TimerQueue : IDisposable
{
    /// <summary>The machine's timers count whole milliseconds; asking for less makes them ring at once, again and again.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(20);

    private readonly Lock _lock = new();
    private readonly List<ActorTimer> _heap = [];
    private readonly TimeProvider _time;
    private readonly ITimer _alarm;
    private readonly long _slack;
    private long _alarmAt = long.MaxValue;
    private long _started;
    private bool _disposed;

    internal TimerQueue(TimeProvider time)
    {
        _time = time;

        // A clock's timestamps and its timers round differently. Without some slack a timer that rings exactly on time can look a tick
        // early, and would be put off by a whole millisecond.
        _slack = Math.Max(1, time.TimestampFrequency / 10_000);
        _alarm = time.CreateTimer(static queue => ((TimerQueue)queue!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal int Count
    {
        get
        {
            lock (_lock)
                return _heap.Count;
        }
    }

    internal void Start(ActorTimer timer, TimeSpan delay)
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            timer.Due = Later(_time.GetTimestamp(), delay);
            timer.Order = _started++;
            Add(timer);
            SetAlarm_NeedsLock();
        }
    }

    /// <summary>The timer rings no more. A tick already in the mailbox is recognised there.</summary>
    internal void Cancel(ActorTimer timer)
    {
        lock (_lock)
        {
            if (timer.Index >= 0)
                RemoveAt(timer.Index);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _heap.Clear();
        }

        _alarm.Dispose();
    }

    private void Ring()
    {
        List<ActorTimer> due = [];
        lock (_lock)
        {
            if (_disposed)
                return;
            _alarmAt = long.MaxValue;
            var now = _time.GetTimestamp();
            while (_heap.Count > 0 && _heap[0].Due - now <= _slack)
            {
                var timer = _heap[0];
                RemoveAt(0);
                due.Add(timer);
                if (timer.Period is not { } period)
                    continue;

                // Counted from when it was due, so that the period does not drift; from now if it is more than a period behind.
                timer.Due = Math.Max(Later(timer.Due, period), now + _slack + 1);
                timer.Order = _started++;
                Add(timer);
            }

            SetAlarm_NeedsLock();
        }

        // Outside the lock: telling may run into a dispatcher that starts timers.
        foreach (var timer in due)
            timer.Ring();
    }

    private void SetAlarm_NeedsLock()
    {
        // An alarm that is too early for what is left just rings for nothing; that is cheaper than setting it at each cancellation.
        if (_heap.Count == 0 || _heap[0].Due >= _alarmAt)
            return;
        _alarmAt = _heap[0].Due;
        var wait = _time.GetElapsedTime(_time.GetTimestamp(), _alarmAt);
        _alarm.Change(wait < ShortestWait ? ShortestWait : wait > LongestWait ? LongestWait : wait, Timeout.InfiniteTimeSpan);
    }

    private long Later(long timestamp, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
            return timestamp;
        var ticks = (Int128)delay.Ticks * _time.TimestampFrequency / TimeSpan.TicksPerSecond;
        return (long)Int128.Min(timestamp + ticks, long.MaxValue - _slack);
    }

    private static bool Before(ActorTimer a, ActorTimer b) => a.Due != b.Due ? a.Due < b.Due : a.Order < b.Order;

    private void Add(ActorTimer timer)
    {
        _heap.Add(timer);
        RiseFrom(_heap.Count - 1, timer);
    }

    private void RemoveAt(int index)
    {
        _heap[index].Index = -1;
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (index == _heap.Count)
            return;
        SinkFrom(index, last);
        if (last.Index == index)
            RiseFrom(index, last);
    }

    private void Place(int index, ActorTimer timer)
    {
        _heap[index] = timer;
        timer.Index = index;
    }

    private void RiseFrom(int index, ActorTimer timer)
    {
        while (index > 0 && Before(timer, _heap[(index - 1) / 2]))
        {
            Place(index, _heap[(index - 1) / 2]);
            index = (index - 1) / 2;
        }

        Place(index, timer);
    }

    private void SinkFrom(int index, ActorTimer timer)
    {
        while ((2 * index) + 1 < _heap.Count)
        {
            var child = (2 * index) + 1;
            if (child + 1 < _heap.Count && Before(_heap[child + 1], _heap[child]))
                child++;
            if (!Before(_heap[child], timer))
                break;
            Place(index, _heap[child]);
            index = child;
        }

        Place(index, timer);
    }
}
