using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>The API server over a bad line; watches are late, tell twice, and lose their place.</summary>
internal sealed class FaultyKubernetes(IKubernetes api, IResourceWatch watch, Chaos chaos, Line line) : IKubernetes, IResourceWatch
{
    private const int FailsOneIn = 25;
    private int _touched;

    public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        chaos.Look(FailsOneIn, () => api.Get(type, ns, name, cancellation));

    public Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        chaos.Look(FailsOneIn, () => api.List(type, ns, labelSelector, cancellation));

    public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation)
    {
        // Events are given a name by the server.
        if (body["metadata"]?["name"] is null)
            return Task.FromResult<Outcome<JsonObject>>(new Outcome<JsonObject>.Done(body));
        return chaos.Change(line, FailsOneIn, () => api.Create(type, ns, body, cancellation));
    }

    public Task<Outcome<JsonObject>> Patch(ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation) =>
        chaos.Change(line, FailsOneIn, async () =>
        {
            if ((body as JsonObject)?["metadata"]?["resourceVersion"] is not null && chaos.Happens(Fault.ApiConflict, 10))
            {
                var note = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["somebody"] = $"{++_touched}" } } };
                await api.Patch(type, ns, name, PatchKind.Merge, note, null, cancellation);
            }

            return await api.Patch(type, ns, name, kind, body, subresource, cancellation);
        });

    public Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        chaos.Change(line, FailsOneIn, () => api.Delete(type, ns, name, cancellation));

    public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation) =>
        chaos.Look(FailsOneIn, () => api.PodLog(ns, pod, container, lines, cancellation));

    public IAsyncEnumerable<WatchSignal> Watch(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        Faulty.Stream(chaos, () => watch.Watch(type, ns, labelSelector, cancellation), cancellation);

    public IAsyncEnumerable<WatchSignal> WatchOne(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        Faulty.Stream(chaos, () => watch.WatchOne(type, ns, name, cancellation), cancellation);
}

/// <summary>Runs over the same bad line. Where it does not adopt, creating what exists creates another.</summary>
internal sealed class FaultyRunner(IRunner runner, Chaos chaos, Line line, bool adopts, Action<string> tell) : IRunner
{
    private const int FailsOneIn = 20;
    private int _others;

    public Task<Outcome<RunReport>> CreateOrAdopt(RunPlan plan, CancellationToken cancellation) =>
        chaos.Change(line, FailsOneIn, () =>
        {
            tell($"creates Pod {plan.PodName}");
            return runner.CreateOrAdopt(adopts ? plan : plan with { PodName = $"{plan.PodName}-{_others++}" }, cancellation);
        });

    public Task<Outcome<Nothing>> Remove(string ns, string podName, CancellationToken cancellation) =>
        chaos.Change(line, FailsOneIn, () =>
        {
            tell($"removes Pod {podName}");
            return runner.Remove(ns, podName, cancellation);
        });

    public IAsyncEnumerable<RunSignal> Observe(CancellationToken cancellation) => Faulty.Stream(chaos, () => runner.Observe(cancellation), cancellation);
}
