using System.Collections.Concurrent;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>A manual clock that says when somebody has begun to wait, so that a test does not move it too early.</summary>
internal sealed class SignallingTime : TimeProvider
{
    private readonly ManualTime _time = new();
    private readonly ConcurrentDictionary<TimeSpan, TaskCompletionSource> _waits = new();

    /// <summary>Completes when a timer of exactly this length has been set.</summary>
    public Task WaitSet(TimeSpan length) => SignalOf(length).Task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Waits until somebody waits that long, then lets that time pass.</summary>
    public async Task PassAfterWaitSet(TimeSpan length)
    {
        await WaitSet(length);
        _waits.TryRemove(length, out _);
        _time.Advance(length);
    }

    public void Advance(TimeSpan by) => _time.Advance(by);

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

    public override long GetTimestamp() => _time.GetTimestamp();

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = _time.CreateTimer(callback, state, dueTime, period);
        SignalOf(dueTime).TrySetResult();
        return timer;
    }

    private TaskCompletionSource SignalOf(TimeSpan length) => _waits.GetOrAdd(length, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
