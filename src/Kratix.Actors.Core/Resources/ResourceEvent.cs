using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Resources;

/// <summary>What happened to a Resource. These names and shapes are stored for ever: add, never change.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Observed), "observed")]
[JsonDerivedType(typeof(RunSucceeded), "run-succeeded")]
[JsonDerivedType(typeof(RunSuperseded), "run-superseded")]
[JsonDerivedType(typeof(RunFailed), "run-failed")]
[JsonDerivedType(typeof(RunSuspended), "run-suspended")]
[JsonDerivedType(typeof(RetryStarted), "retry-started")]
[JsonDerivedType(typeof(RunRequested), "run-requested")]
[JsonDerivedType(typeof(Placed), "placed")]
[JsonDerivedType(typeof(PlacementsJudged), "placements-judged")]
[JsonDerivedType(typeof(Rescheduled), "rescheduled")]
[JsonDerivedType(typeof(PlacementWritten), "placement-written")]
[JsonDerivedType(typeof(PlacementFailed), "placement-failed")]
[JsonDerivedType(typeof(PlacementLeft), "placement-left")]
[JsonDerivedType(typeof(PlacementsDrifted), "placements-drifted")]
[JsonDerivedType(typeof(Vanished), "vanished")]
[JsonDerivedType(typeof(Released), "released")]
public abstract record ResourceEvent(DateTimeOffset At)
{
    public sealed record Observed(ResourceObservation Object, PromiseRevision Revision, bool PromiseAvailable, DateTimeOffset At) : ResourceEvent(At);

    /// <summary><paramref name="Work"/>: what it produced and where that goes; null for a delete Pipeline. <paramref name="NextRun"/>: when the interval will have passed.</summary>
    public sealed record RunSucceeded(
        string RunId, string Pipeline, ImmutableArray<StepReport> Steps, string? StatusJson, Work? Work, DateTimeOffset NextRun, DateTimeOffset At) : ResourceEvent(At), IRunEnded
    {
        /// <summary>For people who look; nothing is decided by it.</summary>
        public ImmutableSortedDictionary<string, string>? Results { get; init; }
    }

    /// <summary>It ended, either way, but something else is wished by now: nothing of it is used.</summary>
    public sealed record RunSuperseded(string RunId, string Pipeline, ImmutableArray<StepReport> Steps, DateTimeOffset At) : ResourceEvent(At), IRunEnded;

    /// <summary><paramref name="Attempt"/>: the last that it made, those in place included. <paramref name="RetryAt"/> null: given up.</summary>
    public sealed record RunFailed(
        string RunId, string Pipeline, int Attempt, ImmutableArray<StepReport> Steps, string Reason, DateTimeOffset? RetryAt, DateTimeOffset NextRun, DateTimeOffset At) : ResourceEvent(At), IRunFailed;

    /// <summary>It ended and asked to wait: until <paramref name="RetryAt"/>, or (null) until the mark is taken off. Its output is not used.</summary>
    public sealed record RunSuspended(
        string RunId, string Pipeline, ImmutableArray<StepReport> Steps, string? StatusJson, string? Message, DateTimeOffset? RetryAt, DateTimeOffset At) : ResourceEvent(At), IRunEnded;

    /// <summary>The Pipeline that failed, or suspended until now, runs again.</summary>
    public sealed record RetryStarted(DateTimeOffset At) : ResourceEvent(At);

    /// <summary>The workflow starts again with nothing changed. <paramref name="Token"/>: see <see cref="ResourceCommand.Restart"/>.</summary>
    public sealed record RunRequested(RunCause Cause, string? Token, DateTimeOffset At) : ResourceEvent(At);

    /// <summary>Work that waited for a Destination has found one.</summary>
    public sealed record Placed(ImmutableArray<Work> Works, DateTimeOffset At) : ResourceEvent(At);

    /// <summary>The store holds the placement (or no longer holds a removed one).</summary>
    public sealed record PlacementWritten(string Placement, string Stamp, string CommitId, bool Changed, DateTimeOffset At) : ResourceEvent(At), IPlacementWritten;

    /// <summary>Destinations changed: these placements, and no others, are misplaced now. <paramref name="Works"/>: those that a Destination takes that did not before.</summary>
    public sealed record PlacementsJudged(ImmutableArray<Work> Works, ImmutableArray<string> Misplaced, DateTimeOffset At) : ResourceEvent(At);

    /// <summary>Placements were given up; the files of these Works are placed like this now.</summary>
    public sealed record Rescheduled(ImmutableArray<Work> Works, ImmutableArray<string> Misplaced, DateTimeOffset At) : ResourceEvent(At);

    public sealed record PlacementFailed(string Placement, string Stamp, string Reason, DateTimeOffset At) : ResourceEvent(At), IPlacementFailed;

    /// <summary>The files stay where they were to be taken back, because their state store is gone.</summary>
    public sealed record PlacementLeft(string Placement, string Stamp, string Reason, DateTimeOffset At) : ResourceEvent(At);

    /// <summary>Somebody else changed what the store holds of these placements: they are written again.</summary>
    public sealed record PlacementsDrifted(ImmutableArray<string> Placements, DateTimeOffset At) : ResourceEvent(At);

    /// <summary>The object may go.</summary>
    public sealed record Released(DateTimeOffset At) : ResourceEvent(At);

    /// <summary>It is gone, and its delete workflow was not done: nobody waits for that any more, and what is left of it is taken back.</summary>
    public sealed record Vanished(DateTimeOffset At) : ResourceEvent(At);
}
