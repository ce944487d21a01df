using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Platform;

namespace Kratix.Actors.Engine;

/// <summary>What a start of the engine means for workflows that have finished.</summary>
public enum OnStart
{
    /// <summary>Every one runs again, spread over the window.</summary>
    Run,

    /// <summary>Only what is missing or overdue runs, and stores are compared with what was written.</summary>
    Verify,
    Off,
}

/// <summary>Bounds of what a run may hand in; sizes in bytes.</summary>
public sealed record OutputLimits(OutputValidation Validation, int MaxFiles, long MaxBytes, long MaxFileBytes);

/// <summary>A ServiceAccount.</summary>
public sealed record AccountName(string Namespace, string Name);

/// <summary><paramref name="MinAge"/>: contents put within this time stay, whoever refers to them.</summary>
public sealed record CompactionSettings(TimeSpan Interval, TimeSpan MinAge);

/// <summary>Everything the engine can be told, validated by whoever read it.</summary>
public sealed record EngineSettings
{
    /// <summary>Named in every event this process writes.</summary>
    public required string NodeName { get; init; }

    /// <summary>What the platform's ConfigMap says; it wins over the values given here.</summary>
    public PlatformOverlay Platform { get; init; } = new();

    public required TimeSpan ReconcileInterval { get => Platform.Current.ReconcileInterval ?? field; init; }

    /// <summary>Part of an interval by which it may be lengthened, 0 to 0.5.</summary>
    public double IntervalJitter { get; init; } = 0.1;

    public required RetrySchedule Retry { get => Platform.Current.BackoffLimit is { } limit ? field with { Limit = limit } : field; init; }

    public required bool ReconcileAfterFailure { get => Platform.Current.ReconcileAfterFailure ?? field; init; }

    /// <summary>How often it is looked whether state stores still hold what was written; zero: never.</summary>
    public TimeSpan StateStoreInterval { get => Platform.Current.StateStoreInterval ?? field; init; } = TimeSpan.FromHours(10);

    public required OnStart OnStart { get; init; }

    /// <summary>Re-runs of a start are spread over this time.</summary>
    public required TimeSpan OnStartWindow { get; init; }

    /// <summary>Fixed for the life of a journal.</summary>
    public required int Shards { get; init; }

    public required int MaxRunsInFlight { get; init; }

    public required int MaxRunsPerPromise { get; init; }

    /// <summary>How long one run may take, unless the Pipeline says otherwise; null for ever.</summary>
    public required TimeSpan? RunDeadline { get; init; }

    /// <summary>How long an image may stay unavailable before the run fails for it.</summary>
    public required TimeSpan ImagePullDeadline { get; init; }

    /// <summary>Finished Pods kept per Pipeline of an object.</summary>
    public required int JobsToKeep { get => Platform.Current.JobsToKeep ?? field; init; }

    /// <summary>How long the Pod of a finished run stays; null: as long as it is among those to keep.</summary>
    public TimeSpan? PodTtl { get => Platform.Current.PodTtl ?? field; init; }

    public string? DefaultImagePullPolicy { get => Platform.Current.DefaultImagePullPolicy ?? field; init; }

    /// <summary>For containers that set none, as Kubernetes JSON; null: none.</summary>
    public JsonObject? DefaultContainerResources { get => Platform.Current.DefaultContainerResources ?? field; init; }

    /// <summary>For containers that set none, as Kubernetes JSON; null: none.</summary>
    public JsonObject? DefaultSecurityContext { get => Platform.Current.DefaultSecurityContext ?? field; init; }

    public required OutputLimits Output { get; init; }

    public required TimeSpan PassivateAfter { get; init; }

    /// <summary>Whether Work and WorkPlacement objects are published.</summary>
    public required bool PublishReadModels { get; init; }

    /// <summary>Where containers reach the run exchange, without a slash at the end.</summary>
    public required string ExchangeUrl { get; init; }

    /// <summary>Secret from which each run's token is derived; survives restarts, so that Pods of before still get in.</summary>
    public required ReadOnlyMemory<byte> ExchangeKey { get; init; }

    /// <summary>What the engine runs as, where it has to give itself the rights on each Promise's API; null where it has them.</summary>
    public AccountName? ServiceAccount { get; init; }

    /// <summary>The CustomResourceDefinitions installed at the start.</summary>
    public required IReadOnlyList<JsonObject> Crds { get; init; }

    /// <summary>How many placements one commit may carry.</summary>
    public required int BatchMaxIntents { get; init; }

    /// <summary>How many files one commit may carry; a single placement may carry more.</summary>
    public required int BatchMaxFiles { get; init; }

    /// <summary>How long a writer that is idle waits for company before it commits.</summary>
    public required TimeSpan BatchLinger { get; init; }

    /// <summary>How many bytes of files one commit may carry; a single placement may carry more.</summary>
    public required long BatchMaxBytes { get; init; }

    /// <summary>Pauses of a writer whose store cannot be written.</summary>
    public required (TimeSpan Min, TimeSpan Max) WriteRetry { get; init; }

    /// <summary>Pushes allowed per minute to a repository on this host; null for no limit.</summary>
    public required Func<string, int?> PushesPerMinute { get; init; }

    /// <summary>Pauses before an aggregate that failed starts again.</summary>
    public (TimeSpan Min, TimeSpan Max) Restart { get; init; } = (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30));

    /// <summary>When contents nobody refers to are removed; null for never.</summary>
    public CompactionSettings? Compaction { get; init; }

    /// <summary>Whether the counters of Kratix carry the names of requests, each of which then is a time series of its own.</summary>
    public bool TelemetryNamesRequests { get; init; }

    /// <summary>How often due wake-ups are looked for.</summary>
    public TimeSpan WakeUpPoll { get; init; } = TimeSpan.FromMilliseconds(500);
}
