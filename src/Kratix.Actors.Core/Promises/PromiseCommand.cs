using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>What a Promise is told. Everything it needs to decide is inside, the time (UTC) too.</summary>
public abstract record PromiseCommand(DateTimeOffset At)
{
    /// <summary>The object exists like this. Exactly one of <paramref name="Definition"/> and <paramref name="Refusal"/> (why its spec cannot be used) is there.</summary>
    public sealed record Observe(PromiseObservation Object, PromiseDefinition? Definition, string? Refusal, DateTimeOffset At) : PromiseCommand(At);

    /// <summary>The CustomResourceDefinition that was asked for with this stamp is established.</summary>
    public sealed record ReportApiInstalled(string Stamp, DateTimeOffset At) : PromiseCommand(At);

    /// <summary>The API server does not take it.</summary>
    public sealed record ReportApiRefused(string Stamp, string Reason, DateTimeOffset At) : PromiseCommand(At);

    public sealed record ReportRun(string RunId, RunResult Result, ImmutableArray<Destination> Destinations, double Jitter, DateTimeOffset At) : PromiseCommand(At);

    /// <summary>The Promises it requires, as far as they exist, and those that require it, are like this now.</summary>
    public sealed record ObserveSurroundings(Surroundings Surroundings, DateTimeOffset At) : PromiseCommand(At);

    /// <summary>Give these placements up and place their files anew.</summary>
    public sealed record Reschedule(ImmutableArray<string> Placements, ImmutableArray<Destination> Destinations, DateTimeOffset At) : PromiseCommand(At);

    public sealed record OfferDestinations(ImmutableArray<Destination> Destinations, DateTimeOffset At) : PromiseCommand(At);

    public sealed record ReportWritten(string Placement, string Stamp, string CommitId, bool Changed, DateTimeOffset At) : PromiseCommand(At);

    public sealed record ReportWriteFailed(string Placement, string Stamp, string Reason, DateTimeOffset At) : PromiseCommand(At)
    {
        /// <summary>There is no state store of that name any more.</summary>
        public bool StoreIsGone { get; init; }
    }

    /// <summary>The store no longer holds these placements as they were written, by name and stamp.</summary>
    public sealed record ReportDrift(ImmutableArray<(string Placement, string Stamp)> Found, DateTimeOffset At) : PromiseCommand(At);

    public sealed record WakeUp(DateTimeOffset At) : PromiseCommand(At);

    public sealed record Restart(string Token, DateTimeOffset At) : PromiseCommand(At);

    /// <summary>No request of the Promise with this uid is left.</summary>
    public sealed record ReportRequestsRemoved(string Uid, DateTimeOffset At) : PromiseCommand(At);

    /// <summary>What this step of the deletion takes away is gone.</summary>
    public sealed record ReportCleanedUp(string Uid, CleanupStep Step, DateTimeOffset At) : PromiseCommand(At);

    /// <summary>The CustomResourceDefinition is gone.</summary>
    public sealed record ReportApiRemoved(string Uid, DateTimeOffset At) : PromiseCommand(At);

    public sealed record ReportReleased(string Uid, DateTimeOffset At) : PromiseCommand(At);

    /// <summary>The object of this uid is gone in the middle of its deletion: somebody took our finalizers off.</summary>
    public sealed record ReportVanished(string Uid, DateTimeOffset At) : PromiseCommand(At);
}
