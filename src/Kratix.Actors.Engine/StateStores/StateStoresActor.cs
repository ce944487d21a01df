using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>
/// Watches Destinations and state stores, looks whether stores can be used, publishes their readiness, and owns one writer per
/// normalised repository and branch, or bucket: two spellings of one repository are one writer. Each Destination has an actor that keeps its documents and its readiness.
/// Stores are known here as KIND/NAME.
/// </summary>
internal sealed class StateStoresActor(World world, EngineSettings settings, DestinationSnapshot snapshot) : Actor<StateStoresMessage>
{
    private static readonly ResourceType[] StoreKinds = [Kinds.GitStateStore, Kinds.BucketStateStore];
    private static readonly TimeSpan RecheckAfterFailure = TimeSpan.FromSeconds(15);

    /// <summary>A Destination that cannot be judged, its state store does not answer perhaps, holds nobody up for longer than this after a start.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, JsonObject> _destinations = new(StringComparer.Ordinal);
    private readonly Dictionary<ResourceType, Dictionary<string, JsonObject>> _stores = StoreKinds.ToDictionary(k => k, _ => new Dictionary<string, JsonObject>(StringComparer.Ordinal));
    private readonly HashSet<ResourceType> _listed = [];
    private readonly Dictionary<string, StoreCheck> _checks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _versions = new(StringComparer.Ordinal);

    /// <summary>Looks on their way: the version of the store that is looked at, and whether that is to be done again because something has happened meanwhile.</summary>
    private readonly Dictionary<string, (string Version, bool Again)> _looks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, StateStoresMessage.Write>> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, Action<ImmutableArray<Destination>>> _subscribers = [];
    private readonly List<Action<string, StateStoreAddress?>> _followers = [];
    private readonly Dictionary<string, (IActorRef<DestinationMessage> Keeper, string? ReadyUid)> _keepers = new(StringComparer.Ordinal);
    private readonly StatusWriter _status = new(world);
    private readonly Readiness _readiness = new();
    private bool _destinationsListed;

    /// <summary>
    /// By uid, Destinations of the first listing that nobody has judged yet. Until all are, none is offered as ready: a request would be placed at whichever its state
    /// store answered first, and not at the one of all ready ones that is its own.
    /// </summary>
    private HashSet<string> _unjudged = new(StringComparer.Ordinal);
    private SecretWatches? _secrets;
    private StoreWriters _writers = null!;

    /// <summary>Secrets that may not be watched, and why.</summary>
    private readonly Dictionary<SecretName, string> _unwatched = [];
    private readonly CancellationTokenSource _stop = new();

    protected override void PreStart()
    {
        var self = Context.Self;
        _writers = new StoreWriters(world, settings, Context);
        _secrets = new SecretWatches(
            world, (secret, version) => self.Tell(new StateStoresMessage.SecretSeen(secret, version)), (secret, reason) => self.Tell(new StateStoresMessage.SecretRefused(secret, reason)));
        WatchLoop.Start(world, Kinds.Destination, s => self.Tell(new StateStoresMessage.DestinationSignal(s)), _stop.Token);
        foreach (var kind in StoreKinds)
            WatchLoop.Start(world, kind, s => self.Tell(new StateStoresMessage.StoreSignal(kind, s)), _stop.Token);
    }

    protected override void PostStop()
    {
        _secrets?.Dispose();
        _stop.Cancel();
        _stop.Dispose();
    }

    protected override void Receive(StateStoresMessage message)
    {
        switch (message)
        {
            case StateStoresMessage.DestinationSignal { Signal: var signal }:
                var first = !_destinationsListed && signal is WatchSignal.Listed;
                _destinationsListed |= first;
                WatchLoop.Apply(_destinations, signal, _ => { });
                var uids = _destinations.Values.Select(d => d.Uid()).ToHashSet(StringComparer.Ordinal);
                if (first)
                {
                    _unjudged = uids;
                    Context.Timers.StartSingle("judging", new StateStoresMessage.WaitedEnough(), LongestWait);
                }

                _unjudged.IntersectWith(uids);
                Offer(first);
                break;
            case StateStoresMessage.StoreSignal { Kind: var kind, Signal: var signal }:
                if (signal is WatchSignal.Listed)
                    _listed.Add(kind);
                WatchLoop.Apply(_stores[kind], signal, store => Check(kind, store));
                foreach (var gone in _checks.Keys.Concat(_waiting.Keys).Where(IsGone).ToList())
                    StoreGone(gone);
                Offer();
                break;
            case StateStoresMessage.Recheck recheck:
                Look(recheck.Store);
                break;
            case StateStoresMessage.SecretSeen seen:
                // What was read for a store already is no news, unless the store says that it is not known.
                var again = _unwatched.Remove(seen.Secret);
                foreach (var name in _checks.Where(c => (again || c.Value.SecretVersion != seen.Version) && SecretOf(c.Key) == seen.Secret).Select(c => c.Key).ToList())
                    Look(name);
                break;
            case StateStoresMessage.SecretRefused refused:
                if (_unwatched.TryAdd(refused.Secret, refused.Reason))
                    Unwatched(refused.Secret);
                break;
            case StateStoresMessage.Trouble trouble:
                foreach (var name in _checks.Where(c => c.Value.Address is not null && _writers.IsAt(c.Key, trouble.WriterKey)).Select(c => c.Key))
                    Look(name);
                break;
            case StateStoresMessage.Checked c:
                Checked(c);
                break;
            case StateStoresMessage.Write write:
                Write(write);
                break;
            case StateStoresMessage.TakeBackDocuments take:
                Write(new StateStoresMessage.Write(take.From, new WriteRequest(TestDocuments.ToTakeBack(take.Destination, take.From, OthersDocuments(take)), take.Answer)));
                break;
            case StateStoresMessage.Subscribe subscribe:
                _subscribers[subscribe.Who] = subscribe.Offer;
                Context.Watch(subscribe.Who);
                // Before they are listed nobody knows which there are, and none is not the same.
                if (_destinationsListed)
                    subscribe.Offer(snapshot.Current);
                break;
            case StateStoresMessage.Unsubscribe unsubscribe:
                _subscribers.Remove(unsubscribe.Who);
                break;
            case StateStoresMessage.DestinationIs known:
                var last = known.Judged && _unjudged.Remove(known.Uid) && _unjudged.Count == 0;
                if (_keepers.TryGetValue(known.Name, out var keeper) && (keeper.ReadyUid == known.Uid) != known.Ready)
                    _keepers[known.Name] = keeper with { ReadyUid = known.Ready ? known.Uid : null };
                else if (!last)
                    break;
                Offer();
                break;
            case StateStoresMessage.WaitedEnough:
                _unjudged.Clear();
                Offer();
                break;
            case StateStoresMessage.Occupied occupied:
                if (_keepers.TryGetValue(occupied.Destination, out var leaving))
                    leaving.Keeper.Tell(new DestinationMessage.Occupied(occupied.Uid, occupied.By));
                break;
            case StateStoresMessage.FollowStores follow:
                _followers.Add(follow.Usable);
                foreach (var (store, check) in _checks)
                {
                    if (check.Address is { } usable)
                        follow.Usable(store, usable);
                }

                break;
            case StateStoresMessage.VerifyDocuments verify:
                foreach (var name in _destinations.Values.Where(d => verify.Stores.Contains(StoreOf(d))).Select(d => d.Name()))
                    _keepers[name].Keeper.Tell(new DestinationMessage.Verify());
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    protected override void OnTerminated(IActorRef actor) => _subscribers.Remove(actor);

    private void Check(ResourceType kind, JsonObject store)
    {
        var key = $"{kind.Kind}/{store.Name()}";
        // A status that we wrote ourselves is no news.
        if (_checks.TryGetValue(key, out var known) && known.Address is not null && _versions.GetValueOrDefault(key) == VersionOf(store))
            return;
        Look(key);
    }

    private void Look(string key)
    {
        if (Find(key) is not ({ } kind, { } store))
            return;
        var version = VersionOf(store);
        if (_looks.TryGetValue(key, out var look) && look.Version == version)
        {
            _looks[key] = look with { Again = true };
            return;
        }

        _looks[key] = (version, false);
        Context.PipeToSelf<StoreCheck>(
            StoreAddress.Check(world, kind, store), r => new StateStoresMessage.Checked(key, version, r),
            e => new StateStoresMessage.Checked(key, version, new StoreCheck(null, StoreAddress.Unreadable, e.Message)));
    }

    /// <summary>Whether a Secret can still be read at all is found out by a look at its stores; where it can, they say what is amiss.</summary>
    private void Unwatched(SecretName secret)
    {
        foreach (var name in _checks.Keys.Where(c => SecretOf(c) == secret).ToList())
        {
            var (kind, store) = Find(name);
            _ = EventRecorder.Record(world, EventBody.Of(store!, "Warning", "SecretNotWatched", Unwatched(store!)!, $"{kind!.Kind}Controller", world.Now));
            Look(name);
        }
    }

    /// <summary>What there is to say of the Secret of a store that can be used, or null.</summary>
    private string? Unwatched(JsonObject store) => StoreAddress.SecretOf(store) is { } secret && _unwatched.TryGetValue(secret, out var reason)
        ? $"Secret {secret.Name} in namespace {secret.Namespace} may not be watched, so a change of it is noticed only when a write fails; the engine needs get, list and watch on it: {reason}" : null;

    private SecretName? SecretOf(string key) => Find(key).Store is { } store ? StoreAddress.SecretOf(store) : null;

    /// <summary>The store of a KIND/NAME; the kind is null where there is no such kind of store.</summary>
    private (ResourceType? Kind, JsonObject? Store) Find(string key)
    {
        var kind = StoreKinds.FirstOrDefault(k => key.StartsWith(k.Kind + "/", StringComparison.Ordinal));
        return (kind, kind is null ? null : _stores[kind].GetValueOrDefault(key[(kind.Kind.Length + 1)..]));
    }

    private static string VersionOf(JsonObject store) => $"{store.Uid()}/{store.Generation()}/{StoreAddress.VerifiesTls(store)}";

    private void Checked(StateStoresMessage.Checked c)
    {
        // A look at what the store was before: that at what it is now is on its way.
        if (Find(c.Store) is not ({ } kind, { } store) || VersionOf(store) != c.Version)
            return;
        _looks.Remove(c.Store, out var look);
        var before = _checks.GetValueOrDefault(c.Store)?.Address;
        _checks[c.Store] = c.Result;
        _versions[c.Store] = c.Version;
        FollowSecrets();
        var told = c.Result.Address is not null && Unwatched(store) is { } amiss ? c.Result with { Message = $"{c.Result.Message}, but {amiss}" } : c.Result;
        var (shown, news) = _readiness.OfStore(kind, store, told, world.Now);
        if (news is var (type, reason, message))
            _ = EventRecorder.Record(world, EventBody.Of(store, type, reason, message, $"{kind.Kind}Controller", world.Now));
        _status.Publish(kind, store, () => shown.DeepClone().AsObject());
        if (c.Result.Address is { } address)
        {
            // A store found as it was is not opened again: its writer keeps to the pauses it has taken.
            if (before is null || !StoreAddress.Same(before, address))
            {
                _writers.Enter(c.Store, address, Elsewhere(c.Store));
                TellFollowers(c.Store, address);
            }

            if (_waiting.Remove(c.Store, out var waiting))
            {
                foreach (var write in waiting.Values)
                    Write(write);
            }
        }
        else
        {
            TellFollowers(c.Store, null);
            Context.Timers.StartSingle(("recheck", c.Store), new StateStoresMessage.Recheck(c.Store), RecheckAfterFailure);
            foreach (var write in _waiting.GetValueOrDefault(c.Store)?.Values ?? Enumerable.Empty<StateStoresMessage.Write>())
                write.Request.Answer(new WriteAnswer.Failed(c.Result.Message, TriesAgain: true));
        }

        if (look.Again)
            Look(c.Store);
        Offer();
    }

    /// <summary>A Secret is watched from the first look at its store on: the listing that the watch begins with tells what has changed since that.</summary>
    private void FollowSecrets()
    {
        var named = _checks.Keys.Select(SecretOf).OfType<SecretName>().ToHashSet();
        foreach (var unnamed in _unwatched.Keys.Where(s => !named.Contains(s)).ToList())
            _unwatched.Remove(unnamed);
        _secrets!.Follow(named);
    }

    private static WriteAnswer.Failed Elsewhere(string store) => new($"{store} names another repository, branch or bucket now; it is written there", TriesAgain: false);

    private static WriteAnswer.Failed Gone(string store) => new($"{store}: not found", TriesAgain: false) { StoreIsGone = true };

    private bool IsGone(string store) => Find(store) is var (kind, item) && (kind is null || (item is null && _listed.Contains(kind)));

    private void TellFollowers(string store, StateStoreAddress? address)
    {
        foreach (var follower in _followers)
            follower(store, address);
    }

    private void StoreGone(string store)
    {
        _checks.Remove(store);
        _looks.Remove(store);
        FollowSecrets();
        _writers.Leave(store, Gone(store));
        TellFollowers(store, null);
        foreach (var write in _waiting.Remove(store, out var waiting) ? waiting.Values.ToList() : [])
            Write(write);
    }

    private void Write(StateStoresMessage.Write write)
    {
        var store = $"{write.Location.StoreKind}/{write.Location.StoreName}";
        if (_checks.GetValueOrDefault(store) is { Address: not null })
        {
            _writers.Of(store).Tell(new GitWriterMessage.Write(write.Request with { Store = store }));
            return;
        }

        if (IsGone(store) && Cleanup.EndsWithItsStore(write.Request.Intent.RunId))
        {
            write.Request.Answer(Gone(store));
            return;
        }

        if (!_waiting.TryGetValue(store, out var waiting))
            _waiting[store] = waiting = new Dictionary<string, StateStoresMessage.Write>(StringComparer.Ordinal);
        waiting[write.Request.Intent.Id] = write;
        var reason = _checks.TryGetValue(store, out var check) ? check.Message : IsGone(store) ? Gone(store).Reason : null;
        if (reason is not null)
            write.Request.Answer(new WriteAnswer.Failed(reason, TriesAgain: true));
    }

    /// <summary>
    /// Paths in that store where other Destinations want their test documents. Decided here, and when it is handed on: theirs are written after it, or they are known by now.
    /// </summary>
    private HashSet<string> OthersDocuments(StateStoresMessage.TakeBackDocuments take) =>
    [
        .. _destinations.Values.Where(d => d.Name() != take.Destination && TestDocuments.AreWanted(d))
            .Select(d => DestinationReader.Read(d, Find(StoreOf(d)).Store, false).Location)
            .Where(l => (l.StoreKind, l.StoreName) == (take.From.StoreKind, take.From.StoreName))
            .Select(FileLayout.TestDocuments).SelectMany(p => new[] { p.Namespace, p.ConfigMap }),
    ];

    /// <summary>Tells the keepers how their Destinations stand, and offers the Destinations where they differ from the last.</summary>
    private void Offer(bool first = false)
    {
        var now = ImmutableArray.CreateBuilder<Destination>();
        foreach (var item in _destinations.Values.OrderBy(d => d.Name(), StringComparer.Ordinal))
        {
            var key = StoreOf(item);
            // Before the stores are listed, one that is not known may well be there.
            var standing = _checks.TryGetValue(key, out var check) ? check.Address is null ? StoreStanding.NotReady : StoreStanding.Ready
                : IsGone(key) ? StoreStanding.Gone : StoreStanding.Unknown;
            var keeper = Keeper(item);
            var destination = DestinationReader.Read(item, Find(key).Store, _unjudged.Count == 0 && standing is StoreStanding.Ready && keeper.ReadyUid == item.Uid());
            keeper.Keeper.Tell(new DestinationMessage.Seen(item, destination.Location, standing));
            // One that has been offered may already have files.
            if (destination.Leaving || (!item.IsDeleting() && (DestinationActor.IsHeld(item) || snapshot.Current.Any(d => d.Name == item.Name()))))
                now.Add(destination);
        }

        foreach (var gone in _keepers.Keys.Where(k => !_destinations.ContainsKey(k)).ToList())
        {
            Context.Stop(_keepers[gone].Keeper);
            _keepers.Remove(gone);
        }

        var current = now.ToImmutable();
        if (!_destinationsListed || (Same(current, snapshot.Current) && !first))
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
            var self = Context.Self;
            keeper = (Context.Spawn(new Props<DestinationMessage>(() => new DestinationActor(world, _status, self)), "destination-" + Core.Digest.Of(destination.Uid())[..16]), null);
            _keepers[destination.Name()] = keeper;
        }

        return keeper;
    }

    private static bool Same(ImmutableArray<Destination> a, ImmutableArray<Destination> b) => a.Length == b.Length && a.Zip(b).All(p =>
        p.First.Name == p.Second.Name && p.First.Uid == p.Second.Uid && p.First.Leaving == p.Second.Leaving && p.First.Validation == p.Second.Validation && p.First.Ready == p.Second.Ready && p.First.StrictMatchLabels == p.Second.StrictMatchLabels
        && p.First.Location == p.Second.Location && p.First.Labels.SequenceEqual(p.Second.Labels));
}
