using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.Telemetry;

/// <summary>The world with its writing calls counted.</summary>
internal static class MeteredPorts
{
    internal static World Metered(this World world) => world with
    {
        Kubernetes = new MeteredKubernetes(world.Kubernetes), StateStores = new MeteredStateStores(world.StateStores, world.Time),
    };

    internal static KeyValuePair<string, object?> Result<T>(Outcome<T> outcome) => new("result", outcome switch
    {
        Outcome<T>.Done => "success",
        Outcome<T>.Transient => "transient",
        _ => "refused",
    });
}

internal sealed class MeteredKubernetes(IKubernetes api) : IKubernetes
{
    public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) => api.Get(type, ns, name, cancellation);

    public Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        api.List(type, ns, labelSelector, cancellation);

    public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation) =>
        Counted(type, "create", api.Create(type, ns, body, cancellation));

    public Task<Outcome<JsonObject>> Patch(ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation) =>
        Counted(type, subresource is null ? "patch" : $"patch-{subresource}", api.Patch(type, ns, name, kind, body, subresource, cancellation));

    public Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        Counted(type, "delete", api.Delete(type, ns, name, cancellation));

    public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation) => api.PodLog(ns, pod, container, lines, cancellation);

    private static async Task<Outcome<T>> Counted<T>(ResourceType type, string verb, Task<Outcome<T>> call)
    {
        var outcome = await call;
        EngineMeter.ApiWrites.Add(1, new KeyValuePair<string, object?>("kind", type.Kind), new KeyValuePair<string, object?>("verb", verb), MeteredPorts.Result(outcome));
        return outcome;
    }
}

internal sealed class MeteredStateStores(IStateStores stores, TimeProvider time) : IStateStores
{
    public Outcome<string> KeyOf(StateStoreAddress address) => stores.KeyOf(address);

    public Outcome<IStateStore> Open(StateStoreAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null) =>
        stores.Open(address, beforePush).Select<IStateStore>(store => new MeteredStateStore(store, time));
}

internal sealed class MeteredStateStore(IStateStore store, TimeProvider time) : IStateStore
{
    public async Task<Outcome<BatchResult>> Write(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        var outcome = await store.Write(intents, cancellation);
        var result = MeteredPorts.Result(outcome);
        EngineMeter.Batches.Add(1, result);
        EngineMeter.BatchDuration.Record(time.GetElapsedTime(start).TotalSeconds, result);
        EngineMeter.BatchPlacements.Record(intents.Count);
        if (outcome is Outcome<BatchResult>.Done { Value.Pushes: > 0 and var pushes })
            EngineMeter.Pushes.Add(pushes);
        return outcome;
    }

    public Task<Outcome<IReadOnlySet<string>>> Differing(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) => store.Differing(intents, cancellation);

    public Task<Outcome<Nothing>> CheckAccess(CancellationToken cancellation) => store.CheckAccess(cancellation);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
