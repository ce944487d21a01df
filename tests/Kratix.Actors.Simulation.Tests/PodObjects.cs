using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>An API server that shows the Pods of a runner: who clears away after runs lists them there.</summary>
internal sealed class PodObjects(IKubernetes api, FakeRunner runner) : IKubernetes
{
    public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        type != Kinds.Pod ? api.Get(type, ns, name, cancellation) : Task.FromResult<Outcome<JsonObject>>(
            runner.Pods.FirstOrDefault(p => p.Plan.Namespace == ns && p.Plan.PodName == name) is { Plan: not null } pod
                ? new Outcome<JsonObject>.Done(Object(pod)) : new Outcome<JsonObject>.Terminal(Refusal.NotFound, $"there is no Pod {ns}/{name}"));

    public Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation)
    {
        if (type != Kinds.Pod)
            return api.List(type, ns, labelSelector, cancellation);
        var labels = labelSelector!.Split(',').Select(l => l.Split('=')).ToList();
        return Task.FromResult<Outcome<IReadOnlyList<JsonObject>>>(new Outcome<IReadOnlyList<JsonObject>>.Done(
        [
            .. runner.Pods.Where(p => (ns is null || p.Plan.Namespace == ns) && labels.All(l => p.Plan.Labels.GetValueOrDefault(l[0]) == l[1])).Select(Object),
        ]));
    }

    public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation) => api.Create(type, ns, body, cancellation);

    public Task<Outcome<JsonObject>> Patch(ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation) =>
        api.Patch(type, ns, name, kind, body, subresource, cancellation);

    public Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation) => api.Delete(type, ns, name, cancellation);

    public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation) => api.PodLog(ns, pod, container, lines, cancellation);

    private static JsonObject Object((RunPlan Plan, RunReport Report, DateTimeOffset Created) pod) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = pod.Plan.PodName,
            ["namespace"] = pod.Plan.Namespace,
            // To the second, as a real one.
            ["creationTimestamp"] = pod.Created.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        },
        ["status"] = new JsonObject { ["phase"] = pod.Report.Phase.ToString() },
    };
}
