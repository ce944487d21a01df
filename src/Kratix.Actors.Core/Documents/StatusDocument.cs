using System.Text.Json.Nodes;

namespace Kratix.Actors.Core.Documents;

/// <summary>What Pipelines say of an object in <c>status.yaml</c>, kept as the text of a JSON object.</summary>
public static class StatusDocument
{
    /// <summary>Maps merge deeply, null takes a key away, conditions merge by type, anything else is replaced.</summary>
    public static string? Merge(string? before, string? added)
    {
        if (added is null)
            return before;
        var target = Parse(before);
        Merge(target, Parse(added), isRoot: true);
        return target.Count == 0 ? null : target.ToJsonString();
    }

    /// <summary>A new run may say something new: its predecessor's message is no longer true.</summary>
    public static string? WithoutMessage(string? status)
    {
        var document = Parse(status);
        document.Remove("message");
        return document.Count == 0 ? null : document.ToJsonString();
    }

    public static JsonObject Parse(string? status) => status is null ? [] : JsonNode.Parse(status)!.AsObject();

    private static void Merge(JsonObject target, JsonObject added, bool isRoot)
    {
        foreach (var (key, value) in added)
        {
            if (value is null)
                target.Remove(key);
            else if (isRoot && key == "conditions" && value is JsonArray conditions)
                target[key] = MergeConditions(target[key] as JsonArray, conditions);
            else if (value is JsonObject map)
            {
                if (target[key] is not JsonObject inner)
                    target[key] = inner = [];
                Merge(inner, map, isRoot: false);
            }
            else
                target[key] = value.DeepClone();
        }
    }

    private static JsonArray MergeConditions(JsonArray? before, JsonArray added)
    {
        var result = new JsonArray();
        foreach (var kept in before ?? [])
        {
            if (!added.Any(a => TypeOf(a) == TypeOf(kept)))
                result.Add(kept?.DeepClone());
        }

        foreach (var condition in added)
            result.Add(condition?.DeepClone());
        return result;
    }

    private static string? TypeOf(JsonNode? condition) => (condition as JsonObject)?["type"]?.ToString();
}
