using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>The node's API server is in the same process: it reads and writes the objects themselves.</summary>
public sealed class ObjectStorePods(ObjectStore store, ServiceAccountTokens tokens, string nodeName) : IPodStore
{
    // As long as a cluster lets tokens in volumes live that nobody renews: they end with their Pod in any case.
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(365);

    public async IAsyncEnumerable<PodChange> Watch([EnumeratorCancellation] CancellationToken ct)
    {
        var (version, pods) = store.List(BuiltIn.Pods.Storage);
        yield return new PodChange.Listed([.. pods.Select(p => p.Parse())]);
        await foreach (var e in store.Watch(BuiltIn.Pods.Storage, version, ct))
        {
            yield return e.Type == WatchEventType.Deleted ? new PodChange.Removed(e.Object.Parse()) : new PodChange.Changed(e.Object.Parse());
        }
    }

    public Task<JsonObject?> ConfigMap(string ns, string name, CancellationToken ct) => Task.FromResult(store.Get(BuiltIn.ConfigMaps.Key(ns, name))?.Parse());

    public Task<JsonObject?> Secret(string ns, string name, CancellationToken ct) => Task.FromResult(store.Get(BuiltIn.Secrets.Key(ns, name))?.Parse());

    public Task<JsonObject?> ServiceAccount(string ns, string name, CancellationToken ct) => Task.FromResult(store.Get(BuiltIn.ServiceAccounts.Key(ns, name))?.Parse());

    public Task<string?> Token(PodIdentity pod, string serviceAccount, IReadOnlyList<string> audiences, CancellationToken ct) =>
        Task.FromResult(tokens.Issue(pod.Namespace, serviceAccount, audiences, TokenLifetime, new BoundObject("Pod", pod.Name, pod.Uid))?.Text);

    /// <summary>The first status also binds the Pod to this node: from then on deleting it leaves the node time to stop its containers.</summary>
    public async Task<bool> WriteStatus(PodIdentity pod, JsonObject status, CancellationToken ct)
    {
        var stored = await store.Change(Key(pod), o =>
        {
            if (!Is(pod, o)) return null;
            o["status"] = status.DeepClone();
            var spec = o.Made("spec");
            if (spec.Text("nodeName").Length == 0) spec["nodeName"] = nodeName;
            return o;
        });
        return stored?.Header.Uid == pod.Uid;
    }

    public Task Finish(PodIdentity pod, CancellationToken ct) => store.Change(Key(pod), o =>
    {
        var metadata = o.Made("metadata");
        if (!Is(pod, o) || metadata["deletionTimestamp"] is null) return null;
        metadata["deletionGracePeriodSeconds"] = 0;
        return o;
    });

    private static ObjectKey Key(PodIdentity pod) => BuiltIn.Pods.Key(pod.Namespace, pod.Name);

    private static bool Is(PodIdentity pod, JsonObject o) => o.At("metadata", "uid").AsText() == pod.Uid;
}
