using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Resources;

/// <summary>What is outstanding, derived from the state alone: the same after an event, after a crash, and the hundredth time.</summary>
public static class ResourceObligations
{
    public static ImmutableArray<ResourceEffect> Outstanding(ResourceState state)
    {
        var owed = ImmutableArray.CreateBuilder<ResourceEffect>();
        if (state.Phase is ResourcePhase.Unobserved or ResourcePhase.Gone)
            return owed.ToImmutable();
        if (state.ActiveRun is { } run)
            owed.Add(new ResourceEffect.RunPipeline(run.RunId, state.Workflow.Action, run.Pipeline, run.Attempt, state.Workflow.Target!.RevisionDigest, state.Workflow.Cause));
        if (state.ActiveRun is { } active && state.StoppedRun == active.RunId)
            owed.Add(new ResourceEffect.StopRun(active.RunId));
        if (state.Phase is not ResourcePhase.Releasing)
            owed.AddRange(ControlMarks.Owed(state.Object!.Controls, state.Workflow, state.Paused).Select(m => new ResourceEffect.Relabel(state.Object.Uid, m)));
        owed.AddRange(PlacementWrites.Owed(state.Works).Select(w => new ResourceEffect.WritePlacement(w)));
        if (state.Works.Unscheduled.Any())
            owed.Add(new ResourceEffect.AwaitDestination(state.Works.Search(g => g.Placements.IsEmpty)));
        if (state.Phase is ResourcePhase.Removing)
            owed.Add(new ResourceEffect.TakeFinalizersOff(state.Object!.Uid, ResourceFinalizers.Files));
        if (state.Phase is ResourcePhase.Releasing)
            owed.Add(new ResourceEffect.ReleaseFinalizer(state.Object!.Uid));
        if (WakeUp(state) is { } at)
            owed.Add(new ResourceEffect.WakeAt(at));
        return owed.ToImmutable();
    }

    /// <summary>When the state wants to be woken, if at all. Kept as a column, so a Resource at rest costs no memory.</summary>
    public static DateTimeOffset? WakeUp(ResourceState state) => state.Phase switch
    {
        ResourcePhase.Retrying p => p.At,
        ResourcePhase.DeleteRetrying p => p.At,
        ResourcePhase.Suspended p => p.At,
        ResourcePhase.DeleteSuspended p => p.At,
        ResourcePhase.Settled p => p.NextRun,
        ResourcePhase.Failed p => p.NextRun,
        ResourcePhase.Writing => state.NextRun,
        _ => null,
    };
}
