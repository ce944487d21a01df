using System.Collections.Immutable;

namespace Kratix.Actors.Standalone.Storage;

/// <summary>All objects as of one version. Immutable, so readers never wait for the writer and a list is consistent by construction.</summary>
internal sealed record Snapshot(long Version, ImmutableDictionary<GroupResource, ImmutableSortedSet<StoredObject>> Kinds)
{
    public static readonly Snapshot Empty = new(0, ImmutableDictionary<GroupResource, ImmutableSortedSet<StoredObject>>.Empty);

    private static readonly ImmutableSortedSet<StoredObject> None = ImmutableSortedSet.Create<StoredObject>(ByNamespaceThenName.Instance);

    public StoredObject? Get(ObjectKey key) =>
        Kinds.TryGetValue(key.Resource, out var all) && all.TryGetValue(Probe(key), out var found) ? found : null;

    /// <summary>The objects of a kind in (namespace, name) order, of one namespace when given, starting after <paramref name="after"/> when given.</summary>
    public IEnumerable<StoredObject> List(GroupResource resource, string? ns, (string Namespace, string Name)? after = null)
    {
        var all = Kinds.GetValueOrDefault(resource, None);
        var (start, end) = Range(all, resource, ns, after);
        return start == 0 && end == all.Count ? all : Slice(all, start, end);
    }

    /// <summary>How many <see cref="List"/> would return, without walking them.</summary>
    public int Count(GroupResource resource, string? ns, (string Namespace, string Name) after)
    {
        var (start, end) = Range(Kinds.GetValueOrDefault(resource, None), resource, ns, after);
        return Math.Max(0, end - start);
    }

    public int Count(GroupResource resource) => Kinds.TryGetValue(resource, out var all) ? all.Count : 0;

    public Snapshot With(long version, IReadOnlyList<WatchEvent> events)
    {
        var kinds = Kinds.ToBuilder();
        foreach (var ofKind in events.GroupBy(e => e.Object.Key.Resource))
        {
            var set = (kinds.TryGetValue(ofKind.Key, out var existing) ? existing : None).ToBuilder();
            foreach (var e in ofKind)
            {
                if (e.Previous is not null) set.Remove(e.Previous);
                if (e.Type != WatchEventType.Deleted) set.Add(e.Object);
            }
            kinds[ofKind.Key] = set.ToImmutable();
        }
        return new Snapshot(version, kinds.ToImmutable());
    }

    public static Snapshot Of(long version, IEnumerable<StoredObject> objects) => new(
        version,
        objects.GroupBy(o => o.Key.Resource)
            .ToImmutableDictionary(g => g.Key, g => g.ToImmutableSortedSet(ByNamespaceThenName.Instance)));

    private static (int Start, int End) Range(ImmutableSortedSet<StoredObject> all, GroupResource resource, string? ns, (string Namespace, string Name)? after)
    {
        int FirstFrom(string space, string name) => all.IndexOf(Probe(new ObjectKey(resource, space, name))) is var at && at >= 0 ? at : ~at;
        // The smallest text greater than another is that text with a zero behind it.
        var start = after is { } a ? FirstFrom(a.Namespace, a.Name + '\0') : ns is null ? 0 : FirstFrom(ns, "");
        return (start, ns is null ? all.Count : FirstFrom(ns + '\0', ""));
    }

    private static IEnumerable<StoredObject> Slice(ImmutableSortedSet<StoredObject> all, int start, int end)
    {
        for (var i = start; i < end; i++) yield return all[i];
    }

    private static StoredObject Probe(ObjectKey key) => new(key, 0, []);

    private sealed class ByNamespaceThenName : IComparer<StoredObject>
    {
        public static readonly ByNamespaceThenName Instance = new();

        public int Compare(StoredObject? x, StoredObject? y)
        {
            var byNamespace = string.CompareOrdinal(x!.Namespace, y!.Namespace);
            return byNamespace != 0 ? byNamespace : string.CompareOrdinal(x.Name, y.Name);
        }
    }
}
