using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Patches;

/// <summary>RFC 7386.</summary>
internal static class MergePatch
{
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes) return patch?.DeepClone();
        var result = target as JsonObject ?? [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                result.Remove(name);
                continue;
            }
            var current = result[name];
            var merged = Apply(current, value);
            if (!ReferenceEquals(merged, current)) result[name] = merged;
        }
        return result;
    }
}
