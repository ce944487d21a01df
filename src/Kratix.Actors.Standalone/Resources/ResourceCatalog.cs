using System.Collections.Immutable;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Resources;

/// <summary>Everything that can be addressed right now: the built-in kinds and those of every established CustomResourceDefinition.</summary>
internal sealed class ResourceCatalog
{
    private volatile Listing _listing = Listing.Of(ImmutableDictionary<string, ImmutableArray<ResourceType>>.Empty);

    public ResourceCatalog(ObjectStore store)
    {
        Learn(store.Current.List(BuiltIn.CustomResourceDefinitions.Storage, null));
        store.Committed += events =>
        {
            if (events.Any(IsCrd)) Learn(events.Where(IsCrd));
        };
    }

    /// <summary>In the order discovery shows them.</summary>
    public ImmutableArray<ResourceType> All => _listing.All;

    /// <summary>Changes with every change of <see cref="All"/>; names cached answers.</summary>
    public object Edition => _listing;

    public ResourceType? Find(string group, string version, string plural) => _listing.ByPath.GetValueOrDefault((group, version, plural));

    public ResourceType? AnyVersion(GroupResource storage) => _listing.ByStorage.GetValueOrDefault(storage);

    /// <summary>In whichever version is preferred.</summary>
    public ResourceType? ByKind(string group, string kind) => _listing.ByKind.GetValueOrDefault((group, kind));

    private static bool IsCrd(WatchEvent e) => e.Object.Key.Resource == BuiltIn.CustomResourceDefinitions.Storage;

    private void Learn(IEnumerable<StoredObject> definitions)
    {
        var custom = _listing.Custom;
        foreach (var crd in definitions) custom = custom.SetItem(crd.Name, CustomResources.TypesOf(crd.Parse()));
        _listing = Listing.Of(custom);
    }

    private void Learn(IEnumerable<WatchEvent> changes)
    {
        var custom = _listing.Custom;
        foreach (var e in changes)
            custom = e.Type == WatchEventType.Deleted ? custom.Remove(e.Object.Name) : custom.SetItem(e.Object.Name, CustomResources.TypesOf(e.Object.Parse()));
        _listing = Listing.Of(custom);
    }

    private sealed record Listing(
        ImmutableDictionary<string, ImmutableArray<ResourceType>> Custom,
        ImmutableArray<ResourceType> All,
        ImmutableDictionary<(string Group, string Version, string Plural), ResourceType> ByPath,
        ImmutableDictionary<GroupResource, ResourceType> ByStorage,
        ImmutableDictionary<(string Group, string Kind), ResourceType> ByKind)
    {
        public static Listing Of(ImmutableDictionary<string, ImmutableArray<ResourceType>> custom)
        {
            ImmutableArray<ResourceType> all = [.. BuiltIn.All, .. custom.OrderBy(c => c.Key, StringComparer.Ordinal).SelectMany(c => c.Value)];
            return new Listing(
                custom,
                all,
                all.ToImmutableDictionary(t => (t.Group, t.Version, t.Plural)),
                all.GroupBy(t => t.Storage).ToImmutableDictionary(g => g.Key, g => g.First()),
                all.GroupBy(t => (t.Group, t.Kind)).ToImmutableDictionary(g => g.Key, g => g.First()));
        }
    }
}
