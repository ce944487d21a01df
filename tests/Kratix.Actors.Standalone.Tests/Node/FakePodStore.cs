using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kratix.Actors.Standalone.Nodes;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>An API server reduced to what a node asks of it. Tests wait for states of a Pod, never for time.</summary>
internal sealed class FakePodStore : IPodStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, JsonObject> _pods = [];
    private readonly List<Channel<PodChange>> _watchers = [];
    private readonly List<(string Name, Func<JsonObject, bool> Condition, TaskCompletionSource<JsonObject> Signal)> _waits = [];

    public ConcurrentDictionary<string, JsonObject> ConfigMaps { get; } = new();

    public ConcurrentDictionary<string, JsonObject> Secrets { get; } = new();

    public ConcurrentDictionary<string, JsonObject> ServiceAccounts { get; } = new() { ["default"] = new JsonObject { ["automountServiceAccountToken"] = false } };

    public ConcurrentQueue<(string Pod, JsonObject Status)> Writes { get; } = new();

    public ConcurrentDictionary<string, TaskCompletionSource> Finished { get; } = new();

    /// <summary>Released each time the node has dealt with a list.</summary>
    public SemaphoreSlim Listings { get; } = new(0);

    /// <summary>Throws instead of writing, so often.</summary>
    public int FailingWrites { get; set; }

    /// <summary>Stores a Pod with the metadata an API server adds.</summary>
    public JsonObject Create(string name, JsonObject spec)
    {
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default", ["uid"] = Guid.NewGuid().ToString(), ["labels"] = new JsonObject { ["team"] = "blue" } },
            ["spec"] = spec,
        };
        lock (_gate)
        {
            _pods[name] = pod;
            Tell(new PodChange.Changed(Copy(pod)));
        }
        return pod;
    }

    public Task<JsonObject?> ServiceAccount(string ns, string name, CancellationToken ct) => Task.FromResult(ServiceAccounts.GetValueOrDefault(name));

    public Task<string?> Token(PodIdentity pod, string serviceAccount, IReadOnlyList<string> audiences, CancellationToken ct) =>
        Task.FromResult(ServiceAccounts.ContainsKey(serviceAccount) ? $"token of {serviceAccount} for {pod} and {(audiences.Count > 0 ? audiences[0] : "the API")}" : null);

    /// <summary>Marks the Pod for deletion, as a graceful delete does.</summary>
    public Task Delete(string name, int graceSeconds)
    {
        lock (_gate)
        {
            var metadata = _pods[name]["metadata"]!.AsObject();
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z";
            metadata["deletionGracePeriodSeconds"] = graceSeconds;
            Tell(new PodChange.Changed(Copy(_pods[name])));
            return FinishedOf(name).Task;
        }
    }

    /// <summary>Drops the Pod at once, as a forced delete does, without telling when <paramref name="tell"/> is false (the node was away).</summary>
    public void Remove(string name, bool tell = true)
    {
        lock (_gate)
        {
            _pods.Remove(name, out var pod);
            if (tell) Tell(new PodChange.Removed(Copy(pod!)));
        }
    }

    /// <summary>Completes with the Pod as soon as its state fulfils the condition.</summary>
    public async Task<JsonObject> Until(string name, Func<JsonObject, bool> condition)
    {
        var signal = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_pods.TryGetValue(name, out var pod) && condition(pod)) return Copy(pod);
            _waits.Add((name, condition, signal));
        }
        try
        {
            return await signal.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Pod {name} never came so far; last: {(_pods.TryGetValue(name, out var pod) ? pod["status"]?.ToJsonString() : "gone")}");
        }
    }

    public Task<JsonObject> UntilPhase(string name, string phase) => Until(name, p => p["status"]?["phase"]?.GetValue<string>() == phase);

    public async IAsyncEnumerable<PodChange> Watch([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var channel = Channel.CreateUnbounded<PodChange>();
        lock (_gate)
        {
            channel.Writer.TryWrite(new PodChange.Listed([.. _pods.Values.Select(Copy)]));
            _watchers.Add(channel);
        }
        await foreach (var change in channel.Reader.ReadAllAsync(ct))
        {
            yield return change;
            if (change is PodChange.Listed) Listings.Release(); // the node asks for the next change: it has dealt with the list
        }
    }

    public Task<JsonObject?> ConfigMap(string ns, string name, CancellationToken ct) => Task.FromResult(ConfigMaps.GetValueOrDefault(name));

    public Task<JsonObject?> Secret(string ns, string name, CancellationToken ct) => Task.FromResult(Secrets.GetValueOrDefault(name));

    public Task<bool> WriteStatus(PodIdentity pod, JsonObject status, CancellationToken ct)
    {
        lock (_gate)
        {
            if (FailingWrites > 0)
            {
                FailingWrites--;
                throw new IOException("the disk is full");
            }
            if (!_pods.TryGetValue(pod.Name, out var stored) || PodIdentity.Of(stored) != pod) return Task.FromResult(false);
            stored["status"] = status;
            Writes.Enqueue((pod.Name, Copy(status)));
            Tell(new PodChange.Changed(Copy(stored)));
            foreach (var wait in _waits.Where(w => w.Name == pod.Name && w.Condition(stored)).ToList())
            {
                _waits.Remove(wait);
                wait.Signal.TrySetResult(Copy(stored));
            }
            return Task.FromResult(true);
        }
    }

    public Task Finish(PodIdentity pod, CancellationToken ct)
    {
        lock (_gate)
        {
            _pods.Remove(pod.Name);
            FinishedOf(pod.Name).TrySetResult();
        }
        return Task.CompletedTask;
    }

    /// <summary>Completes when the node has said that nothing of the Pod runs any more.</summary>
    public TaskCompletionSource FinishedOf(string name) =>
        Finished.GetOrAdd(name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private void Tell(PodChange change) => _watchers.ForEach(w => w.Writer.TryWrite(change));

    // Through text, as from a real server: numbers and times come back as the parser makes them.
    private static JsonObject Copy(JsonObject o) => JsonNode.Parse(o.ToJsonString())!.AsObject();
}
