using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Standalone.Api;

namespace Kratix.Actors.Standalone.Schemas;

/// <summary>What makes an <c>openAPIV3Schema</c> structural; a definition that breaks these rules is refused, as by the API server.</summary>
internal static class SchemaRules
{
    private const int MaxDepth = 100;
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    public static IEnumerable<FieldError> Check(JsonObject root, string path)
    {
        if (root.Text("type") != "object")
        {
            yield return root.Text("type").Length == 0
                ? FieldError.Required($"{path}.type", "must not be empty at the root")
                : FieldError.Invalid($"{path}.type", root["type"]?.DeepClone(), "must be object at the root");
        }
        foreach (var e in Node(root, path, 0, isRoot: true)) yield return e;
    }

    private static IEnumerable<FieldError> Node(JsonObject s, string path, int depth, bool isRoot = false)
    {
        if (depth > MaxDepth)
        {
            yield return FieldError.Invalid(path, "", $"must not be nested deeper than {MaxDepth} levels");
            yield break;
        }
        var type = s.Text("type");
        var untyped = s["x-kubernetes-int-or-string"].IsTrue() || s["x-kubernetes-preserve-unknown-fields"].IsTrue();
        if (type.Length == 0 && !untyped && !isRoot) yield return FieldError.Required($"{path}.type", "must not be empty for specified object fields");
        if (type.Length > 0 && !Types.Contains(type)) yield return FieldError.NotSupported($"{path}.type", type, Types);
        if (s["x-kubernetes-int-or-string"].IsTrue() && type.Length > 0)
            yield return FieldError.Invalid($"{path}.type", type, "must be empty if x-kubernetes-int-or-string is true");
        if (type == "array" && s["items"] is not JsonObject) yield return FieldError.Required($"{path}.items", "must be specified");
        if (s["$ref"] is not null) yield return FieldError.Forbidden($"{path}.$ref", "$ref is not supported");
        if (s["uniqueItems"].IsTrue()) yield return FieldError.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        if (s["properties"] is JsonObject { Count: > 0 } && s["additionalProperties"] is { } more && !(more is JsonValue v && v.AsText() == "false"))
            yield return FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive");
        if (s.TextOrNull("pattern") is { } pattern && PatternProblem(pattern) is { } problem)
            yield return FieldError.Invalid($"{path}.pattern", pattern, $"must be a valid regular expression, but isn't: {problem}");
        if (s["required"] is { } required and not JsonArray) yield return FieldError.Invalid($"{path}.required", required.DeepClone(), "must be a list of field names");
        if (s["x-kubernetes-list-type"].AsText() == "map" && s["x-kubernetes-list-map-keys"] is not JsonArray { Count: > 0 })
            yield return FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map");
        foreach (var e in Defaults(s, path)) yield return e;
        foreach (var e in Children(s, path, depth)) yield return e;
    }

    private static IEnumerable<FieldError> Defaults(JsonObject s, string path)
    {
        if (s["default"] is not { } value) yield break;
        foreach (var e in SchemaValidator.Validate(new JsonObject { ["default"] = value.DeepClone() }, StructuralSchema.Of(new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["default"] = s.DeepClone() } }), null))
            yield return e with { Field = $"{path}.{e.Field}" };
    }

    private static IEnumerable<FieldError> Children(JsonObject s, string path, int depth)
    {
        if (s["properties"] is { } properties and not JsonObject) yield return FieldError.Invalid($"{path}.properties", properties.DeepClone(), "must be a map of schemas");
        foreach (var (name, child) in s["properties"] as JsonObject ?? [])
        {
            var at = $"{path}.properties[{name}]";
            if (child is not JsonObject o) yield return FieldError.Invalid(at, child?.DeepClone(), "must be a schema");
            else foreach (var e in Node(o, at, depth + 1)) yield return e;
        }
        if (s["items"] is JsonObject items)
        {
            foreach (var e in Node(items, $"{path}.items", depth + 1)) yield return e;
        }
        if (s["additionalProperties"] is JsonObject additional)
        {
            foreach (var e in Node(additional, $"{path}.additionalProperties", depth + 1)) yield return e;
        }
    }

    private static string? PatternProblem(string pattern)
    {
        try
        {
            _ = new Regex(pattern);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}
