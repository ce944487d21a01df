namespace Kratix.Actors.Kubernetes.Tests;

/// <summary>A clock that stands still until it is advanced, and that tells when somebody has begun to wait for it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private readonly List<(Func<TimeSpan, bool> Fits, TaskCompletionSource Signal)> _waiting = [];
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes as soon as somebody waits for exactly this long.</summary>
    public Task Armed(TimeSpan due) => Armed(d => d == due);

    /// <summary>Completes as soon as somebody waits for at most this long.</summary>
    public Task ArmedWithin(TimeSpan most) => Armed(d => d <= most);

    private Task Armed(Func<TimeSpan, bool> fits)
    {
        lock (_gate)
        {
            if (_timers.Any(t => fits(t.Due)))
                return Task.CompletedTask;
            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((fits, signal));
            return signal.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public void Advance(TimeSpan by)
    {
        List<Timer> due;
        lock (_gate)
        {
            _now += by;
            due = [.. _timers.Where(t => t.At <= _now)];
            _timers.RemoveAll(due.Contains);
        }

        due.ForEach(t => t.Callback());
    }

    private sealed class Timer(ManualTime time, Action callback) : ITimer
    {
        public Action Callback => callback;

        public TimeSpan Due { get; private set; }

        public DateTimeOffset At { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                (Due, At) = (dueTime, time._now + dueTime);
                time._timers.Add(this);
                foreach (var (_, signal) in time._waiting.Where(w => w.Fits(dueTime)))
                    signal.TrySetResult();
                time._waiting.RemoveAll(w => w.Fits(dueTime));
                return true;
            }
        }

        public void Dispose()
        {
            lock (time._gate)
                time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
