using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;

namespace Kratix.Actors.Core.Workflows;

public enum WorkflowAction
{
    Configure,
    Delete,
}

/// <summary>What deciding needs of a Pipeline; its containers travel by the revision's digest. A null limit means the platform's setting.</summary>
public sealed record PipelineSummary(string Name, int? BackoffLimit);

/// <summary>The two lists of Pipelines of one workflow type.</summary>
public sealed record WorkflowPlan(ImmutableArray<PipelineSummary> Configure, ImmutableArray<PipelineSummary> Delete)
{
    public static readonly WorkflowPlan None = new([], []);

    public ImmutableArray<PipelineSummary> Of(WorkflowAction action) => action == WorkflowAction.Configure ? Configure : Delete;
}

/// <summary>
/// A Promise's spec as its requests see it. <paramref name="Digest"/> addresses the whole spec in the content store;
/// <paramref name="Interval"/> and <paramref name="Retry"/> have the platform's settings resolved.
/// </summary>
public sealed record PromiseRevision(
    string Promise, string Digest, string Version, WorkflowPlan Plan, ImmutableArray<Selector> Selectors, TimeSpan Interval, RetrySchedule Retry)
{
    /// <summary>Whether a failed workflow is run again at the interval.</summary>
    public bool ReconcileAfterFailure { get; init; } = true;

    /// <summary>Intervals are lengthened by up to this part of themselves, so that what was made together does not for ever run together.</summary>
    public double IntervalJitter { get; init; } = 0.1;

    /// <summary>Whether the Promise is paused, and so its requests.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Paused { get; init; }

    /// <summary>Counts how often all requests were asked to run again with nothing in the spec changed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Wave { get; init; }

    /// <summary>When a workflow that has ended now is to run again. <paramref name="jitter"/>: from 0 to 1.</summary>
    public DateTimeOffset NextRun(DateTimeOffset now, double jitter) => now + (Interval * (1 + (jitter * IntervalJitter)));

    /// <summary>Whether there is nothing to learn from the other. The settings are compared too: the platform's are resolved into a revision and not in its digest.</summary>
    public bool Same(PromiseRevision other) =>
        Digest == other.Digest && Version == other.Version && Interval == other.Interval && Retry == other.Retry && ReconcileAfterFailure == other.ReconcileAfterFailure
        && IntervalJitter == other.IntervalJitter && Paused == other.Paused && Wave == other.Wave;
}
