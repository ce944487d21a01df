using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>
/// The state stores of <see cref="StateStoresActor"/> as they are listed, and whether they can be used. A store is looked at when it or its Secret changes, and when somebody
/// asks for it; what was found stands, on the object too, until the next look has ended. Stores are known as KIND/NAME.
/// </summary>
internal sealed class StoreChecks(World world, IActorContext<StateStoresMessage> context) : IDisposable
{
    internal static readonly ResourceType[] StoreKinds = [Kinds.GitStateStore, Kinds.BucketStateStore];

    private readonly Dictionary<ResourceType, Dictionary<string, JsonObject>> _stores = StoreKinds.ToDictionary(k => k, _ => new Dictionary<string, JsonObject>(StringComparer.Ordinal));
    private readonly HashSet<ResourceType> _listed = [];

    /// <summary>What the last look has found, and the version of the store that it was for.</summary>
    private readonly Dictionary<string, (StoreCheck Found, string Version)> _checks = new(StringComparer.Ordinal);

    /// <summary>Looks on their way: the version of the store that is looked at, and whether that is to be done again because something has happened meanwhile.</summary>
    private readonly Dictionary<string, (string Version, bool Again)> _looks = new(StringComparer.Ordinal);

    /// <summary>Secrets that may not be watched, and why.</summary>
    private readonly Dictionary<SecretName, string> _unwatched = [];
    private readonly SecretWatches _secrets = new(
        world, (secret, version) => context.Self.Tell(new StateStoresMessage.SecretSeen(secret, version)),
        (secret, reason) => context.Self.Tell(new StateStoresMessage.SecretRefused(secret, reason)));
    private readonly StatusWriter _status = new(world);
    private readonly Readiness _readiness = new();

    /// <summary>Those that have been looked at, also when they are gone since: until they are forgotten.</summary>
    internal IEnumerable<string> Checked => _checks.Keys;

    internal IEnumerable<(string Store, StateStoreAddress Address)> Usable => _checks.Where(c => c.Value.Found.Address is not null).Select(c => (c.Key, c.Value.Found.Address!));

    public void Dispose() => _secrets.Dispose();

    internal void See(ResourceType kind, WatchSignal signal)
    {
        if (signal is WatchSignal.Listed)
            _listed.Add(kind);
        WatchLoop.Apply(_stores[kind], signal, store => See(kind, store));
    }

    internal void SecretSeen(SecretName secret, string version)
    {
        // What was read for a store already is no news, unless the store says that it is not known.
        var again = _unwatched.Remove(secret);
        foreach (var store in _checks.Where(c => (again || c.Value.Found.SecretVersion != version) && SecretOf(c.Key) == secret).Select(c => c.Key).ToList())
            Look(store);
    }

    /// <summary>Whether a Secret can still be read at all is found out by a look at its stores; where it can, they say what is amiss.</summary>
    internal void SecretRefused(SecretName secret, string reason)
    {
        if (!_unwatched.TryAdd(secret, reason))
            return;
        foreach (var name in _checks.Keys.Where(c => SecretOf(c) == secret).ToList())
        {
            var (kind, store) = Find(name);
            _ = EventRecorder.Record(world, EventBody.Of(store!, "Warning", "SecretNotWatched", Unwatched(store!)!, $"{kind!.Kind}Controller", world.Now));
            Look(name);
        }
    }

    /// <summary>Looks at the store, whatever was known of it; while that is being done already, it is done once more afterwards.</summary>
    internal void Look(string name)
    {
        if (Find(name) is not ({ } kind, { } store))
            return;
        var version = VersionOf(store);
        if (_looks.TryGetValue(name, out var look) && look.Version == version)
        {
            _looks[name] = look with { Again = true };
            return;
        }

        _looks[name] = (version, false);
        context.PipeToSelf<StoreCheck>(
            StoreAddress.Check(world, kind, store), r => new StateStoresMessage.Checked(name, version, r),
            e => new StateStoresMessage.Checked(name, version, new StoreCheck(null, StoreAddress.Unreadable, e.Message)));
    }

    /// <summary>
    /// Keeps what a look has found, and shows it on the store. The address that was known before, and whether something has happened meanwhile, so that the store is to be
    /// looked at again; null: the look was at what the store was before, and that at what it is now is on its way.
    /// </summary>
    internal (StateStoreAddress? Before, bool Again)? Take(StateStoresMessage.Checked c)
    {
        if (Find(c.Store) is not ({ } kind, { } store) || VersionOf(store) != c.Version)
            return null;
        _looks.Remove(c.Store, out var look);
        var before = Of(c.Store)?.Address;
        _checks[c.Store] = (c.Result, c.Version);
        FollowSecrets();
        Show(kind, store, c.Result);
        return (before, look.Again);
    }

    /// <summary>What the last look at the store has found; null: none has ended yet.</summary>
    internal StoreCheck? Of(string name) => _checks.TryGetValue(name, out var check) ? check.Found : null;

    /// <summary>Before the stores are listed, one that is not known may well be there.</summary>
    internal StoreStanding StandingOf(string name) => Of(name) is { } found ? found.Address is null ? StoreStanding.NotReady : StoreStanding.Ready
        : IsGone(name) ? StoreStanding.Gone : StoreStanding.Unknown;

    /// <summary>There is none of that name, as far as they are listed.</summary>
    internal bool IsGone(string name) => Find(name) is var (kind, store) && (kind is null || (store is null && _listed.Contains(kind)));

    /// <summary>The store is gone: nothing is known of it any more.</summary>
    internal void Forget(string name)
    {
        _checks.Remove(name);
        _looks.Remove(name);
        FollowSecrets();
    }

    /// <summary>The kind is null where there is no such kind of store.</summary>
    internal (ResourceType? Kind, JsonObject? Store) Find(string name)
    {
        var kind = StoreKinds.FirstOrDefault(k => name.StartsWith(k.Kind + "/", StringComparison.Ordinal));
        return (kind, kind is null ? null : _stores[kind].GetValueOrDefault(name[(kind.Kind.Length + 1)..]));
    }

    private void See(ResourceType kind, JsonObject store)
    {
        var name = $"{kind.Kind}/{store.Name()}";
        // A status that we wrote ourselves is no news.
        if (_checks.TryGetValue(name, out var check) && check.Found.Address is not null && check.Version == VersionOf(store))
            return;
        Look(name);
    }

    private void Show(ResourceType kind, JsonObject store, StoreCheck found)
    {
        var told = found.Address is not null && Unwatched(store) is { } amiss ? found with { Message = $"{found.Message}, but {amiss}" } : found;
        var (shown, news) = _readiness.OfStore(kind, store, told, world.Now);
        if (news is var (type, reason, message))
            _ = EventRecorder.Record(world, EventBody.Of(store, type, reason, message, $"{kind.Kind}Controller", world.Now));
        _status.Publish(kind, store, () => shown.DeepClone().AsObject());
    }

    /// <summary>A Secret is watched from the first look at its store on: the listing that the watch begins with tells what has changed since that.</summary>
    private void FollowSecrets()
    {
        var named = _checks.Keys.Select(SecretOf).OfType<SecretName>().ToHashSet();
        foreach (var unnamed in _unwatched.Keys.Where(s => !named.Contains(s)).ToList())
            _unwatched.Remove(unnamed);
        _secrets.Follow(named);
    }

    /// <summary>What there is to say of the Secret of a store that can be used, or null.</summary>
    private string? Unwatched(JsonObject store) => StoreAddress.SecretOf(store) is { } secret && _unwatched.TryGetValue(secret, out var reason)
        ? $"Secret {secret.Name} in namespace {secret.Namespace} may not be watched, so a change of it is noticed only when a write fails; the engine needs get, list and watch on it: {reason}" : null;

    private SecretName? SecretOf(string name) => Find(name).Store is { } store ? StoreAddress.SecretOf(store) : null;

    private static string VersionOf(JsonObject store) => $"{store.Uid()}/{store.Generation()}/{StoreAddress.VerifiesTls(store)}";
}
