using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Schemas;
using Kratix.Actors.Standalone.Tables;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>Defaults, rules and conditions of CustomResourceDefinition objects themselves.</summary>
internal static class CustomResourceDefinitions
{
    public const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    public static void ApplyDefaults(JsonObject crd)
    {
        var names = crd.Made("spec").Made("names");
        if (names["singular"] is null && names.Text("kind").Length > 0) names["singular"] = names.Text("kind").ToLowerInvariant();
        if (names["listKind"] is null && names.Text("kind").Length > 0) names["listKind"] = names.Text("kind") + "List";
        if (crd.At("spec", "conversion") is null) crd.Made("spec")["conversion"] = new JsonObject { ["strategy"] = "None" };
    }

    public static IEnumerable<FieldError> Validate(JsonObject crd, JsonObject? before)
    {
        var spec = crd.Child("spec")!;
        var names = spec.Child("names")!;
        foreach (var e in Required(spec, names)) yield return e;
        var expected = $"{names.Text("plural")}.{spec.Text("group")}";
        if (crd.At("metadata", "name").AsText() != expected)
            yield return FieldError.Invalid("metadata.name", crd.At("metadata", "name")?.DeepClone(), "must be spec.names.plural+\".\"+spec.group");
        if (spec.Text("scope") is { Length: > 0 } scope && scope is not ("Cluster" or "Namespaced"))
            yield return FieldError.NotSupported("spec.scope", scope, ["Cluster", "Namespaced"]);
        foreach (var e in VersionErrors(crd)) yield return e;
        if (spec.At("conversion", "strategy").AsText() is { Length: > 0 } strategy && strategy != "None")
            yield return FieldError.NotSupported("spec.conversion.strategy", strategy, ["None"]);
        if (before is null) yield break;
        foreach (var path in (string[][])[["spec", "group"], ["spec", "scope"], ["spec", "names", "kind"], ["spec", "names", "plural"]])
        {
            if (!JsonNode.DeepEquals(crd.At(path), before.At(path)))
                yield return FieldError.Invalid(string.Join('.', path), crd.At(path)?.DeepClone(), "field is immutable");
        }
        if (before.At("status", "storedVersions") is JsonArray stored)
        {
            var present = CustomResources.Versions(crd).Select(v => v.Text("name")).ToHashSet();
            for (var i = 0; i < stored.Count; i++)
                if (!present.Contains(stored[i].AsText()))
                    yield return FieldError.Invalid($"status.storedVersions[{i}]", stored[i]?.DeepClone(), "missing from spec.versions; " + stored[i].AsText() + " was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in " + stored[i].AsText() + " and removes " + stored[i].AsText() + " from status.storedVersions");
        }
    }

    /// <summary>Names are accepted, or refused because another definition has them, at the moment of the write: a client never sees the state in between.</summary>
    public static void Establish(JsonObject crd, JsonObject? before, ResourceCatalog catalog, string now)
    {
        var status = before?["status"] is JsonObject old ? old.DeepClone().AsObject() : [];
        if (crd["status"] is JsonObject sent && sent["storedVersions"] is JsonArray list && before is not null) status["storedVersions"] = list.DeepClone();
        var spec = crd.Child("spec")!;
        var names = spec.Child("names")!;
        var clash = Clash(spec, names, catalog);
        if (clash is null) status["acceptedNames"] = names.DeepClone();
        else if (status["acceptedNames"] is null) status["acceptedNames"] = new JsonObject { ["plural"] = "", ["kind"] = "" };
        var stored = status["storedVersions"] is JsonArray s ? s.Select(v => v.AsText()).ToList() : [];
        if (CustomResources.StorageVersion(crd) is { Length: > 0 } storage && !stored.Contains(storage)) stored.Add(storage);
        status["storedVersions"] = stored.ToJsonArray();
        Condition(status, "NamesAccepted", clash is null, clash is null ? "NoConflicts" : clash.Value.Reason, clash?.Message ?? "no conflicts found", now);
        if (clash is null) Condition(status, "Established", true, "InitialNamesAccepted", "the initial names have been accepted", now);
        else if (!HasCondition(status, "Established", "True")) Condition(status, "Established", false, "NotAccepted", "not all names are accepted", now);
        crd["status"] = status;
        if (crd.At("metadata", "deletionTimestamp") is null)
        {
            var metadata = crd.Made("metadata");
            var finalizers = metadata["finalizers"] as JsonArray ?? [];
            if (finalizers.All(f => f.AsText() != CleanupFinalizer)) finalizers.Add(CleanupFinalizer);
            if (metadata["finalizers"] is null) metadata["finalizers"] = finalizers;
        }
    }

    private static IEnumerable<FieldError> Required(JsonObject spec, JsonObject names)
    {
        if (spec.Text("group").Length == 0) yield return FieldError.Required("spec.group");
        else foreach (var e in Names.OfSubdomain("spec.group", spec.Text("group"))) yield return e;
        if (spec.Text("scope").Length == 0) yield return FieldError.Required("spec.scope");
        foreach (var name in (string[])["plural", "singular", "kind", "listKind"])
        {
            if (names.Text(name).Length == 0) yield return FieldError.Required($"spec.names.{name}");
            else foreach (var e in Names.OfLabel($"spec.names.{name}", names.Text(name).ToLowerInvariant())) yield return e;
        }
        if (names.Text("kind") is { Length: > 0 } kind && kind == names.Text("listKind"))
            yield return FieldError.Invalid("spec.names.listKind", kind, "kind and listKind may not be the same");
    }

    private static IEnumerable<FieldError> VersionErrors(JsonObject crd)
    {
        var versions = CustomResources.Versions(crd).ToList();
        if (versions.Count == 0) yield return FieldError.Required("spec.versions", "must have exactly one version marked as storage version");
        else if (versions.Count(v => v["storage"].IsTrue()) != 1)
            yield return FieldError.Invalid("spec.versions", crd.At("spec", "versions")?.DeepClone(), "must have exactly one version marked as storage version");
        var seen = new HashSet<string>();
        for (var i = 0; i < versions.Count; i++)
        {
            var (version, at) = (versions[i], $"spec.versions[{i}]");
            if (!Regex.IsMatch(version.Text("name"), "^[a-z]([-a-z0-9]*[a-z0-9])?$"))
                yield return FieldError.Invalid($"{at}.name", version.Text("name"), "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
            if (!seen.Add(version.Text("name"))) yield return FieldError.Duplicate($"{at}.name", version.Text("name"));
            if (version.At("schema", "openAPIV3Schema") is not JsonObject schema) yield return FieldError.Required($"{at}.schema.openAPIV3Schema", "schemas are required");
            else foreach (var e in SchemaRules.Check(schema, $"{at}.schema.openAPIV3Schema")) yield return e;
            foreach (var e in ColumnErrors(version, at)) yield return e;
        }
    }

    private static IEnumerable<FieldError> ColumnErrors(JsonObject version, string at)
    {
        if (version["additionalPrinterColumns"] is not JsonArray columns) yield break;
        for (var i = 0; i < columns.Count; i++)
        {
            if (columns[i] is not JsonObject c) continue;
            var here = $"{at}.additionalPrinterColumns[{i}]";
            if (c.Text("name").Length == 0) yield return FieldError.Required($"{here}.name");
            if (c.Text("type") is not ("string" or "integer" or "number" or "boolean" or "date"))
                yield return FieldError.NotSupported($"{here}.type", c.Text("type"), ["boolean", "date", "integer", "number", "string"]);
            if (c.Text("jsonPath").Length == 0) yield return FieldError.Required($"{here}.jsonPath");
            else if (PathProblem(c.Text("jsonPath")) is { } problem) yield return FieldError.Invalid($"{here}.jsonPath", c.Text("jsonPath"), problem);
        }
    }

    private static string? PathProblem(string path)
    {
        try
        {
            JsonPath.Parse(path);
            return null;
        }
        catch (FormatException e)
        {
            return $"is an invalid jsonpath expression: {e.Message}";
        }
    }

    private static (string Reason, string Message)? Clash(JsonObject spec, JsonObject names, ResourceCatalog catalog)
    {
        var (group, plural) = (spec.Text("group"), names.Text("plural"));
        var others = catalog.All.Where(t => t.Group == group && t.Plural != plural).ToList();
        string[] mine = [plural, names.Text("singular"), .. names["shortNames"] is JsonArray s ? s.Select(n => n.AsText()) : []];
        foreach (var other in others)
        {
            string[] taken = [other.Plural, other.Singular, .. other.ShortNames];
            if (mine.FirstOrDefault(n => taken.Contains(n)) is { } name)
                return (name == plural ? "PluralConflict" : name == names.Text("singular") ? "SingularConflict" : "ShortNamesConflict", $"\"{name}\" is already in use");
            if (other.Kind == names.Text("kind") || other.ListKind == names.Text("kind")) return ("KindConflict", $"\"{names.Text("kind")}\" is already in use");
            if (other.ListKind == names.Text("listKind")) return ("ListKindConflict", $"\"{names.Text("listKind")}\" is already in use");
        }
        return null;
    }

    private static bool HasCondition(JsonObject status, string type, string value) =>
        status["conditions"] is JsonArray list && list.OfType<JsonObject>().Any(c => c.Text("type") == type && c.Text("status") == value);

    private static void Condition(JsonObject status, string type, bool isTrue, string reason, string message, string now)
    {
        var list = status["conditions"] as JsonArray ?? [];
        if (status["conditions"] is null) status["conditions"] = list;
        var found = list.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);
        var value = isTrue ? "True" : "False";
        if (found is null) list.Add(found = []);
        if (found.Text("status") != value) found["lastTransitionTime"] = now;
        found["type"] = type;
        found["status"] = value;
        found["reason"] = reason;
        found["message"] = message;
    }
}
