using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// What is told of a change, with the reference's reasons. Pure. What the reference tells of a Work or a WorkPlacement is told of the request or the Promise whose files they are:
/// that is what people describe. Of a request that goes well only its end is told, since each Event is a write.
/// </summary>
internal static class News
{
    internal const string Started = "PipelineStarted";

    private const string Normal = "Normal";
    private const string Warning = "Warning";

    internal static IEnumerable<(string Type, string Reason, string Message)> Of(ResourceState before, ResourceState after, ResourceEvent @event)
    {
        foreach (var told in OfWorkflow("resource", before.Workflow, after.Workflow, (@event as IRunFailed)?.Reason))
            yield return told;
        if (after.StoppedRun is not null && before.StoppedRun is null)
            yield return Stopped(before.Workflow);
        if (after.Phase is ResourcePhase.Paused && before.Phase is not ResourcePhase.Paused)
            yield return Paused;
        if (@event is IPlacementFailed failed)
            yield return (Warning, "FailedWriteToDestination", failed.Reason);
        if (@event is ResourceEvent.PlacementLeft left)
            yield return (Warning, "FilesLeft", $"{left.Reason}; the files of {left.Placement} stay there");
        if (@event is ResourceEvent.Rescheduled)
            yield return ("Normal", "Rescheduled", Moves(before.Works, after.Works));
        if (@event is ResourceEvent.PlacementsDrifted drifted)
            yield return (Warning, "FilesChanged", $"Written again, because somebody changed them in the state store: {string.Join(", ", drifted.Placements)}");
        foreach (var told in OfWorks("resource", before.Works, after.Works))
            yield return told;
        if (after.Works.Unscheduled.Any() && !before.Works.Unscheduled.Any())
            yield return (Normal, "NoMatchingDestination", StatusParts.Problem(after.Works) ?? "No matching destination");
        if (after.Phase is ResourcePhase.Settled && before.Phase is not ResourcePhase.Settled)
            yield return (Normal, "ReconcileSucceeded", "Successfully reconciled");
    }

    internal static IEnumerable<(string Type, string Reason, string Message)> Of(PromiseState before, PromiseState after, PromiseEvent @event)
    {
        foreach (var told in OfWorkflow("promise", before.Workflow, after.Workflow, (@event as IRunFailed)?.Reason))
            yield return told;
        if (after.Workflow is { Action: WorkflowAction.Configure, Stage: WorkflowStage.Succeeded, Pipelines.IsEmpty: false } && after.Workflow.Stage != before.Workflow.Stage)
            yield return (Normal, "ConfigureWorkflowCompleted", "All workflows completed");
        if (after.StoppedRun is not null && before.StoppedRun is null)
            yield return Stopped(before.Workflow);
        if (after.Refusal is { } refusal && before.Refusal != refusal)
            yield return (Warning, "Invalid Promise", refusal);
        if (after.Phase is PromisePhase.Paused && before.Phase is not PromisePhase.Paused)
            yield return Paused;
        var (had, has) = (Requirements.Of(before), Requirements.Of(after));
        if (has is not null && has.Reason != had?.Reason)
            yield return (Normal, has.Status == "True" ? "RequirementsFulfilled" : has.Reason, has.Message);
        if (after.Wave != before.Wave || RequestsFollow(before, after))
            yield return (Normal, "ReconcilingResources", "Reconciling all resource requests");
        if (@event is IPlacementFailed failed)
            yield return (Warning, "FailedWriteToDestination", failed.Reason);
        if (@event is PromiseEvent.PlacementLeft left)
            yield return (Warning, "FilesLeft", $"{left.Reason}; the files of {left.Placement} stay there");
        if (@event is PromiseEvent.Rescheduled)
            yield return ("Normal", "Rescheduled", Moves(before.Works, after.Works));
        if (@event is PromiseEvent.PlacementsDrifted drifted)
            yield return (Warning, "FilesChanged", $"Written again, because somebody changed them in the state store: {string.Join(", ", drifted.Placements)}");
        foreach (var told in OfWorks("promise", before.Works, after.Works))
            yield return told;
        foreach (var refused in StatusParts.Refused(after.Works).Except(StatusParts.Refused(before.Works), StringComparer.Ordinal))
            yield return (Warning, "FilesRefused", refused);
        if (after.Serves && !before.Serves)
            yield return (Normal, "Available", "Promise is available");
        if (before.Serves && !after.Serves && after.Object is { Deleting: false })
            yield return (Warning, "Unavailable", "Promise is no longer available");
        if (IsReconciled(after) && !IsReconciled(before))
            yield return (Normal, "ReconcileSucceeded", "Successfully reconciled");
    }

    /// <summary>Each placement of before and where its files go now.</summary>
    private static string Moves(Works before, Works after)
    {
        var now = after.Placements.ToDictionary(p => p.Name, StringComparer.Ordinal);
        return string.Join("; ", before.ByPipeline.SelectMany(work => work.Value.Groups.SelectMany(group =>
        {
            var had = group.Placements.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
            var gained = (after.ByPipeline.GetValueOrDefault(work.Key)?.Groups.FirstOrDefault(g => g.Id == group.Id)?.Placements ?? []).Where(p => !had.Contains(p.Name)).Select(p => p.Destination);
            var to = string.Join(", ", gained) is { Length: > 0 } names ? names : "nowhere, no Destination matches";
            return group.Placements.Select(p => now.ContainsKey(p.Name) ? $"{p.Name} stays at {p.Destination}" : $"{p.Name} goes from {p.Destination} to {to}");
        })));
    }

    private static readonly (string Type, string Reason, string Message) Paused = (Warning, "PausedReconciliation", $"Nothing new is begun while {Marks.Paused} is \"true\"");

    private static IEnumerable<(string Type, string Reason, string Message)> OfWorkflow(string noun, Workflow before, Workflow after, string? failure)
    {
        var action = ActionOf(after);
        if (after.Stage is WorkflowStage.Running running && (before.Run != after.Run || before.Stage != after.Stage))
            yield return (Normal, Started, $"{action} Pipeline started: {after.Pipelines[running.Pipeline].Name}");
        if (after.Stage is WorkflowStage.Suspended && before.Stage != after.Stage)
            yield return (Warning, "WorkflowSuspended", StatusParts.Waiting(after)!);
        if (failure is null)
            yield break;
        if (after.Stage is WorkflowStage.Failed)
        {
            yield return after.Action == WorkflowAction.Configure
                ? (Warning, "ConfigureWorkflowFailed", $"A {noun}/configure Pipeline has failed: {after.FailedPipeline}: {failure}")
                : (Warning, "Failed Pipeline", $"The Delete Pipeline has failed: {failure}");
        }
        else
            yield return (Warning, "PipelineRetried", $"{action} Pipeline failed and is tried again: {failure}");
    }

    /// <summary>Trouble with where files are, and its end.</summary>
    private static IEnumerable<(string Type, string Reason, string Message)> OfWorks(string noun, Works before, Works after)
    {
        var (had, has) = (Conditions.Works(before, noun), Conditions.Works(after, noun));
        if (has.Reason == had.Reason)
            yield break;
        if (has.Reason is "WorksFailing" or "WorksMisplaced")
            yield return (Warning, has.Reason, has.Message);
        else if (had.Reason is "WorksFailing" or "WorksMisplaced" && has.Status == "True")
            yield return (Normal, has.Reason, has.Message);
    }

    /// <summary>The run that is ended because a new one was asked for.</summary>
    private static (string Type, string Reason, string Message) Stopped(Workflow workflow) =>
        (Normal, "PipelineSuspended", $"{ActionOf(workflow)} Pipeline suspended: {(workflow.Stage is WorkflowStage.Running running ? workflow.Pipelines[running.Pipeline].Name : "")}");

    private static string ActionOf(Workflow workflow) => workflow.Action == WorkflowAction.Configure ? "Configure" : "Delete";

    /// <summary>Whether the change is one of the spec that requests were served by before.</summary>
    private static bool RequestsFollow(PromiseState before, PromiseState after) =>
        before is { InstalledApi: not null, Completed: not null, Definition: { } had } && after is { Object.Deleting: false, Definition: { } has }
        && before.Object?.Uid == after.Object.Uid && had.Revision.Digest != has.Revision.Digest;

    private static bool IsReconciled(PromiseState state) => PromiseStatus.Conditions(state).Any(c => c is { Type: Conditions.Reconciled, Status: "True" });
}
