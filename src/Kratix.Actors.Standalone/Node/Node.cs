using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Nodes.Oci;
using Kratix.Actors.Standalone.Nodes.Pods;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>
/// The node of this machine: what a kubelet is to a cluster. Runs the Pods of one API server with the machine's container engine. Disposing it
/// leaves containers running; the next node on the same data folder takes them up.
/// </summary>
public sealed class Node : IAsyncDisposable
{
    private static readonly TimeSpan BetweenTidying = TimeSpan.FromMinutes(1);
    private readonly NodeContext _context;
    private readonly CancellationTokenSource _abandon = new();
    private readonly Dictionary<string, (PodWorker Worker, Task Running)> _workers = new(StringComparer.Ordinal);
    private IReadOnlyList<KeptContainer> _kept;
    private DateTimeOffset _tidied;
    private Task _loop = Task.CompletedTask;

    private Node(NodeContext context, IReadOnlyList<KeptContainer> kept) => (_context, _kept) = (context, kept);

    /// <summary>The logs of this node's containers, also of those that are gone.</summary>
    public PodLogs Logs => _context.Logs;

    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">No container engine answers.</exception>
    public static async Task<Node> Start(NodeOptions options, IPodStore pods, CancellationToken ct)
    {
        options = options.Validated();
        return await Start(options, pods, await EngineFor(options, ct), ct);
    }

    /// <summary>What runs this node's containers.</summary>
    internal static async Task<IContainerEngine> EngineFor(NodeOptions options, CancellationToken ct)
    {
        new NodeFolders(options.DataFolder).Create();
        var info = await EngineInfo.Find(options.Engine, options.EngineEnvironment, ct);
        if (!info.LimitsMemory || !info.LimitsCpu) NodeLog.LimitsIgnored(options.Log, info.Command, info.LimitsMemory, info.LimitsCpu);
        var nodeId = ContainerLabels.NodeOf(options.DataFolder);
        var process = new EngineProcess(info.Command, options.EngineEnvironment);
        var gateway = options.ApiServer is null ? null : await Gateway.Of(process, info.IsPodman, options.Network, ct);
        var relay = gateway is null ? null : ServerRelay.Start(gateway.Address, gateway.Subnet, options.ApiServer, options.Log);
        var arguments = new RunArguments(info, nodeId, options.Network, options.MaxLogBytes, gateway?.Address.ToString());
        var commandLine = new CommandLineEngine(info, process, arguments, nodeId, relay, options);
        if (!info.IsPodman || options.Engine == "podman") return commandLine;
        var (tools, missing) = OciTools.Find(info.Answer, options);
        if (tools is not null) return new OciEngine(tools, commandLine, process, arguments, nodeId, options);
        if (options.Engine == "oci") throw new InvalidOperationException($"containers cannot be run with runc directly: {missing}; set the engine to auto or podman");
        NodeLog.NotDirect(options.Log, missing!);
        return commandLine;
    }

    internal static async Task<Node> Start(NodeOptions options, IPodStore pods, IContainerEngine engine, CancellationToken ct)
    {
        var folders = new NodeFolders(options.DataFolder);
        folders.Create();
        var kept = await engine.List(ct);
        NodeLog.Started(options.Log, engine.Description, options.Network == "auto" ? "the network that Podman's or Docker's own configuration names" : $"network {options.Network}", options.MaxRunningPods, kept.Count);
        var node = new Node(new NodeContext(options, pods, engine, folders, options.Logs ?? new PodLogs(options.DataFolder, options.Time)), kept);
        node._loop = Task.Run(node.Loop, CancellationToken.None);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await _abandon.CancelAsync();
        await _loop;
        await Task.WhenAll(_workers.Values.Select(w => w.Running));
        foreach (var (worker, _) in _workers.Values) worker.Dispose();
        await _context.Engine.DisposeAsync();
        _abandon.Dispose();
    }

    private async Task Loop()
    {
        for (var retry = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10)); ;)
        {
            try
            {
                await foreach (var change in _context.Store.Watch(_abandon.Token)) await Take(change);
                return;
            }
            catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                NodeLog.WatchInterrupted(_context.Options.Log, failure);
                await Task.Delay(retry.Next(), _context.Options.Time, _abandon.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task Take(PodChange change)
    {
        switch (change)
        {
            case PodChange.Listed listed:
                await TakeAll(listed.Pods);
                break;
            case PodChange.Changed changed:
                TakeOne(changed.Pod);
                break;
            case PodChange.Removed removed:
                if (_workers.TryGetValue(PodIdentity.Of(removed.Pod).Uid, out var known)) known.Worker.Delete(GraceOf(removed.Pod));
                break;
        }
        foreach (var (uid, entry) in _workers.Where(w => w.Value.Running.IsCompleted).ToList())
        {
            _workers.Remove(uid);
            entry.Worker.Dispose();
        }
        var now = _context.Options.Time.GetUtcNow();
        if (change is PodChange.Listed || now < _tidied + BetweenTidying) return;
        _tidied = now;
        await TidyUp(_workers.Keys.ToHashSet(StringComparer.Ordinal), "");
    }

    private async Task TakeAll(IReadOnlyList<JsonObject> pods)
    {
        var live = pods.Select(p => PodIdentity.Of(p).Uid).ToHashSet(StringComparer.Ordinal);
        foreach (var pod in pods) TakeOne(pod);
        foreach (var (uid, entry) in _workers)
        {
            if (!live.Contains(uid)) entry.Worker.Delete(TimeSpan.Zero);
        }
        var orphans = _kept.Where(k => !live.Contains(k.PodUid)).Select(k => k.Name).ToList();
        _kept = [];
        try
        {
            if (orphans.Count > 0)
            {
                NodeLog.RemovingOrphans(_context.Options.Log, orphans.Count);
                await _context.Engine.Remove(orphans);
            }
        }
        catch (InvalidOperationException failure)
        {
            NodeLog.CleanupFailed(_context.Options.Log, string.Join(", ", orphans), failure);
        }
        await TidyUp(live.Union(_workers.Keys).ToHashSet(StringComparer.Ordinal), string.Join(", ", orphans));
    }

    private async Task TidyUp(IReadOnlySet<string> live, string pods)
    {
        try
        {
            await _context.Folders.RemoveLeftovers(live, _context.Options.KeptLogs, _context.Options.Time.GetUtcNow() - _context.Options.LogsKeptFor);
        }
        catch (Exception failure) when (failure is AggregateException or IOException or UnauthorizedAccessException)
        {
            NodeLog.CleanupFailed(_context.Options.Log, pods, failure);
        }
    }

    private void TakeOne(JsonObject pod)
    {
        var uid = PodIdentity.Of(pod).Uid;
        if (!_workers.TryGetValue(uid, out var entry))
        {
            var worker = new PodWorker(_context, pod, [.. _kept.Where(k => k.PodUid == uid)]);
            _workers[uid] = entry = (worker, Task.CompletedTask);
            if (IsMarked(pod)) worker.Delete(GraceOf(pod));
            _workers[uid] = (worker, Task.Run(() => worker.Run(_abandon.Token)));
        }
        else if (IsMarked(pod))
        {
            entry.Worker.Delete(GraceOf(pod));
        }
    }

    private static bool IsMarked(JsonObject pod) => pod.At("metadata", "deletionTimestamp") is not null;

    private static TimeSpan GraceOf(JsonObject pod) =>
        TimeSpan.FromSeconds(pod.Child("metadata")?.Number("deletionGracePeriodSeconds") ?? pod.Child("spec")?.Number("terminationGracePeriodSeconds") ?? 30);
}
