using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Schemas;
using Kratix.Actors.Standalone.Tables;

namespace Kratix.Actors.Standalone.Resources;

/// <summary>From a stored CustomResourceDefinition to the kinds it serves.</summary>
internal static class CustomResources
{
    /// <summary>One entry per served version; none while the definition is not established.</summary>
    public static ImmutableArray<ResourceType> TypesOf(JsonObject crd) => IsEstablished(crd) ? [.. Versions(crd).Where(v => v["served"].IsTrue()).OrderBy(v => v.Text("name"), VersionOrder.NewestFirst).Select(v => TypeOf(crd, v))] : [];

    public static IEnumerable<JsonObject> Versions(JsonObject crd) => crd.At("spec", "versions") is JsonArray versions ? versions.OfType<JsonObject>() : [];

    public static string StorageVersion(JsonObject crd) => Versions(crd).FirstOrDefault(v => v["storage"].IsTrue())?.Text("name") ?? "";

    private static bool IsEstablished(JsonObject crd) =>
        crd.At("status", "conditions") is JsonArray conditions && conditions.OfType<JsonObject>().Any(c => c.Text("type") == "Established" && c.Text("status") == "True");

    private static ResourceType TypeOf(JsonObject crd, JsonObject version)
    {
        var spec = crd.Child("spec")!;
        var names = spec.Child("names")!;
        var hasStatus = version.At("subresources", "status") is JsonObject;
        return new ResourceType
        {
            Group = spec.Text("group"),
            Version = version.Text("name"),
            Kind = names.Text("kind"),
            Plural = names.Text("plural"),
            Singular = names.TextOrNull("singular") ?? names.Text("kind").ToLowerInvariant(),
            ListKind = names.TextOrNull("listKind") ?? names.Text("kind") + "List",
            ShortNames = Texts(names["shortNames"]),
            Categories = Texts(names["categories"]),
            Namespaced = spec.Text("scope") != "Cluster",
            HasStatus = hasStatus,
            StorageApiVersion = $"{spec.Text("group")}/{StorageVersion(crd)}",
            DefinedAt = long.TryParse(crd.At("metadata", "resourceVersion").AsText(), System.Globalization.CultureInfo.InvariantCulture, out var at) ? at : 0,
            HasGeneration = true,
            Schema = StructuralSchema.Of(version.At("schema", "openAPIV3Schema") as JsonObject ?? [], crd.At("spec", "preserveUnknownFields").IsTrue()),
            Columns = PrinterColumns.Of(version["additionalPrinterColumns"] as JsonArray),
            SelectableFields = version["selectableFields"] is JsonArray fields ? [.. fields.OfType<JsonObject>().Select(f => f.Text("jsonPath").TrimStart('.'))] : [],
        };
    }

    private static string[] Texts(JsonNode? list) => list is JsonArray a ? [.. a.Select(t => t.AsText())] : [];
}

/// <summary>Kubernetes' order of versions: v2 before v1 before v1beta1 before v1alpha1, and anything else after, by name.</summary>
internal sealed class VersionOrder : IComparer<string>
{
    public static readonly VersionOrder NewestFirst = new();

    public int Compare(string? x, string? y)
    {
        var (a, b) = (Parse(x!), Parse(y!));
        if (a is null || b is null) return a is null && b is null ? string.CompareOrdinal(x, y) : a is null ? 1 : -1;
        var byStage = b.Value.Stage.CompareTo(a.Value.Stage);
        if (byStage != 0) return byStage;
        var byMajor = b.Value.Major.CompareTo(a.Value.Major);
        return byMajor != 0 ? byMajor : b.Value.Minor.CompareTo(a.Value.Minor);
    }

    private static (int Stage, int Major, int Minor)? Parse(string version)
    {
        var m = System.Text.RegularExpressions.Regex.Match(version, "^v([1-9][0-9]{0,8})(?:(alpha|beta)([1-9][0-9]{0,8}))?$");
        if (!m.Success) return null;
        var stage = m.Groups[2].Value switch { "alpha" => 0, "beta" => 1, _ => 2 };
        return (stage, int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture),
            m.Groups[3].Success ? int.Parse(m.Groups[3].Value, System.Globalization.CultureInfo.InvariantCulture) : 0);
    }
}
