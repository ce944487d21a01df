using System.Collections.Immutable;

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
        owed.AddRange(Writes(state));
        if (state.Works.Unscheduled.Any())
            owed.Add(new ResourceEffect.AwaitDestination());
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
        ResourcePhase.Settled p => p.NextRun,
        ResourcePhase.Failed p => p.NextRun,
        ResourcePhase.Writing => state.NextRun,
        _ => null,
    };

    internal static IEnumerable<ResourceEffect.WritePlacement> Writes(ResourceState state) =>
    [
        .. state.Works.Placements.Where(p => !p.IsWritten).Select(p => new ResourceEffect.WritePlacement(p.Name, p.Wanted, p.Destination, p.Location)),
        .. state.Works.Removals.Select(p => new ResourceEffect.WritePlacement(p.Name, RemovalMark + p.Wanted, p.Destination, p.Location)),
    ];

    /// <summary>Taking back what was to be written is another question than writing it; the mark keeps a late answer to the one from answering the other.</summary>
    private const string RemovalMark = "-";

    internal static bool IsRemoval(string stamp) => stamp.StartsWith(RemovalMark, StringComparison.Ordinal);
}
