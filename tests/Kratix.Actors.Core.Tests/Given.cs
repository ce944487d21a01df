using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests;

/// <summary>The values that tests start from.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly ResourceId Id = new("redis", "default", "example");

    public static ImmutableSortedDictionary<string, string> Labels(string text) => text is "" or "-"
        ? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
        : text.Split(',').Select(pair => pair.Split(':')).ToImmutableSortedDictionary(p => p[0], p => p[1], StringComparer.Ordinal);

    public static Selector Selector(string labels, SelectorSource source = SelectorSource.Promise) => new(Labels(labels), source);

    public static Destination Destination(string name, string labels = "", FilepathMode mode = FilepathMode.NestedByMetadata, bool strict = false, bool ready = true) =>
        new(name, Labels(labels), strict, ready, new Location("GitStateStore", "default", name, mode, mode == FilepathMode.AggregatedYaml ? "all.yaml" : null));

    public static FileEntry File(string path, string content = "") => new(path, Digest.Of(path + content), 10);

    public static RunOutput Output(params string[] paths) => new([.. paths.Select(p => File(p))], null, []);

    public static WorkflowPlan Plan(string configure, string delete = "") => new(Pipelines(configure), Pipelines(delete));

    public static PromiseRevision Revision(WorkflowPlan plan, string digest = "r1", params Selector[] selectors) => new(
        Id.Promise, digest, "v1.0.0", plan, [.. selectors], TimeSpan.FromHours(10), new RetrySchedule(2, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5)));

    public static ResourceObservation Request(string spec = "s1", long generation = 1, string uid = "u1", bool deleting = false) => new(uid, generation, spec, deleting, "kubectl");

    public static PromiseObservation Promise(string spec = "p1", long generation = 1, string uid = "u1", bool deleting = false) => new(uid, generation, spec, "v1.0.0", deleting, "kubectl");

    public static PromiseApi Api(string digest = "crd1") => new("marketplace.kratix.io", "v1alpha1", "redis", "Redis", digest);

    /// <summary>One Promise of version v1.0.0 that is required, and one that requires.</summary>
    public static Surroundings Surroundings(string name, bool available) => new(
        ImmutableSortedDictionary.Create<string, PromiseStanding>(StringComparer.Ordinal).Add(name, new PromiseStanding("v1.0.0", available)), [new Dependant("app", "v2.0.0", "v1.0.0")]);

    public static ImmutableArray<StepReport> Steps(int exitCode) =>
        [new("main", "registry.example/main:1", exitCode == 0 ? StepPhase.Succeeded : StepPhase.Failed, exitCode, Start, Start.AddSeconds(2))];

    private static ImmutableArray<PipelineSummary> Pipelines(string names) =>
        [.. names.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(n => new PipelineSummary(n, null))];
}
