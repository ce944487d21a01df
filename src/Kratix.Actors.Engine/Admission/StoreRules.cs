using System.Text.Json.Nodes;
using Kratix.Actors.Engine.StateStores;

namespace Kratix.Actors.Engine.Admission;

/// <summary>What Destinations, state stores and releases must be. Pure.</summary>
internal static class StoreRules
{
    private const string DefaultFilename = "aggregated.yaml";

    /// <summary>Null when it may pass.</summary>
    /// <param name="others">All Destinations there are, with or without this one.</param>
    internal static string? DestinationProblem(JsonObject destination, IEnumerable<JsonObject> others)
    {
        var path = destination["spec"]?["path"]?.ToString() ?? "";
        if (path.Length == 0)
            return "path field is required";
        if (destination["spec"]?["stateStoreRef"] is not JsonObject { Count: > 0 } store)
            return "stateStoreRef field is required";
        var taken = others.Any(o => o.Name() != destination.Name() && o["spec"]?["path"]?.ToString() == path && JsonNode.DeepEquals(o["spec"]?["stateStoreRef"], store));
        return taken ? $"destination path '{path}' already exists for state store '{store["name"]}'" : null;
    }

    /// <summary>Null when it may pass: an annotation that was there already holds up nothing else.</summary>
    internal static string? AnnotationProblem(JsonObject destination, JsonObject? before)
    {
        const string name = DestinationReader.OutputValidationAnnotation;
        return destination.Annotation(name) is { } asked && asked != before?.Annotation(name) && DestinationReader.Validation(asked) is null
            ? $"annotation {name} is '{asked}'; write kubernetes, yaml or none"
            : null;
    }

    /// <summary>What is filled in before anything is checked; false when there is nothing to fill in.</summary>
    internal static bool FillIn(JsonObject destination)
    {
        if (destination["spec"]?["filepath"] is not JsonObject filepath || filepath["mode"]?.ToString() != "aggregatedYAML" || filepath["filename"]?.ToString() is { Length: > 0 })
            return false;
        filepath["filename"] = DefaultFilename;
        return true;
    }

    internal static string? BucketProblem(JsonObject store)
    {
        var spec = store["spec"] as JsonObject;
        if ((spec?["authMethod"]?.ToString() ?? "accessKey") != "accessKey")
            return null;
        if (spec?["secretRef"] is not JsonObject secret)
            return "spec.secretRef must be set when using authentication method accessKey";
        if (string.IsNullOrEmpty(secret["name"]?.ToString()))
            return "spec.secretRef must contain secret name";
        return string.IsNullOrEmpty(secret["namespace"]?.ToString()) ? "spec.secretRef must contain secret namespace" : null;
    }

    internal static string? ReleaseProblem(JsonObject release) =>
        string.IsNullOrEmpty(release["spec"]?["sourceRef"]?["url"]?.ToString()) ? "sourceRef.url must be set" : null;
}
