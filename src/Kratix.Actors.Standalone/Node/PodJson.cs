using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>What reading a Pod needs beyond <see cref="JsonExtensions"/>.</summary>
internal static class PodJson
{
    public static IEnumerable<JsonObject> Objects(this JsonObject o, string name) => (o[name] as JsonArray ?? []).OfType<JsonObject>();

    public static ImmutableArray<string> Texts(this JsonObject o, string name) => [.. (o[name] as JsonArray ?? []).Select(t => t.AsText())];

    public static long? Number(this JsonObject o, string name) =>
        long.TryParse(o[name].AsText(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static bool IsFalse(this JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.False;
}
