using System.Collections.Immutable;

namespace Kratix.Actors.Core.Placement;

/// <summary>From a run's output to a Work: files into groups, groups to Destinations, unchanged placements kept as they are.</summary>
public static class Placing
{
    /// <summary>
    /// Groups the files: each selector entry with a directory stands alone with its own labels; everything else is the root group with the
    /// Promise's selectors and the root entry's. A root group without files is left out.
    /// </summary>
    public static ImmutableArray<WorkloadGroup> Group(
        ImmutableArray<FileEntry> files, ImmutableArray<Workflows.SelectorEntry> entries, ImmutableArray<Selector> promiseSelectors, SelectorSource source)
    {
        var groups = ImmutableArray.CreateBuilder<WorkloadGroup>();
        var rest = files;
        foreach (var entry in entries.Where(e => e.Directory != "."))
        {
            var prefix = entry.Directory + "/";
            groups.Add(New(entry.Directory, [new Selector(entry.MatchLabels, source)], [.. rest.Where(f => f.Path.StartsWith(prefix, StringComparison.Ordinal))]));
            rest = [.. rest.Where(f => !f.Path.StartsWith(prefix, StringComparison.Ordinal))];
        }

        if (!rest.IsEmpty)
        {
            var root = entries.Where(e => e.Directory == ".").Select(e => new Selector(e.MatchLabels, source));
            groups.Insert(0, New(".", [.. promiseSelectors, .. root], rest));
        }

        return groups.ToImmutable();
    }

    /// <summary>
    /// Gives each group its placements. One that goes to a single Destination keeps the one it has had; without one it takes a ready match, and
    /// stays unscheduled when there is none. One that goes to every match gains the new matches that take its files and keeps what it has. A Destination that is ready somewhere else than it was takes its files along.
    /// <paramref name="works"/>: all that the owner has placed so far.
    /// </summary>
    public static Work Place(WorkOwner owner, string pipeline, ImmutableArray<WorkloadGroup> groups, Works works, IReadOnlyCollection<Destination> destinations)
    {
        var name = owner.WorkName(pipeline);
        var old = works.ByPipeline.GetValueOrDefault(pipeline)?.Groups.ToDictionary(g => g.Id) ?? [];
        return new Work(pipeline, name, [.. groups.Select(g => Place(owner, name, pipeline, g, old.GetValueOrDefault(g.Id), works, destinations))]);
    }

    /// <summary>
    /// The placements of these groups whose Destination does not match any more. One that is not ready matches all the same: it is where it should be.
    /// </summary>
    public static ImmutableArray<string> Misplaced(IEnumerable<WorkloadGroup> groups, IReadOnlyCollection<Destination> destinations) =>
    [
        .. groups.SelectMany(g =>
        {
            var matching = Scheduler.Matching(Scheduler.Merge(g.Selectors), destinations).Select(d => d.Name).ToHashSet(StringComparer.Ordinal);
            return g.Placements.Where(p => !matching.Contains(p.Destination)).Select(p => p.Name);
        }),
    ];

    /// <summary>A run's Work with its misplaced placements marked, as far as any Destination is known.</summary>
    public static Work Marked(Work work, IReadOnlyCollection<Destination> destinations)
    {
        if (destinations.Count == 0)
            return work;
        var misplaced = Misplaced(work.Groups, destinations);
        return work with
        {
            Groups = [.. work.Groups.Select(g => g with { Placements = [.. g.Placements.Select(p => p with { Misplaced = misplaced.Contains(p.Name) })] })],
        };
    }

    /// <summary>What became of the Destinations: the Works that gained placements, and all that are misplaced now; null when that is known.</summary>
    public static (ImmutableArray<Work> Placed, ImmutableArray<string> Misplaced)? Judge(Works works, ImmutableArray<Work> placed, IReadOnlyCollection<Destination> destinations)
    {
        var after = placed.Aggregate(works, (all, work) => all.Put(work));
        var misplaced = Misplaced(after.Groups, destinations);
        var known = works.Placements.Where(p => p.Misplaced).Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        return placed.IsEmpty && known.SetEquals(misplaced) ? null : (placed, misplaced);
    }

    /// <summary>
    /// Gives these placements up and places their groups anew: files go where they belong now, and are taken back where they were. The Works that change by that, and
    /// all that is misplaced then.
    /// </summary>
    public static (ImmutableArray<Work> Placed, ImmutableArray<string> Misplaced) Reschedule(WorkOwner owner, Works works, IReadOnlySet<string> placements, IReadOnlyCollection<Destination> destinations)
    {
        var affected = works.ByPipeline.Values.Where(w => w.Groups.Any(g => g.Placements.Any(p => placements.Contains(p.Name))));
        ImmutableArray<Work> placed =
        [
            .. affected.Select(w =>
            {
                var left = w with { Groups = [.. w.Groups.Select(g => g with { Placements = [.. g.Placements.Where(p => !placements.Contains(p.Name))] })] };
                return Place(owner, w.Pipeline, left.Groups, works with { ByPipeline = works.ByPipeline.SetItem(w.Pipeline, left) }, destinations);
            }),
        ];
        return (placed, Misplaced(placed.Aggregate(works, (all, work) => all.Put(work)).Groups, destinations));
    }

    private static WorkloadGroup New(string directory, ImmutableArray<Selector> selectors, ImmutableArray<FileEntry> files) =>
        new(WorkloadGroup.IdOf(directory), directory, selectors, files, []);

    private static WorkloadGroup Place(
        WorkOwner owner, string work, string pipeline, WorkloadGroup group, WorkloadGroup? before, Works works, IReadOnlyCollection<Destination> destinations)
    {
        var kept = before?.Placements ?? [];
        var all = Scheduler.Matching(Scheduler.Merge(group.Selectors), destinations);
        var matching = all.Where(d => Validity.Refusal(d, group) is null).ToImmutableArray();
        IEnumerable<Destination> added = owner.EveryMatch
            ? matching.Where(d => !kept.Any(p => p.Destination == d.Name))
            : kept.IsEmpty && Scheduler.ChooseOne($"{work}/{group.Id}", matching) is { } chosen ? [chosen] : [];
        var refusing = !owner.EveryMatch ? [] : all.Except(matching).Where(d => !kept.Any(p => p.Destination == d.Name)).ToList();
        return group with
        {
            RefusedBy = refusing.Count == 0 ? null : refusing.ToImmutableSortedDictionary(d => d.Name, d => Validity.Refusal(d, group)!, StringComparer.Ordinal),
            Placements =
            [
                .. kept.Select(p => Refresh(owner, pipeline, group, Moved(p, destinations) is { } at ? New(p.Name, at, works) : p, works.Wishes + 1)),
                .. added.Select(d => Refresh(owner, pipeline, group, New($"{work}.{d.Name}-{group.ShortId}", d, works), works.Wishes + 1)),
            ],
        };
    }

    /// <summary>Whether any of these has its Destination somewhere else now.</summary>
    public static bool AnyMoved(Work work, IReadOnlyCollection<Destination> destinations) => work.Groups.SelectMany(g => g.Placements).Any(p => Moved(p, destinations) is not null);

    /// <summary>Whether the matches that do not take the files are others than before, or have another reason.</summary>
    public static bool RefusedElsewhere(Work before, Work after) => before.Groups.Zip(after.Groups).Any(g => !(g.First.RefusedBy ?? Nobody).SequenceEqual(g.Second.RefusedBy ?? Nobody));

    private static readonly ImmutableSortedDictionary<string, string> Nobody = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Its Destination, if that was given another place; asked when it is ready there, since until then it may get yet another, or its store is not known yet.</summary>
    private static Destination? Moved(Placement placement, IReadOnlyCollection<Destination> destinations) =>
        destinations.FirstOrDefault(d => d.Name == placement.Destination && d is { Ready: true, Leaving: false } && d.Location != placement.Location);

    /// <summary>A placement without files yet. One that is just being taken back comes back with the files that may still be in the store.</summary>
    private static Placement New(string name, Destination destination, Works works) => works.Removals.FirstOrDefault(r => r.WrittenAs == name && r.Location == destination.Location) is { } leaving
        ? leaving with { Name = name, LeftAs = null, Wanted = "", Written = null, CommitId = null, Error = null }
        : new Placement(name, destination.Name, destination.Location, "", [], [], "", 0, null, null, null);

    private static Placement Refresh(WorkOwner owner, string pipeline, WorkloadGroup group, Placement placement, long wish)
    {
        var directory = FileLayout.DirectoryOf(owner, pipeline, group.ShortId, placement.Location);
        var wanted = Digest.Of([directory, .. group.Files.OrderBy(f => f.Path, StringComparer.Ordinal).SelectMany(f => new[] { f.Path, f.Digest })]);
        if (wanted == placement.Wanted)
            return placement;
        var paths = group.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        return placement with
        {
            Directory = directory,
            Files = group.Files,
            Stale = [.. placement.Files.Concat(placement.Stale).Where(f => !paths.Contains(f.Path)).DistinctBy(f => f.Path)],
            Wanted = wanted,
            Wish = wish,
            Error = null,
        };
    }
}
