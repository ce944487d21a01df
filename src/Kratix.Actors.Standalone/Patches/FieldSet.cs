using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Patches;

/// <summary>
/// A set of places in an object, in the notation of <c>FieldsV1</c>: <c>f:name</c> a field, <c>k:{"name":"x"}</c> an item by key,
/// <c>v:"x"</c> an item of a set, <c>.</c> the thing itself. A place is the list of its steps.
/// </summary>
internal static class FieldSet
{
    private const char Separator = '\u001f';

    /// <summary>What the system writes belongs to nobody.</summary>
    private static readonly HashSet<string> SystemFields =
    [
        "f:apiVersion", "f:kind", "f:metadata",
        .. ((string[])["name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generateName"])
            .Select(n => $"f:metadata{Separator}f:{n}"),
    ];

    public static string[] Steps(string path) => path.Split(Separator);

    /// <summary>Every leaf of the object with its value; an item of a keyed list is also a place of its own (value null).</summary>
    public static Dictionary<string, JsonNode?> Leaves(JsonObject o, Shape shape)
    {
        var leaves = new Dictionary<string, JsonNode?>();
        foreach (var (name, value) in o)
            if (!SystemFields.Contains("f:" + name) || name == "metadata") Visit(value, shape.Child(name), "f:" + name, leaves);
        foreach (var system in SystemFields) leaves.Remove(system);
        return leaves;
    }

    public static ImmutableHashSet<string> FromFieldsV1(JsonNode? fields)
    {
        var paths = ImmutableHashSet.CreateBuilder<string>();
        Read(fields as JsonObject ?? [], "", paths);
        return paths.ToImmutable();
    }

    public static JsonObject ToFieldsV1(IEnumerable<string> paths)
    {
        var root = new JsonObject();
        foreach (var path in paths.Order(StringComparer.Ordinal))
        {
            var at = root;
            foreach (var step in Steps(path)) at = at.Made(step);
        }
        return root;
    }

    /// <summary>As conflicts are shown: <c>.spec.containers[name="x"].image</c>.</summary>
    public static string Shown(string path) => string.Concat(Steps(path).Select(step => step[..Math.Min(2, step.Length)] switch
    {
        "f:" => "." + step[2..],
        "k:" => "[" + string.Join(",", JsonNode.Parse(step[2..])!.AsObject().Select(k => $"{k.Key}={k.Value!.ToJsonString()}")) + "]",
        "v:" => $"[={step[2..]}]",
        _ => "",
    }));

    public static string KeyStep(JsonObject item, IReadOnlyList<string> keys)
    {
        var key = new JsonObject();
        foreach (var name in keys.Order(StringComparer.Ordinal)) key[name] = item[name]?.DeepClone();
        return "k:" + key.ToJsonString(JsonExtensions.SerializerOptions);
    }

    public static string ValueStep(JsonNode? value) => "v:" + (value?.ToJsonString(JsonExtensions.SerializerOptions) ?? "null");

    public static void RemoveAt(JsonObject root, string path, Shape shape)
    {
        var steps = Steps(path).Where(s => s != ".").ToArray();
        JsonNode? node = root;
        for (var i = 0; i < steps.Length - 1 && node is not null; i++)
        {
            node = Step(node, steps[i], shape);
            shape = steps[i].StartsWith("f:", StringComparison.Ordinal) ? shape.Child(steps[i][2..]) : shape.Item();
        }
        if (node is JsonObject o) o.Remove(steps[^1][2..]);
        else if (node is JsonArray a && Step(a, steps[^1], shape) is { } item) a.Remove(item);
    }

    private static JsonNode? Step(JsonNode node, string step, Shape shape) => node switch
    {
        JsonObject o => o[step[2..]],
        JsonArray a when step.StartsWith("k:", StringComparison.Ordinal) => a.FirstOrDefault(i => i is JsonObject item && KeyStep(item, shape.Keys) == step),
        JsonArray a => a.FirstOrDefault(i => ValueStep(i) == step),
        _ => null,
    };

    private static void Visit(JsonNode? value, Shape shape, string path, Dictionary<string, JsonNode?> leaves)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } o when !shape.IsAtomic:
                foreach (var (name, child) in o) Visit(child, shape.Child(name), $"{path}{Separator}f:{name}", leaves);
                break;
            case JsonArray a when shape.Keys.Count > 0 && a.All(i => i is JsonObject):
                foreach (var item in a.OfType<JsonObject>())
                {
                    var at = $"{path}{Separator}{KeyStep(item, shape.Keys)}";
                    leaves[$"{at}{Separator}."] = null;
                    Visit(item, shape.Item(), at, leaves);
                }
                break;
            case JsonArray a when shape.IsSet:
                foreach (var item in a) leaves[$"{path}{Separator}{ValueStep(item)}"] = item;
                break;
            default:
                leaves[path] = value;
                break;
        }
    }

    private static void Read(JsonObject fields, string path, ImmutableHashSet<string>.Builder paths)
    {
        foreach (var (step, below) in fields)
        {
            var at = path.Length == 0 ? step : $"{path}{Separator}{step}";
            if (below is JsonObject { Count: > 0 } deeper) Read(deeper, at, paths);
            else paths.Add(at);
        }
    }
}
