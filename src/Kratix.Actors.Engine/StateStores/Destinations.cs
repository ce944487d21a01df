using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>
/// The Destinations of <see cref="StateStoresActor"/> as they are listed. Each has a keeper, a child of that actor, for its documents and its readiness. Those that may
/// take files, or are leaving with theirs, are in the snapshot and are offered to whoever subscribes, whenever they change.
/// </summary>
internal sealed class Destinations(World world, DestinationSnapshot snapshot, StoreChecks stores, IActorContext<StateStoresMessage> context)
{
    /// <summary>A Destination that cannot be judged, its state store does not answer perhaps, holds nobody up for longer than this after a start.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, JsonObject> _destinations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (IActorRef<DestinationMessage> Keeper, string? ReadyUid)> _keepers = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, Action<ImmutableArray<Destination>>> _subscribers = [];
    private readonly StatusWriter _status = new(world);
    private bool _listed;

    /// <summary>
    /// By uid, Destinations of the first listing that nobody has judged yet. Until all are, none is offered as ready: a request would be placed at whichever its state
    /// store answered first, and not at the one of all ready ones that is its own.
    /// </summary>
    private HashSet<string> _unjudged = new(StringComparer.Ordinal);

    internal void See(WatchSignal signal)
    {
        var first = !_listed && signal is WatchSignal.Listed;
        _listed |= first;
        WatchLoop.Apply(_destinations, signal, _ => { });
        var uids = _destinations.Values.Select(d => d.Uid()).ToHashSet(StringComparer.Ordinal);
        if (first)
        {
            _unjudged = uids;
            context.Timers.StartSingle("judging", new StateStoresMessage.WaitedEnough(), LongestWait);
        }

        _unjudged.IntersectWith(uids);
        Offer(first);
    }

    internal void Subscribe(IActorRef who, Action<ImmutableArray<Destination>> offer)
    {
        _subscribers[who] = offer;
        context.Watch(who);
        // Before they are listed nobody knows which there are, and none is not the same.
        if (_listed)
            offer(snapshot.Current);
    }

    internal void Unsubscribe(IActorRef who) => _subscribers.Remove(who);

    /// <summary>What a keeper has found.</summary>
    internal void Take(StateStoresMessage.DestinationIs found)
    {
        var last = found.Judged && _unjudged.Remove(found.Uid) && _unjudged.Count == 0;
        if (_keepers.TryGetValue(found.Name, out var keeper) && (keeper.ReadyUid == found.Uid) != found.Ready)
            _keepers[found.Name] = keeper with { ReadyUid = found.Ready ? found.Uid : null };
        else if (!last)
            return;
        Offer();
    }

    /// <summary>Those that nobody has judged yet are waited for no longer.</summary>
    internal void WaitedEnough()
    {
        _unjudged.Clear();
        Offer();
    }

    internal void Occupied(StateStoresMessage.Occupied occupied)
    {
        if (_keepers.TryGetValue(occupied.Destination, out var leaving))
            leaving.Keeper.Tell(new DestinationMessage.Occupied(occupied.Uid, occupied.By));
    }

    internal void VerifyDocuments(IReadOnlySet<string> inStores)
    {
        foreach (var name in _destinations.Values.Where(d => inStores.Contains(StoreOf(d))).Select(d => d.Name()))
            _keepers[name].Keeper.Tell(new DestinationMessage.Verify());
    }

    /// <summary>
    /// Paths in that store where other Destinations want their test documents. Decided here, and when it is handed on: theirs are written after it, or they are known by now.
    /// </summary>
    internal HashSet<string> OthersDocuments(string destination, Location from) =>
    [
        .. _destinations.Values.Where(d => d.Name() != destination && TestDocuments.AreWanted(d))
            .Select(d => DestinationReader.Read(d, stores.Find(StoreOf(d)).Store, false).Location)
            .Where(l => (l.StoreKind, l.StoreName) == (from.StoreKind, from.StoreName))
            .Select(FileLayout.TestDocuments).SelectMany(p => new[] { p.Namespace, p.ConfigMap }),
    ];

    /// <summary>Tells the keepers how their Destinations stand, and offers the Destinations where they differ from the last.</summary>
    internal void Offer(bool first = false)
    {
        var now = ImmutableArray.CreateBuilder<Destination>();
        foreach (var item in _destinations.Values.OrderBy(d => d.Name(), StringComparer.Ordinal))
        {
            var store = StoreOf(item);
            var standing = stores.StandingOf(store);
            var keeper = Keeper(item);
            var destination = DestinationReader.Read(item, stores.Find(store).Store, _unjudged.Count == 0 && standing is StoreStanding.Ready && keeper.ReadyUid == item.Uid());
            keeper.Keeper.Tell(new DestinationMessage.Seen(item, destination.Location, standing));
            // One that has been offered may already have files.
            if (destination.Leaving || (!item.IsDeleting() && (DestinationActor.IsHeld(item) || snapshot.Current.Any(d => d.Name == item.Name()))))
                now.Add(destination);
        }

        foreach (var gone in _keepers.Keys.Where(k => !_destinations.ContainsKey(k)).ToList())
        {
            context.Stop(_keepers[gone].Keeper);
            _keepers.Remove(gone);
        }

        var current = now.ToImmutable();
        if (!_listed || (Same(current, snapshot.Current) && !first))
            return;
        snapshot.Current = current;
        foreach (var offer in _subscribers.Values)
            offer(current);
    }

    private static string StoreOf(JsonObject destination) => $"{destination["spec"]?["stateStoreRef"]?["kind"]}/{destination["spec"]?["stateStoreRef"]?["name"]}";

    private (IActorRef<DestinationMessage> Keeper, string? ReadyUid) Keeper(JsonObject destination)
    {
        if (!_keepers.TryGetValue(destination.Name(), out var keeper))
        {
            var self = context.Self;
            keeper = (context.Spawn(new Props<DestinationMessage>(() => new DestinationActor(world, _status, self)), "destination-" + Core.Digest.Of(destination.Uid())[..16]), null);
            _keepers[destination.Name()] = keeper;
        }

        return keeper;
    }

    private static bool Same(ImmutableArray<Destination> a, ImmutableArray<Destination> b) => a.Length == b.Length && a.Zip(b).All(p =>
        p.First.Name == p.Second.Name && p.First.Uid == p.Second.Uid && p.First.Leaving == p.Second.Leaving && p.First.Validation == p.Second.Validation && p.First.Ready == p.Second.Ready && p.First.StrictMatchLabels == p.Second.StrictMatchLabels
        && p.First.Location == p.Second.Location && p.First.Labels.SequenceEqual(p.Second.Labels));
}
