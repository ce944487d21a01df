using Kratix.Actors.Core.Placement;

namespace Kratix.Actors.Ports.StateStores;

/// <summary>
/// Who wants which path in one batch, decided before a store is touched and the same for every store:
/// intents with impossible paths, and placements that claim each other's paths, are refused; the rest may be written.
/// Replacing a directory claims everything in it; removing claims nothing.
/// </summary>
public sealed class BatchClaims
{
    private readonly Dictionary<string, Claim> _claims = new(StringComparer.Ordinal);
    private readonly HashSet<string> _listings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _refusals = new(StringComparer.Ordinal);

    private BatchClaims(IReadOnlyList<WriteIntent> intents)
    {
        var sound = new List<WriteIntent>(intents.Count);
        foreach (var intent in intents)
        {
            if (Problem(intent) is { } problem)
                _refusals.Add(intent.Id, problem);
            else
                sound.Add(intent);
        }

        var clashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var intent in sound)
        {
            foreach (var (path, shared) in intent.Changes.SelectMany(Claimed))
            {
                if (!_claims.TryAdd(path, new Claim(intent, shared)) && !(shared && _claims[path].Shared))
                    Compare(_claims[path].Intent, intent, path, clashes);
            }

            _listings.UnionWith(intent.Changes.OfType<PathChange.ReplaceListed>().Select(c => c.Listing));
        }

        foreach (var (path, claim) in _claims)
        {
            foreach (var directory in DirectoriesAbove(path))
            {
                if (_claims.TryGetValue(directory, out var above))
                    Compare(above.Intent, claim.Intent, directory, clashes);
            }
        }

        foreach (var intent in sound)
        {
            if (clashes.TryGetValue(OwnerOf(intent), out var reason))
                _refusals.Add(intent.Id, reason);
        }
    }

    /// <summary>Refused intents by id, with the reason.</summary>
    public IReadOnlyDictionary<string, string> Refusals => _refusals;

    /// <exception cref="ArgumentException">Two intents have one id.</exception>
    public static BatchClaims Of(IReadOnlyList<WriteIntent> intents)
    {
        if (intents.GroupBy(i => i.Id, StringComparer.Ordinal).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw new ArgumentException($"intent id '{twice.Key}' appears twice in one batch", nameof(intents));
        return new BatchClaims(intents);
    }

    /// <summary>
    /// Does another placement of the batch want this path to exist? Then a removal leaves it alone: within a batch the wish to have
    /// a file wins over the wish to be rid of it, in whatever order the two arrived.
    /// </summary>
    public bool IsWantedByAnother(WriteIntent intent, string path) =>
        DirectoriesAbove(path).Prepend(path).Any(p => _claims.TryGetValue(p, out var claim) && OwnerOf(claim.Intent) != OwnerOf(intent));

    /// <summary>Does the batch replace this list? Then its claims are those of the batch, and what the store holds of it is past.</summary>
    public bool ReplacesListing(string path) => _listings.Contains(path);

    private static void Compare(WriteIntent one, WriteIntent other, string path, Dictionary<string, string> clashes)
    {
        if (OwnerOf(one) == OwnerOf(other))
            return;
        var reason = $"placements '{one.Placement}' ({one.Request}) and '{other.Placement}' ({other.Request}) both claim '{RepositoryPath.Shown(path)}'";
        clashes.TryAdd(OwnerOf(one), reason);
        clashes.TryAdd(OwnerOf(other), reason);
    }

    // Whoever writes the same placement for the same request is one owner, however often it appears in a batch.
    private static string OwnerOf(WriteIntent intent) => $"{intent.Placement}\n{intent.Request}";

    /// <summary>Paths that a change wants for its own, or (sections of one file) shares with others of its kind.</summary>
    private static IEnumerable<(string Path, bool Shared)> Claimed(PathChange change) => change switch
    {
        PathChange.PutFile put => [(put.File.Path, false)],
        PathChange.ReplaceDirectory { Files.IsEmpty: false } replace => [(replace.Directory, false)],
        PathChange.ReplaceListed { Files.IsEmpty: false } listed => [(listed.Listing, false), .. listed.Files.Select(f => (f.Path, false))],
        PathChange.ReplaceSection { Files.IsEmpty: false } section => [(section.Path, true)],
        _ => [],
    };

    private static string? Problem(WriteIntent intent)
    {
        var files = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in intent.Changes)
        {
            foreach (var path in PathsOf(change))
            {
                if (RepositoryPath.Problem(path) is { } problem)
                    return problem;
            }

            if (change is PathChange.ReplaceListed listed && DoubleFile(listed.Files, files) is { } same)
                return $"'{RepositoryPath.Shown(same)}' is to be written twice, or both as file and as directory";
            if (change is PathChange.ReplaceDirectory replace && DoubleFile(replace.Files, files) is { } twice)
                return $"directory '{RepositoryPath.Shown(replace.Directory)}' is to hold '{RepositoryPath.Shown(twice)}' twice, or both as file and as directory";
        }

        return null;
    }

    private static IEnumerable<string> PathsOf(PathChange change) => change switch
    {
        PathChange.PutFile put => [put.File.Path],
        PathChange.DeleteFile delete => [delete.Path],
        PathChange.ReplaceListed listed => [listed.Listing, .. listed.Files.Select(f => f.Path), .. listed.Former],
        // The files of a section have no path of their own in the store.
        PathChange.ReplaceSection section => [section.Path],
        // A file's own path is judged as well: "/x" below "d" would otherwise read "d//x".
        PathChange.ReplaceDirectory replace => [replace.Directory, .. replace.Files.Select(f => f.Path), .. replace.Files.Select(f => $"{replace.Directory}/{f.Path}")],
        _ => throw new InvalidOperationException($"unknown change {change.GetType()}"),
    };

    private static string? DoubleFile(IReadOnlyList<FileEntry> all, HashSet<string> seen)
    {
        seen.Clear();
        return all.FirstOrDefault(f => !seen.Add(f.Path))?.Path ?? all.SelectMany(f => DirectoriesAbove(f.Path)).FirstOrDefault(seen.Contains);
    }

    private static IEnumerable<string> DirectoriesAbove(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
            yield return path[..slash];
    }

    private sealed record Claim(WriteIntent Intent, bool Shared);
}
