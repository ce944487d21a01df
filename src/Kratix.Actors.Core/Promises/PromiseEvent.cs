using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>What happened to a Promise. These names and shapes are stored for ever: add, never change.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Observed), "observed")]
[JsonDerivedType(typeof(SpecRefused), "spec-refused")]
[JsonDerivedType(typeof(ApiInstalled), "api-installed")]
[JsonDerivedType(typeof(ApiRefused), "api-refused")]
[JsonDerivedType(typeof(RunSucceeded), "run-succeeded")]
[JsonDerivedType(typeof(RunSuperseded), "run-superseded")]
[JsonDerivedType(typeof(RunFailed), "run-failed")]
[JsonDerivedType(typeof(RunSuspended), "run-suspended")]
[JsonDerivedType(typeof(RetryStarted), "retry-started")]
[JsonDerivedType(typeof(RunRequested), "run-requested")]
[JsonDerivedType(typeof(SurroundingsChanged), "surroundings-changed")]
[JsonDerivedType(typeof(Placed), "placed")]
[JsonDerivedType(typeof(PlacementsJudged), "placements-judged")]
[JsonDerivedType(typeof(Rescheduled), "rescheduled")]
[JsonDerivedType(typeof(PlacementWritten), "placement-written")]
[JsonDerivedType(typeof(PlacementFailed), "placement-failed")]
[JsonDerivedType(typeof(PlacementLeft), "placement-left")]
[JsonDerivedType(typeof(PlacementsDrifted), "placements-drifted")]
[JsonDerivedType(typeof(RequestsRemoved), "requests-removed")]
[JsonDerivedType(typeof(CleanedUp), "cleaned-up")]
[JsonDerivedType(typeof(ApiRemoved), "api-removed")]
[JsonDerivedType(typeof(Vanished), "vanished")]
[JsonDerivedType(typeof(Released), "released")]
public abstract record PromiseEvent(DateTimeOffset At)
{
    public sealed record Observed(PromiseObservation Object, PromiseDefinition Definition, DateTimeOffset At) : PromiseEvent(At);

    /// <summary>The spec cannot be used; what was installed before goes on serving.</summary>
    public sealed record SpecRefused(PromiseObservation Object, string Reason, DateTimeOffset At) : PromiseEvent(At);

    public sealed record ApiInstalled(string Stamp, DateTimeOffset At) : PromiseEvent(At);

    public sealed record ApiRefused(string Stamp, string Reason, DateTimeOffset At) : PromiseEvent(At);

    public sealed record RunSucceeded(
        string RunId, string Pipeline, ImmutableArray<StepReport> Steps, string? StatusJson, Work? Work, DateTimeOffset NextRun, DateTimeOffset At) : PromiseEvent(At), IRunEnded
    {
        /// <summary>For people who look; nothing is decided by it.</summary>
        public ImmutableSortedDictionary<string, string>? Results { get; init; }
    }

    public sealed record RunSuperseded(string RunId, string Pipeline, ImmutableArray<StepReport> Steps, DateTimeOffset At) : PromiseEvent(At), IRunEnded;

    public sealed record RunFailed(
        string RunId, string Pipeline, int Attempt, ImmutableArray<StepReport> Steps, string Reason, DateTimeOffset? RetryAt, DateTimeOffset NextRun, DateTimeOffset At) : PromiseEvent(At), IRunFailed;

    /// <summary>See the Resource's event of this name.</summary>
    public sealed record RunSuspended(
        string RunId, string Pipeline, ImmutableArray<StepReport> Steps, string? StatusJson, string? Message, DateTimeOffset? RetryAt, DateTimeOffset At) : PromiseEvent(At), IRunEnded;

    public sealed record RetryStarted(DateTimeOffset At) : PromiseEvent(At);

    public sealed record RunRequested(RunCause Cause, string? Token, DateTimeOffset At) : PromiseEvent(At);

    public sealed record SurroundingsChanged(Surroundings Surroundings, DateTimeOffset At) : PromiseEvent(At);

    public sealed record Placed(ImmutableArray<Work> Works, DateTimeOffset At) : PromiseEvent(At);

    public sealed record PlacementWritten(string Placement, string Stamp, string CommitId, bool Changed, DateTimeOffset At) : PromiseEvent(At), IPlacementWritten;

    /// <summary>Destinations changed: these placements, and no others, are misplaced now. <paramref name="Works"/>: those that a Destination takes that did not before.</summary>
    public sealed record PlacementsJudged(ImmutableArray<Work> Works, ImmutableArray<string> Misplaced, DateTimeOffset At) : PromiseEvent(At);

    /// <summary>Placements were given up; the files of these Works are placed like this now.</summary>
    public sealed record Rescheduled(ImmutableArray<Work> Works, ImmutableArray<string> Misplaced, DateTimeOffset At) : PromiseEvent(At);

    public sealed record PlacementFailed(string Placement, string Stamp, string Reason, DateTimeOffset At) : PromiseEvent(At), IPlacementFailed;

    /// <summary>The files stay where they were to be taken back, because their state store is gone.</summary>
    public sealed record PlacementLeft(string Placement, string Stamp, string Reason, DateTimeOffset At) : PromiseEvent(At);

    /// <summary>Somebody else changed what the store holds of these placements: they are written again.</summary>
    public sealed record PlacementsDrifted(ImmutableArray<string> Placements, DateTimeOffset At) : PromiseEvent(At);

    public sealed record RequestsRemoved(DateTimeOffset At) : PromiseEvent(At);

    public sealed record CleanedUp(CleanupStep Step, DateTimeOffset At) : PromiseEvent(At);

    public sealed record ApiRemoved(DateTimeOffset At) : PromiseEvent(At);

    public sealed record Released(DateTimeOffset At) : PromiseEvent(At);

    /// <summary>It is gone, and its delete workflow was not done: nobody waits for that any more, and what is left of it is taken back.</summary>
    public sealed record Vanished(DateTimeOffset At) : PromiseEvent(At);
}
