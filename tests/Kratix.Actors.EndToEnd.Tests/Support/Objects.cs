using System.Text.Json.Nodes;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>A condition's three words.</summary>
internal sealed record Condition(string Status, string Reason, string Message);

/// <summary>Reading what <c>kubectl get -o json</c> gives.</summary>
internal static class Objects
{
    internal static JsonNode? At(this JsonNode? node, string path) =>
        path.Split('.').Aggregate(node, (at, part) => at is JsonArray list ? list[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)] : at?[part]);

    internal static string? Text(this JsonNode? node, string path) => node.At(path)?.ToString();

    internal static long Number(this JsonNode? node, string path) => (long?)node.At(path) ?? 0;

    internal static Condition? Condition(this JsonNode? node, string type) =>
        node.At("status.conditions")?.AsArray().Where(c => (string?)c!["type"] == type).Select(c => new Condition(c.Text("status")!, c.Text("reason") ?? "", c.Text("message") ?? "")).SingleOrDefault();

    internal static bool Has(this JsonNode? node, string condition, string status = "True") => node.Condition(condition)?.Status == status;

    /// <summary>Reconciled, and for the spec as it now stands.</summary>
    internal static bool IsReconciled(this JsonNode? node) => node.Has("Reconciled") && node.Number("status.observedGeneration") == node.Number("metadata.generation");
}
