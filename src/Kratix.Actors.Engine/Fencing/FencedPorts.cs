using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.Fencing;

/// <summary>The world of an engine that may be replaced: what changes something outside the journal passes the fence, what only looks does not.</summary>
internal static class FencedPorts
{
    internal static World Behind(this World world, Fence fence) => world with
    {
        Kubernetes = new FencedKubernetes(world.Kubernetes, fence),
        Runner = new FencedRunner(world.Runner, fence),
        StateStores = new FencedStateStores(world.StateStores, fence),
    };
}

internal sealed class FencedKubernetes(IKubernetes api, Fence fence) : IKubernetes
{
    public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) => api.Get(type, ns, name, cancellation);

    public Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        api.List(type, ns, labelSelector, cancellation);

    public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation) =>
        fence.Pass(() => api.Create(type, ns, body, cancellation));

    public Task<Outcome<JsonObject>> Patch(ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation) =>
        fence.Pass(() => api.Patch(type, ns, name, kind, body, subresource, cancellation));

    public Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        fence.Pass(() => api.Delete(type, ns, name, cancellation));

    public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation) =>
        api.PodLog(ns, pod, container, lines, cancellation);
}

internal sealed class FencedRunner(IRunner runner, Fence fence) : IRunner
{
    public Task<Outcome<RunReport>> CreateOrAdopt(RunPlan plan, CancellationToken cancellation) => fence.Pass(() => runner.CreateOrAdopt(plan, cancellation));

    public Task<Outcome<Nothing>> Remove(string ns, string podName, CancellationToken cancellation) => fence.Pass(() => runner.Remove(ns, podName, cancellation));

    public IAsyncEnumerable<RunSignal> Observe(CancellationToken cancellation) => runner.Observe(cancellation);
}

/// <summary>A container that is given its object begins; what is handed in changes nothing until the journal takes it.</summary>
internal sealed class FencedExchange(IRunExchange exchange, Fence fence) : IRunExchange
{
    public Task<Outcome<ReadOnlyMemory<byte>>> Object(string runId, string token, CancellationToken cancellation) =>
        fence.Pass(() => exchange.Object(runId, token, cancellation));

    public Task<Outcome<Nothing>> Turn(string runId, string token, CancellationToken cancellation) => exchange.Turn(runId, token, cancellation);

    public Task<Outcome<Nothing>> Submit(string runId, string token, Stream tar, CancellationToken cancellation) => exchange.Submit(runId, token, tar, cancellation);
}

internal sealed class FencedStateStores(IStateStores stores, Fence fence) : IStateStores
{
    public Outcome<string> KeyOf(StateStoreAddress address) => stores.KeyOf(address);

    // A batch is fetched and planned before it is pushed, which takes its time: the question is put last.
    public Outcome<IStateStore> Open(StateStoreAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null) =>
        stores.Open(address, () => fence.Pass(beforePush ?? (() => Task.FromResult<Outcome<Nothing>>(new Outcome<Nothing>.Done(default)))));
}
