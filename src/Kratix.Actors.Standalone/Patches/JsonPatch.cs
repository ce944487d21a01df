using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;

namespace Kratix.Actors.Standalone.Patches;

/// <summary>RFC 6902. A patch that cannot be applied changes nothing and is answered as the API server does.</summary>
internal static class JsonPatch
{
    public static JsonObject Apply(JsonObject target, JsonNode? patch)
    {
        if (patch is not JsonArray operations) throw ApiException.BadRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
        JsonNode? root = target;
        foreach (var operation in operations)
        {
            if (operation is not JsonObject o) throw ApiException.BadRequest("error decoding patch: every operation must be an object");
            root = ApplyOne(root, o);
        }
        return root as JsonObject ?? throw Refused("the patch replaced the object by something that is not one");
    }

    private static JsonNode? ApplyOne(JsonNode? root, JsonObject o)
    {
        var path = Pointer(o.Text("path"));
        switch (o.Text("op"))
        {
            case "add": return Put(root, path, o["value"]?.DeepClone(), add: true);
            case "replace":
                Find(root, path, "replace");
                return Put(root, path, o["value"]?.DeepClone(), add: false);
            case "remove": return Remove(root, path);
            case "test":
                if (!JsonNode.DeepEquals(Find(root, path, "test"), o["value"])) throw Refused($"testing value {o.Text("path")} failed: test failed");
                return root;
            case "copy": return Put(root, path, Find(root, Pointer(o.Text("from")), "copy")?.DeepClone(), add: true);
            case "move":
                var from = Pointer(o.Text("from"));
                var moved = Find(root, from, "move")?.DeepClone();
                return Put(Remove(root, from), path, moved, add: true);
            default: throw ApiException.BadRequest($"error decoding patch: unexpected operation kind: \"{o.Text("op")}\"");
        }
    }

    private static string[] Pointer(string path)
    {
        if (path.Length == 0) return [];
        if (path[0] != '/') throw ApiException.BadRequest($"error decoding patch: path \"{path}\" must begin with /");
        return [.. path[1..].Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    private static JsonNode? Find(JsonNode? node, ReadOnlySpan<string> path, string op)
    {
        foreach (var step in path)
        {
            node = node switch
            {
                JsonObject o when o.TryGetPropertyValue(step, out var child) => child,
                JsonArray a when Index(step, a.Count - 1) is { } i => a[i],
                _ => throw Missing(op, string.Join('/', path.ToArray())),
            };
        }
        return node;
    }

    private static JsonNode? Put(JsonNode? root, string[] path, JsonNode? value, bool add)
    {
        if (path.Length == 0) return value;
        var last = path[^1];
        switch (Find(root, path.AsSpan(0, path.Length - 1), add ? "add" : "replace"))
        {
            case JsonObject o:
                o[last] = value;
                break;
            case JsonArray a when add && last == "-":
                a.Add(value);
                break;
            case JsonArray a when Index(last, add ? a.Count : a.Count - 1) is { } i:
                if (add) a.Insert(i, value);
                else a[i] = value;
                break;
            default:
                throw Missing(add ? "add" : "replace", string.Join('/', path));
        }
        return root;
    }

    private static JsonNode? Remove(JsonNode? root, string[] path)
    {
        if (path.Length == 0) return null;
        switch (Find(root, path.AsSpan(0, path.Length - 1), "remove"))
        {
            case JsonObject o when o.Remove(path[^1]): return root;
            case JsonArray a when Index(path[^1], a.Count - 1) is { } i:
                a.RemoveAt(i);
                return root;
            default: throw Missing("remove", string.Join('/', path));
        }
    }

    private static int? Index(string step, int most) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i <= most ? i : null;

    private static ApiException Missing(string op, string path) => Refused($"{op} operation does not apply: doc is missing path: \"/{path}\": missing value");

    private static ApiException Refused(string why) => new(422, "Invalid", $"the server rejected our request due to an error in our request: {why}", []);
}
