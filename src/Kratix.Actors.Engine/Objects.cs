using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;

namespace Kratix.Actors.Engine;

/// <summary>Reading Kubernetes objects as JSON.</summary>
internal static class Objects
{
    internal static string Name(this JsonObject item) => item["metadata"]?["name"]?.ToString() ?? "";

    internal static string? Namespace(this JsonObject item) => item["metadata"]?["namespace"]?.ToString();

    internal static string Uid(this JsonObject item) => item["metadata"]?["uid"]?.ToString() ?? "";

    internal static long Generation(this JsonObject item) => item["metadata"]?["generation"]?.GetValue<long>() ?? 0;

    /// <summary>
    /// Whether it is older than the other of its name, as far as their versions tell: what was asked for directly can be newer than what a watch or a
    /// listing brings after it. Creation times would not do to tell two objects of one name apart: clocks are set back.
    /// </summary>
    internal static bool IsOlderThan(this JsonObject item, JsonObject other) =>
        (item.Uid() == other.Uid() && item.Generation() < other.Generation()) || (Version(item) is { } mine && Version(other) is { } theirs && mine < theirs);

    private static ulong? Version(JsonObject item) =>
        ulong.TryParse(item.ResourceVersion(), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    internal static string ResourceVersion(this JsonObject item) => item["metadata"]?["resourceVersion"]?.ToString() ?? "";

    internal static bool IsDeleting(this JsonObject item) => item["metadata"]?["deletionTimestamp"] is not null;

    internal static string? Label(this JsonObject item, string label) => item["metadata"]?["labels"]?[label]?.ToString();

    internal static string? Annotation(this JsonObject item, string name) => item["metadata"]?["annotations"]?[name]?.ToString();

    internal static IEnumerable<JsonObject> Conditions(this JsonObject item) => (item["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>Null: it says nothing of that.</summary>
    internal static JsonObject? Condition(this JsonObject item, string type) => item.Conditions().FirstOrDefault(c => c["type"]?.ToString() == type);

    internal static IReadOnlyList<string> Finalizers(this JsonObject item) =>
        [.. (item["metadata"]?["finalizers"] as JsonArray ?? []).Select(f => f!.ToString())];

    internal static string SpecDigest(this JsonObject item) => Canonical.DigestOf(item["spec"]);

    /// <summary>Who wrote the object last, other than the engine itself, as far as its managed fields tell.</summary>
    internal static string LastManager(this JsonObject item) =>
        (item["metadata"]?["managedFields"] as JsonArray ?? [])
        .Select(f => (Manager: f?["manager"]?.ToString(), Time: f?["time"]?.ToString() ?? "", Sub: f?["subresource"]?.ToString()))
        .Where(f => f.Manager is not null and not "kratix-actors" && f.Sub is null)
        .OrderBy(f => f.Time, StringComparer.Ordinal)
        .LastOrDefault().Manager ?? "unknown";

    internal static JsonObject Labels(IEnumerable<KeyValuePair<string, string>> labels) =>
        new(labels.Select(l => KeyValuePair.Create<string, JsonNode?>(l.Key, l.Value)));

    internal static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => JsonValue.Create(t))];

    /// <summary>A merge patch to what is wanted that also takes away what was there before and is wanted no more.</summary>
    internal static JsonObject Replacing(JsonObject? before, JsonObject wanted)
    {
        var patch = wanted.DeepClone().AsObject();
        foreach (var (key, value) in before ?? [])
        {
            if (!wanted.TryGetPropertyValue(key, out var now))
                patch[key] = null;
            else if (value is JsonObject had && now is JsonObject has)
                patch[key] = Replacing(had, has);
        }

        return patch;
    }

    /// <summary>Whether <paramref name="has"/> shows everything of <paramref name="wants"/>; what others added does not matter.</summary>
    internal static bool Shows(JsonNode? has, JsonNode? wants) => wants is JsonObject map
        ? has is JsonObject present && map.All(kv => kv.Value is null ? present[kv.Key] is null : Shows(present[kv.Key], kv.Value))
        : JsonNode.DeepEquals(has, wants);
}
