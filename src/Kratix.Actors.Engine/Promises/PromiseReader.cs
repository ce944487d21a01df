using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Entries;
using Kratix.Actors.Ports.Documents;
using static Kratix.Actors.Engine.Entries.EntryFields;

namespace Kratix.Actors.Engine.Promises;

/// <summary>The Promise cannot be used as it is. The message names field, value and what would be right.</summary>
internal sealed class PromiseRefusedException(string message) : Exception(message);

/// <summary>A Promise read: what deciding needs, and the file its dependencies become, whose bytes are stored beside it.</summary>
internal sealed record PromiseReading(PromiseDefinition Definition, byte[]? DependenciesFile);

/// <summary>Reads a Promise object and checks everything that can be checked without the API server. Pure.</summary>
internal static class PromiseReader
{
    private const int MaxRunIdentity = 60;
    internal static readonly TimeSpan ShortestInterval = TimeSpan.FromMinutes(1);

    /// <exception cref="PromiseRefusedException">It cannot be used.</exception>
    internal static PromiseReading Read(JsonObject item, EngineSettings settings)
    {
        var name = item.Name();
        var spec = item["spec"] as JsonObject ?? throw new PromiseRefusedException("spec is missing");
        if (spec["api"] is not (null or JsonObject))
            throw new PromiseRefusedException("spec.api must be a CustomResourceDefinition (apiextensions.k8s.io/v1)");
        if (spec["destinationSelectors"] is not (null or JsonArray))
            throw new PromiseRefusedException("spec.destinationSelectors must be a list of matchLabels");
        var api = ReadApi(spec["api"] as JsonObject);
        var revision = new PromiseRevision(
            name, item.SpecDigest(), item.Label(Marks.PromiseVersion) ?? "not-set", ReadPlan(name, spec, "resource"), ReadSelectors(spec),
            ReadInterval(item, spec, settings), settings.Retry) { ReconcileAfterFailure = settings.ReconcileAfterFailure, IntervalJitter = settings.IntervalJitter };
        if (Map(Map(spec, "workflows", "spec.workflows"), "config", "spec.workflows.config")?["pipelineNamespace"] is { } ns && !DnsLabel().IsMatch(ns.ToString()))
            throw new PromiseRefusedException($"spec.workflows.config.pipelineNamespace is {ns.ToJsonString()}; it must name a namespace");
        var dependencies = ReadDependencies(name, spec);
        var file = dependencies is null ? null : new FileEntry($"static/{name}-dependencies.yaml", Digest.Of(dependencies), dependencies.Length);
        return new PromiseReading(new PromiseDefinition(revision, api, ReadPlan(name, spec, "promise"), file) { Required = ReadRequired(spec) is { IsEmpty: false } required ? required : null }, dependencies);
    }

    private static PromiseApi? ReadApi(JsonObject? crd)
    {
        var api = ApiReader.Read(crd);
        if (api is null)
            return null;
        Map(crd, "metadata", "invalid CRD: spec.api.metadata");
        if (crd!["kind"]?.ToString() != "CustomResourceDefinition" || crd["apiVersion"]?.ToString() != "apiextensions.k8s.io/v1")
            throw new PromiseRefusedException($"spec.api is {crd["apiVersion"]}/{crd["kind"]}; it must be apiextensions.k8s.io/v1 CustomResourceDefinition");
        foreach (var (field, value) in new[] { ("spec.group", api.Group), ("spec.versions[0].name", api.Version), ("spec.names.plural", api.Plural), ("spec.names.kind", api.Kind) })
        {
            if (value.Length == 0)
                throw new PromiseRefusedException($"invalid CRD: spec.api.{field} is missing");
        }

        if (crd["metadata"]?["name"]?.ToString() != api.CrdName)
            throw new PromiseRefusedException($"invalid CRD: spec.api.metadata.name is \"{crd["metadata"]?["name"]}\"; it must be {api.CrdName} (plural.group)");
        if (crd["spec"]?["scope"]?.ToString() is var scope && scope != "Namespaced")
            throw new PromiseRefusedException($"promise api needs to be namespace scoped; spec.api.spec.scope cannot be: {scope}");
        return api;
    }

    private static WorkflowPlan ReadPlan(string promise, JsonObject spec, string type)
    {
        var workflow = Map(Map(spec, "workflows", "spec.workflows"), type, $"spec.workflows.{type}");
        return new WorkflowPlan(ReadPipelines(promise, type, "configure", workflow?["configure"]), ReadPipelines(promise, type, "delete", workflow?["delete"]));
    }

    private static ImmutableArray<PipelineSummary> ReadPipelines(string promise, string type, string action, JsonNode? list)
    {
        if (list is null)
            return [];
        var where = $"spec.workflows.{type}.{action}";
        if (list is not JsonArray items)
            throw new PromiseRefusedException($"{where} must be a list of Pipelines");
        var result = ImmutableArray.CreateBuilder<PipelineSummary>();
        for (var i = 0; i < items.Count; i++)
        {
            var summary = ReadPipeline(promise, type, action, $"{where}[{i}]", items[i]);
            if (result.Any(p => p.Name == summary.Name))
                throw new PromiseRefusedException($"duplicate pipeline name \"{summary.Name}\" in workflow \"{type}\" action \"{action}\"");
            result.Add(summary);
        }

        return result.ToImmutable();
    }

    private static PipelineSummary ReadPipeline(string promise, string type, string action, string where, JsonNode? node)
    {
        var pipeline = node as JsonObject ?? throw new PromiseRefusedException($"{where} must be a map");
        var technology = WorkflowEntry.TechnologyOf(pipeline, where);
        var name = Map(pipeline, "metadata", $"{where}.metadata")?["name"]?.ToString();
        if (name is null || !DnsLabel().IsMatch(name))
            throw new PromiseRefusedException($"{where}.metadata.name is \"{name}\"; it must be lower-case letters, digits and -, such as configure-db");
        if (type == "promise" && name == FileLayout.StaticDependencies)
            throw new PromiseRefusedException($"{where}.metadata.name is \"{name}\", which names the Promise's spec.dependencies; choose another");
        if ($"{promise}-{type}-{action}-{name}".Length > MaxRunIdentity)
            throw new PromiseRefusedException($"pipeline with name \"{name}\" is too long. The name is used when generating resources for the pipeline, including the ServiceAccount which follows the format of \"{promise}-{type}-{action}-{name}\", which cannot be longer than {MaxRunIdentity} characters in total");
        WorkflowEntry.Check(technology, pipeline, where);
        return new PipelineSummary(name, WorkflowEntry.BackoffLimit(pipeline));
    }

    private static ImmutableArray<Selector> ReadSelectors(JsonObject spec)
    {
        var result = ImmutableArray.CreateBuilder<Selector>();
        foreach (var entry in spec["destinationSelectors"] as JsonArray ?? [])
        {
            var labels = (entry as JsonObject)?["matchLabels"] as JsonObject ?? throw new PromiseRefusedException("spec.destinationSelectors: every entry needs matchLabels");
            result.Add(new Selector(labels.ToImmutableSortedDictionary(l => l.Key, l => l.Value?.ToString() ?? "", StringComparer.Ordinal), SelectorSource.Promise));
        }

        return result.ToImmutable();
    }

    /// <summary>What the Promise requires; anybody's spec may be asked, also one that cannot be used otherwise.</summary>
    internal static ImmutableArray<RequiredPromise> RequiredOf(JsonObject? spec) =>
    [
        .. (spec?["requiredPromises"] as JsonArray ?? []).OfType<JsonObject>().Where(r => r["name"] is not null)
            .Select(r => new RequiredPromise(r["name"]!.ToString(), r["version"]?.ToString() ?? "")),
    ];

    private static ImmutableArray<RequiredPromise> ReadRequired(JsonObject spec)
    {
        if (spec["requiredPromises"] is not (null or JsonArray))
            throw new PromiseRefusedException("spec.requiredPromises must be a list of names, such as \"- name: redis\"");
        if ((spec["requiredPromises"] as JsonArray ?? []).Any(r => (r as JsonObject)?["name"]?.ToString() is not { Length: > 0 }))
            throw new PromiseRefusedException("spec.requiredPromises: every entry needs the name of a Promise");
        return RequiredOf(spec);
    }

    /// <summary>What the annotation says, if that is an interval: a wrong one is refused when it is written, and counts for nothing where it was not.</summary>
    internal static TimeSpan? IntervalOf(string? annotation) => annotation is not null && GoDuration.Parse(annotation) is { } interval && interval >= ShortestInterval ? interval : null;

    internal static bool HasApi(JsonObject promise) => promise["spec"]?["api"] is JsonObject { Count: > 0 };

    internal static bool HasDeletePipelines(JsonObject promise) =>
        ((promise["spec"] as JsonObject)?["workflows"] as JsonObject)?["promise"] is JsonObject workflow && workflow["delete"] is JsonArray { Count: > 0 };

    private static TimeSpan ReadInterval(JsonObject item, JsonObject spec, EngineSettings settings)
    {
        if (IntervalOf(item.Annotation(Marks.ReconciliationInterval)) is { } annotated)
            return annotated;
        if (Map(Map(spec, "workflows", "spec.workflows"), "config", "spec.workflows.config")?["reconciliationInterval"]?.ToString() is not { } text)
            return settings.ReconcileInterval;
        if (GoDuration.Parse(text) is not { } interval)
            throw new PromiseRefusedException($"spec.workflows.config.reconciliationInterval is \"{text}\"; it must be a valid duration such as 30m or 1h30m");
        return interval >= ShortestInterval
            ? interval
            : throw new PromiseRefusedException($"spec.workflows.config.reconciliationInterval is \"{text}\"; it must be at least 1m0s");
    }

    private static byte[]? ReadDependencies(string promise, JsonObject spec)
    {
        if (spec["dependencies"] is null or JsonArray { Count: 0 })
            return null;
        if (spec["dependencies"] is not JsonArray list || list.Any(d => d is not JsonObject))
            throw new PromiseRefusedException($"spec.dependencies of {promise} must be a list of Kubernetes objects");
        return Encoding.UTF8.GetBytes(string.Join("---\n", list.Select(Yaml.Write)));
    }
}
