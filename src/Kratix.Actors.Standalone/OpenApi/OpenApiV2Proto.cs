using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.OpenApi;

/// <summary>
/// The definitions of an OpenAPI v2 document in the protobuf form (gnostic's <c>openapi.v2.Document</c>), the only one older kubectl asks for.
/// Field numbers are those of its public .proto file.
/// </summary>
internal static class OpenApiV2Proto
{
    /// <summary>With a dot where the request has an "@": the latter is no legal character in a content type, and clients refuse the answer.</summary>
    public const string ContentType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    /// <param name="patchable">Kinds whose PATCH takes <c>dryRun</c>: without this notice kubectl refuses to ask for one.</param>
    public static byte[] Document(JsonObject definitions, IEnumerable<(string Path, JsonObject Gvk)> patchable)
    {
        var named = new ProtoWriter();
        foreach (var (name, schema) in definitions) named.Message(1, Named(name, Schema(schema!.AsObject())));
        return new ProtoWriter()
            .Text(1, "2.0")
            .Message(2, new ProtoWriter().Text(1, "Kratix.Actors Standalone").Text(2, "v1"))
            .Message(8, Paths(patchable))
            .Message(9, named)
            .ToArray();
    }

    private static ProtoWriter Paths(IEnumerable<(string Path, JsonObject Gvk)> patchable)
    {
        var paths = new ProtoWriter();
        foreach (var (path, gvk) in patchable)
        {
            var dryRun = new ProtoWriter().Text(2, "query").Text(4, "dryRun");
            var parameter = new ProtoWriter().Message(1, new ProtoWriter().Message(2, new ProtoWriter().Message(3, dryRun)));
            var patch = new ProtoWriter().Message(8, parameter).Message(13, new ProtoWriter().Text(1, "x-kubernetes-group-version-kind").Message(2, Yaml(gvk)));
            paths.Message(2, Named(path, new ProtoWriter().Message(8, patch)));
        }
        return paths;
    }

    private static ProtoWriter Schema(JsonObject s)
    {
        var w = new ProtoWriter().Text(1, s.Text("$ref")).Text(2, s.Text("format")).Text(4, s.Text("description"));
        if (Number(s, "maximum") is { } maximum) w.Real(7, maximum);
        if (Number(s, "minimum") is { } minimum) w.Real(9, minimum);
        w.Text(13, s.Text("pattern"));
        if (s["required"] is JsonArray required)
        {
            foreach (var name in required) w.Text(19, name.AsText());
        }
        if (s["enum"] is JsonArray values)
        {
            foreach (var value in values) w.Message(20, Yaml(value));
        }
        if (s["additionalProperties"] is JsonObject additional) w.Message(21, new ProtoWriter().Message(1, Schema(additional)));
        else if (s["additionalProperties"].IsTrue()) w.Message(21, new ProtoWriter().Flag(2, true));
        if (s.Text("type") is { Length: > 0 } type) w.Message(22, new ProtoWriter().Text(1, type));
        if (s["items"] is JsonObject items) w.Message(23, new ProtoWriter().Message(1, Schema(items)));
        if (s["properties"] is JsonObject { Count: > 0 } properties)
        {
            var list = new ProtoWriter();
            foreach (var (name, property) in properties) list.Message(1, Named(name, Schema(property as JsonObject ?? [])));
            w.Message(25, list);
        }
        foreach (var (name, value) in s)
            if (name.StartsWith("x-", StringComparison.Ordinal)) w.Message(31, new ProtoWriter().Text(1, name).Message(2, Yaml(value)));
        return w;
    }

    private static ProtoWriter Named(string name, ProtoWriter schema) => new ProtoWriter().Text(1, name).Message(2, schema);

    /// <summary>An <c>Any</c> holds YAML text; JSON is YAML.</summary>
    private static ProtoWriter Yaml(JsonNode? value) => new ProtoWriter().Text(2, (value?.ToJsonString(JsonExtensions.SerializerOptions) ?? "null") + "\n");

    private static double? Number(JsonObject s, string name) =>
        s[name] is JsonValue v && double.TryParse(v.AsText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : null;
}
