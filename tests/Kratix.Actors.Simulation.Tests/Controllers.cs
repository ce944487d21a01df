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

    /// <summary>Pods whose owner is gone are taken away, whatever they are doing.</summary>
    internal static void CollectGarbage(Simulation simulation)
    {
        var living = simulation.All(Simulation.Redis).Concat(simulation.All(Kinds.Promise)).Select(item => $"{item["metadata"]!["uid"]}").ToHashSet(StringComparer.Ordinal);
        foreach (var pod in simulation.Runner.Pods.Where(p => p.Plan.Owner is { } owner && !living.Contains($"{owner["uid"]}")))
            simulation.DeletePod(pod.Report);
    }
}
