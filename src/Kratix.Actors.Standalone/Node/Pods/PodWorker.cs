using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>
/// One Pod from the moment the node learns of it until it is deleted: take up what an earlier run of the node left, run what is owed, write the
/// status, clean up. Killing the node at any point loses nothing: containers run on and are found by name, their exit codes stay with the engine
/// until the status that holds them is durable.
/// </summary>
internal sealed class PodWorker : IDisposable
{
    private readonly NodeContext _node;
    private readonly JsonObject _given;
    private readonly CancellationTokenSource _deleting = new();
    private IReadOnlyList<KeptContainer> _kept;
    private TimeSpan? _grace;

    public PodWorker(NodeContext node, JsonObject pod, IReadOnlyList<KeptContainer> kept)
    {
        (_node, _given, _kept) = (node, pod, kept);
        Pod = PodIdentity.Of(pod);
    }

    public PodIdentity Pod { get; }

    /// <summary>Stops the Pod; its containers get this long to end by themselves.</summary>
    public void Delete(TimeSpan grace)
    {
        _grace = grace;
        _deleting.Cancel();
    }

    /// <summary>Completes when the Pod is deleted and nothing of it is left, or when the node is abandoned.</summary>
    public async Task Run(CancellationToken abandon)
    {
        for (var retry = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)); ;)
        {
            try
            {
                await RunUntilDeleted(abandon);
                return;
            }
            catch (OperationCanceledException) when (abandon.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                var delay = retry.Next();
                NodeLog.PodFailedInNode(_node.Options.Log, Pod, delay, failure);
                if (!await Pause(delay, abandon)) return;
            }
        }
    }

    public void Dispose() => _deleting.Dispose();

    private async Task RunUntilDeleted(CancellationToken abandon)
    {
        var spec = await ServiceAccountVolume.AddTo(PodSpec.Of(_given), _node.Store, c => _node.Options.BuiltIns.Handles(c.Image), abandon);
        var progress = new PodProgress(spec, _node.Options.Time.GetUtcNow());
        var written = _given.Child("status");
        if (written is not null) PodStatus.Recall(progress, written);
        var volumes = new PodVolumes(_node.Folders, spec, _node.Store, _node.Options.NodeName);
        await using (var status = new StatusPublisher(_node.Store, progress, written, _node.Options))
        {
            var run = new PodRun(_node, progress, status, volumes, _kept);
            if (!progress.IsFinished && !_deleting.IsCancellationRequested) await run.ToTheEnd(() => _grace ?? TimeSpan.FromSeconds(spec.GraceSeconds), _deleting.Token, abandon);
            if (!_deleting.IsCancellationRequested) await status.Flush();
            await _node.Engine.Remove(run.Names);
            await DeleteVolumes(volumes);
        }
        _kept = [];
        await Deleted(abandon);
        _node.Folders.PodIsGone(Pod, _node.Options.Time.GetUtcNow());
        await _node.Store.Finish(Pod, abandon);
    }

    private async Task DeleteVolumes(PodVolumes volumes)
    {
        try
        {
            await volumes.Delete();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A node that is not root cannot delete what a container wrote as another user; that must not keep the Pod from going.
            NodeLog.CleanupFailed(_node.Options.Log, Pod.ToString(), failure);
        }
    }

    private async Task Deleted(CancellationToken abandon)
    {
        var deleted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var signal = _deleting.Token.Register(() => deleted.TrySetResult());
        await deleted.Task.WaitAsync(abandon);
    }

    private async Task<bool> Pause(TimeSpan delay, CancellationToken abandon)
    {
        try
        {
            await Task.Delay(delay, _node.Options.Time, abandon);
            _kept = [.. (await _node.Engine.List(abandon)).Where(k => k.PodUid == Pod.Uid)];
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
