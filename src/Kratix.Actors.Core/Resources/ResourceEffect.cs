using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Resources;

/// <summary>What the world still owes a Resource. Equal effects are one question: what is in flight is not asked twice.</summary>
public abstract record ResourceEffect
{
    private ResourceEffect() { }

    /// <summary>Run the Pipeline, or find it running. Answered by <see cref="ResourceCommand.ReportRun"/> with the run id.</summary>
    public sealed record RunPipeline(string RunId, WorkflowAction Action, string Pipeline, int Attempt, string RevisionDigest, RunCause Cause) : ResourceEffect;

    /// <summary>Offer the Destinations now and whenever they change. <paramref name="For"/>: see <see cref="Works.Search"/>. Answered by <see cref="ResourceCommand.OfferDestinations"/>.</summary>
    public sealed record AwaitDestination(string For = "") : ResourceEffect;

    /// <summary>Answered by <see cref="ResourceCommand.ReportWritten"/> or <see cref="ResourceCommand.ReportWriteFailed"/> with the stamp.</summary>
    public sealed record WritePlacement(PlacementWrite Write) : ResourceEffect;

    /// <summary>End the run, whatever it is doing: its Pod is gone before <see cref="ResourceCommand.ReportRun"/> says so.</summary>
    public sealed record StopRun(string RunId) : ResourceEffect;

    /// <summary>Put the mark on the object, or take it off. Answered by <see cref="ResourceCommand.Observe"/>.</summary>
    public sealed record Relabel(string Uid, Relabelling Change) : ResourceEffect;

    /// <summary>Take the finalizers off whose steps are done: the delete workflow's. There is no answer: what is off is off.</summary>
    public sealed record TakeFinalizersOff(string Uid, string Before) : ResourceEffect;

    /// <summary>Take our finalizers off. Answered by <see cref="ResourceCommand.ReportReleased"/>.</summary>
    public sealed record ReleaseFinalizer(string Uid) : ResourceEffect;

    /// <summary>Send <see cref="ResourceCommand.WakeUp"/> at that time.</summary>
    public sealed record WakeAt(DateTimeOffset At) : ResourceEffect;
}
