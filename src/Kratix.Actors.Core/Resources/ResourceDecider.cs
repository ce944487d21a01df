using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Resources;

/// <summary>What happens when a Resource is told something. Pure and total: every command has an answer in every state.</summary>
public static class ResourceDecider
{
    public static Decision<ResourceEvent> Decide(ResourceState state, ResourceCommand command) => command switch
    {
        ResourceCommand.Observe c => Observe(state, c),
        ResourceCommand.ReportRun c => ReportRun(state, c),
        ResourceCommand.OfferDestinations c => OfferDestinations(state, c),
        ResourceCommand.Reschedule c => Reschedule(state, c),
        ResourceCommand.ReportWritten c => ReportWritten(state, c),
        ResourceCommand.ReportWriteFailed c => ReportWriteFailed(state, c),
        ResourceCommand.ReportDrift c => PlacementWrites.Drifted(state.Works, c.Found) is { IsEmpty: false } drifted
            ? Happened(new ResourceEvent.PlacementsDrifted(drifted, c.At))
            : Nothing("what was found has been written anew since"),
        ResourceCommand.WakeUp c => WakeUp(state, c),
        ResourceCommand.Restart c => Restart(state, c),
        ResourceCommand.ReportVanished c => state.Object is { Deleting: true } gone && gone.Uid == c.Uid
                && state is { Phase: not ResourcePhase.Gone, Workflow: not { Action: WorkflowAction.Delete, Stage: WorkflowStage.Succeeded } }
            ? Happened(new ResourceEvent.Vanished(c.At))
            : Nothing("it is not being deleted, or its delete workflow is done"),
        ResourceCommand.ReportReleased c => ReportReleased(state, c),
        _ => throw new InvalidOperationException($"unknown command {command.GetType()}"),
    };

    private static Decision<ResourceEvent> Observe(ResourceState state, ResourceCommand.Observe c)
    {
        if (state.Phase is ResourcePhase.Releasing or ResourcePhase.Gone && state.Object?.Uid == c.Object.Uid)
            return Nothing("it is being released, or was; what is observed is its past");
        // A deletion cannot be taken back: an observation without it is older than what is known.
        if (state.Object is { Deleting: true } known && known.Uid == c.Object.Uid && !c.Object.Deleting)
            return Nothing("it is being deleted already");
        if (state.Object is { } newer && newer.Uid == c.Object.Uid && c.Object.Generation < newer.Generation)
            return Nothing("a later generation is known");
        var same = state.Object is { } was
            && was with { By = c.Object.By } == c.Object
            && state.Revision is { } revision && revision.Same(c.Revision)
            && state.PromiseAvailable == c.PromiseAvailable;
        return same ? Nothing("known") : Happened(new ResourceEvent.Observed(c.Object, c.Revision, c.PromiseAvailable, c.At));
    }

    private static Decision<ResourceEvent> ReportRun(ResourceState state, ResourceCommand.ReportRun c)
    {
        if (state.ActiveRun is not { } run || run.RunId != c.RunId || state.Revision is not { } revision)
            return Nothing("that run is not the one under way");
        if (!state.UpToDate)
            return Happened(new ResourceEvent.RunSuperseded(c.RunId, run.Pipeline, c.Result.Steps, c.At));
        var (next, steps) = (revision.NextRun(c.At, c.Jitter), c.Result.Steps);
        var (verdict, work) = RunEnd.Of(state.Id.Owner, state.Workflow, state.Works, revision, run.Pipeline, c.Result, c.Destinations, c.Jitter, c.At);
        switch (verdict)
        {
            case RunVerdict.Succeeded { Output: var output }:
                return Happened(new ResourceEvent.RunSucceeded(c.RunId, run.Pipeline, steps, output.StatusJson, work, next, c.At) { Results = output.Results });
            case RunVerdict.Suspended suspended:
                return Happened(new ResourceEvent.RunSuspended(c.RunId, run.Pipeline, steps, suspended.StatusJson, suspended.Message, suspended.RetryAt, c.At));
            case RunVerdict.Failed failed:
                return Happened(new ResourceEvent.RunFailed(c.RunId, run.Pipeline, failed.Attempt, steps, failed.Reason, failed.RetryAt, next, c.At));
            default:
                throw new InvalidOperationException($"unknown result {c.Result.GetType()}");
        }
    }

    private static Decision<ResourceEvent> OfferDestinations(ResourceState state, ResourceCommand.OfferDestinations c)
    {
        if (Cleanup.GivenUp(state.Works, c.Destinations) is { Count: > 0 } given)
            return Rescheduled(state, given, c.Destinations, c.At);
        var placed = state.Works.ByPipeline.Values
            .Select(w => (Before: w, Unplaced: Unplaced(w), Moved: Placing.AnyMoved(w, c.Destinations)))
            .Where(w => w.Unplaced > 0 || w.Moved)
            .Select(w => (w.Unplaced, w.Moved, After: Placing.Place(state.Id.Owner, w.Before.Pipeline, w.Before.Groups, state.Works, c.Destinations)))
            .Where(w => w.Moved || Unplaced(w.After) < w.Unplaced)
            .Select(w => w.After)
            .ToImmutableArray();
        return Placing.Judge(state.Works, placed, c.Destinations) is { } judged
            ? Happened(judged.Misplaced.IsEmpty && !state.Works.Placements.Any(p => p.Misplaced)
                ? new ResourceEvent.Placed(placed, c.At)
                : new ResourceEvent.PlacementsJudged(judged.Placed, judged.Misplaced, c.At))
            : Nothing("nothing waits for these Destinations, and nothing of it is elsewhere");
    }

    private static int Unplaced(Work work) => work.Groups.Count(g => g.Placements.IsEmpty);

    private static Decision<ResourceEvent> ReportWritten(ResourceState state, ResourceCommand.ReportWritten c) => PlacementWrites.Owes(state.Works, c.Placement, c.Stamp)
        ? Happened(new ResourceEvent.PlacementWritten(c.Placement, c.Stamp, c.CommitId, c.Changed, c.At))
        : Nothing("that write is not owed");

    private static Decision<ResourceEvent> ReportWriteFailed(ResourceState state, ResourceCommand.ReportWriteFailed c) =>
        PlacementWrites.Failed(state.Works, c.Placement, c.Stamp, c.Reason, c.StoreIsGone) switch
        {
            FailedWrite.Fails => Happened(new ResourceEvent.PlacementFailed(c.Placement, c.Stamp, c.Reason, c.At)),
            FailedWrite.Left => Happened(new ResourceEvent.PlacementLeft(c.Placement, c.Stamp, c.Reason, c.At)),
            FailedWrite.KnownToFail => Nothing("known to fail for this reason"),
            _ => Nothing("that write is not owed"),
        };

    private static Decision<ResourceEvent> Reschedule(ResourceState state, ResourceCommand.Reschedule c)
    {
        var given = c.Placements.Intersect(state.Works.Placements.Select(p => p.Name)).ToHashSet(StringComparer.Ordinal);
        return given.Count == 0 ? Nothing("it has no such placements") : Rescheduled(state, given, c.Destinations, c.At);
    }

    private static Decision<ResourceEvent> Rescheduled(ResourceState state, IReadOnlySet<string> given, ImmutableArray<Destination> destinations, DateTimeOffset at)
    {
        var (placed, misplaced) = Placing.Reschedule(state.Id.Owner, state.Works, given, destinations);
        return Happened(new ResourceEvent.Rescheduled(placed, misplaced, at));
    }

    private static Decision<ResourceEvent> WakeUp(ResourceState state, ResourceCommand.WakeUp c) => state.Phase switch
    {
        ResourcePhase.Retrying p when p.At <= c.At => Happened(new ResourceEvent.RetryStarted(c.At)),
        ResourcePhase.DeleteRetrying p when p.At <= c.At => Happened(new ResourceEvent.RetryStarted(c.At)),
        ResourcePhase.Suspended p when p.At <= c.At => Happened(new ResourceEvent.RetryStarted(c.At)),
        ResourcePhase.DeleteSuspended p when p.At <= c.At => Happened(new ResourceEvent.RetryStarted(c.At)),
        ResourcePhase.Settled p when p.NextRun <= c.At => Happened(new ResourceEvent.RunRequested(RunCause.Interval, null, c.At)),
        ResourcePhase.Failed p when p.NextRun <= c.At => Happened(new ResourceEvent.RunRequested(RunCause.Interval, null, c.At)),
        ResourcePhase.Writing when state.NextRun <= c.At => Happened(new ResourceEvent.RunRequested(RunCause.Interval, null, c.At)),
        _ => Nothing("nothing is due"),
    };

    private static Decision<ResourceEvent> Restart(ResourceState state, ResourceCommand.Restart c) =>
        state.RestartToken != c.Token && state.Phase is ResourcePhase.Settled or ResourcePhase.Failed or ResourcePhase.Writing
            ? Happened(new ResourceEvent.RunRequested(RunCause.Restart, c.Token, c.At))
            : Nothing("it ran since that start, or runs, or cannot");

    private static Decision<ResourceEvent> ReportReleased(ResourceState state, ResourceCommand.ReportReleased c) =>
        state.Phase is ResourcePhase.Releasing && state.Object?.Uid == c.Uid
            ? Happened(new ResourceEvent.Released(c.At))
            : Nothing("its release is not owed");

    private static Decision<ResourceEvent> Happened(ResourceEvent @event) => new Decision<ResourceEvent>.Happened(@event);

    private static Decision<ResourceEvent> Nothing(string why) => new Decision<ResourceEvent>.Nothing(why);
}
