using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Resources;

/// <summary>What a Resource is after an event. The only place where a phase is made.</summary>
public static class ResourceEvolution
{
    public static ResourcePhase Start { get; } = new ResourcePhase.Unobserved();

    public static ResourceState Evolve(ResourceState state, ResourceEvent @event)
    {
        var applied = Apply(state, @event);
        var phased = applied with { Phase = PhaseOf(applied, @event) };
        return phased with { Conditions = ResourceConditions.Since(phased, applied.Conditions, @event.At) };
    }

    private static ResourceState Apply(ResourceState state, ResourceEvent @event) => @event switch
    {
        ResourceEvent.Observed e => Observed(state, e),
        ResourceEvent.RunSucceeded e => RunSucceeded(state, e),
        ResourceEvent.RunSuperseded e => Superseded(state, e),
        ResourceEvent.RunSuspended e => state with
        {
            Workflow = state.Workflow.PipelineSuspended(e.Message, e.RetryAt, e.At), StatusJson = StatusDocument.Merge(state.StatusJson, e.StatusJson),
        },
        ResourceEvent.RunFailed e => state with { Workflow = state.Workflow.PipelineFailed(e.Reason, e.Attempt, e.RetryAt, e.At), NextRun = e.NextRun },
        ResourceEvent.RetryStarted e => state with { Workflow = state.Workflow.RetryStarted(e.At) },
        ResourceEvent.RunRequested e => Begin(state with { RestartToken = e.Token ?? state.RestartToken }, e.Cause, e.At),
        ResourceEvent.Placed e => state with { Works = e.Works.Aggregate(state.Works, (works, work) => works.Put(work)) },
        ResourceEvent.PlacementsJudged e => state with { Works = e.Works.Aggregate(state.Works, (works, work) => works.Put(work)).Judged(e.Misplaced.ToHashSet(StringComparer.Ordinal)) },
        ResourceEvent.Rescheduled e => state with { Works = e.Works.Aggregate(state.Works, (works, work) => works.Put(work)).Judged(e.Misplaced.ToHashSet(StringComparer.Ordinal)) },
        ResourceEvent.PlacementWritten e => state with { Works = PlacementWrites.Written(state.Works, e.Placement, e.Stamp, e.CommitId, e.Changed) },
        ResourceEvent.PlacementFailed e => state with { Works = state.Works.Update(e.Placement, p => p with { Error = e.Reason }) },
        ResourceEvent.PlacementLeft e => state with { Works = state.Works.Removed(e.Placement) },
        ResourceEvent.PlacementsDrifted e => state with { Works = state.Works.WriteAgain(e.Placements.ToHashSet(StringComparer.Ordinal)) },
        ResourceEvent.Vanished e => AfterWorkflow(state with { Workflow = state.Workflow.GiveUp(e.At) }, e.At),
        ResourceEvent.Released => state,
        _ => throw new InvalidOperationException($"unknown event {@event.GetType()}"),
    };

    private static ResourceState Observed(ResourceState state, ResourceEvent.Observed e)
    {
        var again = state.Object is { } was && was.Uid != e.Object.Uid;
        var known = again ? Reborn(state) : state;
        var next = Asked(known, known with { Object = e.Object, Revision = e.Revision, PromiseAvailable = e.PromiseAvailable });
        // A run under way is left to end: whatever it reports is then superseded, and the workflow begins again for what is wanted.
        if (next.ActiveRun is not null && !again)
            return next;
        // Its delete workflow is done, its finalizer may be off already: a change that is seen only now cannot call it back.
        if (next is { Object.Deleting: true, Workflow: { Action: WorkflowAction.Delete, Stage: WorkflowStage.Succeeded } })
            return next;
        if (next.Paused)
            return next;
        if (next.UpToDate && next.Workflow.Stage is WorkflowStage.Suspended && known.Object!.Controls.HasFlag(Controls.Suspended) && !e.Object.Controls.HasFlag(Controls.Suspended))
            return next with { Workflow = next.Workflow.RetryStarted(e.At) };
        if (next.UpToDate && next.Workflow.Stage is not WorkflowStage.Idle)
            return next with { ObservedGeneration = next.Workflow.Stage is WorkflowStage.Succeeded ? e.Object.Generation : next.ObservedGeneration };
        return Begin(next, known.Paused ? RunCause.Unpaused : CauseOf(next, e.Object), e.At);
    }

    /// <summary>What a mark that was not there before, or the end of a pause, asks for.</summary>
    private static ResourceState Asked(ResourceState before, ResourceState after)
    {
        var again = after.Object!.Controls.HasFlag(Controls.RunAgain) && !(before.Object?.Controls.HasFlag(Controls.RunAgain) ?? false);
        return !again && !(before.Paused && !after.Paused)
            ? after
            : after with { Asked = after.Asked + 1, StoppedRun = again ? after.ActiveRun?.RunId ?? after.StoppedRun : after.StoppedRun };
    }

    /// <summary>A run that ended out of date is over; what is wanted begins, unless a pause holds it.</summary>
    private static ResourceState Superseded(ResourceState state, ResourceEvent.RunSuperseded e)
    {
        var ended = state with { StoppedRun = null };
        return ended.Paused ? ended with { Workflow = ended.Workflow.Halt() } : Begin(ended, CauseOf(ended, ended.Object!), e.At);
    }

    /// <summary>The same name, another object: nothing of its Pipelines' status is kept, but what was placed is, so that it is replaced or taken back.</summary>
    private static ResourceState Reborn(ResourceState state) => ResourceState.Empty(state.Id) with { Works = state.Works, Workflow = Workflow.None with { Run = state.Workflow.Run } };

    private static RunCause CauseOf(ResourceState state, ResourceObservation wanted) =>
        wanted.Deleting ? RunCause.Deleted
        : state.Workflow.Target is null ? RunCause.Created
        : state.Workflow.Target.SpecDigest != wanted.SpecDigest || state.Workflow.Target.Generation != wanted.Generation ? RunCause.SpecChanged
        : state.Workflow.Target.Asked != state.Asked ? RunCause.Asked
        : state.Workflow.Target.RevisionDigest != state.Revision!.Digest || state.Workflow.Target.Wave != state.Revision.Wave ? RunCause.PromiseChanged
        : RunCause.SpecChanged;

    /// <summary>Starts the workflow that is wanted: delete for an object that is being deleted, else configure unless the Promise cannot serve.</summary>
    private static ResourceState Begin(ResourceState state, RunCause cause, DateTimeOffset at)
    {
        var wanted = state.Wanted ?? throw new InvalidOperationException("nothing has been observed");
        if (state.Object!.Deleting)
            return AfterWorkflow(state with { Workflow = state.Workflow.Start(WorkflowAction.Delete, state.Revision!.Plan, wanted, RunCause.Deleted, at) }, at);
        if (!state.PromiseAvailable)
            return state with { Workflow = Workflow.None with { Run = state.Workflow.Run } };
        var started = state with
        {
            Workflow = state.Workflow.Start(WorkflowAction.Configure, state.Revision!.Plan, wanted, cause, at),
            StatusJson = StatusDocument.WithoutMessage(state.StatusJson),
        };
        return AfterWorkflow(started with { NextRun = at + state.Revision.Interval }, at);
    }

    private static ResourceState RunSucceeded(ResourceState state, ResourceEvent.RunSucceeded e) => AfterWorkflow(
        state with
        {
            Workflow = state.Paused ? state.Workflow.PipelineSucceeded(e.At).Halt() : state.Workflow.PipelineSucceeded(e.At),
            Works = e.Work is null ? state.Works : state.Works.PutAndVerify(e.Work),
            StatusJson = StatusDocument.Merge(state.StatusJson, e.StatusJson),
            NextRun = e.NextRun,
        }, e.At);

    /// <summary>What follows from a workflow's success at once: after configure only its Pipelines' files stay, after delete none.</summary>
    private static ResourceState AfterWorkflow(ResourceState state, DateTimeOffset at) => (state.Workflow.Stage, state.Workflow.Action) switch
    {
        (WorkflowStage.Succeeded, WorkflowAction.Delete) => state with { Works = state.Works.RemoveAll() },
        (WorkflowStage.Succeeded, _) => state with
        {
            Works = state.Works.KeepOnly(state.Workflow.Pipelines.Select(p => p.Name).ToHashSet(StringComparer.Ordinal)),
            Completed = at,
            ObservedGeneration = state.Object!.Generation,
        },
        _ => state,
    };

    private static ResourcePhase PhaseOf(ResourceState state, ResourceEvent @event)
    {
        if (@event is ResourceEvent.Released)
            return new ResourcePhase.Gone();
        var deleting = state.Workflow.Action == WorkflowAction.Delete;
        // What is left once the delete workflow is done, files and finalizers, is no longer held up.
        if (state.Paused && state.ActiveRun is null && !(deleting && state.Workflow.Stage is WorkflowStage.Succeeded))
            return new ResourcePhase.Paused();
        return state.Workflow.Stage switch
        {
            WorkflowStage.Idle => new ResourcePhase.Held(),
            WorkflowStage.Running => deleting ? new ResourcePhase.DeleteRunning() : new ResourcePhase.Running(),
            WorkflowStage.Retrying retrying => deleting ? new ResourcePhase.DeleteRetrying(retrying.At) : new ResourcePhase.Retrying(retrying.At),
            WorkflowStage.Suspended suspended => deleting ? new ResourcePhase.DeleteSuspended(suspended.At) : new ResourcePhase.Suspended(suspended.At),
            WorkflowStage.Failed => deleting ? new ResourcePhase.DeleteFailed() : new ResourcePhase.Failed(state.Revision!.ReconcileAfterFailure ? state.NextRun : null),
            WorkflowStage.Succeeded when deleting => state.Works.Removals.IsEmpty ? new ResourcePhase.Releasing() : new ResourcePhase.Removing(),
            WorkflowStage.Succeeded => state.Works.AllWritten ? new ResourcePhase.Settled(state.NextRun!.Value) : new ResourcePhase.Writing(),
            _ => throw new InvalidOperationException($"unknown stage {state.Workflow.Stage.GetType()}"),
        };
    }
}
