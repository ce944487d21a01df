namespace Kratix.Actors.Engine.Publishing;

/// <summary>A wait for something better to publish, that ends early when that has come.</summary>
internal sealed class Pause(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _over;

    internal async Task Wait(TimeSpan atMost)
    {
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _over = over;
        await using var timer = time.CreateTimer(_ => over.TrySetResult(), null, atMost, Timeout.InfiniteTimeSpan);
        await over.Task;
    }

    internal void End()
    {
        lock (_gate)
            _over?.TrySetResult();
    }
}
