using System.Text.Json.Nodes;

namespace Kratix.Actors.Engine.Resources;

/// <summary>Taking an object up, and letting it go, by label and finalizers. Patches carry the version they were made for: whoever else changes finalizers is not overrun.</summary>
internal static class Ownership
{
    internal static bool Has(JsonObject item, IReadOnlyList<string> finalizers) => finalizers.All(item.Finalizers().Contains);

    internal static bool HasAny(JsonObject item, IReadOnlyList<string> finalizers) => finalizers.Any(item.Finalizers().Contains);

    internal static JsonObject Take(JsonObject item, IReadOnlyList<string> finalizers, JsonObject? labels)
    {
        var metadata = Metadata(item, item.Finalizers().Union(finalizers));
        if (labels is not null)
            metadata["labels"] = labels;
        return new JsonObject { ["metadata"] = metadata };
    }

    internal static JsonObject Release(JsonObject item, IReadOnlyList<string> finalizers) =>
        new() { ["metadata"] = Metadata(item, item.Finalizers().Except(finalizers)) };

    private static JsonObject Metadata(JsonObject item, IEnumerable<string> finalizers) => new()
    {
        ["resourceVersion"] = item["metadata"]?["resourceVersion"]?.ToString(),
        ["finalizers"] = Objects.Texts(finalizers),
    };
}
