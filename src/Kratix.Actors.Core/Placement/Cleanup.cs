using System.Collections.Immutable;

namespace Kratix.Actors.Core.Placement;

/// <summary>
/// What becomes of files when the place they lie at goes: one rule for what Destinations, Promises and requests have written. Files are taken back for as long as
/// their state store is there to take them back from, whether or not their Destination still is. A state store that was deleted keeps what it holds, and nobody waits for it.
/// </summary>
public static class Cleanup
{
    /// <summary>The placements that a Destination takes along when it leaves: they are taken back there, and placed anew.</summary>
    public static IReadOnlySet<string> GivenUp(Works works, IReadOnlyCollection<Destination> destinations)
    {
        var leaving = destinations.Where(d => d.Leaving).Select(d => d.Name).ToImmutableHashSet(StringComparer.Ordinal);
        return works.Placements.Where(p => leaving.Contains(p.Destination)).Select(p => p.Name).ToImmutableHashSet(StringComparer.Ordinal);
    }

    /// <summary>
    /// Whether the write of this stamp is over when its state store does not exist any more: what was to be taken back stays. What is to be written waits, since the
    /// store may come back.
    /// </summary>
    public static bool EndsWithItsStore(string stamp) => PlacementWrites.IsRemoval(stamp);
}
