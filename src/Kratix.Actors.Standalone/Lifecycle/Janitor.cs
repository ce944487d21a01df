using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kratix.Actors.Standalone.Authorization;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>
/// What a cluster leaves to its controllers: dependents follow their owners, a namespace or definition being deleted takes its contents
/// along, every namespace has what every namespace has, and aggregated roles follow those they are made of. Driven by what was committed; one object at a time, so it never races itself.
/// </summary>
internal sealed class Janitor : IAsyncDisposable
{
    private readonly ObjectStore _store;
    private readonly ResourceCatalog _catalog;
    private readonly Deletion _deletion;
    private readonly NamespaceContents _contents;
    private readonly ILogger _log;
    private readonly Channel<WatchEvent> _events = Channel.CreateUnbounded<WatchEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, ImmutableHashSet<ObjectKey>> _dependents = [];
    private readonly Task _work;

    public Janitor(ObjectStore store, ResourceCatalog catalog, Deletion deletion, NamespaceContents contents, ILogger log)
    {
        (_store, _catalog, _deletion, _contents, _log) = (store, catalog, deletion, contents, log);
        // Subscribed before the past is read: an event that is seen twice is harmless, one that is missed is not.
        store.Committed += Enqueue;
        var past = store.Current;
        foreach (var o in past.Kinds.Values.SelectMany(k => k)) Learn(o);
        foreach (var o in past.Kinds.Values.SelectMany(k => k))
            if (NeedsCare(o)) _events.Writer.TryWrite(new WatchEvent(WatchEventType.Added, o, null));
        _work = Task.Run(Run);
    }

    public async ValueTask DisposeAsync()
    {
        _store.Committed -= Enqueue;
        _events.Writer.TryComplete();
        await _work;
    }

    private void Enqueue(IReadOnlyList<WatchEvent> events)
    {
        foreach (var e in events) _events.Writer.TryWrite(e);
    }

    private async Task Run()
    {
        await foreach (var e in _events.Reader.ReadAllAsync())
        {
            try
            {
                await Handle(e);
            }
            catch (ObjectDisposedException)
            {
                // The store is closing. What is left undone is found again at the next start, from the objects themselves.
            }
            catch (Exception failure) // one object's trouble must not end the care for all others
            {
                ServerLog.CleanupFailed(_log, e.Object.Key.ToString(), failure);
            }
        }
    }

    private async Task Handle(WatchEvent e)
    {
        if (e.Previous is not null) Forget(e.Previous);
        if (e.Object.Key.Resource == BuiltIn.ClusterRoles.Storage) await RoleAggregation.Refresh(_store);
        if (e.Type == WatchEventType.Deleted)
        {
            await AfterRemoval(e.Object);
            return;
        }
        Learn(e.Object);
        if (_store.Get(e.Object.Key) is not { } now) return;
        if (!ReferenceEquals(now, e.Object) && now.ReadHeader().Uid != e.Object.ReadHeader().Uid) return;
        if (now.Key.Resource == BuiltIn.Namespaces.Storage && now.ReadHeader().DeletionTimestamp is null) await _contents.Ensure(now.Name);
        if (NamespaceContents.Has(now.Key) && e.Type == WatchEventType.Modified) await _contents.Ensure(now.Namespace);
        if (e.Type == WatchEventType.Added && e.Previous is null) await CareForLatecomer(now);
        if (!now.Mentions("\"deletionTimestamp\""u8) && !now.Mentions(Owners)) return;
        var header = now.ReadHeader();
        if (header.DeletionTimestamp is not null) await CareForDeletion(now);
        else if (header.Owners.Count > 0) await CareForDependent(now);
    }

    private static bool NeedsCare(StoredObject o) =>
        o.ReadHeader() is { Owners.Count: > 0 } or { DeletionTimestamp: not null } || o.Key.Resource == BuiltIn.Namespaces.Storage || o.Key.Resource == BuiltIn.ClusterRoles.Storage;

    private static ReadOnlySpan<byte> Owners => "\"ownerReferences\""u8;

    private void Learn(StoredObject o)
    {
        if (!o.Mentions(Owners)) return;
        foreach (var owner in o.ReadHeader().Owners)
            _dependents[owner.Uid] = _dependents.GetValueOrDefault(owner.Uid, []).Add(o.Key);
    }

    private void Forget(StoredObject o)
    {
        if (!o.Mentions(Owners)) return;
        foreach (var owner in o.ReadHeader().Owners)
        {
            var left = _dependents.GetValueOrDefault(owner.Uid, []).Remove(o.Key);
            if (left.IsEmpty) _dependents.Remove(owner.Uid);
            else _dependents[owner.Uid] = left;
        }
    }

    private async Task AfterRemoval(StoredObject gone)
    {
        foreach (var dependent in DependentsOf(gone.Header.Uid)) await CareForDependent(dependent);
        foreach (var owner in gone.Header.Owners)
        {
            if (OwnerOf(gone, owner) is { Header.DeletionTimestamp: not null } waiting) await CareForDeletion(waiting);
        }
        if (gone.Namespace.Length > 0 && _store.Get(BuiltIn.Namespaces.Key("", gone.Namespace)) is { } ns)
        {
            if (ns.Header.DeletionTimestamp is not null) await CareForDeletion(ns);
            else if (NamespaceContents.Has(gone.Key)) await _contents.Ensure(ns.Name);
        }
        if (_store.Get(DefinitionOf(gone)) is { Header.DeletionTimestamp: not null } crd) await CareForDeletion(crd);
    }

    private List<StoredObject> DependentsOf(string uid) =>
        [.. _dependents.GetValueOrDefault(uid, []).Select(_store.Get).OfType<StoredObject>().Where(o => o.Header.Owners.Any(w => w.Uid == uid))];

    /// <summary>A dependent goes when none of its owners is left, or the last ones are going in the foreground.</summary>
    private async Task CareForDependent(StoredObject o)
    {
        var owners = o.ReadHeader().Owners.Select(w => OwnerOf(o, w)).ToList();
        if (owners.Any(w => w is not null && !IsGoingInForeground(w))) return;
        if (TypeOf(o) is { } type) await _deletion.Delete(o, type, owners.Any(w => w is not null) ? DeleteOptions.None with { Propagation = "Foreground" } : DeleteOptions.None);
    }

    private static bool IsGoingInForeground(StoredObject o) =>
        o.Header.DeletionTimestamp is not null && o.Header.Finalizers.Contains(Deletion.ForegroundFinalizer);

    /// <summary>A create that was let in just before its namespace or definition was marked for deletion.</summary>
    private async Task CareForLatecomer(StoredObject o)
    {
        if (o.Namespace.Length > 0 && _store.Get(BuiltIn.Namespaces.Key("", o.Namespace)) is { Header.DeletionTimestamp: not null } ns) await EmptyNamespace(ns);
        if (_store.Get(DefinitionOf(o)) is { Header.DeletionTimestamp: not null } crd) await EmptyDefinition(crd);
    }

    private static ObjectKey DefinitionOf(StoredObject o) =>
        BuiltIn.CustomResourceDefinitions.Key("", $"{o.Key.Resource.Resource}.{o.Key.Resource.Group}");

    private async Task CareForDeletion(StoredObject o)
    {
        var dependents = DependentsOf(o.Header.Uid);
        if (o.Header.Finalizers.Contains(Deletion.OrphanFinalizer))
        {
            foreach (var d in dependents) await _store.Change(d.Key, tree => WithoutOwner(tree, o.Header.Uid));
            await RemoveFinalizer(o, Deletion.OrphanFinalizer);
        }
        else if (IsGoingInForeground(o))
        {
            foreach (var d in dependents) await CareForDependent(d);
            if (DependentsOf(o.Header.Uid).All(d => !d.Header.Owners.Any(w => w.Uid == o.Header.Uid && w.BlockOwnerDeletion))) await RemoveFinalizer(o, Deletion.ForegroundFinalizer);
        }
        if (o.Key.Resource == BuiltIn.Namespaces.Storage) await EmptyNamespace(o);
        else if (o.Key.Resource == BuiltIn.CustomResourceDefinitions.Storage) await EmptyDefinition(o);
    }

    private async Task EmptyNamespace(StoredObject ns)
    {
        var isEmpty = true;
        foreach (var kind in _store.Current.Kinds.Keys)
        {
            foreach (var o in _store.Current.List(kind, ns.Name))
            {
                isEmpty = false;
                if (o.Header.DeletionTimestamp is null && TypeOf(o) is { } type) await _deletion.Delete(o, type, DeleteOptions.None);
            }
        }
        // What was just deleted at once is gone; what has finalizers brings us back here when it goes.
        isEmpty = isEmpty || _store.Current.Kinds.Keys.All(k => !_store.Current.List(k, ns.Name).Any());
        if (isEmpty) await _store.Change(ns.Key, tree => tree.Child("spec") is { } spec && spec.Remove("finalizers") ? tree : null);
    }

    private async Task EmptyDefinition(StoredObject crd)
    {
        if (!crd.Header.Finalizers.Contains(CustomResourceDefinitions.CleanupFinalizer)) return;
        var kind = new GroupResource(crd.Parse().At("spec", "group").AsText(), crd.Parse().At("spec", "names", "plural").AsText());
        foreach (var o in _store.Current.List(kind, null).ToList())
            if (o.Header.DeletionTimestamp is null && TypeOf(o) is { } type) await _deletion.Delete(o, type, DeleteOptions.None);
        if (_store.Current.Count(kind) == 0) await RemoveFinalizer(crd, CustomResourceDefinitions.CleanupFinalizer);
    }

    private Task<StoredObject?> RemoveFinalizer(StoredObject o, string finalizer) => _store.Change(o.Key, tree =>
    {
        if (tree.At("metadata", "finalizers") is not JsonArray list || list.FirstOrDefault(f => f.AsText() == finalizer) is not { } found) return null;
        list.Remove(found);
        return tree;
    });

    private static JsonObject? WithoutOwner(JsonObject tree, string uid)
    {
        if (tree.At("metadata", "ownerReferences") is not JsonArray owners || owners.FirstOrDefault(w => w is JsonObject o && o.Text("uid") == uid) is not { } found) return null;
        owners.Remove(found);
        return tree;
    }

    private ResourceType? KindOf(OwnerReference owner)
    {
        var group = owner.ApiVersion.Contains('/', StringComparison.Ordinal) ? owner.ApiVersion[..owner.ApiVersion.IndexOf('/', StringComparison.Ordinal)] : "";
        return _catalog.ByKind(group, owner.Kind);
    }

    /// <summary>The owner as it is now; null when it is gone, another object has its name, or its kind is not served (a definition goes only after its last object).</summary>
    private StoredObject? OwnerOf(StoredObject dependent, OwnerReference owner) =>
        KindOf(owner) is { } kind && _store.Get(kind.Key(dependent.Namespace, owner.Name)) is { } found && found.ReadHeader().Uid == owner.Uid ? found : null;

    private ResourceType? TypeOf(StoredObject o) => _catalog.AnyVersion(o.Key.Resource);
}
