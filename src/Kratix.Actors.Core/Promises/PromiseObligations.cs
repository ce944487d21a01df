using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>What the world still owes a Promise. Equal effects are one question.</summary>
public abstract record PromiseEffect
{
    private PromiseEffect() { }

    /// <summary>Install the CustomResourceDefinition that <c>Api.Digest</c> addresses and wait until it is established. Answered by <see cref="PromiseCommand.ReportApiInstalled"/> or <see cref="PromiseCommand.ReportApiRefused"/>.</summary>
    public sealed record InstallApi(PromiseApi Api, string Stamp) : PromiseEffect;

    /// <summary>See the Resource's effect of this name.</summary>
    public sealed record RunPipeline(string RunId, WorkflowAction Action, string Pipeline, int Attempt, string RevisionDigest, RunCause Cause) : PromiseEffect;

    /// <summary>Offer the Destinations now and whenever they change: what goes to every match goes to later ones too. <paramref name="For"/>: see <see cref="Works.Search"/>.</summary>
    public sealed record AwaitDestinations(string For = "") : PromiseEffect;

    public sealed record WritePlacement(PlacementWrite Write) : PromiseEffect;

    /// <summary>See the Resource's effect of this name.</summary>
    public sealed record StopRun(string RunId) : PromiseEffect;

    /// <summary>Put the mark on the Promise, or take it off. Answered by <see cref="PromiseCommand.Observe"/>.</summary>
    public sealed record Relabel(string Uid, Relabelling Change) : PromiseEffect;

    /// <summary>Delete all requests and say when none is left. Answered by <see cref="PromiseCommand.ReportRequestsRemoved"/>.</summary>
    public sealed record RemoveRequests(string Uid) : PromiseEffect;

    /// <summary>Answered by <see cref="PromiseCommand.ReportApiRemoved"/>.</summary>
    public sealed record RemoveApi(string Uid) : PromiseEffect;

    /// <summary>Take away what this step of the deletion takes. Answered by <see cref="PromiseCommand.ReportCleanedUp"/>.</summary>
    public sealed record CleanUp(string Uid, CleanupStep Step) : PromiseEffect;

    /// <summary>Take those of our finalizers off that come before this one, whose step is under way. There is no answer: what is off is off.</summary>
    public sealed record TakeFinalizersOff(string Uid, string Before) : PromiseEffect;

    /// <summary>Keep a PromiseRevision with this spec, the latest of the Promise's. There is no answer.</summary>
    public sealed record PublishRevision(string Uid, string Version, string SpecDigest) : PromiseEffect;

    public sealed record ReleaseFinalizers(string Uid) : PromiseEffect;

    public sealed record WakeAt(DateTimeOffset At) : PromiseEffect;
}

/// <summary>What is outstanding, derived from the state alone.</summary>
public static class PromiseObligations
{
    public static ImmutableArray<PromiseEffect> Outstanding(PromiseState state)
    {
        var owed = ImmutableArray.CreateBuilder<PromiseEffect>();
        if (state.Phase is PromisePhase.Unobserved or PromisePhase.Gone)
            return owed.ToImmutable();
        if (state.Phase is PromisePhase.Installing)
            owed.Add(new PromiseEffect.InstallApi(state.Definition!.Api!, state.ApiStamp!));
        if (state.ActiveRun is { } run)
            owed.Add(new PromiseEffect.RunPipeline(run.RunId, state.Workflow.Action, run.Pipeline, run.Attempt, state.Workflow.Target!.RevisionDigest, state.Workflow.Cause));
        if (state.ActiveRun is { } active && state.StoppedRun == active.RunId)
            owed.Add(new PromiseEffect.StopRun(active.RunId));
        if (state.Phase is not PromisePhase.Releasing)
            owed.AddRange(ControlMarks.Owed(state.Object!.Controls, state.Workflow, state.Paused).Select(m => new PromiseEffect.Relabel(state.Object.Uid, m)));
        // While other things are cleaned up its files wait for their turn.
        owed.AddRange(PlacementWrites.Owed(state.Works).Where(w => !w.IsRemoval || state.Phase is not PromisePhase.CleaningUp).Select(w => new PromiseEffect.WritePlacement(w)));
        if (state.Works.Groups.Any())
            owed.Add(new PromiseEffect.AwaitDestinations(state.Works.Search(_ => true)));
        var uid = state.Object!.Uid;
        if (state is { Object.Deleting: false, Paused: false, Definition: { } definition })
            owed.Add(new PromiseEffect.PublishRevision(uid, definition.Revision.Version, definition.Revision.Digest));
        if (PromiseFinalizers.NextOff(state.Phase) is { } next)
            owed.Add(new PromiseEffect.TakeFinalizersOff(uid, next));
        if (state.Phase is PromisePhase.CleaningUp { Step: var step })
            owed.Add(new PromiseEffect.CleanUp(uid, step));
        if (state.Phase is PromisePhase.RemovingRequests)
            owed.Add(new PromiseEffect.RemoveRequests(uid));
        if (state.Phase is PromisePhase.RemovingApi)
            owed.Add(new PromiseEffect.RemoveApi(uid));
        if (state.Phase is PromisePhase.Releasing)
            owed.Add(new PromiseEffect.ReleaseFinalizers(uid));
        if (WakeUp(state) is { } at)
            owed.Add(new PromiseEffect.WakeAt(at));
        return owed.ToImmutable();
    }

    public static DateTimeOffset? WakeUp(PromiseState state) => state.Phase switch
    {
        PromisePhase.Retrying p => p.At,
        PromisePhase.DeleteRetrying p => p.At,
        PromisePhase.Suspended p => p.At,
        PromisePhase.DeleteSuspended p => p.At,
        PromisePhase.Failed p => p.NextRun,
        PromisePhase.Available p => p.NextRun,
        _ => null,
    };
}
