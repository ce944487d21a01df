using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Resources;

/// <summary>Names a request: the Promise whose API it uses, its namespace and its name.</summary>
public sealed record ResourceId(string Promise, string Namespace, string Name)
{
    /// <summary><c>promise/namespace/name</c>; none of the three can contain a slash.</summary>
    public override string ToString() => $"{Promise}/{Namespace}/{Name}";

    public static ResourceId Parse(string text) => text.Split('/') is [var promise, var ns, var name]
        ? new ResourceId(promise, ns, name)
        : throw new FormatException($"'{text}' is not promise/namespace/name");

    [JsonIgnore]
    public WorkOwner Owner => new(Promise, Namespace, Name, EveryMatch: false);
}

/// <summary>Where a Resource stands, in one word. See the lifecycle page for every arrow.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "phase")]
[JsonDerivedType(typeof(Unobserved), "unobserved")]
[JsonDerivedType(typeof(Held), "held")]
[JsonDerivedType(typeof(Paused), "paused")]
[JsonDerivedType(typeof(Running), "running")]
[JsonDerivedType(typeof(Retrying), "retrying")]
[JsonDerivedType(typeof(Suspended), "suspended")]
[JsonDerivedType(typeof(Writing), "writing")]
[JsonDerivedType(typeof(Settled), "settled")]
[JsonDerivedType(typeof(Failed), "failed")]
[JsonDerivedType(typeof(DeleteRunning), "delete-running")]
[JsonDerivedType(typeof(DeleteRetrying), "delete-retrying")]
[JsonDerivedType(typeof(DeleteSuspended), "delete-suspended")]
[JsonDerivedType(typeof(DeleteFailed), "delete-failed")]
[JsonDerivedType(typeof(Removing), "removing")]
[JsonDerivedType(typeof(Releasing), "releasing")]
[JsonDerivedType(typeof(Gone), "gone")]
public abstract record ResourcePhase
{
    private protected ResourcePhase() { }

    /// <summary>Nothing is known of it.</summary>
    public sealed record Unobserved : ResourcePhase;

    /// <summary>Its Promise cannot serve requests; it runs when the Promise can.</summary>
    public sealed record Held : ResourcePhase;

    /// <summary>It or its Promise is paused, and no run is under way. What was to be written is written; everything else waits.</summary>
    public sealed record Paused : ResourcePhase;

    /// <summary>A configure Pipeline runs.</summary>
    public sealed record Running : ResourcePhase;

    /// <summary>A configure Pipeline failed and waits for its next attempt.</summary>
    public sealed record Retrying(DateTimeOffset At) : ResourcePhase;

    /// <summary>A configure Pipeline asked to wait: until <paramref name="At"/>, or (null) until the mark is taken off.</summary>
    public sealed record Suspended(DateTimeOffset? At) : ResourcePhase;

    /// <summary>The workflow is done; a store has not acknowledged everything, or a Destination is missing.</summary>
    public sealed record Writing : ResourcePhase;

    /// <summary>Written and acknowledged; runs again at <paramref name="NextRun"/>.</summary>
    public sealed record Settled(DateTimeOffset NextRun) : ResourcePhase;

    /// <summary>A configure Pipeline failed for good; runs again at <paramref name="NextRun"/>, or (null) when something changes.</summary>
    public sealed record Failed(DateTimeOffset? NextRun) : ResourcePhase;

    /// <summary>A delete Pipeline runs.</summary>
    public sealed record DeleteRunning : ResourcePhase;

    public sealed record DeleteRetrying(DateTimeOffset At) : ResourcePhase;

    /// <summary>A delete Pipeline asked to wait. Nothing is taken back meanwhile.</summary>
    public sealed record DeleteSuspended(DateTimeOffset? At) : ResourcePhase;

    /// <summary>A delete Pipeline failed for good: deletion waits for a change.</summary>
    public sealed record DeleteFailed : ResourcePhase;

    /// <summary>The delete Pipelines are done; files are being taken back from the stores.</summary>
    public sealed record Removing : ResourcePhase;

    /// <summary>The files are gone, acknowledged; the object may go once our finalizer is off.</summary>
    public sealed record Releasing : ResourcePhase;

    public sealed record Gone : ResourcePhase;
}


/// <summary>
/// All that is remembered of a request. <paramref name="StatusJson"/>: what its Pipelines have said in <c>status.yaml</c>, merged.
/// <paramref name="Completed"/>: when the configure workflow last succeeded. <paramref name="RestartToken"/>: the last engine start it ran for.
/// </summary>
public sealed record ResourceState(
    ResourceId Id, ResourcePhase Phase, ResourceObservation? Object, PromiseRevision? Revision, bool PromiseAvailable, Workflow Workflow, Works Works,
    string? StatusJson, DateTimeOffset? NextRun, DateTimeOffset? Completed, long ObservedGeneration, string? RestartToken,
    ImmutableSortedDictionary<string, ConditionSince> Conditions)
{
    public static ResourceState Empty(ResourceId id) => new(
        id, ResourceEvolution.Start, null, null, false, Workflow.None, Works.None, null, null, null, 0, null,
        Workflows.Conditions.NoTimes);

    /// <summary>How often a run was asked for by the mark or by the end of a pause.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Asked { get; init; }

    /// <summary>The run that was under way when a new one was asked for: it is ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StoppedRun { get; init; }

    [JsonIgnore]
    public bool Paused => (Object?.Controls.HasFlag(Controls.Paused) ?? false) || (Revision?.Paused ?? false);

    /// <summary>What a run must be for, to be of use.</summary>
    [JsonIgnore]
    public RunTarget? Wanted => Object is null || Revision is null ? null : new RunTarget(Object.SpecDigest, Revision.Digest, Object.Generation, Asked, Revision.Wave);

    /// <summary>The run that is under way, or null.</summary>
    [JsonIgnore]
    public (string Pipeline, string RunId, int Attempt)? ActiveRun => Object is null ? null : Workflow.Active(Id.ToString(), Object.Uid);

    /// <summary>Whether what runs (or ran last) is what is wanted now.</summary>
    [JsonIgnore]
    public bool UpToDate => Workflow.Target == Wanted && (Workflow.Action == WorkflowAction.Delete) == (Object?.Deleting ?? false);
}
