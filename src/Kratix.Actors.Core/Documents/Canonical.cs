using System.Text.Json.Nodes;

namespace Kratix.Actors.Core.Documents;

/// <summary>One text for all spellings of a JSON value: keys sorted, no white space. What is digested must not depend on who wrote it.</summary>
public static class Canonical
{
    public static string Text(JsonNode? node) => Sort(node)?.ToJsonString() ?? "null";

    public static string DigestOf(JsonNode? node) => Digest.Of(Text(node));

    private static JsonNode? Sort(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(kv => kv.Key, StringComparer.Ordinal).Select(kv => KeyValuePair.Create(kv.Key, Sort(kv.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sort)]),
        _ => node?.DeepClone(),
    };
}
