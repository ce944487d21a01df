using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>What happens when a Promise is told something. Pure and total.</summary>
public static class PromiseDecider
{
    public static Decision<PromiseEvent> Decide(PromiseState state, PromiseCommand command) => command switch
    {
        PromiseCommand.Observe c => Observe(state, c),
        PromiseCommand.ReportApiInstalled c => state.Phase is PromisePhase.Installing && state.ApiStamp == c.Stamp
            ? Happened(new PromiseEvent.ApiInstalled(c.Stamp, c.At))
            : Nothing("that API is not being installed"),
        PromiseCommand.ReportApiRefused c => state.Phase is PromisePhase.Installing && state.ApiStamp == c.Stamp
            ? Happened(new PromiseEvent.ApiRefused(c.Stamp, c.Reason, c.At))
            : Nothing("that API is not being installed"),
        PromiseCommand.ReportRun c => ReportRun(state, c),
        PromiseCommand.OfferDestinations c => OfferDestinations(state, c),
        PromiseCommand.Reschedule c => Reschedule(state, c),
        PromiseCommand.ObserveSurroundings c => state.Phase is PromisePhase.Unobserved or PromisePhase.Gone || (state.Surroundings ?? Surroundings.None).Same(c.Surroundings)
            ? Nothing("known, or nobody's")
            : Happened(new PromiseEvent.SurroundingsChanged(c.Surroundings, c.At)),
        PromiseCommand.ReportWritten c => PlacementWrites.Owes(state.Works, c.Placement, c.Stamp)
            ? Happened(new PromiseEvent.PlacementWritten(c.Placement, c.Stamp, c.CommitId, c.Changed, c.At))
            : Nothing("that write is not owed"),
        PromiseCommand.ReportWriteFailed c => ReportWriteFailed(state, c),
        PromiseCommand.ReportDrift c => PlacementWrites.Drifted(state.Works, c.Found) is { IsEmpty: false } drifted
            ? Happened(new PromiseEvent.PlacementsDrifted(drifted, c.At))
            : Nothing("what was found has been written anew since"),
        PromiseCommand.WakeUp c => WakeUp(state, c),
        PromiseCommand.Restart c => state.RestartToken != c.Token && state.Phase is PromisePhase.Available or PromisePhase.Failed && !state.Workflow.Pipelines.IsEmpty
            ? Happened(new PromiseEvent.RunRequested(RunCause.Restart, c.Token, c.At))
            : Nothing("it ran since that start, or runs, or has nothing to run"),
        PromiseCommand.ReportRequestsRemoved c => state.Phase is PromisePhase.RemovingRequests && state.Object?.Uid == c.Uid
            ? Happened(new PromiseEvent.RequestsRemoved(c.At))
            : Nothing("its requests are not being removed"),
        PromiseCommand.ReportCleanedUp c => state.Phase is PromisePhase.CleaningUp cleaning && cleaning.Step == c.Step && state.Object?.Uid == c.Uid
            ? Happened(new PromiseEvent.CleanedUp(c.Step, c.At))
            : Nothing("that step of its deletion is not under way"),
        PromiseCommand.ReportApiRemoved c => state.Phase is PromisePhase.RemovingApi && state.Object?.Uid == c.Uid
            ? Happened(new PromiseEvent.ApiRemoved(c.At))
            : Nothing("its API is not being removed"),
        PromiseCommand.ReportVanished c => state.Object is { Deleting: true } gone && gone.Uid == c.Uid
                && state is { Phase: not (PromisePhase.Releasing or PromisePhase.Gone), Workflow: not { Action: WorkflowAction.Delete, Stage: WorkflowStage.Succeeded } }
            ? Happened(new PromiseEvent.Vanished(c.At))
            : Nothing("it is not being deleted, or its delete workflow is done"),
        PromiseCommand.ReportReleased c => state.Phase is PromisePhase.Releasing && state.Object?.Uid == c.Uid
            ? Happened(new PromiseEvent.Released(c.At))
            : Nothing("its release is not owed"),
        _ => throw new InvalidOperationException($"unknown command {command.GetType()}"),
    };

    private static Decision<PromiseEvent> Observe(PromiseState state, PromiseCommand.Observe c)
    {
        if (state.Phase is PromisePhase.Releasing or PromisePhase.Gone && state.Object?.Uid == c.Object.Uid)
            return Nothing("it is being released, or was; what is observed is its past");
        if (state.Object is { Deleting: true } known && known.Uid == c.Object.Uid && !c.Object.Deleting)
            return Nothing("it is being deleted already");
        if (state.Object is { } newer && newer.Uid == c.Object.Uid && c.Object.Generation < newer.Generation)
            return Nothing("a later generation is known");
        var sameObject = state.Object is { } was && was with { By = c.Object.By } == c.Object;
        var refusal = c.Definition is null ? c.Refusal ?? "the spec cannot be read" : ForbiddenChange(state, c);
        // A Promise that is being deleted needs no valid spec: what is there is taken back by the last valid one.
        if (refusal is not null && !(c.Object.Deleting && state.Definition is not null))
        {
            return sameObject && state.Refusal == refusal
                ? Nothing("known")
                : Happened(new PromiseEvent.SpecRefused(c.Object, refusal, c.At));
        }

        var definition = refusal is null ? c.Definition! : state.Definition!;
        return sameObject && state.Definition is { } valid && valid.Revision.Same(definition.Revision)
            ? Nothing("known")
            : Happened(new PromiseEvent.Observed(c.Object, definition, c.At));
    }

    /// <summary>Requests exist by an API that is established: admission refuses to take it from them, and so does the Promise where nobody asked admission.</summary>
    private static string? ForbiddenChange(PromiseState state, PromiseCommand.Observe c)
    {
        if (state.InstalledApi is null || state.Object?.Uid != c.Object.Uid || state.Definition?.Api is not { } installed)
            return null;
        if (c.Definition!.Api is not { } wanted)
            return "cannot remove API from existing promise";
        return wanted.CrdName != installed.CrdName ? $"spec.api.metadata.name: Invalid value: \"{wanted.CrdName}\": field is immutable"
            : wanted.Kind != installed.Kind ? $"spec.api.spec.names.kind: Invalid value: \"{wanted.Kind}\": field is immutable"
            : null;
    }

    private static Decision<PromiseEvent> ReportRun(PromiseState state, PromiseCommand.ReportRun c)
    {
        if (state.ActiveRun is not { } run || run.RunId != c.RunId || state.Revision is not { } revision)
            return Nothing("that run is not the one under way");
        if (!state.UpToDate)
            return Happened(new PromiseEvent.RunSuperseded(c.RunId, run.Pipeline, c.Result.Steps, c.At));
        var (next, steps) = (revision.NextRun(c.At, c.Jitter), c.Result.Steps);
        var (verdict, work) = RunEnd.Of(state.Owner, state.Workflow, state.Works, revision, run.Pipeline, c.Result, c.Destinations, c.Jitter, c.At);
        switch (verdict)
        {
            case RunVerdict.Succeeded { Output: var output }:
                return Happened(new PromiseEvent.RunSucceeded(c.RunId, run.Pipeline, steps, output.StatusJson, work, next, c.At) { Results = output.Results });
            case RunVerdict.Suspended suspended:
                return Happened(new PromiseEvent.RunSuspended(c.RunId, run.Pipeline, steps, suspended.StatusJson, suspended.Message, suspended.RetryAt, c.At));
            case RunVerdict.Failed failed:
                return Happened(new PromiseEvent.RunFailed(c.RunId, run.Pipeline, failed.Attempt, steps, failed.Reason, failed.RetryAt, next, c.At));
            default:
                throw new InvalidOperationException($"unknown result {c.Result.GetType()}");
        }
    }

    /// <summary>Goes to every match, also to those that come later: each offer may add placements, or matches that do not take the files.</summary>
    private static Decision<PromiseEvent> OfferDestinations(PromiseState state, PromiseCommand.OfferDestinations c)
    {
        if (Cleanup.GivenUp(state.Works, c.Destinations) is { Count: > 0 } given)
            return Rescheduled(state, given, c.Destinations, c.At);
        var placed = state.Works.ByPipeline.Values
            .Select(w => (Before: w, After: Placing.Place(state.Owner, w.Pipeline, w.Groups, state.Works, c.Destinations)))
            .Where(pair => pair.After.Groups.Sum(g => g.Placements.Length) > pair.Before.Groups.Sum(g => g.Placements.Length)
                || Placing.AnyMoved(pair.Before, c.Destinations) || Placing.RefusedElsewhere(pair.Before, pair.After))
            .Select(pair => pair.After)
            .ToImmutableArray();
        return Placing.Judge(state.Works, placed, c.Destinations) is { } judged
            ? Happened(judged.Misplaced.IsEmpty && !state.Works.Placements.Any(p => p.Misplaced)
                ? new PromiseEvent.Placed(placed, c.At)
                : new PromiseEvent.PlacementsJudged(judged.Placed, judged.Misplaced, c.At))
            : Nothing("nothing new for these Destinations, and nothing of it is elsewhere");
    }

    private static Decision<PromiseEvent> WakeUp(PromiseState state, PromiseCommand.WakeUp c) => state.Phase switch
    {
        PromisePhase.Retrying p when p.At <= c.At => Happened(new PromiseEvent.RetryStarted(c.At)),
        PromisePhase.DeleteRetrying p when p.At <= c.At => Happened(new PromiseEvent.RetryStarted(c.At)),
        PromisePhase.Suspended p when p.At <= c.At => Happened(new PromiseEvent.RetryStarted(c.At)),
        PromisePhase.DeleteSuspended p when p.At <= c.At => Happened(new PromiseEvent.RetryStarted(c.At)),
        PromisePhase.Available p when p.NextRun <= c.At => Happened(new PromiseEvent.RunRequested(RunCause.Interval, null, c.At)),
        PromisePhase.Failed p when p.NextRun <= c.At => Happened(new PromiseEvent.RunRequested(RunCause.Interval, null, c.At)),
        _ => Nothing("nothing is due"),
    };

    private static Decision<PromiseEvent> Reschedule(PromiseState state, PromiseCommand.Reschedule c)
    {
        var given = c.Placements.Intersect(state.Works.Placements.Select(p => p.Name)).ToHashSet(StringComparer.Ordinal);
        return given.Count == 0 ? Nothing("it has no such placements") : Rescheduled(state, given, c.Destinations, c.At);
    }

    private static Decision<PromiseEvent> Rescheduled(PromiseState state, IReadOnlySet<string> given, ImmutableArray<Destination> destinations, DateTimeOffset at)
    {
        var (placed, misplaced) = Placing.Reschedule(state.Owner, state.Works, given, destinations);
        return Happened(new PromiseEvent.Rescheduled(placed, misplaced, at));
    }

    private static Decision<PromiseEvent> ReportWriteFailed(PromiseState state, PromiseCommand.ReportWriteFailed c) =>
        PlacementWrites.Failed(state.Works, c.Placement, c.Stamp, c.Reason, c.StoreIsGone) switch
        {
            FailedWrite.Fails => Happened(new PromiseEvent.PlacementFailed(c.Placement, c.Stamp, c.Reason, c.At)),
            FailedWrite.Left => Happened(new PromiseEvent.PlacementLeft(c.Placement, c.Stamp, c.Reason, c.At)),
            FailedWrite.KnownToFail => Nothing("known to fail for this reason"),
            _ => Nothing("that write is not owed"),
        };

    private static Decision<PromiseEvent> Happened(PromiseEvent @event) => new Decision<PromiseEvent>.Happened(@event);

    private static Decision<PromiseEvent> Nothing(string why) => new Decision<PromiseEvent>.Nothing(why);
}
