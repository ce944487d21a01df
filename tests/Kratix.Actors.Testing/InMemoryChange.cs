using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Testing;

/// <summary>What one intent does to files in memory. <see cref="Files"/> are those after it.</summary>
internal sealed class InMemoryChange(
    ImmutableSortedDictionary<string, byte[]> files, BatchClaims claims, WriteIntent intent, IReadOnlyDictionary<string, byte[]?> contents)
{
    public ImmutableSortedDictionary<string, byte[]> Files { get; private set; } = files;

    public static IEnumerable<FileEntry> FilesOf(PathChange change) => change switch
    {
        PathChange.PutFile put => [put.File],
        PathChange.ReplaceDirectory replace => replace.Files,
        PathChange.ReplaceListed listed => listed.Files,
        PathChange.ReplaceSection section => section.Files,
        _ => [],
    };

    /// <summary>Why it cannot be done, or null.</summary>
    public string? Apply(PathChange change) => change switch
    {
        PathChange.PutFile put => Put(put.File.Path, put.File.Path, put.File.Digest),
        PathChange.DeleteFile delete => Delete([delete.Path]),
        PathChange.ReplaceDirectory replace => Replace(replace),
        PathChange.ReplaceListed listed => Replace(listed),
        PathChange.ReplaceSection section => Replace(section),
        _ => throw new InvalidOperationException($"unknown change {change.GetType()}"),
    };

    private string? Replace(PathChange.ReplaceDirectory change)
    {
        if (Files.ContainsKey(change.Directory) || Files.Keys.Any(f => change.Directory.StartsWith(f + "/", StringComparison.Ordinal)))
            return $"placement '{intent.Placement}': '{change.Directory}' is a file, not a directory";
        var wanted = change.Files.Select(f => $"{change.Directory}/{f.Path}").ToHashSet(StringComparer.Ordinal);
        Delete(Files.Keys.Where(k => k.StartsWith(change.Directory + "/", StringComparison.Ordinal) && !wanted.Contains(k)));
        return change.Files.Select(f => Put($"{change.Directory}/{f.Path}", f.Path, f.Digest)).FirstOrDefault(p => p is not null);
    }

    private string? Replace(PathChange.ReplaceListed change)
    {
        var folder = change.Listing[..change.Listing.LastIndexOf('/')];
        var directory = folder.Contains('/', StringComparison.Ordinal) ? folder[..folder.LastIndexOf('/')] : "";
        var own = Files.TryGetValue(change.Listing, out var listing) ? FileListing.Read(listing, directory) : new HashSet<string>();
        var others = Files.Where(f => f.Key.StartsWith(folder + "/", StringComparison.Ordinal) && f.Key != change.Listing && !claims.ReplacesListing(f.Key))
            .SelectMany(f => FileListing.Read(f.Value, directory).Select(path => (path, Owner: Path.GetFileNameWithoutExtension(f.Key))))
            .DistinctBy(f => f.path).ToDictionary(f => f.path, f => f.Owner, StringComparer.Ordinal);
        var wanted = change.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        if (wanted.FirstOrDefault(p => !own.Contains(p) && Files.ContainsKey(p) && others.ContainsKey(p)) is { } taken)
            return $"placement '{intent.Placement}': '{taken}' belongs to the placement '{others[taken]}', and both claim it";
        Delete(own.Concat(change.Former.Where(p => !others.ContainsKey(p))).Where(p => !wanted.Contains(p)));
        if (change.Files.Select(f => Put(f.Path, f.Path, f.Digest)).FirstOrDefault(p => p is not null) is { } problem)
            return problem;
        Files = wanted.Count == 0 ? Files.Remove(change.Listing) : Files.SetItem(change.Listing, FileListing.Write(wanted));
        return null;
    }

    private string? Replace(PathChange.ReplaceSection change)
    {
        if (SectionedFile.Read(Files.GetValueOrDefault(change.Path)) is not { } file)
            return $"placement '{intent.Placement}': '{change.Path}' was written by somebody else";
        foreach (var entry in change.Files)
        {
            if (contents[entry.Digest] is not { } content)
                return Missing(entry.Path, entry.Digest);
            if (SectionedFile.Problem(content) is { } problem)
                return $"placement '{intent.Placement}': '{entry.Path}' {problem}";
        }

        file.Replace(change.Section, [.. change.Files.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => contents[f.Digest]!)]);
        Files = file.Write() is { } written ? Files.SetItem(change.Path, written) : Files.Remove(change.Path);
        return null;
    }

    private string? Delete(IEnumerable<string> paths)
    {
        Files = Files.RemoveRange(paths.Where(p => !claims.IsWantedByAnother(intent, p)).ToList());
        return null;
    }

    private string? Put(string path, string shown, string digest)
    {
        if (Files.Keys.FirstOrDefault(f => f.StartsWith(path + "/", StringComparison.Ordinal) || path.StartsWith(f + "/", StringComparison.Ordinal)) is { } other)
            return $"placement '{intent.Placement}': '{path}' cannot be written beside '{other}': one is a file, the other a directory";
        if (contents[digest] is not { } content)
            return Missing(shown, digest);
        Files = Files.SetItem(path, content);
        return null;
    }

    private static string Missing(string path, string digest) => $"the content of '{path}' (digest {digest}) is not in the content store";
}
