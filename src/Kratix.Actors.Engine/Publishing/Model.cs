using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>An object to publish, whole, but for the times of its conditions.</summary>
internal sealed record Model(ResourceType Type, JsonObject Body)
{
    internal string Key => $"{Type.Plural}/{Body.Namespace()}/{Body.Name()}";

    internal string Digest => Canonical.DigestOf(Body);

    /// <summary>With times: a condition that says what it said keeps the moment at which it began to.</summary>
    internal JsonObject At(DateTimeOffset now, ConditionTimes before)
    {
        var body = Body.DeepClone().AsObject();
        foreach (var condition in ConditionTimes.In(body))
            condition["lastTransitionTime"] = before.Since(condition) ?? StatusParts.Time(now);
        return body;
    }
}

/// <summary>Since when an object's conditions say what they say; of nothing: <c>default</c>.</summary>
internal readonly record struct ConditionTimes(IReadOnlyList<(string Type, string Status, string Since)>? All)
{
    internal static ConditionTimes Of(JsonObject item) => new(
        [.. In(item).Select(c => (Text(c, "type"), Text(c, "status"), Text(c, "lastTransitionTime"))).Where(c => c.Item3.Length > 0)]);

    internal static IEnumerable<JsonObject> In(JsonObject item) => (item["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>();

    internal string? Since(JsonObject condition) =>
        All?.FirstOrDefault(c => c.Type == Text(condition, "type") && c.Status == Text(condition, "status")).Since;

    private static string Text(JsonObject condition, string field) => condition[field]?.ToString() ?? "";
}
