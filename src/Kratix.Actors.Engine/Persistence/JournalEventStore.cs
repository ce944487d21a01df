using System.Globalization;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Engine.Persistence;

/// <summary>What the journal wants to know of an aggregate's states and events beside their bytes.</summary>
public sealed record Shape<TState, TEvent>(
    string EntityType, Func<TEvent, string> EventType, Func<TEvent, DateTimeOffset> At, Func<TEvent, string> Actor, Func<TState, EntityIndex> Index);

/// <summary>The Kernel's event store on the journal.</summary>
public sealed class JournalEventStore<TState, TEvent>(IJournal journal, string node, Shape<TState, TEvent> shape) : IEventStore<TState, TEvent>
{
    public async Task<Recovered<TState>> Recover(string entityId, CancellationToken ct) =>
        await journal.Read(new EntityKey(shape.EntityType, entityId), ct) is { } row
            ? new Recovered<TState>(Codec.Read<TState>(row.State.Span), row.Sequence)
            : new Recovered<TState>(default, 0);

    public async Task<AppendOutcome> Append(Append<TState, TEvent> append, CancellationToken ct)
    {
        var result = await journal.Append(
            new JournalAppend(
                new EntityKey(shape.EntityType, append.EntityId), append.Shard, append.Epoch, append.ExpectedSequence, shape.EventType(append.Event),
                Codec.Write(append.Event), Codec.Write(append.StateAfter), shape.Index(append.StateAfter), append.Cause, shape.Actor(append.Event), node,
                shape.At(append.Event)), ct);
        return result switch
        {
            AppendResult.Appended => AppendOutcome.Appended,
            AppendResult.SequenceConflict => AppendOutcome.SequenceConflict,
            AppendResult.Fenced => AppendOutcome.Fenced,
            _ => throw new InvalidOperationException($"unknown result {result}"),
        };
    }
}

/// <summary>The two aggregates' shapes.</summary>
public static class Shapes
{
    public const string Resource = "resource";
    public const string Promise = "promise";

    private const string Engine = "kratix-actors";

    public static readonly Shape<ResourceState, ResourceEvent> OfResource = new(
        Resource, e => WireName(e, typeof(ResourceEvent)), e => e.At, e => e is ResourceEvent.Observed o ? o.Object.By : Engine,
        s => IndexOf(s, s.Phase.GetType().Name));

    public static readonly Shape<PromiseState, PromiseEvent> OfPromise = new(
        Promise, e => WireName(e, typeof(PromiseEvent)), e => e.At,
        e => e switch { PromiseEvent.Observed o => o.Object.By, PromiseEvent.SpecRefused o => o.Object.By, _ => Engine },
        s => new EntityIndex(s.Phase.GetType().Name, s.Object?.SpecDigest ?? "", PromiseStatus.DigestOf(s), PromiseObligations.WakeUp(s)));

    /// <summary>Only requests in these phases are compared with what a listing shows; the status of the others is about to change.</summary>
    internal static bool IsCompared(string phase) => phase is nameof(ResourcePhase.Settled) or nameof(ResourcePhase.Failed);

    private static EntityIndex IndexOf(ResourceState state, string phase) =>
        new(phase, ResourceDigest(state), IsCompared(phase) ? ResourceStatus.DigestOf(state) : "", ResourceObligations.WakeUp(state));

    /// <summary>What an observation must equal for the Resource to have nothing to do with it.</summary>
    public static string DigestOf(ResourceObservation observed, PromiseRevision revision, bool promiseAvailable) => Core.Digest.Of(
    [
        observed.Uid, observed.Generation.ToString(CultureInfo.InvariantCulture), observed.SpecDigest, observed.Deleting.ToString(), revision.Digest, promiseAvailable.ToString(),
        // Rows of before know no controls: without any, the digest is as it was.
        .. observed.Controls == Controls.None && !revision.Paused && revision.Wave == 0
            ? Array.Empty<string>()
            : [observed.Controls.ToString(), revision.Paused.ToString(), revision.Wave.ToString(CultureInfo.InvariantCulture)],
    ]);

    private static string ResourceDigest(ResourceState state) =>
        state.Object is { } o && state.Revision is { } r ? DigestOf(o, r, state.PromiseAvailable) : "";

    private static string WireName(object @event, Type root) => WireNames.GetOrAdd(
        @event.GetType(), type => root.GetCustomAttributes(typeof(System.Text.Json.Serialization.JsonDerivedTypeAttribute), false)
            .Cast<System.Text.Json.Serialization.JsonDerivedTypeAttribute>().First(a => a.DerivedType == type).TypeDiscriminator!.ToString()!);

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<Type, string> WireNames = new();
}
