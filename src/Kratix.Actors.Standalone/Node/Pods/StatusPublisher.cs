using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>
/// Writes a Pod's status when it has changed: soon after the first change, then at most once per interval, and at once when somebody waits for
/// it. Most Pods of a pipeline are over before the second interval, so they cost two or three writes.
/// </summary>
internal sealed class StatusPublisher : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(150);
    private readonly Channel<TaskCompletionSource?> _requests = Channel.CreateUnbounded<TaskCompletionSource?>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly IPodStore _store;
    private readonly PodProgress _progress;
    private readonly NodeOptions _options;
    private readonly Task _loop;
    private JsonObject? _written;
    private TaskCompletionSource _urgent = Signal();

    public StatusPublisher(IPodStore store, PodProgress progress, JsonObject? written, NodeOptions options)
    {
        (_store, _progress, _written, _options) = (store, progress, written, options);
        _loop = Task.Run(Loop);
    }

    /// <summary>The Pod is gone: nothing is written any more.</summary>
    public bool IsGone { get; private set; }

    /// <summary>The status has changed; it is written before long.</summary>
    public void Changed() => _requests.Writer.TryWrite(null);

    /// <summary>Completes when the present status is durable, or the Pod is gone.</summary>
    public Task Flush()
    {
        var done = Signal();
        if (!_requests.Writer.TryWrite(done)) return Task.CompletedTask;
        Volatile.Read(ref _urgent).TrySetResult();
        return done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task Loop()
    {
        var waiting = new List<TaskCompletionSource>();
        var delay = FirstDelay;
        try
        {
            while (await _requests.Reader.WaitToReadAsync(_stop.Token))
            {
                await WaitForCompany(delay);
                Volatile.Write(ref _urgent, Signal()); // before draining: a flush asked for after this line wakes the next round
                while (_requests.Reader.TryRead(out var request))
                {
                    if (request is not null) waiting.Add(request);
                }
                if (await Write()) delay = _options.StatusInterval;
                foreach (var done in waiting) done.TrySetResult();
                waiting.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            foreach (var done in waiting) done.TrySetCanceled();
            while (_requests.Reader.TryRead(out var request)) request?.TrySetCanceled();
        }
    }

    private async Task WaitForCompany(TimeSpan delay)
    {
        if (_requests.Reader.TryPeek(out var request) && request is not null) return;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await Task.WhenAny(Volatile.Read(ref _urgent).Task, Task.Delay(delay, _options.Time, over.Token));
        await over.CancelAsync();
        _stop.Token.ThrowIfCancellationRequested();
    }

    private async Task<bool> Write()
    {
        if (IsGone) return false;
        var status = PodStatus.Of(_progress, _written, _options.Time.GetUtcNow());
        if (JsonNode.DeepEquals(status, _written)) return false;
        for (var retry = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10)); ;)
        {
            try
            {
                IsGone = !await _store.WriteStatus(_progress.Pod.Identity, status.DeepClone().AsObject(), _stop.Token);
                _written = status;
                return true;
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                NodeLog.StatusNotWritten(_options.Log, _progress.Pod.Identity, failure);
                await Task.Delay(retry.Next(), _options.Time, _stop.Token);
            }
        }
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
