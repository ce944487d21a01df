using System.Collections.Immutable;

namespace Kratix.Actors.Core.Placement;

/// <summary>
/// A placement to be written or taken back at its store's next commit. <paramref name="Stamp"/> comes back with the answer.
/// </summary>
public sealed record PlacementWrite(string Placement, string Stamp, string Destination, Location Location)
{
    public bool IsRemoval => PlacementWrites.IsRemoval(Stamp);
}

/// <summary>What becomes of a write that its store did not take.</summary>
public enum FailedWrite
{
    /// <summary>The answer is late: the question is another one by now, or none.</summary>
    NotOwed,

    /// <summary>It is owed, and fails as it did before.</summary>
    KnownToFail,

    /// <summary>It is owed, and its reason is new.</summary>
    Fails,

    /// <summary>Nothing is owed any more: what was to be taken back stays in a store that is gone.</summary>
    Left,
}

/// <summary>What is owed to stores.</summary>
public static class PlacementWrites
{
    public static IEnumerable<PlacementWrite> Owed(Works works) =>
    [
        .. works.Placements.Where(p => !p.IsWritten).Select(p => new PlacementWrite(p.Name, p.Stamp, p.Destination, p.Location)),
        .. works.Removals.Select(p => new PlacementWrite(p.Name, ToRemove(p.Stamp), p.Destination, p.Location)),
    ];

    /// <summary>What the store should be changed to; <paramref name="ns"/> is the namespace of the WorkPlacement. Nothing for a write that is no longer owed: its files may be wanted again by now.</summary>
    public static ImmutableArray<PathChange> Changes(Works works, PlacementWrite write, string ns) =>
        !Owed(works).Contains(write) ? [] : write.IsRemoval ? FileLayout.Removal(works.Find(write.Placement)!, ns) : FileLayout.Changes(works.Find(write.Placement)!, ns);

    /// <summary>
    /// Names the placement and the place. Writes of one are to reach the store in the order in which they were asked for, and a later one makes an earlier one needless,
    /// whatever names they go by; those of one placement at two places have nothing to do with each other.
    /// </summary>
    public static (string Placement, string Place) Lane(Works works, PlacementWrite write) => (
        works.Find(write.Placement)?.WrittenAs ?? write.Placement,
        $"{write.Location.StoreKind}/{write.Location.StoreName}/{write.Location.BasePath} {write.Location.Mode} {write.Location.Filename}");

    /// <summary>The store has answered the write of this stamp.</summary>
    public static Works Written(Works works, string placement, string stamp, string commitId, bool changed) => IsRemoval(stamp)
        ? works.Removed(placement)
        : works.Update(placement, p => p with
        {
            Written = stamp,
            Stale = [],
            // An unchanged store was checked, not written: the commit that brought the files stays theirs.
            CommitId = changed || p.CommitId is null ? commitId : p.CommitId,
            Error = null,
        });

    public static bool Owes(Works works, string placement, string stamp) => Owed(works).Any(w => w.Placement == placement && w.Stamp == stamp);

    /// <summary>The store has not taken the write of this stamp.</summary>
    public static FailedWrite Failed(Works works, string placement, string stamp, string reason, bool storeIsGone) =>
        !Owes(works, placement, stamp) ? FailedWrite.NotOwed
        : storeIsGone && Cleanup.EndsWithItsStore(stamp) ? FailedWrite.Left
        : works.Find(placement)!.Error == reason ? FailedWrite.KnownToFail : FailedWrite.Fails;

    /// <summary>Those of the found placements that are still as they were written then.</summary>
    public static ImmutableArray<string> Drifted(Works works, ImmutableArray<(string Placement, string Stamp)> found) =>
        [.. works.Placements.Where(p => p.IsWritten && found.Contains((p.Name, p.Stamp))).Select(p => p.Name)];

    /// <summary>Taking back what was to be written is another question than writing it; the mark keeps a late answer to the one from answering the other.</summary>
    private const string RemovalMark = "-";

    /// <summary>The stamp of taking back what was written under this one.</summary>
    public static string ToRemove(string stamp) => RemovalMark + stamp;

    public static bool IsRemoval(string stamp) => stamp.StartsWith(RemovalMark, StringComparison.Ordinal);
}
