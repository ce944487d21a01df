using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Testing;

/// <summary>The patches of <see cref="FakeKubernetes"/>: merge (RFC 7396), and of RFC 6902 the operations that programs send.</summary>
internal static class JsonPatches
{
    public static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null)
                target.Remove(key);
            else if (value is JsonObject inner)
            {
                if (target[key] is not JsonObject child)
                    target[key] = child = [];
                Merge(child, inner);
            }
            else
                target[key] = value.DeepClone();
        }
    }

    /// <summary>Null, or why the patch does not fit; then the target is half changed and must be thrown away.</summary>
    public static string? Apply(JsonObject target, JsonArray operations)
    {
        foreach (var operation in operations)
        {
            var path = (string)operation!["path"]!;
            var steps = path.Split('/').Skip(1).Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
            JsonNode? parent = target;
            foreach (var step in steps[..^1])
                parent = Child(parent, step);
            if (!One((string)operation["op"]!, parent, steps[^1], operation["value"]))
                return $"the server rejected our request due to an error in our request: {operation.ToJsonString()} does not fit";
        }

        return null;
    }

    private static bool One(string op, JsonNode? parent, string step, JsonNode? value)
    {
        var present = Child(parent, step) is not null;
        switch (op, parent)
        {
            case ("test", _):
                return JsonNode.DeepEquals(Child(parent, step), value);
            case ("remove", JsonObject map):
                return map.Remove(step);
            case ("remove", JsonArray list) when present:
                list.RemoveAt(int.Parse(step, CultureInfo.InvariantCulture));
                return true;
            case ("replace", JsonObject) when !present:
                return false;
            case ("add" or "replace", JsonObject map):
                map[step] = value?.DeepClone();
                return true;
            case ("add", JsonArray list):
                list.Insert(step == "-" ? list.Count : int.Parse(step, CultureInfo.InvariantCulture), value?.DeepClone());
                return true;
            case ("replace", JsonArray list) when present:
                list[int.Parse(step, CultureInfo.InvariantCulture)] = value?.DeepClone();
                return true;
            default:
                return false;
        }
    }

    private static JsonNode? Child(JsonNode? parent, string step) => parent switch
    {
        JsonObject map => map[step],
        JsonArray list when int.TryParse(step, CultureInfo.InvariantCulture, out var index) && index < list.Count => list[index],
        _ => null,
    };
}

/// <summary>Label selectors as programs write them: <c>a=b</c>, <c>a!=b</c>, <c>a</c>, <c>!a</c>, joined by commas.</summary>
internal static class LabelSelectors
{
    public static bool Matches(string? selector, JsonObject item)
    {
        var labels = item["metadata"]?["labels"];
        return string.IsNullOrEmpty(selector) || selector.Split(',').All(term => Term(term, labels));
    }

    private static bool Term(string term, JsonNode? labels)
    {
        if (term.Split("!=") is [var other, var unwanted])
            return (string?)labels?[other] != unwanted;
        if (term.Split('=', StringSplitOptions.RemoveEmptyEntries) is [var name, var value])
            return (string?)labels?[name] == value;
        return term.StartsWith('!') ? labels?[term[1..]] is null : labels?[term] is not null;
    }
}
