using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Engine;

/// <summary>What a start of the engine means for workflows that have finished.</summary>
public enum OnStart
{
    /// <summary>Every one runs again, spread over the window.</summary>
    Run,

    /// <summary>Only what is missing or overdue runs.</summary>
    Verify,
    Off,
}

/// <summary>How strictly a run's output is looked at before anything of it is written.</summary>
public enum OutputValidation
{
    /// <summary>Root directory only, every document an applicable Kubernetes object.</summary>
    Kubernetes,

    /// <summary>Files that end in .yaml, .yml or .json must parse.</summary>
    Yaml,
    None,
}

/// <summary>Bounds of what a run may hand in; sizes in bytes.</summary>
public sealed record OutputLimits(OutputValidation Validation, int MaxFiles, long MaxBytes, long MaxFileBytes);

/// <summary>Everything the engine can be told, validated by whoever read it.</summary>
public sealed record EngineSettings
{
    /// <summary>Named in every event this process writes.</summary>
    public required string NodeName { get; init; }

    public required TimeSpan ReconcileInterval { get; init; }

    public required RetrySchedule Retry { get; init; }

    public required bool ReconcileAfterFailure { get; init; }

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
    public required int JobsToKeep { get; init; }

    public string? DefaultImagePullPolicy { get; init; }

    public required OutputLimits Output { get; init; }

    public required TimeSpan PassivateAfter { get; init; }

    /// <summary>Whether Work and WorkPlacement objects are published.</summary>
    public required bool PublishReadModels { get; init; }

    /// <summary>Where containers reach the run exchange, without a slash at the end.</summary>
    public required string ExchangeUrl { get; init; }

    /// <summary>Secret from which each run's token is derived; survives restarts, so that Pods of before still get in.</summary>
    public required ReadOnlyMemory<byte> ExchangeKey { get; init; }

    /// <summary>The CustomResourceDefinitions installed at the start.</summary>
    public required IReadOnlyList<JsonObject> Crds { get; init; }

    /// <summary>How many placements one commit may carry.</summary>
    public required int BatchMaxIntents { get; init; }

    /// <summary>How long a writer that is idle waits for company before it commits.</summary>
    public required TimeSpan BatchLinger { get; init; }

    /// <summary>How often due wake-ups are looked for.</summary>
    public TimeSpan WakeUpPoll { get; init; } = TimeSpan.FromMilliseconds(500);
}
