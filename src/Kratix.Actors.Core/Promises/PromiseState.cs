using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>Where a Promise stands, in one word. See the lifecycle page for every arrow.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "phase")]
[JsonDerivedType(typeof(Unobserved), "unobserved")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(Paused), "paused")]
[JsonDerivedType(typeof(Installing), "installing")]
[JsonDerivedType(typeof(Running), "running")]
[JsonDerivedType(typeof(Retrying), "retrying")]
[JsonDerivedType(typeof(Suspended), "suspended")]
[JsonDerivedType(typeof(Failed), "failed")]
[JsonDerivedType(typeof(Available), "available")]
[JsonDerivedType(typeof(DeleteRunning), "delete-running")]
[JsonDerivedType(typeof(DeleteRetrying), "delete-retrying")]
[JsonDerivedType(typeof(DeleteSuspended), "delete-suspended")]
[JsonDerivedType(typeof(DeleteFailed), "delete-failed")]
[JsonDerivedType(typeof(CleaningUp), "cleaning-up")]
[JsonDerivedType(typeof(RemovingRequests), "removing-requests")]
[JsonDerivedType(typeof(Removing), "removing")]
[JsonDerivedType(typeof(RemovingApi), "removing-api")]
[JsonDerivedType(typeof(Releasing), "releasing")]
[JsonDerivedType(typeof(Gone), "gone")]
public abstract record PromisePhase
{
    private protected PromisePhase() { }

    public sealed record Unobserved : PromisePhase;

    /// <summary>Its spec, or the API in it, cannot be used; waits for a change.</summary>
    public sealed record Refused(string Reason) : PromisePhase;

    /// <summary>It is paused, and no run is under way.</summary>
    public sealed record Paused : PromisePhase;

    /// <summary>Its CustomResourceDefinition is being installed.</summary>
    public sealed record Installing : PromisePhase;

    /// <summary>A promise configure Pipeline runs.</summary>
    public sealed record Running : PromisePhase;

    public sealed record Retrying(DateTimeOffset At) : PromisePhase;

    /// <summary>A promise configure Pipeline asked to wait: until <paramref name="At"/>, or (null) until the mark is taken off.</summary>
    public sealed record Suspended(DateTimeOffset? At) : PromisePhase;

    public sealed record Failed(DateTimeOffset? NextRun) : PromisePhase;

    /// <summary>Ready to fulfil requests. <paramref name="NextRun"/>: when its workflow runs again, null when it has none.</summary>
    public sealed record Available(DateTimeOffset? NextRun) : PromisePhase;

    public sealed record DeleteRunning : PromisePhase;

    public sealed record DeleteRetrying(DateTimeOffset At) : PromisePhase;

    public sealed record DeleteSuspended(DateTimeOffset? At) : PromisePhase;

    public sealed record DeleteFailed : PromisePhase;

    /// <summary>Something it left in the API server is being deleted: before its requests the Pods of its runs, after them its revisions, then its Pipelines' accounts and rights.</summary>
    public sealed record CleaningUp(CleanupStep Step) : PromisePhase;

    /// <summary>Its requests are being deleted, each with its delete workflow.</summary>
    public sealed record RemovingRequests : PromisePhase;

    /// <summary>Its own files are being taken back from the stores.</summary>
    public sealed record Removing : PromisePhase;

    public sealed record RemovingApi : PromisePhase;

    public sealed record Releasing : PromisePhase;

    public sealed record Gone : PromisePhase;
}

/// <summary>Things of one kind that the deletion of a Promise takes away from the API server, beside its requests and its API.</summary>
[Flags]
[JsonConverter(typeof(JsonStringEnumConverter<CleanupStep>))]
public enum CleanupStep
{
    None = 0,

    /// <summary>The Pods of its own workflows.</summary>
    Runs = 1,

    /// <summary>Its PromiseRevisions.</summary>
    Revisions = 2,

    /// <summary>What its Pipelines ran as: accounts, roles and bindings.</summary>
    Rights = 4,
}

/// <summary>
/// All that is remembered of a Promise. <paramref name="Definition"/> is the last valid one. <paramref name="InstalledApi"/>: digest of the
/// CustomResourceDefinition that was established last. <paramref name="ApiAsked"/>: another was asked for since and has not been acknowledged, so
/// either may be there. <paramref name="Refusal"/>: why the present spec cannot be used, or null.
/// <paramref name="Completed"/>: when it last became able to serve.
/// </summary>
public sealed record PromiseState(
    string Name, PromisePhase Phase, PromiseObservation? Object, PromiseDefinition? Definition, string? Refusal, string? InstalledApi, bool ApiAsked, bool RequestsRemoved,
    Workflow Workflow, Works Works, string? StatusJson, DateTimeOffset? NextRun, DateTimeOffset? Completed, long ObservedGeneration, string? RestartToken,
    ImmutableSortedDictionary<string, ConditionSince> Conditions)
{
    public static PromiseState Empty(string name) => new(
        name, PromiseEvolution.Start, null, null, null, null, false, false, Workflow.None, Works.None, null, null, null, 0, null, Workflows.Conditions.NoTimes);

    [JsonIgnore]
    public WorkOwner Owner => new(Name, null, null, EveryMatch: true);

    /// <summary>What it was told last of other Promises; null before that.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Surroundings? Surroundings { get; init; }

    /// <summary>How often a run was asked for by the mark or by the end of a pause.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Asked { get; init; }

    /// <summary>How often all requests were asked to run again: by the mark, or by the end of a pause.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Wave { get; init; }

    /// <summary>What its deletion has taken away from the API server already.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public CleanupStep Cleaned { get; init; }

    /// <summary>The run that was under way when a new one was asked for: it is ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StoppedRun { get; init; }

    [JsonIgnore]
    public bool Paused => Object?.Controls.HasFlag(Controls.Paused) ?? false;

    /// <summary>What requests run with. An interval that its PromiseRevision asks for goes before the Promise's own.</summary>
    [JsonIgnore]
    public PromiseRevision? Revision => Definition is null ? null : Definition.Revision with
    {
        Paused = Paused, Wave = Wave, Interval = Surroundings?.Interval ?? Definition.Revision.Interval,
    };

    [JsonIgnore]
    public RunTarget? Wanted => Definition is null ? null : new RunTarget(Definition.Revision.Digest, Definition.Revision.Digest, 0, Asked);

    [JsonIgnore]
    public (string Pipeline, string RunId, int Attempt)? ActiveRun => Object is null ? null : Workflow.Active(Name, Object.Uid);

    [JsonIgnore]
    public bool UpToDate => Workflow.Target == Wanted && (Workflow.Action == WorkflowAction.Delete) == (Object?.Deleting ?? false);

    [JsonIgnore]
    public bool ApiIsInstalled => Definition?.Api?.Digest == InstalledApi && !ApiAsked;

    /// <summary>
    /// Names the question for the API that is wanted. The digest alone would not do: a late answer to an earlier wish for the same API says
    /// nothing about what was installed in between.
    /// </summary>
    [JsonIgnore]
    public string? ApiStamp => Object is null || Definition?.Api is not { } api ? null : $"{Object.Uid}.{Object.Generation}.{api.Digest}";

    /// <summary>
    /// Requests may run: once able, it stays able while its own workflow runs again or a later spec is refused, but not while that workflow waits, in a
    /// pause, or without what it requires.
    /// </summary>
    [JsonIgnore]
    public bool Serves => Completed is not null && InstalledApi is not null && Object is { Deleting: false } && MayServe;

    /// <summary>Available, as its status says. A Promise without an API has nothing to serve, and is available once it is configured.</summary>
    [JsonIgnore]
    public bool IsAvailable => Serves || (Phase is PromisePhase.Available && MayServe);

    private bool MayServe => !Paused && Workflow.Stage is not WorkflowStage.Suspended && Requirements.AreFulfilled(this);
}
