using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>What a cluster's own controllers do beside the engine.</summary>
internal static class Controllers
{
    /// <summary>Whatever is defined is served.</summary>
    internal static async Task EstablishApis(Simulation simulation)
    {
        await foreach (var signal in simulation.Kubernetes.Watch(Kinds.Crd, null, null, CancellationToken.None))
        {
            IReadOnlyList<JsonObject> items = signal switch { WatchSignal.Listed l => l.Items, WatchSignal.Changed c => [c.Item], _ => [] };
            foreach (var name in items.Where(i => i["status"] is null).Select(i => i["metadata"]!["name"]!.ToString()))
            {
                var established = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Established", ["status"] = "True" }) };
                await simulation.Kubernetes.Patch(Kinds.Crd, null, name, PatchKind.Merge, new JsonObject { ["status"] = established }, "status", CancellationToken.None);
            }
        }
    }

    /// <summary>What is owned by somebody who is gone is taken away: Pods, whatever they are doing, and what was published.</summary>
    internal static void CollectGarbage(Simulation simulation)
    {
        var living = simulation.All(Simulation.Redis).Concat(simulation.All(Kinds.Promise)).Concat(simulation.All(Kinds.Work)).Select(item => $"{item["metadata"]!["uid"]}")
            .ToHashSet(StringComparer.Ordinal);
        foreach (var pod in simulation.Runner.Pods.Where(p => p.Plan.Owner is { } owner && !living.Contains($"{owner["uid"]}")))
            simulation.DeletePod(pod.Report);
        foreach (var type in (ResourceType[])[Kinds.Work, Kinds.WorkPlacement, Kinds.PromiseRevision])
        {
            foreach (var item in simulation.All(type).Where(i => i["metadata"]!["ownerReferences"] is JsonArray { Count: > 0 } owners && !owners.Any(o => living.Contains($"{o!["uid"]}"))))
                simulation.Delete(type, item["metadata"]!["namespace"]?.ToString(), item["metadata"]!["name"]!.ToString());
        }
    }
}
