using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Storage;

/// <summary>The metadata the system owns: identity, generation, deletion. Applied to every write, whoever makes it.</summary>
internal static class ObjectMetadata
{
    public static string Timestamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static void FillNew(ObjectKey key, JsonObject o, TimeProvider time)
    {
        var metadata = o.Made("metadata");
        metadata["name"] = key.Name;
        if (key.Namespace.Length > 0) metadata["namespace"] = key.Namespace;
        if (metadata.Text("uid").Length == 0) metadata["uid"] = Guid.NewGuid().ToString();
        if (metadata["creationTimestamp"] is not JsonValue) metadata["creationTimestamp"] = Timestamp(time.GetUtcNow());
        metadata.Remove("resourceVersion");
        Tidy(metadata);
    }

    /// <summary>
    /// Carries over what a client can neither set nor lose, and moves the generation on when anything but metadata and status differs.
    /// Kinds whose generation Kubernetes does not count have none and keep none.
    /// </summary>
    public static void KeepSystemFields(JsonObject before, JsonObject next)
    {
        var old = before.Made("metadata");
        var now = next.Made("metadata");
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid", "creationTimestamp", "resourceVersion", "generation"])
            Keep(name, old, now);
        if (old["deletionTimestamp"] is { } marked)
        {
            now["deletionTimestamp"] = marked.DeepClone();
            if (now["deletionGracePeriodSeconds"] is null && old["deletionGracePeriodSeconds"] is { } grace) now["deletionGracePeriodSeconds"] = grace.DeepClone();
        }
        Tidy(now);
        if (old["generation"] is JsonValue generation && (BodyDiffers(before, next) || (old["deletionTimestamp"] is null && now["deletionTimestamp"] is not null)))
            now["generation"] = long.Parse(generation.AsText(), CultureInfo.InvariantCulture) + 1;
    }

    /// <summary>The field is as it was: mostly it still is, and is left alone then.</summary>
    public static void Keep(string name, JsonObject before, JsonObject next)
    {
        if (!before.TryGetPropertyValue(name, out var kept)) next.Remove(name);
        else if (!next.TryGetPropertyValue(name, out var present) || !JsonNode.DeepEquals(kept, present)) next[name] = kept?.DeepClone();
    }

    /// <summary>Marked for deletion and nothing holds it: the write that leads here is the removal.</summary>
    public static bool IsFinished(JsonObject o) =>
        o.Child("metadata") is { } metadata
        && metadata["deletionTimestamp"] is not null
        && metadata["finalizers"] is not JsonArray { Count: > 0 }
        && (metadata["deletionGracePeriodSeconds"] is not JsonValue grace || grace.AsText() == "0")
        && o.At("spec", "finalizers") is not JsonArray { Count: > 0 };

    private static void Tidy(JsonObject metadata)
    {
        foreach (var name in (ReadOnlySpan<string>)["labels", "annotations", "finalizers", "ownerReferences", "managedFields", "selfLink"])
        {
            if (metadata.ContainsKey(name) && metadata[name] is null or JsonObject { Count: 0 } or JsonArray { Count: 0 }) metadata.Remove(name);
        }
        metadata.Remove("selfLink");
    }

    private static bool BodyDiffers(JsonObject before, JsonObject next)
    {
        static bool IsBody(string name) => name is not ("apiVersion" or "kind" or "metadata" or "status");
        return before.Count(p => IsBody(p.Key)) != next.Count(p => IsBody(p.Key))
            || before.Any(p => IsBody(p.Key) && !(next.TryGetPropertyValue(p.Key, out var other) && JsonNode.DeepEquals(p.Value, other)));
    }
}
