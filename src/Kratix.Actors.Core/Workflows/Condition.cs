using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;

namespace Kratix.Actors.Core.Workflows;

/// <summary>A Kubernetes condition without its time. <paramref name="Status"/> is <c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
public sealed record Condition(string Type, string Status, string Reason, string Message);

/// <summary>When a condition last changed its status.</summary>
public sealed record ConditionSince(string Status, DateTimeOffset At);

/// <summary>The conditions that Promises and requests have in common, spelled as the reference spells them.</summary>
public static class Conditions
{
    public const string ConfigureWorkflowCompleted = "ConfigureWorkflowCompleted";
    public const string DeleteWorkflowCompleted = "DeleteWorkflowCompleted";
    public const string WorksSucceeded = "WorksSucceeded";
    public const string Reconciled = "Reconciled";

    public static readonly ImmutableSortedDictionary<string, ConditionSince> NoTimes = ImmutableSortedDictionary.Create<string, ConditionSince>(StringComparer.Ordinal);

    public static Condition Configure(Workflow workflow) => workflow.Stage switch
    {
        WorkflowStage.Succeeded => new(ConfigureWorkflowCompleted, "True", "PipelinesExecutedSuccessfully", "Pipelines completed"),
        WorkflowStage.Failed => new(ConfigureWorkflowCompleted, "False", "ConfigureWorkflowFailed", $"A Configure Pipeline has failed: {workflow.FailedPipeline}"),
        _ => new(ConfigureWorkflowCompleted, "False", "PipelinesInProgress", "Pipelines are still in progress"),
    };

    /// <summary>The condition of a delete workflow that does not go on, or null.</summary>
    public static Condition? Delete(Workflow workflow) => (workflow.Action, workflow.Stage) switch
    {
        (WorkflowAction.Delete, WorkflowStage.Failed) => new(DeleteWorkflowCompleted, "False", "DeleteWorkflowFailed", "The Delete Pipeline has failed"),
        (WorkflowAction.Delete, WorkflowStage.Suspended) => new(DeleteWorkflowCompleted, "False", "DeleteWorkflowSuspended", "The delete workflow is suspended"),
        _ => null,
    };

    /// <summary><paramref name="noun"/>: <c>resource</c> or <c>promise</c>.</summary>
    public static Condition Works(Works works, string noun)
    {
        var failing = Names(works, g => g.Placements.Any(p => p.Error is not null), r => r.Error is not null);
        if (failing.Length > 0)
            return new(WorksSucceeded, "False", "WorksFailing", $"Some works associated with this {noun} {(noun == "promise" ? "are not ready" : "failed")}: [{failing}]");
        var misplaced = Names(works, g => g.Placements.Any(p => p.Misplaced), _ => false);
        var pending = Names(works, g => g.Placements.IsEmpty || g.RefusedBy is not null || g.Placements.Any(p => !p.IsWritten), _ => true);
        return pending.Length > 0
            ? new(WorksSucceeded, "Unknown", "WorksPending", $"Some works associated with this {noun} are not ready: [{pending}]")
            : misplaced.Length > 0 ? new(WorksSucceeded, "False", "WorksMisplaced", $"Some works associated with this {noun} are misplaced: [{misplaced}]")
            : new(WorksSucceeded, "True", "WorksSucceeded", $"All works associated with this {noun} are ready");
    }

    /// <summary>The sum of the workflow and its works.</summary>
    public static Condition Sum(Workflow workflow, Condition works, bool paused) => (workflow.Action, workflow.Stage, works.Status) switch
    {
        _ when paused => new(Reconciled, "Unknown", "PausedReconciliation", "Paused"),
        (_, WorkflowStage.Suspended, _) => new(Reconciled, "Unknown", "WorkflowSuspended", "Suspended"),
        (WorkflowAction.Delete, WorkflowStage.Failed, _) => new(Reconciled, "False", "DeleteWorkflowFailed", "Failing"),
        (_, WorkflowStage.Failed, _) => new(Reconciled, "False", "ConfigureWorkflowFailed", "Failing"),
        (WorkflowAction.Delete, _, _) => new(Reconciled, "Unknown", "WorkflowPending", "Pending"),
        (_, not WorkflowStage.Succeeded, _) => new(Reconciled, "Unknown", workflow.Cause is RunCause.Unpaused ? "Unpaused" : "WorkflowPending", "Pending"),
        (_, _, "True") => new(Reconciled, "True", "Reconciled", "Reconciled"),
        (_, _, "False") => new(Reconciled, "False", "WorksFailing", "Failing"),
        _ => new(Reconciled, "Unknown", "WorksPending", "Pending"),
    };

    /// <summary>Keeps the time of every condition whose status is what it was.</summary>
    public static ImmutableSortedDictionary<string, ConditionSince> Since(
        IEnumerable<Condition> now, ImmutableSortedDictionary<string, ConditionSince> before, DateTimeOffset at) =>
        now.ToImmutableSortedDictionary(
            c => c.Type, c => before.TryGetValue(c.Type, out var was) && was.Status == c.Status ? was : new ConditionSince(c.Status, at), StringComparer.Ordinal);

    /// <summary>Works by name; what is being taken back has lost its Work and goes by the placement's name.</summary>
    private static string Names(Works works, Func<WorkloadGroup, bool> which, Func<Placement.Placement, bool> removal) => string.Join(
        ",", works.ByPipeline.Values.Where(w => w.Groups.Any(which)).Select(w => w.Name).Concat(works.Removals.Where(removal).Select(r => r.Name)));
}
