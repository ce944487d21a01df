using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Entries;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>Who a run is for: a request, or a Promise itself (then <paramref name="Namespace"/> is null).</summary>
public sealed record RunSubject(string Promise, string Kind, string Group, string Version, string Plural, string? Namespace, string Name, string Uid)
{
    public bool IsPromise => Namespace is null;

    public string WorkflowType => IsPromise ? "promise" : "resource";
}

/// <summary>One Pipeline of one revision, to be run for a subject.</summary>
public sealed record RunRequest(string RunId, WorkflowAction Action, JsonObject Pipeline, RunSubject Subject, int Attempt)
{
    /// <summary>The first attempt of the object's first workflow: no Pod of this Pipeline and object is older.</summary>
    public bool IsFirst { get; init; }

    /// <summary>How often it may fail and be tried again, in place or as another run.</summary>
    public int Retries { get; init; }

    /// <summary>W3C <c>traceparent</c> of the object's trace, for the Pod; null where nobody traces.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The namespace that the Promise wants all its Pipelines to run in, or null.</summary>
    public string? PipelineNamespace { get; init; }

    public string PipelineName => Pipeline["metadata"]!["name"]!.ToString();

    public string WorkflowAction => Action == Core.Workflows.WorkflowAction.Configure ? "configure" : "delete";
}

/// <summary>From a Pipeline as written in a Promise to everything a Pod needs. Pure.</summary>
public static class RunPlanner
{
    public static RunPlan Plan(RunRequest request, EngineSettings settings, RunExchange exchange)
    {
        var (ns, podName) = (NamespaceOf(request), PodName(request));
        var parts = WorkflowEntry.Parts(request, podName, ns);
        var env = Environment(request);
        return new RunPlan(
            request.RunId, ns, podName, Labels(request), Annotations(request).SetItems(parts.Annotations),
            [.. parts.Steps.Select(c => Container(c!.AsObject(), env, settings))], parts.Volumes, PodSpec(request, parts.Pod, settings),
            Owner(request), env, exchange.UrlOf(request.RunId), exchange.TokenOf(request.RunId))
        {
            SideBySide = [.. parts.SideBySide.Select(c => Container(c!.AsObject(), env, settings))],
            ResultFiles = parts.ResultFiles,
            Timeouts = parts.Timeouts,
        };
    }

    private static ImmutableSortedDictionary<string, string> Annotations(RunRequest request)
    {
        var annotations = Map(request.Pipeline["metadata"]?["annotations"]);
        return request.TraceParent is { } parent ? annotations.SetItem(EngineTraces.ParentAnnotation, parent) : annotations;
    }

    internal static string NamespaceOf(RunRequest request) => request.PipelineNamespace ?? request.Subject.Namespace ?? Kinds.SystemNamespace;

    internal static string PodName(RunRequest request)
    {
        var subject = request.Subject;
        var elsewhere = request.PipelineNamespace is not null && !subject.IsPromise ? $"-{subject.Namespace}" : "";
        var readable = subject.IsPromise ? $"kratix-{subject.Promise}-{request.PipelineName}" : $"kratix-{subject.Promise}-{subject.Name}{elsewhere}-{request.PipelineName}";
        return Core.Placement.GeneratedName.Of(readable, request.RunId);
    }

    /// <summary>The labels that all runs of this Pipeline for this object carry, and no others.</summary>
    internal static ImmutableSortedDictionary<string, string> OwnLabels(RunRequest request)
    {
        var subject = request.Subject;
        var labels = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        labels[Marks.ManagedBy] = "Kratix";
        labels[Marks.PromiseName] = subject.Promise;
        labels[Marks.WorkflowType] = subject.WorkflowType;
        labels[Marks.WorkflowAction] = request.WorkflowAction;
        labels[Marks.PipelineName] = request.PipelineName;
        if (!subject.IsPromise)
            labels[Marks.ResourceName] = subject.Name;
        // Where requests of several namespaces run in one, their names alone do not tell them apart.
        if (!subject.IsPromise && request.PipelineNamespace is not null)
            labels[Marks.ResourceNamespace] = subject.Namespace!;
        return labels.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, string> Labels(RunRequest request) =>
        Map(request.Pipeline["metadata"]?["labels"]).SetItems(OwnLabels(request));

    /// <summary>What both generations of the reference tell their containers; the user's own entries come after these.</summary>
    private static JsonArray Environment(RunRequest request)
    {
        var subject = request.Subject;
        (string Name, string Value)[] pairs =
        [
            ("KRATIX_OPERATION", request.WorkflowAction),
            ("KRATIX_WORKFLOW_ACTION", request.WorkflowAction),
            ("KRATIX_WORKFLOW_TYPE", subject.WorkflowType),
            ("KRATIX_PROMISE_NAME", subject.Promise),
            ("KRATIX_PIPELINE_NAME", request.PipelineName),
            ("KRATIX_OBJECT_KIND", subject.Kind),
            ("KRATIX_OBJECT_GROUP", subject.Group),
            ("KRATIX_OBJECT_VERSION", subject.Version),
            ("KRATIX_OBJECT_NAME", subject.Name),
            ("KRATIX_OBJECT_NAMESPACE", subject.Namespace ?? ""),
            ("KRATIX_CRD_PLURAL", subject.Plural),
            ("KRATIX_CLUSTER_SCOPED", subject.IsPromise ? "true" : "false"),
        ];
        return [.. pairs.Select(p => new JsonObject { ["name"] = p.Name, ["value"] = p.Value })];
    }

    private static JsonObject Container(JsonObject container, JsonArray env, EngineSettings settings)
    {
        var result = container.DeepClone().AsObject();
        var all = env.DeepClone().AsArray();
        foreach (var own in container["env"] as JsonArray ?? [])
            all.Add(own?.DeepClone());
        result["env"] = all;
        if (result["imagePullPolicy"] is null && settings.DefaultImagePullPolicy is { } policy)
            result["imagePullPolicy"] = policy;
        // What a container sets replaces the default as a whole: half of one and half of the other is nobody's intention.
        if (result["resources"] is null && settings.DefaultContainerResources is { } resources)
            result["resources"] = resources.DeepClone();
        if (result["securityContext"] is null && settings.DefaultSecurityContext is { } security)
            result["securityContext"] = security.DeepClone();
        return result;
    }

    /// <summary>What the entry asks for, over what the platform gives.</summary>
    private static JsonObject PodSpec(RunRequest request, JsonObject own, EngineSettings settings)
    {
        var pod = new JsonObject { ["serviceAccountName"] = PipelineRights.AccountOf(request) };
        if (settings.RunDeadline is { } deadline)
            pod["activeDeadlineSeconds"] = (long)deadline.TotalSeconds;
        foreach (var (field, value) in own)
            pod[field] = value?.DeepClone();
        // The last attempt is left as it is, with its logs.
        if (request.Retries <= 0)
            pod.Remove("restartPolicy");
        return pod;
    }

    /// <summary>The object the run is for; null for one in another namespace, which the API server would take for gone.</summary>
    private static JsonObject? Owner(RunRequest request)
    {
        var subject = request.Subject;
        return !subject.IsPromise && NamespaceOf(request) != subject.Namespace ? null : new JsonObject
        {
            ["apiVersion"] = $"{subject.Group}/{subject.Version}",
            ["kind"] = subject.Kind,
            ["name"] = subject.Name,
            ["uid"] = subject.Uid,
        };
    }

    private static ImmutableSortedDictionary<string, string> Map(JsonNode? map) =>
        (map as JsonObject ?? []).ToImmutableSortedDictionary(kv => kv.Key, kv => kv.Value?.ToString() ?? "", StringComparer.Ordinal);
}
