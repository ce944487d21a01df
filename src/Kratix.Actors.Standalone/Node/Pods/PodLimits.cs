using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>What ends a Pod from outside: its deadline, and volumes that grow beyond their limit.</summary>
internal sealed class PodLimits : IAsyncDisposable
{
    // As often as a kubelet looks.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly NodeContext _node;
    private readonly PodProgress _progress;
    private readonly PodVolumes _volumes;
    private readonly CancellationTokenSource _halt;
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenRegistration _late;
    private readonly List<(string Volume, decimal Limit, string Text)> _limits = [];
    private readonly Task _looking;

    /// <param name="halt">Cancelled when a limit is passed, after the reason has been noted.</param>
    public PodLimits(NodeContext node, PodProgress progress, PodVolumes volumes, CancellationTokenSource halt)
    {
        (_node, _progress, _volumes, _halt) = (node, progress, volumes, halt);
        foreach (var volume in progress.Pod.Volumes)
        {
            if (volume.Source.At("emptyDir", "sizeLimit") is { } limit && Quantity.Parse(limit) is { } bytes and > 0) _limits.Add((volume.Name, bytes, limit.AsText()));
        }
        _deadline = Deadline();
        _late = _deadline.Token.Register(() => End("DeadlineExceeded", "Pod was active on the node longer than the specified deadline"));
        _looking = _limits.Count == 0 ? Task.CompletedTask : Look();
    }

    /// <summary>Looks at once, because a container has ended: the next must not start on a volume that is too full.</summary>
    public async Task Check()
    {
        foreach (var (volume, limit, text) in _limits)
        {
            if (await _volumes.Used(volume) is { } used && used > limit)
                End("Evicted", string.Create(CultureInfo.InvariantCulture, $"Usage of EmptyDir volume \"{volume}\" exceeds the limit \"{text}\". "));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _late.DisposeAsync();
        await _looking;
        _deadline.Dispose();
        _over.Dispose();
    }

    private async Task Look()
    {
        while (true)
        {
            await Task.Delay(Interval, _node.Options.Time, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_over.IsCancellationRequested) return;
            await Check();
        }
    }

    private void End(string reason, string message)
    {
        if (_progress.IsFinished || _progress.Doom is not null) return;
        _progress.Doom = (reason, message); // before anything is stopped, so that nobody takes the exit codes of stopping for the Pod's own
        _halt.Cancel();
    }

    private CancellationTokenSource Deadline()
    {
        if (_progress.Pod.ActiveDeadlineSeconds is not { } seconds) return new CancellationTokenSource();
        var left = _progress.StartTime + TimeSpan.FromSeconds(seconds) - _node.Options.Time.GetUtcNow();
        return new CancellationTokenSource(left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1), _node.Options.Time);
    }
}
