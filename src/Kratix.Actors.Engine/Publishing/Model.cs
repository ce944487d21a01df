using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>An object to publish, whole; its conditions have no times until they are given some.</summary>
internal sealed record Model(ResourceType Type, JsonObject Body)
{
    internal string Key => WorkModels.KeyOf(Type, Body.Namespace()!, Body.Name());

    /// <summary>Of what is to be shown, without times.</summary>
    internal string Digest { get; } = Canonical.DigestOf(Body);

    /// <summary>Gives the conditions their times: one that says what it said keeps the moment at which it began to.</summary>
    internal void Date(DateTimeOffset now, ConditionTimes before)
    {
        foreach (var condition in Body.Conditions())
            condition["lastTransitionTime"] = before.Since(condition) ?? StatusParts.Time(now);
    }
}

/// <summary>Since when an object's conditions say what they say; of nothing: <c>default</c>.</summary>
internal readonly record struct ConditionTimes(IReadOnlyList<(string Type, string Status, string Since)>? All)
{
    internal static ConditionTimes Of(JsonObject item) => new(
        [.. item.Conditions().Select(c => (Text(c, "type"), Text(c, "status"), Text(c, "lastTransitionTime"))).Where(c => c.Item3.Length > 0)]);

    internal string? Since(JsonObject condition) =>
        All?.FirstOrDefault(c => c.Type == Text(condition, "type") && c.Status == Text(condition, "status")).Since;

    private static string Text(JsonObject condition, string field) => condition[field]?.ToString() ?? "";
}
