using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Engine.Promises;

namespace Kratix.Actors.Engine.Admission;

/// <summary>What a Promise must be for anything to come of it. Pure; what only the API server knows is asked by <see cref="AdmissionRules"/>.</summary>
internal static partial class PromiseRules
{
    private const int MaxLabelPart = 63;
    private static readonly string[] WorkflowTypes = ["resource", "promise"];
    private static readonly string[] WorkflowActions = ["configure", "delete"];
    private static readonly string[] ImmutableParts = ["metadata.name", "kind", "apiVersion", "spec.names"];

    /// <summary>Null when it may pass.</summary>
    internal static string? Problem(JsonObject promise, JsonObject? before, EngineSettings settings)
    {
        try
        {
            PromiseReader.Read(promise, settings);
        }
        catch (PromiseRefusedException refused)
        {
            return refused.Message;
        }

        return LabelProblem(promise) ?? IntervalProblem(promise, before) ?? (before is null ? null : ChangeProblem(promise, before));
    }

    /// <summary>The annotation that overrides the interval. One that was bad already is left alone: whoever writes may want to repair something else.</summary>
    internal static string? IntervalProblem(JsonObject item, JsonObject? before)
    {
        if (Annotation(item) is not { } text || text == (before is null ? null : Annotation(before)))
            return null;
        if (GoDuration.Parse(text) is not { } interval)
            return $"annotation {Marks.ReconciliationInterval} is \"{text}\"; it must be a valid duration such as 30m or 1h30m";
        return interval < PromiseReader.ShortestInterval ? $"annotation {Marks.ReconciliationInterval} is \"{text}\"; it must be at least 1m0s" : null;
    }

    private static string? Annotation(JsonObject item) => item["metadata"]?["annotations"]?[Marks.ReconciliationInterval]?.ToString();

    /// <summary>Labels of a Pipeline go to its Pods, which the API server would refuse long after anybody looks.</summary>
    private static string? LabelProblem(JsonObject promise)
    {
        foreach (var (type, action, pipeline) in Pipelines(promise))
        {
            var where = $"in workflow \"{type}\" action \"{action}\" pipeline \"{pipeline.Name()}\"";
            if (pipeline["metadata"]?["labels"] is not { } given)
                continue;
            if (given is not JsonObject labels)
                return $"invalid labels {where}: they must be a map of texts";
            foreach (var (key, value) in labels)
            {
                var name = key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..];
                var prefix = key[..^name.Length].TrimEnd('/');
                if (!LabelPart().IsMatch(name) || name.Length > MaxLabelPart || prefix.Contains('/', StringComparison.Ordinal) || (prefix.Length > 0 && !Subdomain().IsMatch(prefix)))
                    return $"invalid label key \"{key}\" {where}: it must be a name of letters, digits, '-', '_' and '.', with an optional domain and '/' before it";
                if (value?.GetValueKind() is not System.Text.Json.JsonValueKind.String || value.ToString() is var text && (text.Length > MaxLabelPart || (text.Length > 0 && !LabelPart().IsMatch(text))))
                    return $"invalid label value {value?.ToJsonString() ?? "null"} of key \"{key}\" {where}: it must be empty or a text of letters, digits, '-', '_' and '.', beginning and ending with a letter or digit, at most {MaxLabelPart} long";
            }
        }

        return null;
    }

    private static IEnumerable<(string Type, string Action, JsonObject Pipeline)> Pipelines(JsonObject promise) =>
        from type in WorkflowTypes
        from action in WorkflowActions
        from pipeline in ((promise["spec"] as JsonObject)?["workflows"]?[type]?[action] as JsonArray ?? []).OfType<JsonObject>()
        select (type, action, pipeline);

    /// <summary>What requests rely on does not change under them.</summary>
    private static string? ChangeProblem(JsonObject promise, JsonObject before)
    {
        var (now, then) = (promise["spec"]?["api"] as JsonObject ?? [], before["spec"]?["api"] as JsonObject ?? []);
        if (then.Count == 0)
            return null;
        if (now.Count == 0)
            return "cannot remove API from existing promise";
        var changed = ImmutableParts
            .Select(path => (Path: path, Now: At(now, path), Then: At(then, path)))
            .Where(f => !JsonNode.DeepEquals(f.Now, f.Then))
            .Select(f => $"* spec.api.{f.Path}: Invalid value: {f.Now?.ToJsonString() ?? "null"}: field is immutable")
            .ToList();
        return changed.Count == 0 ? null : $"promises.platform.kratix.io \"{promise.Name()}\" was not valid:\n{string.Join('\n', changed)}";
    }

    private static JsonNode? At(JsonNode? node, string path) => path.Split('.').Aggregate(node, (at, step) => (at as JsonObject)?[step]);

    [GeneratedRegex("^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")]
    private static partial Regex LabelPart();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")]
    private static partial Regex Subdomain();
}
