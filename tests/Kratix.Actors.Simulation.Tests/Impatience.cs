using System.Text.Json.Nodes;
using Kratix.Actors.Engine;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>Users who see that a workflow was given up, and ask for another run: nobody else does before the interval has passed, and of a deletion nobody at all.</summary>
internal sealed class Impatience(Simulation world, Chaos chaos)
{
    private readonly HashSet<string> _seen = [];

    internal void AskForAnother()
    {
        foreach (var item in world.All(Simulation.Redis).Where(HasGivenUp))
            AskForAnother(item, Simulation.Redis, "default");
        foreach (var item in world.All(Kinds.Promise).Where(HasGivenUp))
            AskForAnother(item, Kinds.Promise, null);
    }

    private static bool HasGivenUp(JsonObject item) =>
        (item["status"]?["conditions"] as JsonArray ?? []).Any(c => c!["reason"]?.ToString() is "ConfigureWorkflowFailed" or "DeleteWorkflowFailed");

    private void AskForAnother(JsonObject item, Ports.Kubernetes.ResourceType type, string? ns)
    {
        var (metadata, message) = (item["metadata"]!, $"{item["status"]!["message"]}");
        if (!_seen.Add($"{metadata["uid"]} {metadata["resourceVersion"]}"))
            return;
        chaos.Count(Fault.GivenUp);
        if (message.Contains("times in place", StringComparison.Ordinal))
            chaos.Count(Fault.UsedUpInPlace);
        world.Tell($"user sees that {metadata["name"]} was given up, and wants it run again: {message}");
        world.Change(type, ns, metadata["name"]!.ToString(), new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Marks.ManualReconciliation] = "true" } },
        });
    }
}
