using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Resources;

/// <summary>Taking an object up, and letting it go, by label and finalizers. Patches carry the version they were made for: whoever else changes finalizers is not overrun.</summary>
internal static class Ownership
{
    internal static bool Has(JsonObject item, IReadOnlyList<string> finalizers) => finalizers.All(item.Finalizers().Contains);

    internal static bool HasAny(JsonObject item, IReadOnlyList<string> finalizers) => finalizers.Any(item.Finalizers().Contains);

    /// <summary>Whether, of all that are <paramref name="ours"/>, it has these and no others.</summary>
    internal static bool HasOnly(JsonObject item, IReadOnlyList<string> finalizers, IReadOnlyList<string> ours) => item.Finalizers().Where(ours.Contains).ToHashSet(StringComparer.Ordinal).SetEquals(finalizers);

    /// <summary>Puts these of <paramref name="ours"/> on and takes the others of them off.</summary>
    internal static JsonObject Take(JsonObject item, IReadOnlyList<string> finalizers, IReadOnlyList<string> ours, JsonObject? labels)
    {
        var metadata = Metadata(item, item.Finalizers().Except(ours).Union(finalizers));
        if (labels is not null)
            metadata["labels"] = labels;
        return new JsonObject { ["metadata"] = metadata };
    }

    /// <summary>Takes finalizers off. Done also when there is nothing to take off: the object is gone, or is another one of its name.</summary>
    internal static async Task<Outcome<Nothing>> TakeOff(IKubernetes kubernetes, ResourceType type, string? ns, string name, string uid, IReadOnlyList<string> finalizers)
    {
        var outcome = await kubernetes.Get(type, ns, name, CancellationToken.None);
        if (outcome is Outcome<JsonObject>.Done { Value: var item } && item.Uid() == uid && HasAny(item, finalizers))
        {
            var patch = new JsonObject { ["metadata"] = Metadata(item, item.Finalizers().Except(finalizers)) };
            outcome = await kubernetes.Patch(type, ns, name, PatchKind.Merge, patch, null, CancellationToken.None);
        }

        return outcome is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound } ? new Outcome<Nothing>.Done(default) : outcome.Select(_ => default(Nothing));
    }

    private static JsonObject Metadata(JsonObject item, IEnumerable<string> finalizers) => new()
    {
        ["resourceVersion"] = item["metadata"]?["resourceVersion"]?.ToString(),
        ["finalizers"] = Objects.Texts(finalizers),
    };
}
