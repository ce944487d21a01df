using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.Core.Placement;

/// <summary>Which Destinations a group of files goes to. Pure: the same input gives the same answer on every node and after every crash.</summary>
public static class Scheduler
{
    /// <summary>All selectors as one: Promise before promise workflow before resource workflow, and within one source the first entry wins. Keys are added, never overridden.</summary>
    public static ImmutableSortedDictionary<string, string> Merge(IEnumerable<Selector> selectors)
    {
        var merged = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var selector in selectors.OrderBy(s => s.Source))
        {
            foreach (var (key, value) in selector.MatchLabels)
                merged.TryAdd(key, value);
        }

        return merged.ToImmutable();
    }

    /// <summary>The Destinations that carry every label, in order of name, without those that are leaving. A strict Destination with labels takes nothing that selects nothing.</summary>
    public static ImmutableArray<Destination> Matching(ImmutableSortedDictionary<string, string> selector, IEnumerable<Destination> destinations) =>
    [
        .. destinations
            .Where(d => !d.Leaving)
            .Where(d => selector.All(want => d.Labels.TryGetValue(want.Key, out var has) && has == want.Value))
            .Where(d => !(d.StrictMatchLabels && d.Labels.Count > 0 && selector.Count == 0))
            .OrderBy(d => d.Name, StringComparer.Ordinal),
    ];

    /// <summary>
    /// One of the ready ones by rendezvous hashing of <paramref name="key"/>: uniform over many keys, and a Destination that comes or goes
    /// moves only the keys that it wins or loses. Null when none is ready.
    /// </summary>
    public static Destination? ChooseOne(string key, IEnumerable<Destination> matching) =>
        matching.Where(d => d.Ready).MaxBy(d => (Weight(key, d.Name), d.Name));

    private static ulong Weight(string key, string destination) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{key}\0{destination}")));
}
