using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Resources;

/// <summary>
/// What matters of a request as the API server has it. <paramref name="SpecDigest"/>: of the canonical JSON of <c>spec</c>.
/// <paramref name="By"/>: who changed it last, as far as the object tells. Of its labels and annotations only those that control it are here.
/// </summary>
public sealed record ResourceObservation(
    string Uid, long Generation, string SpecDigest, bool Deleting, string By,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] Controls Controls = Controls.None);

/// <summary>What a Resource is told. Everything it needs to decide is inside, the time (UTC) too.</summary>
public abstract record ResourceCommand(DateTimeOffset At)
{
    /// <summary>The object exists like this, and its Promise stands like that.</summary>
    public sealed record Observe(ResourceObservation Object, PromiseRevision Revision, bool PromiseAvailable, DateTimeOffset At) : ResourceCommand(At);

    /// <summary>
    /// A run ended. <paramref name="RunId"/> is the stamp. <paramref name="Destinations"/>: those there are now.
    /// <paramref name="Jitter"/> is in [0, 1).
    /// </summary>
    public sealed record ReportRun(string RunId, RunResult Result, ImmutableArray<Destination> Destinations, double Jitter, DateTimeOffset At) : ResourceCommand(At);

    /// <summary>These are the Destinations now; what found none before may find one.</summary>
    public sealed record OfferDestinations(ImmutableArray<Destination> Destinations, DateTimeOffset At) : ResourceCommand(At);

    /// <summary>Give these placements up and place their files anew.</summary>
    public sealed record Reschedule(ImmutableArray<string> Placements, ImmutableArray<Destination> Destinations, DateTimeOffset At) : ResourceCommand(At);

    /// <summary>The store acknowledged. <paramref name="Changed"/> false: it held this already, as of <paramref name="CommitId"/>.</summary>
    public sealed record ReportWritten(string Placement, string Stamp, string CommitId, bool Changed, DateTimeOffset At) : ResourceCommand(At);

    /// <summary>The store did not take it (yet); it is being tried again.</summary>
    public sealed record ReportWriteFailed(string Placement, string Stamp, string Reason, DateTimeOffset At) : ResourceCommand(At)
    {
        /// <summary>There is no state store of that name any more.</summary>
        public bool StoreIsGone { get; init; }
    }

    /// <summary>The store no longer holds these placements as they were written, by name and stamp.</summary>
    public sealed record ReportDrift(ImmutableArray<(string Placement, string Stamp)> Found, DateTimeOffset At) : ResourceCommand(At);

    /// <summary>A moment it asked for may have come.</summary>
    public sealed record WakeUp(DateTimeOffset At) : ResourceCommand(At);

    /// <summary>The engine was started and its setting wants every workflow run again. <paramref name="Token"/> names the start: one start asks once.</summary>
    public sealed record Restart(string Token, DateTimeOffset At) : ResourceCommand(At);

    /// <summary>Our finalizer is off the object of this uid.</summary>
    public sealed record ReportReleased(string Uid, DateTimeOffset At) : ResourceCommand(At);

    /// <summary>The object of this uid is gone in the middle of its deletion: somebody took our finalizers off.</summary>
    public sealed record ReportVanished(string Uid, DateTimeOffset At) : ResourceCommand(At);
}
