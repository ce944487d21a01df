using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>What a Promise is after an event. The only place where a phase is made.</summary>
public static class PromiseEvolution
{
    public static PromisePhase Start { get; } = new PromisePhase.Unobserved();

    public static PromiseState Evolve(PromiseState state, PromiseEvent @event)
    {
        var applied = Apply(state, @event);
        var phased = applied with { Phase = PhaseOf(applied, @event) };
        return phased with { Conditions = Conditions.Since(PromiseStatus.Conditions(phased), applied.Conditions, @event.At) };
    }

    private static PromiseState Apply(PromiseState state, PromiseEvent @event) => @event switch
    {
        PromiseEvent.Observed e => Observed(state, e),
        PromiseEvent.SpecRefused e => SpecRefused(SameObject(state, e.Object) ? state : Reborn(state), e),
        PromiseEvent.ApiInstalled e => Begin(state with { InstalledApi = state.Definition!.Api!.Digest, ApiAsked = false }, CauseOf(state), e.At),
        PromiseEvent.ApiRefused e => state with { Refusal = e.Reason },
        PromiseEvent.RunSucceeded e => AfterWorkflow(
            state with
            {
                Workflow = state.Paused ? state.Workflow.PipelineSucceeded(e.At).Halt() : state.Workflow.PipelineSucceeded(e.At),
                Works = e.Work is null ? state.Works : state.Works.PutAndVerify(e.Work),
                StatusJson = StatusDocument.Merge(state.StatusJson, e.StatusJson),
                NextRun = e.NextRun,
            }, e.At),
        PromiseEvent.RunSuperseded e => Superseded(state with { StoppedRun = null }, e),
        PromiseEvent.RunSuspended e => state with
        {
            Workflow = state.Workflow.PipelineSuspended(e.Message, e.RetryAt, e.At), StatusJson = StatusDocument.Merge(state.StatusJson, e.StatusJson),
        },
        PromiseEvent.RunFailed e => state with { Workflow = state.Workflow.PipelineFailed(e.Reason, e.Attempt, e.RetryAt, e.At), NextRun = e.NextRun },
        PromiseEvent.RetryStarted e => state with { Workflow = state.Workflow.RetryStarted(e.At) },
        PromiseEvent.RunRequested e => Begin(state with { RestartToken = e.Token ?? state.RestartToken }, e.Cause, e.At),
        PromiseEvent.SurroundingsChanged e => state with { Surroundings = e.Surroundings },
        PromiseEvent.Placed e => state with { Works = e.Works.Aggregate(state.Works, (works, work) => works.Put(work)) },
        PromiseEvent.PlacementsJudged e => state with { Works = e.Works.Aggregate(state.Works, (works, work) => works.Put(work)).Judged(e.Misplaced.ToHashSet(StringComparer.Ordinal)) },
        PromiseEvent.Rescheduled e => state with { Works = e.Works.Aggregate(state.Works, (works, work) => works.Put(work)).Judged(e.Misplaced.ToHashSet(StringComparer.Ordinal)) },
        PromiseEvent.PlacementWritten e => state with { Works = PlacementWrites.Written(state.Works, e.Placement, e.Stamp, e.CommitId, e.Changed) },
        PromiseEvent.PlacementFailed e => state with { Works = state.Works.Update(e.Placement, p => p with { Error = e.Reason }) },
        PromiseEvent.PlacementLeft e => state with { Works = state.Works.Removed(e.Placement) },
        PromiseEvent.PlacementsDrifted e => state with { Works = state.Works.WriteAgain(e.Placements.ToHashSet(StringComparer.Ordinal)) },
        PromiseEvent.RequestsRemoved => state with { RequestsRemoved = true, Works = state.Works.RemoveAll() },
        PromiseEvent.CleanedUp e => state with { Cleaned = state.Cleaned | e.Step },
        PromiseEvent.ApiRemoved => state with { InstalledApi = null, ApiAsked = false },
        PromiseEvent.Vanished e => state with { Workflow = state.Workflow.GiveUp(e.At), ApiAsked = state.ApiAsked || state.Definition?.Api is not null },
        PromiseEvent.Released => state,
        _ => throw new InvalidOperationException($"unknown event {@event.GetType()}"),
    };

    private static PromiseState Observed(PromiseState state, PromiseEvent.Observed e)
    {
        var same = SameObject(state, e.Object);
        var known = same ? state : Reborn(state);
        var next = Asked(known, known with { Object = e.Object, Definition = e.Definition, Refusal = null });
        if (next.ActiveRun is not null && same)
            return next;
        // Its delete workflow is done, its finalizers may be off already: a change that is seen only now cannot call it back.
        if (next is { Object.Deleting: true, Workflow: { Action: WorkflowAction.Delete, Stage: WorkflowStage.Succeeded } })
            return next;
        if (next.Paused)
            return next;
        if (next.UpToDate && next.Workflow.Stage is WorkflowStage.Suspended && known.Object!.Controls.HasFlag(Controls.Suspended) && !e.Object.Controls.HasFlag(Controls.Suspended))
            return next with { Workflow = next.Workflow.RetryStarted(e.At) };
        var begun = next.Workflow.Stage is not WorkflowStage.Idle && next.UpToDate && (e.Object.Deleting || next.ApiIsInstalled);
        return begun
            ? next with { ObservedGeneration = next.Workflow.Stage is WorkflowStage.Succeeded ? e.Object.Generation : next.ObservedGeneration }
            : Begin(next, known.Paused ? RunCause.Unpaused : CauseOf(next), e.At);
    }

    private static PromiseState SpecRefused(PromiseState known, PromiseEvent.SpecRefused e) => Asked(known, known with { Object = e.Object, Refusal = e.Reason });

    /// <summary>What marks that were not there before, or the end of a pause, ask for.</summary>
    private static PromiseState Asked(PromiseState before, PromiseState after)
    {
        bool IsNew(Controls mark) => after.Object!.Controls.HasFlag(mark) && !(before.Object?.Controls.HasFlag(mark) ?? false);
        var (again, unpaused) = (IsNew(Controls.RunAgain), before.Paused && !after.Paused);
        return after with
        {
            Asked = after.Asked + (again || unpaused ? 1 : 0),
            Wave = after.Wave + (IsNew(Controls.RunRequests) || unpaused ? 1 : 0),
            StoppedRun = again ? after.ActiveRun?.RunId ?? after.StoppedRun : after.StoppedRun,
        };
    }

    private static PromiseState Superseded(PromiseState ended, PromiseEvent.RunSuperseded e) =>
        ended.Paused ? ended with { Workflow = ended.Workflow.Halt() } : Begin(ended, CauseOf(ended), e.At);

    private static RunCause CauseOf(PromiseState state) =>
        state.Object is { Deleting: true } ? RunCause.Deleted
        : state.Completed is null ? RunCause.Created
        : state.Workflow.Target is { } target && target == state.Wanted! with { Asked = target.Asked } ? RunCause.Asked
        : RunCause.SpecChanged;

    private static bool SameObject(PromiseState state, PromiseObservation observed) => state.Object is null || state.Object.Uid == observed.Uid;

    private static PromiseState Reborn(PromiseState state) =>
        PromiseState.Empty(state.Name) with { Works = state.Works, Workflow = Workflow.None with { Run = state.Workflow.Run } };

    /// <summary>First the API, then the workflow that is wanted, from its first Pipeline.</summary>
    private static PromiseState Begin(PromiseState state, RunCause cause, DateTimeOffset at)
    {
        var definition = state.Definition ?? throw new InvalidOperationException("no valid spec has been observed");
        if (state.Object!.Deleting)
        {
            return AfterWorkflow(
                state with
                {
                    Workflow = state.Workflow.Start(WorkflowAction.Delete, definition.Plan, state.Wanted!, RunCause.Deleted, at),
                    // An API that was asked for may exist by now, acknowledged or not: it is taken back in any case.
                    ApiAsked = state.ApiAsked || definition.Api is not null,
                }, at);
        }

        if (!state.ApiIsInstalled && definition.Api is not null)
            return state with { ApiAsked = true, Workflow = Workflow.None with { Run = state.Workflow.Run } };
        var started = state with
        {
            Workflow = state.Workflow.Start(WorkflowAction.Configure, definition.Plan, state.Wanted!, cause, at),
            Works = WithDependencies(state, definition),
            StatusJson = StatusDocument.WithoutMessage(state.StatusJson),
            NextRun = at + state.Revision!.Interval,
        };
        return AfterWorkflow(started, at);
    }

    /// <summary>The static dependencies as a Work like any other: one group, without Destinations until they are offered, keeping those it has.</summary>
    private static Works WithDependencies(PromiseState state, PromiseDefinition definition)
    {
        var groups = definition.Dependencies is { } file ? Placing.Group([file], [], definition.Revision.Selectors, SelectorSource.Promise) : [];
        return state.Works.Put(Placing.Place(state.Owner, FileLayout.StaticDependencies, groups, state.Works, []));
    }

    private static PromiseState AfterWorkflow(PromiseState state, DateTimeOffset at)
    {
        if (state.Workflow.Stage is not WorkflowStage.Succeeded || state.Workflow.Action == WorkflowAction.Delete)
            return state;
        var kept = state.Workflow.Pipelines.Select(p => p.Name).Append(FileLayout.StaticDependencies).ToHashSet(StringComparer.Ordinal);
        return state with { Works = state.Works.KeepOnly(kept), Completed = state.Completed ?? at, ObservedGeneration = state.Object!.Generation };
    }

    private static PromisePhase PhaseOf(PromiseState state, PromiseEvent @event)
    {
        if (@event is PromiseEvent.Released)
            return new PromisePhase.Gone();
        // Never valid, never installed: there is nothing to take back.
        if (state.Definition is null && state.Object is { Deleting: true })
            return new PromisePhase.Releasing();
        var deleting = state.Workflow.Action == WorkflowAction.Delete;
        if (state.Paused && state.ActiveRun is null && !(deleting && state.Workflow.Stage is WorkflowStage.Succeeded))
            return new PromisePhase.Paused();
        if (state.Refusal is { } reason && state.ActiveRun is null)
            return new PromisePhase.Refused(reason);
        return state.Workflow.Stage switch
        {
            WorkflowStage.Idle => new PromisePhase.Installing(),
            WorkflowStage.Running => deleting ? new PromisePhase.DeleteRunning() : new PromisePhase.Running(),
            WorkflowStage.Retrying retrying => deleting ? new PromisePhase.DeleteRetrying(retrying.At) : new PromisePhase.Retrying(retrying.At),
            WorkflowStage.Suspended suspended => deleting ? new PromisePhase.DeleteSuspended(suspended.At) : new PromisePhase.Suspended(suspended.At),
            WorkflowStage.Failed => deleting ? new PromisePhase.DeleteFailed() : new PromisePhase.Failed(state.Definition!.Revision.ReconcileAfterFailure ? state.NextRun : null),
            WorkflowStage.Succeeded when !deleting => new PromisePhase.Available(state.Workflow.Pipelines.IsEmpty ? null : state.NextRun),
            WorkflowStage.Succeeded => StepOfDeletion(state),
            _ => throw new InvalidOperationException($"unknown stage {state.Workflow.Stage.GetType()}"),
        };
    }

    /// <summary>What is taken away after the delete workflow, in the order of <see cref="PromiseFinalizers"/>: each step begins when the one before it is done.</summary>
    private static PromisePhase StepOfDeletion(PromiseState state)
    {
        if (!state.Cleaned.HasFlag(CleanupStep.Runs))
            return new PromisePhase.CleaningUp(CleanupStep.Runs);
        if (!state.RequestsRemoved)
            return new PromisePhase.RemovingRequests();
        if (!state.Cleaned.HasFlag(CleanupStep.Revisions))
            return new PromisePhase.CleaningUp(CleanupStep.Revisions);
        if (!state.Cleaned.HasFlag(CleanupStep.Rights))
            return new PromisePhase.CleaningUp(CleanupStep.Rights);
        if (!state.Works.Removals.IsEmpty)
            return new PromisePhase.Removing();
        return state.InstalledApi is not null || state.ApiAsked ? new PromisePhase.RemovingApi() : new PromisePhase.Releasing();
    }
}
