using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;

namespace Kratix.Actors.Standalone.Patches;

/// <summary>
/// Kubernetes' strategic merge for the built-in kinds: lists with a merge key are merged by it, <c>$patch: delete|replace</c>,
/// <c>$deleteFromPrimitiveList</c>, <c>$setElementOrder</c> and <c>$retainKeys</c> are understood.
/// </summary>
internal static class StrategicMergePatch
{
    /// <summary>Field name to merge key. In the kinds served here no field of these names is merged differently elsewhere, apart from <see cref="KeyOf"/>'s exceptions.</summary>
    internal static readonly Dictionary<string, string> MergeKeys = new()
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["ephemeralContainers"] = "name",
        ["env"] = "name",
        ["volumes"] = "name",
        ["volumeMounts"] = "mountPath",
        ["volumeDevices"] = "devicePath",
        ["ports"] = "containerPort",
        ["imagePullSecrets"] = "name",
        ["hostAliases"] = "ip",
        ["ownerReferences"] = "uid",
        ["secrets"] = "name",
        ["conditions"] = "type",
        ["topologySpreadConstraints"] = "topologyKey",
        ["resourceClaims"] = "name",
    };

    internal static readonly HashSet<string> PrimitiveSets = ["finalizers"];

    public static JsonObject Apply(JsonObject target, JsonNode? patch) =>
        patch is JsonObject changes ? Merge(target, changes) : throw ApiException.BadRequest("error decoding patch: a strategic merge patch must be an object");

    private static JsonObject Merge(JsonObject target, JsonObject patch)
    {
        switch (patch.Text("$patch"))
        {
            case "replace":
                var replacement = patch.DeepClone().AsObject();
                replacement.Remove("$patch");
                return replacement;
            case "delete": return [];
            default: break;
        }
        if (patch["$retainKeys"] is JsonArray retained)
        {
            var kept = retained.Select(k => k.AsText()).ToHashSet();
            foreach (var name in target.Select(p => p.Key).Where(n => !kept.Contains(n)).ToList()) target.Remove(name);
        }
        foreach (var (name, value) in patch)
        {
            if (name.StartsWith("$deleteFromPrimitiveList/", StringComparison.Ordinal)) DeletePrimitives(target, name["$deleteFromPrimitiveList/".Length..], value);
            else if (!name.StartsWith('$')) MergeField(target, name, value, patch);
        }
        return target;
    }

    private static void MergeField(JsonObject target, string name, JsonNode? value, JsonObject patch)
    {
        switch (value)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject changes when target[name] is JsonObject current:
                var merged = Merge(current, changes);
                if (!ReferenceEquals(merged, current)) target[name] = merged;
                break;
            case JsonObject changes:
                target[name] = Merge([], changes);
                break;
            case JsonArray changes when KeyOf(name, changes) is { } key:
                target[name] = MergeList(target[name] as JsonArray ?? [], changes, key, patch["$setElementOrder/" + name] as JsonArray);
                break;
            case JsonArray changes when PrimitiveSets.Contains(name):
                target[name] = Union(target[name] as JsonArray ?? [], changes);
                break;
            default:
                target[name] = value.DeepClone();
                break;
        }
    }

    private static string? KeyOf(string name, JsonArray changes) =>
        MergeKeys.TryGetValue(name, out var key) && changes.All(c => c is JsonObject o && (o.ContainsKey(key) || o.ContainsKey("$patch"))) ? key : null;

    private static JsonArray MergeList(JsonArray current, JsonArray changes, string key, JsonArray? order)
    {
        var merged = current.Select(c => c?.DeepClone()).ToList();
        if (changes.OfType<JsonObject>().Any(c => c.Text("$patch") == "replace")) merged.Clear();
        foreach (var change in changes.OfType<JsonObject>().Where(c => c.ContainsKey(key)))
        {
            var at = merged.FindIndex(m => m is JsonObject o && o[key].AsText() == change[key].AsText());
            if (change.Text("$patch") == "delete")
            {
                if (at >= 0) merged.RemoveAt(at);
            }
            else if (at < 0) merged.Add(Merge([], change));
            else merged[at] = Merge(merged[at]!.AsObject(), change);
        }
        if (order is not null)
        {
            var places = order.OfType<JsonObject>().Select(o => o[key].AsText()).ToList();
            merged = [.. merged.OrderBy(m => m is JsonObject o && places.IndexOf(o[key].AsText()) is >= 0 and var i ? i : int.MaxValue)];
        }
        return [.. merged];
    }

    private static void DeletePrimitives(JsonObject target, string name, JsonNode? values)
    {
        if (target[name] is not JsonArray current || values is not JsonArray gone) return;
        var removed = gone.Select(g => g.AsText()).ToHashSet();
        target[name] = new JsonArray([.. current.Where(c => !removed.Contains(c.AsText())).Select(c => c?.DeepClone())]);
    }

    private static JsonArray Union(JsonArray current, JsonArray more)
    {
        var texts = current.Select(c => c.AsText()).ToList();
        texts.AddRange(more.Select(c => c.AsText()).Where(t => !texts.Contains(t)));
        return texts.ToJsonArray();
    }
}
