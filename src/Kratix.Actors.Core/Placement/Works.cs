using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Kratix.Actors.Core.Placement;

/// <summary>
/// One group of files at one Destination. <paramref name="Wanted"/> is the digest of what the store should hold, <paramref name="Wish"/> the
/// number of that wish among all of its object's, <paramref name="Written"/> the stamp that the store acknowledged last.
/// <paramref name="Stale"/>: files of earlier runs that may still be in the store and are no longer wanted.
/// </summary>
public sealed record Placement(
    string Name, string Destination, Location Location, string Directory, ImmutableArray<FileEntry> Files, ImmutableArray<FileEntry> Stale,
    string Wanted, long Wish, string? Written, string? CommitId, string? Error)
{
    /// <summary>
    /// Names the question to the store. The digest alone would not do: (1) A is asked and written, its answer is late; (2) B is wished, asked and
    /// written; (3) A is wished again; (4) the answer of (1) comes. The store holds B, and that answer must not count for (3).
    /// </summary>
    [JsonIgnore]
    public string Stamp => $"{Wish}.{Wanted}";

    /// <summary>Its Destination no longer has the labels that are wanted, or is gone. The files stay, and stay up to date, until they are scheduled anew.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Misplaced { get; init; }

    /// <summary>
    /// The name under which it was written, of a placement that is taken back where it was while one of that name is somewhere else: its Destination was given another place.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LeftAs { get; init; }

    [JsonIgnore]
    public string WrittenAs => LeftAs ?? Name;

    /// <summary>What is to be taken back of it where it is, while it is written somewhere else.</summary>
    internal Placement Leave() => this with
    {
        Name = $"{Name}.{Core.Digest.Of(Location.StoreKind, Location.StoreName, Directory, $"{Location.Mode}", Location.Filename ?? "")[..8]}", LeftAs = Name, Error = null,
    };

    /// <summary>False exactly while a write is owed.</summary>
    [JsonIgnore]
    public bool IsWritten => Written == Stamp;
}

/// <summary>Files that go to the same place: <c>.</c> (the root and all directories without a selector of their own) or one directory.</summary>
public sealed record WorkloadGroup(
    string Id, string Directory, ImmutableArray<Selector> Selectors, ImmutableArray<FileEntry> Files, ImmutableArray<Placement> Placements)
{
    /// <summary>Lower-case hex MD5 of the directory: the reference's id, part of paths that GitOps agents already read.</summary>
    public static string IdOf(string directory) => Md5.Of(directory);

    /// <summary>What is wrong with its files for Destinations that ask for more than those it went to: for each rule that they break the first file.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ImmutableArray<Workflows.OutputViolation> Violations { get; init; }

    /// <summary>What the platform asked for when they were read, if anything is wrong with them: what counts at a Destination that asks for nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Workflows.OutputValidation Validation { get; init; }

    /// <summary>Of files that go to every match: the matches that do not take them, and why; null: there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<string, string>? RefusedBy { get; init; }

    [JsonIgnore]
    public string ShortId => Id[..5];
}

/// <summary>What one Pipeline produced, by group. <paramref name="Name"/> is the Work's name.</summary>
public sealed record Work(string Pipeline, string Name, ImmutableArray<WorkloadGroup> Groups);

/// <summary>Whose files these are and where they go in a nested layout: one place for a Promise's dependencies, one for each request.</summary>
public sealed record WorkOwner(string Promise, string? Namespace, string? Resource, bool EveryMatch)
{
    public string WorkName(string pipeline)
    {
        var name = Resource is null ? $"{Promise}-{pipeline}" : $"{Promise}-{Resource}-{pipeline}";
        return GeneratedName.Of(name, Digest.Of(Promise, Namespace ?? "", Resource ?? "", pipeline));
    }
}

/// <summary>
/// Everything an object has placed, and what of it must still be taken back. <paramref name="Wishes"/> counts the changes of what is wanted and never
/// goes back, so that no two wishes for a placement have the same stamp.
/// </summary>
public sealed record Works(ImmutableSortedDictionary<string, Work> ByPipeline, ImmutableArray<Placement> Removals, long Wishes)
{
    public static readonly Works None = new(ImmutableSortedDictionary.Create<string, Work>(StringComparer.Ordinal), [], 0);

    [JsonIgnore]
    public IEnumerable<WorkloadGroup> Groups => ByPipeline.Values.SelectMany(w => w.Groups);

    [JsonIgnore]
    public IEnumerable<Placement> Placements => Groups.SelectMany(g => g.Placements);

    [JsonIgnore]
    public IEnumerable<WorkloadGroup> Unscheduled => Groups.Where(g => g.Placements.IsEmpty);

    /// <summary>
    /// Names the search for Destinations for these groups. Another group, or other labels, are another search: Destinations that were offered
    /// before, and matched nothing then, are offered again.
    /// </summary>
    public string Search(Func<WorkloadGroup, bool> which) => Digest.Of(
    [
        .. ByPipeline.Values.SelectMany(w => w.Groups.Where(which).SelectMany(
            g => Scheduler.Merge(g.Selectors).Select(l => $"{l.Key}={l.Value}").Prepend($"{w.Pipeline}/{g.Id}"))),
    ])[..16];

    [JsonIgnore]
    public bool AllWritten => Removals.IsEmpty && !Unscheduled.Any() && Placements.All(p => p.IsWritten);

    /// <summary>Takes a Pipeline's new Work: placements that it no longer has, or has somewhere else, are taken back.</summary>
    public Works Put(Work work)
    {
        var kept = work.Groups.SelectMany(g => g.Placements).ToList();
        var dropped = ByPipeline.TryGetValue(work.Pipeline, out var old) ? old.Groups.SelectMany(g => g.Placements) : [];
        return this with
        {
            ByPipeline = work.Groups.IsEmpty ? ByPipeline.Remove(work.Pipeline) : ByPipeline.SetItem(work.Pipeline, work),
            Wishes = kept.Select(p => p.Wish).Append(Wishes).Max(),
            Removals =
            [
                .. Removals.Concat(dropped).Where(p => !kept.Any(k => (k.Name == p.WrittenAs && FileLayout.SamePlace(k, p)) || TakesOver(k, p)))
                    .Select(p => kept.Any(k => k.Name == p.Name) ? p.Leave() : p),
            ],
        };
    }

    /// <summary>
    /// Whether the directory of the one is the directory of the other, under another Destination: whoever is written there replaces all of it, and taking the
    /// earlier one back would take the files of the later one.
    /// </summary>
    private static bool TakesOver(Placement later, Placement earlier) =>
        later.Location.Mode is FilepathMode.NestedByMetadata && later.Location == earlier.Location && later.Directory == earlier.Directory;

    /// <summary>
    /// Takes a run's new Work and owes all of it to the stores again, also what has not changed: each run so finds and mends what somebody else
    /// did to the files. A store that holds them already is not written to. It is a wish of its own: a late answer to an earlier run's write has
    /// not looked at the store since.
    /// </summary>
    public Works PutAndVerify(Work work) => Put(work with
    {
        Groups = [.. work.Groups.Select(g => g with { Placements = [.. g.Placements.Select(p => p with { Written = null, Wish = Wishes + 1 })] })],
    });

    /// <summary>Owes these placements to their stores again. A wish of its own, as that of a run is.</summary>
    public Works WriteAgain(IReadOnlySet<string> names)
    {
        var wish = Wishes + 1;
        return names.Aggregate(this with { Wishes = wish }, (works, name) => works.Update(name, p => p with { Written = null, Wish = wish }));
    }

    /// <summary>Says which placements are misplaced, and of all others that they are not.</summary>
    public Works Judged(IReadOnlySet<string> misplaced) => this with
    {
        ByPipeline = ByPipeline.ToImmutableSortedDictionary(kv => kv.Key, kv => kv.Value with
        {
            Groups = [.. kv.Value.Groups.Select(g => g with { Placements = [.. g.Placements.Select(p => p with { Misplaced = misplaced.Contains(p.Name) })] })],
        }, StringComparer.Ordinal),
    };

    /// <summary>Takes back what Pipelines other than these produced.</summary>
    public Works KeepOnly(IReadOnlySet<string> pipelines) =>
        ByPipeline.Values.Where(w => !pipelines.Contains(w.Pipeline)).Aggregate(this, (works, gone) => works.Put(gone with { Groups = [] }));

    public Works RemoveAll() => KeepOnly(ImmutableHashSet<string>.Empty);

    /// <summary>The placement of this name, also among those to be taken back.</summary>
    public Placement? Find(string name) => Placements.Concat(Removals).FirstOrDefault(p => p.Name == name);

    public Works Update(string name, Func<Placement, Placement> change) => this with
    {
        ByPipeline = ByPipeline.ToImmutableSortedDictionary(kv => kv.Key, kv => kv.Value with
        {
            Groups = [.. kv.Value.Groups.Select(g => g with { Placements = [.. g.Placements.Select(p => p.Name == name ? change(p) : p)] })],
        }, StringComparer.Ordinal),
        Removals = [.. Removals.Select(p => p.Name == name ? change(p) : p)],
    };

    public Works Removed(string name) => this with { Removals = [.. Removals.Where(p => p.Name != name)] };

    /// <summary>Replaces groups by pipeline and id with newly placed ones.</summary>
    public Works Replace(string pipeline, WorkloadGroup group) => this with
    {
        ByPipeline = ByPipeline.SetItem(pipeline, ByPipeline[pipeline] with
        {
            Groups = [.. ByPipeline[pipeline].Groups.Select(g => g.Id == group.Id ? group : g)],
        }),
    };
}

/// <summary>Names made from other names: at most 63 characters, always valid, and different for different <c>unique</c>.</summary>
public static class GeneratedName
{
    public static string Of(string readable, string unique)
    {
        var cut = readable.Length > 57 ? readable[..56] : readable;
        return $"{cut.TrimEnd('-', '.', '_')}-{unique[..5]}";
    }
}
