using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Aggregates;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>What the keeper of placements is told.</summary>
public abstract record PlacementsMessage
{
    public sealed record DestinationsAre(ImmutableArray<Destination> Now) : PlacementsMessage;

    public sealed record Signal(WatchSignal Of) : PlacementsMessage;

    /// <summary>Who has files at the Destination of this name.</summary>
    public sealed record Look(string Destination) : PlacementsMessage;

    public sealed record Found(string Destination, Outcome<IReadOnlyList<JsonObject>> Placements) : PlacementsMessage;

    /// <summary>Who still has files at this Destination, which is leaving, is to give them up.</summary>
    public sealed record Empty(Destination Leaving) : PlacementsMessage;

    public sealed record Occupied(Destination Leaving, IReadOnlyList<EntityKey> By) : PlacementsMessage;

    /// <summary>Whose WorkPlacements are at the start not what their states say.</summary>
    internal sealed record Left(IReadOnlyList<LeftBehind> Behind) : PlacementsMessage;

    /// <summary>The next of them are to be told.</summary>
    internal sealed record TellLeft : PlacementsMessage;

    internal sealed record NotCompared(IReadOnlyList<JsonObject> Listed, Exception Cause) : PlacementsMessage;

    /// <summary>The comparison that failed is made again.</summary>
    internal sealed record CompareAgain(IReadOnlyList<JsonObject> Listed) : PlacementsMessage;

    public sealed record Unknown(Destination Leaving, string Reason) : PlacementsMessage;
}

/// <summary>
/// Tells requests about Destinations that matter to them. A request at rest is not woken by every change of every Destination: when one changes its labels,
/// comes or goes, or is ready at another place, the WorkPlacements that name it tell whose files are there. When one leaves with its files, the journal is asked instead, until nobody has files there: it is
/// the journal that must be right about that. And who deletes a misplaced WorkPlacement has its files scheduled anew.
/// </summary>
internal sealed partial class PlacementsActor(
    World world, bool readModels, DestinationSnapshot snapshot, IActorRef<StateStoresMessage> stores, IActorRef<ShardEnvelope<PromiseMessage>> promises,
    IActorRef<ShardEnvelope<ResourceMessage>> resources) : Actor<PlacementsMessage>
{
    /// <summary>Owners told a second of what an earlier process left: each wakes and asks the API server, and new requests are not to wait for them.</summary>
    private const int ToldAtOnce = 50;

    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<LeftBehind> _left = new();
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
    private readonly Backoff _comparison = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    /// <summary>By uid.</summary>
    private readonly Dictionary<string, Backoff> _leaving = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Location> _places = new(StringComparer.Ordinal);
    private ImmutableArray<Destination>? _known;
    private bool _compared;

    protected override void PreStart()
    {
        var self = Context.Self;
        stores.Tell(new StateStoresMessage.Subscribe(self, now => self.Tell(new PlacementsMessage.DestinationsAre(now))));
        if (readModels)
            WatchLoop.Start(world, Kinds.WorkPlacement, s => self.Tell(new PlacementsMessage.Signal(s)), _stop.Token);
    }

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    protected override void Receive(PlacementsMessage message)
    {
        switch (message)
        {
            case PlacementsMessage.DestinationsAre { Now: var now }:
                foreach (var changed in readModels && _known is { } known ? Changed(known, now).Union(Moved(now)) : Moved(now))
                    Look(changed);
                _known = now;
                foreach (var gone in _leaving.Keys.Where(uid => !now.Any(d => d.Leaving && d.Uid == uid)).ToList())
                    _leaving.Remove(gone);
                foreach (var leaving in now.Where(d => d.Leaving && _leaving.TryAdd(d.Uid, new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15)))))
                    Empty(leaving);
                break;
            case PlacementsMessage.Empty empty:
                Empty(empty.Leaving);
                break;
            case PlacementsMessage.Occupied occupied:
                Occupied(occupied);
                break;
            case PlacementsMessage.Unknown unknown:
                LogFailed(world.Log, unknown.Leaving.Name, unknown.Reason);
                EmptyLater(unknown.Leaving);
                break;
            case PlacementsMessage.Look look:
                Look(look.Destination);
                break;
            case PlacementsMessage.Found { Placements: Outcome<IReadOnlyList<JsonObject>>.Done { Value: var placements } }:
                _backoff.Reset();
                foreach (var owner in placements.Select(OwnerOf).OfType<ResourceId>().Distinct())
                    Tell(owner, at => new ResourceCommand.OfferDestinations(snapshot.Current, at), "Destinations changed");
                break;
            case PlacementsMessage.Found failed:
                LogFailed(world.Log, failed.Destination, failed.Placements.Failure!);
                Context.Timers.StartSingle(failed.Destination, new PlacementsMessage.Look(failed.Destination), _backoff.Next(null));
                break;
            case PlacementsMessage.Signal { Of: WatchSignal.Removed { Item: var item } }:
                _asked.Remove(item.Uid());
                if (item.Label(Marks.Misplaced) == "true")
                    Reschedule(item, "a misplaced WorkPlacement was deleted");
                break;
            case PlacementsMessage.Signal { Of: WatchSignal.Changed { Item: var item } }:
                Asked(item);
                break;
            case PlacementsMessage.Signal { Of: WatchSignal.Listed listed }:
                foreach (var item in listed.Items)
                    Asked(item);
                // Once, at the start: a process takes back what it has published itself.
                if (!_compared)
                    Compare(listed.Items);
                _compared = true;
                break;
            case PlacementsMessage.Left { Behind: var left }:
                foreach (var of in left)
                    _left.Enqueue(of);
                TellLeft();
                break;
            case PlacementsMessage.TellLeft:
                TellLeft();
                break;
            case PlacementsMessage.NotCompared failed:
                LogNotCompared(world.Log, failed.Cause.Message);
                Context.Timers.StartSingle("compare", new PlacementsMessage.CompareAgain(failed.Listed), _comparison.Next(null));
                break;
            case PlacementsMessage.CompareAgain again:
                Compare(again.Listed);
                break;
            case PlacementsMessage.Signal:
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private static IEnumerable<string> Changed(ImmutableArray<Destination> before, ImmutableArray<Destination> now)
    {
        var (had, have) = (before.ToDictionary(d => d.Name), now.ToDictionary(d => d.Name));
        return had.Keys.Union(have.Keys).Where(name => !had.TryGetValue(name, out var was) || !have.TryGetValue(name, out var isNow)
            || was.StrictMatchLabels != isNow.StrictMatchLabels || !was.Labels.SequenceEqual(isNow.Labels));
    }

    /// <summary>Those that are ready somewhere else than when they were last ready. Before their stores are listed their places are not known, and they are not ready.</summary>
    private List<string> Moved(ImmutableArray<Destination> now)
    {
        var moved = now.Where(d => d.Ready && _places.TryGetValue(d.Name, out var was) && was != d.Location).Select(d => d.Name).ToList();
        foreach (var ready in now.Where(d => d.Ready))
            _places[ready.Name] = ready.Location;
        return readModels ? moved : [];
    }

    private void Look(string destination) => Context.PipeToSelf<Outcome<IReadOnlyList<JsonObject>>>(
        world.Kubernetes.List(Kinds.WorkPlacement, null, $"{Marks.TargetDestination}={destination}", CancellationToken.None),
        found => new PlacementsMessage.Found(destination, found),
        e => new PlacementsMessage.Found(destination, new Outcome<IReadOnlyList<JsonObject>>.Transient(e.Message)));

    private void Empty(Destination leaving)
    {
        if (_leaving.ContainsKey(leaving.Uid))
            Context.PipeToSelf<IReadOnlyList<EntityKey>>(
                Occupants(leaving.Name), by => new PlacementsMessage.Occupied(leaving, by), e => new PlacementsMessage.Unknown(leaving, e.Message));
    }

    private void EmptyLater(Destination leaving)
    {
        if (_leaving.TryGetValue(leaving.Uid, out var backoff))
            Context.Timers.StartSingle(("empty", leaving.Uid), new PlacementsMessage.Empty(leaving), backoff.Next(null));
    }

    /// <summary>Nobody stays behind: it is looked again until the Destination is gone.</summary>
    private void Occupied(PlacementsMessage.Occupied occupied)
    {
        const string cause = "its Destination is being deleted";
        foreach (var (type, id) in occupied.By)
        {
            if (type == Shapes.Resource)
                Tell(ResourceId.Parse(id), at => new ResourceCommand.OfferDestinations(snapshot.Current, at), cause);
            else
                promises.Tell(new ShardEnvelope<PromiseMessage>(id, PromiseMessage.Tell(at => new PromiseCommand.OfferDestinations(snapshot.Current, at), cause)));
        }

        stores.Tell(new StateStoresMessage.Occupied(occupied.Leaving.Name, occupied.Leaving.Uid, occupied.By.Count));
        EmptyLater(occupied.Leaving);
    }

    private async Task<IReadOnlyList<EntityKey>> Occupants(string destination)
    {
        var found = new List<EntityKey>();
        await foreach (var (entity, works) in PlacedWorks.All(world.Journal, _stop.Token))
        {
            if (works.Placements.Concat(works.Removals).Any(p => p.Destination == destination))
                found.Add(entity);
        }

        return found;
    }

    /// <summary>Whoever put the annotation on wants it scheduled anew, once: it is taken off again.</summary>
    private void Asked(JsonObject item)
    {
        if (item.Annotation(Marks.Reschedule) is null)
            _asked.Remove(item.Uid());
        else if (_asked.Add(item.Uid()))
        {
            Reschedule(item, $"the annotation {Marks.Reschedule} was put on its WorkPlacement");
            _ = TakeOff(item);
        }
    }

    private async Task TakeOff(JsonObject item)
    {
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Marks.Reschedule] = null } } };
        var outcome = await world.Kubernetes.Patch(Kinds.WorkPlacement, item.Namespace(), item.Name(), PatchKind.Merge, patch, null, CancellationToken.None);
        if (outcome is not Outcome<JsonObject>.Terminal { Code: Refusal.NotFound } && outcome.Failure is { } failure)
            LogStays(world.Log, item.Namespace(), item.Name(), failure);
    }

    /// <summary>What is not placed there any more is nothing to reschedule.</summary>
    private void Reschedule(JsonObject item, string cause)
    {
        ImmutableArray<string> names = [item.Name()];
        if (OwnerOf(item) is { } owner)
            Tell(owner, at => new ResourceCommand.Reschedule(names, snapshot.Current, at), cause);
        else if (item.Label(Marks.PromiseName) is { } promise)
            promises.Tell(new ShardEnvelope<PromiseMessage>(promise, PromiseMessage.Tell(at => new PromiseCommand.Reschedule(names, snapshot.Current, at), cause)));
    }

    private void Compare(IReadOnlyList<JsonObject> listed) => Context.PipeToSelf<IReadOnlyList<LeftBehind>>(
        LeftBehind.Among(listed, world.Journal, _stop.Token), left => new PlacementsMessage.Left(left), e => new PlacementsMessage.NotCompared(listed, e));

    private void TellLeft()
    {
        for (var told = 0; told < ToldAtOnce && _left.TryDequeue(out var next); told++)
            Tell(next);
        if (_left.Count > 0)
            Context.Timers.StartSingle("left", new PlacementsMessage.TellLeft(), TimeSpan.FromSeconds(1));
    }

    private void Tell(LeftBehind left)
    {
        if (left.Owner.Type == Shapes.Resource)
            resources.Tell(new ShardEnvelope<ResourceMessage>(left.Owner.Id, new ResourceMessage.Own(new AggregateMessage<ResourceCommand, ResourceEffect>.LeftBehind(left.Keys))));
        else
            promises.Tell(new ShardEnvelope<PromiseMessage>(left.Owner.Id, new PromiseMessage.Own(new AggregateMessage<PromiseCommand, PromiseEffect>.LeftBehind(left.Keys))));
    }

    private void Tell(ResourceId owner, Func<DateTimeOffset, ResourceCommand> command, string cause) =>
        resources.Tell(new ShardEnvelope<ResourceMessage>(owner.ToString(), ResourceMessage.Tell(command, cause)));

    private static ResourceId? OwnerOf(JsonObject placement) =>
        placement.Label(Marks.PromiseName) is { } promise && placement.Label(Marks.ResourceName) is { } name ? new ResourceId(promise, placement.Namespace()!, name) : null;

    [LoggerMessage(1203, LogLevel.Warning, "The annotation of WorkPlacement {Namespace}/{Name} was not taken off; it is scheduled anew again at the next start: {Reason}")]
    private static partial void LogStays(ILogger logger, string? @namespace, string name, string reason);

    [LoggerMessage(1204, LogLevel.Warning, "WorkPlacements that an earlier process may have left behind could not be looked for; that is tried again: {Reason}")]
    private static partial void LogNotCompared(ILogger logger, string reason);

    [LoggerMessage(1202, LogLevel.Warning, "Who has files at Destination {Destination} could not be found out: {Reason}")]
    private static partial void LogFailed(ILogger logger, string destination, string reason);
}
