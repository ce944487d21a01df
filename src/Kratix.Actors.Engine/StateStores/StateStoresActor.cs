using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>What the keeper of Destinations and state stores is told.</summary>
public abstract record StateStoresMessage
{
    public sealed record DestinationSignal(WatchSignal Signal) : StateStoresMessage;

    public sealed record StoreSignal(ResourceType Kind, WatchSignal Signal) : StateStoresMessage;

    public sealed record Checked(string Store, string Version, StoreCheck Result) : StateStoresMessage;

    /// <summary>Look at the store again, whatever was known of it.</summary>
    public sealed record Recheck(string Store) : StateStoresMessage;

    /// <summary>Look whether the Secret of a store that can be used is still what it was.</summary>
    public sealed record RereadSecret(string Store) : StateStoresMessage;

    public sealed record Reread(string Store, StoreCheck Result) : StateStoresMessage;

    /// <summary>The writer of this repository cannot write: its stores are looked at again, with the credentials as they are now.</summary>
    public sealed record Trouble(string WriterKey) : StateStoresMessage;

    /// <summary>Write to the store of this name; kept until the store is there.</summary>
    public sealed record Write(Location Location, WriteRequest Request) : StateStoresMessage;

    /// <summary>Tell the Destinations now and whenever they change, until the actor ends or unsubscribes.</summary>
    public sealed record Subscribe(IActorRef Who, Action<ImmutableArray<Destination>> Offer) : StateStoresMessage;

    public sealed record Unsubscribe(IActorRef Who) : StateStoresMessage;
}

/// <summary>What was found when a store was looked at: its address if it can be used, else why not.</summary>
public sealed record StoreCheck(StateStoreAddress? Address, string Reason, string Message);

/// <summary>The Destinations as they are now, for whoever needs them in the middle of something.</summary>
public sealed class DestinationSnapshot
{
    private ImmutableArray<Destination> _current = [];

    public ImmutableArray<Destination> Current
    {
        get => ImmutableInterlocked.InterlockedCompareExchange(ref _current, [], []);
        internal set => ImmutableInterlocked.InterlockedExchange(ref _current, value);
    }
}

/// <summary>
/// Watches Destinations and state stores, looks whether stores can be used, publishes both kinds' readiness, and owns one writer per
/// normalised repository and branch, or bucket: two spellings of one repository are one writer. Stores are known here as KIND/NAME.
/// </summary>
internal sealed class StateStoresActor(World world, EngineSettings settings, DestinationSnapshot snapshot) : Actor<StateStoresMessage>
{
    private static readonly ResourceType[] StoreKinds = [Kinds.GitStateStore, Kinds.BucketStateStore];
    private static readonly TimeSpan RecheckAfterFailure = TimeSpan.FromSeconds(15);

    // Secrets are read one by one instead of watched: a watch would bring every Secret of the cluster here, and need the right to see them all.
    private static readonly TimeSpan RereadAfter = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, JsonObject> _destinations = new(StringComparer.Ordinal);
    private readonly Dictionary<ResourceType, Dictionary<string, JsonObject>> _stores = StoreKinds.ToDictionary(k => k, _ => new Dictionary<string, JsonObject>(StringComparer.Ordinal));
    private readonly HashSet<ResourceType> _listed = [];
    private readonly Dictionary<string, StoreCheck> _checks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IActorRef<GitWriterMessage>> _writers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, StateStoresMessage.Write>> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, Action<ImmutableArray<Destination>>> _subscribers = [];
    private readonly StatusWriter _status = new(world);
    private readonly Readiness _readiness = new();
    private bool _destinationsListed;
    private readonly CancellationTokenSource _stop = new();

    protected override void PreStart()
    {
        var self = Context.Self;
        WatchLoop.Start(world, Kinds.Destination, s => self.Tell(new StateStoresMessage.DestinationSignal(s)), _stop.Token);
        foreach (var kind in StoreKinds)
            WatchLoop.Start(world, kind, s => self.Tell(new StateStoresMessage.StoreSignal(kind, s)), _stop.Token);
    }

    protected override void PostStop()
    {
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
                Offer(first);
                break;
            case StateStoresMessage.StoreSignal { Kind: var kind, Signal: var signal }:
                if (signal is WatchSignal.Listed)
                    _listed.Add(kind);
                WatchLoop.Apply(_stores[kind], signal, store => Check(kind, store));
                foreach (var gone in _checks.Keys.Where(k => Find(k).Store is null).ToList())
                    _checks.Remove(gone);
                Offer();
                break;
            case StateStoresMessage.Recheck recheck:
                Look(recheck.Store);
                break;
            case StateStoresMessage.RereadSecret reread:
                RereadSecret(reread.Store);
                break;
            case StateStoresMessage.Reread reread:
                Reread(reread);
                break;
            case StateStoresMessage.Trouble trouble:
                foreach (var name in _checks.Where(c => c.Value.Address is { } address && KeyOf(address) == trouble.WriterKey).Select(c => c.Key))
                    Look(name);
                break;
            case StateStoresMessage.Checked c:
                Checked(c);
                break;
            case StateStoresMessage.Write write:
                Write(write);
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
        Context.PipeToSelf<StoreCheck>(
            StoreAddress.Check(world, kind, store), r => new StateStoresMessage.Checked(key, version, r),
            e => new StateStoresMessage.Checked(key, version, new StoreCheck(null, StoreAddress.Unreadable, e.Message)));
    }

    private void RereadSecret(string key)
    {
        if (Find(key) is not ({ } kind, { } store))
            return;
        Context.PipeToSelf<StoreCheck>(
            StoreAddress.Read(world.Kubernetes, kind, store), r => new StateStoresMessage.Reread(key, r),
            e => new StateStoresMessage.Reread(key, new StoreCheck(null, StoreAddress.Unreadable, e.Message)));
    }

    /// <summary>Credentials that were taken away or changed are not used any longer than that, even if they still would do.</summary>
    private void Reread(StateStoresMessage.Reread reread)
    {
        if (_checks.GetValueOrDefault(reread.Store)?.Address is not { } known)
            return;
        if (reread.Result.Reason == StoreAddress.Unreadable || (reread.Result.Address is { } now && StoreAddress.Same(known, now)))
            RereadLater(reread.Store);
        else
            Look(reread.Store);
    }

    private void RereadLater(string key)
    {
        if (Find(key).Store?["spec"]?["secretRef"] is not null)
            Context.Timers.StartSingle(("secret", key), new StateStoresMessage.RereadSecret(key), RereadAfter);
    }

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
        var before = _checks.GetValueOrDefault(c.Store)?.Address;
        _checks[c.Store] = c.Result;
        _versions[c.Store] = c.Version;
        var shown = _readiness.OfStore(store, c.Result, world.Now);
        _status.Publish(kind, store, () => shown.DeepClone().AsObject());
        if (c.Result.Address is { } address)
        {
            RereadLater(c.Store);
            // A store found as it was is not opened again: its writer keeps to the pauses it has taken.
            if (before is null || !StoreAddress.Same(before, address))
                Writer(address).Tell(new GitWriterMessage.Reopen(address));
            if (_waiting.Remove(c.Store, out var waiting))
            {
                foreach (var write in waiting.Values)
                    Write(write);
            }
        }
        else
        {
            Context.Timers.StartSingle(("recheck", c.Store), new StateStoresMessage.Recheck(c.Store), RecheckAfterFailure);
            foreach (var write in _waiting.GetValueOrDefault(c.Store)?.Values ?? Enumerable.Empty<StateStoresMessage.Write>())
                write.Request.Answer(new WriteAnswer.Failed(c.Result.Message, TriesAgain: true));
        }

        Offer();
    }

    private void Write(StateStoresMessage.Write write)
    {
        var store = $"{write.Location.StoreKind}/{write.Location.StoreName}";
        if (_checks.GetValueOrDefault(store) is { Address: { } address })
        {
            Writer(address).Tell(new GitWriterMessage.Write(write.Request));
            return;
        }

        if (!_waiting.TryGetValue(store, out var waiting))
            _waiting[store] = waiting = new Dictionary<string, StateStoresMessage.Write>(StringComparer.Ordinal);
        waiting[write.Request.Intent.Id] = write;
        var reason = _checks.TryGetValue(store, out var check) ? check.Message : Find(store).Store is null ? $"{store}: not found" : null;
        if (reason is not null)
            write.Request.Answer(new WriteAnswer.Failed(reason, TriesAgain: true));
    }

    private IActorRef<GitWriterMessage> Writer(StateStoreAddress address)
    {
        var key = KeyOf(address);
        if (!_writers.TryGetValue(key, out var writer))
        {
            var self = Context.Self;
            writer = _writers[key] = Context.Spawn(
                new Props<GitWriterMessage>(() => new GitWriterActor(world.StateStores, address, settings, () => self.Tell(new StateStoresMessage.Trouble(key)))),
                "git-" + Core.Digest.Of(key)[..16]);
        }

        return writer;
    }

    private string KeyOf(StateStoreAddress address) => world.StateStores.KeyOf(address) is Outcome<string>.Done done ? done.Value
        : throw new InvalidOperationException("the address of a checked store has a key");

    /// <summary>Computes the Destinations anew, publishes their readiness and offers them where they differ from the last.</summary>
    private void Offer(bool first = false)
    {
        var now = ImmutableArray.CreateBuilder<Destination>();
        foreach (var item in _destinations.Values.OrderBy(d => d.Name(), StringComparer.Ordinal))
        {
            var reference = item["spec"]?["stateStoreRef"];
            var key = $"{reference?["kind"]}/{reference?["name"]}";
            var (kind, store) = Find(key);
            var ready = _checks.GetValueOrDefault(key)?.Address is not null;
            // Before the stores are listed, one that is not known may well be there.
            if (kind is null || (store is null && _listed.Contains(kind)) || _checks.ContainsKey(key))
            {
                var shown = _readiness.OfDestination(item, store is not null, ready, world.Now);
                _status.Publish(Kinds.Destination, item, () => shown.DeepClone().AsObject());
            }

            if (!item.IsDeleting())
                now.Add(DestinationReader.Read(item, store, ready));
        }

        var current = now.ToImmutable();
        if (!_destinationsListed || (Same(current, snapshot.Current) && !first))
            return;
        snapshot.Current = current;
        foreach (var offer in _subscribers.Values)
            offer(current);
    }

    private static bool Same(ImmutableArray<Destination> a, ImmutableArray<Destination> b) => a.Length == b.Length && a.Zip(b).All(p =>
        p.First.Name == p.Second.Name && p.First.Ready == p.Second.Ready && p.First.StrictMatchLabels == p.Second.StrictMatchLabels
        && p.First.Location == p.Second.Location && p.First.Labels.SequenceEqual(p.Second.Labels));
}
