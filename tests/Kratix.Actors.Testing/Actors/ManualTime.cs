namespace Kratix.Actors.Testing;

/// <summary>
/// A clock that moves only when told. Its timestamps count at an odd frequency, so that code which takes a timestamp for a number of
/// ticks or milliseconds is found out. Timers ring on the thread that moves the clock, in the order in which they are due.
/// </summary>
public sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly DateTimeOffset _start;
    private TimeSpan _elapsed;
    private TimeSpan _wallClockOffset;
    private long _started;

    /// <param name="start">The wall clock's first reading; 2026-01-01T00:00:00Z if not given.</param>
    public ManualTime(DateTimeOffset? start = null) => _start = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => 10_000_019;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Time since the clock was made.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
                return _elapsed;
        }
    }

    /// <summary>How long until the next timer rings; <c>null</c> if none is set.</summary>
    public TimeSpan? NextTimerIn
    {
        get
        {
            lock (_lock)
                return Next_NeedsLock() is { } timer ? Max(timer.Due - _elapsed, TimeSpan.Zero) : null;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _start + _elapsed + _wallClockOffset;
    }

    public override long GetTimestamp() => (long)((Int128)Elapsed.Ticks * TimestampFrequency / TimeSpan.TicksPerSecond) + 7_777_777;

    /// <summary>Sets the wall clock forward or back, as an operator or NTP does; timestamps and timers do not notice.</summary>
    public void JumpWallClock(TimeSpan by)
    {
        lock (_lock)
            _wallClockOffset += by;
    }

    /// <summary>Moves the clock, ringing each timer at its own moment.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var end = Elapsed + by;
        while (RingNext(end))
        {
        }
    }

    /// <summary>Moves the clock to the next timer and rings it, or to <paramref name="end"/> if none is due before.</summary>
    /// <returns>Whether a timer rang.</returns>
    public bool RingNext(TimeSpan end)
    {
        ManualTimer? timer;
        lock (_lock)
        {
            timer = Next_NeedsLock();
            if (timer is null || timer.Due > end)
            {
                _elapsed = Max(_elapsed, end);
                return false;
            }

            _elapsed = Max(_elapsed, timer.Due);
            if (timer.Period > TimeSpan.Zero)
                Set_NeedsLock(timer, timer.Period);
            else
                _timers.Remove(timer);
        }

        timer.Ring();
        return true;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private ManualTimer? Next_NeedsLock() => _timers.MinBy(timer => (timer.Due, timer.Order));

    private void Set_NeedsLock(ManualTimer timer, TimeSpan dueIn)
    {
        timer.Due = _elapsed + dueIn;
        timer.Order = _started++;
    }

    private bool Change(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            if (timer.Disposed)
                return false;
            _timers.Remove(timer);
            timer.Period = period;
            if (dueTime < TimeSpan.Zero)
                return true;
            Set_NeedsLock(timer, dueTime);
            _timers.Add(timer);
            return true;
        }
    }

    private void Remove(ManualTimer timer)
    {
        lock (_lock)
        {
            timer.Disposed = true;
            _timers.Remove(timer);
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        internal TimeSpan Due { get; set; }

        internal long Order { get; set; }

        internal TimeSpan Period { get; set; }

        internal bool Disposed { get; set; }

        internal void Ring() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => time.Change(this, dueTime, period);

        public void Dispose() => time.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
