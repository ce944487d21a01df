using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Planning;

/// <summary>One way through a batch: each intent's changes laid over what the store holds.</summary>
internal sealed class PlanningPass(IStoredFiles files, BatchClaims claims, BatchContents contents)
{
    private readonly Dictionary<string, (SectionedFile File, WriteIntent First)> _sectioned = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, string>> _listed = new(StringComparer.Ordinal);

    public async Task<bool> Apply(WriteIntent intent)
    {
        var changed = false;
        foreach (var change in intent.Changes)
        {
            changed |= change switch
            {
                PathChange.PutFile put => await Put(put.File.Path, put.File.Digest),
                PathChange.DeleteFile delete => await Delete(intent, delete.Path),
                PathChange.ReplaceDirectory replace => await Replace(intent, replace),
                PathChange.ReplaceListed listed => await Replace(intent, listed),
                PathChange.ReplaceSection section => await Replace(intent, section),
                _ => throw new InvalidOperationException($"unknown change {change.GetType()}"),
            };
        }

        return changed;
    }

    /// <summary>Puts the aggregated files, each once however many of its sections changed. Answers who cannot have one, and why.</summary>
    public async Task<(WriteIntent Intent, string Reason)?> WriteSections()
    {
        foreach (var (path, (file, first)) in _sectioned)
        {
            try
            {
                if (file.Write() is { } content)
                    await Put(path, contents.Add(content));
                else
                    await files.Delete(PathKey.Of(path));
            }
            catch (PathConflictException e)
            {
                return (first, $"placement '{first.Placement}': '{RepositoryPath.Shown(path)}' {e.Problem}");
            }
        }

        return null;
    }

    private async Task<bool> Replace(WriteIntent intent, PathChange.ReplaceDirectory replace)
    {
        var changed = false;
        var directory = PathKey.Of(replace.Directory);
        var wanted = replace.Files.Select(f => PathKey.Of($"{replace.Directory}/{f.Path}")).ToHashSet(StringComparer.Ordinal);
        foreach (var key in await files.FilesBelow(directory))
        {
            // A name that is not UTF-8 cannot be in anybody's claim except through its directory, which is compared the same way.
            if (!wanted.Contains(key) && !claims.IsWantedByAnother(intent, PathKey.Path(key)))
                changed |= await files.Delete(key);
        }

        foreach (var file in replace.Files)
            changed |= await Put($"{replace.Directory}/{file.Path}", file.Digest);
        return changed;
    }

    private async Task<bool> Replace(WriteIntent intent, PathChange.ReplaceListed change)
    {
        var wanted = change.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        var own = await files.Read(PathKey.Of(change.Listing)) is { } listing ? FileListing.Read(listing, DirectoryOfListed(change.Listing)) : new HashSet<string>();
        foreach (var path in wanted.Where(p => !own.Contains(p)))
        {
            // Only a file that is there and not on the own list can be somebody else's.
            if (await files.Exists(PathKey.Of(path)) && await OwnerOf(path, change.Listing) is { } other)
                throw new PathConflictException(PathKey.Of(path), $"belongs to the placement '{other}', and both claim it");
        }

        var changed = false;
        foreach (var path in own.Concat(change.Former).Distinct().Where(p => !wanted.Contains(p)).ToList())
        {
            if (own.Contains(path) || await OwnerOf(path, change.Listing) is null)
                changed |= await Delete(intent, path);
        }

        foreach (var file in change.Files)
            changed |= await Put(file.Path, file.Digest);
        return change.Files.IsEmpty
            ? await files.Delete(PathKey.Of(change.Listing)) | changed
            : await Put(change.Listing, contents.Add(FileListing.Write(wanted))) | changed;
    }

    private async Task<bool> Replace(WriteIntent intent, PathChange.ReplaceSection change)
    {
        if (!_sectioned.TryGetValue(change.Path, out var sectioned))
        {
            var file = SectionedFile.Read(await files.Read(PathKey.Of(change.Path)))
                ?? throw new PathConflictException(PathKey.Of(change.Path), "was written by somebody else; move it away, or name another file in the Destination's spec.filepath.filename");
            _sectioned[change.Path] = sectioned = (file, intent);
        }

        var texts = new List<byte[]>(change.Files.Length);
        foreach (var file in change.Files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            var text = await contents.Bytes(file.Digest, file.Path);
            if (SectionedFile.Problem(text) is { } problem)
                throw new PathConflictException(PathKey.Of(file.Path), problem);
            texts.Add(text);
        }

        return sectioned.File.Replace(change.Section, texts);
    }

    /// <summary>Whose list, other than this one and those that the batch replaces, names the path: the name of the list. Null: nobody's.</summary>
    private async Task<string?> OwnerOf(string path, string ownListing)
    {
        var folder = ownListing[..ownListing.LastIndexOf('/')];
        if (!_listed.TryGetValue(folder, out var owners))
        {
            _listed[folder] = owners = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var key in await files.FilesBelow(PathKey.Of(folder)))
            {
                var listing = PathKey.Path(key);
                if (claims.ReplacesListing(listing) || await files.Read(key) is not { } content)
                    continue;
                foreach (var listed in FileListing.Read(content, DirectoryOfListed(listing)))
                    owners[listed] = Path.GetFileNameWithoutExtension(listing);
            }
        }

        return owners.GetValueOrDefault(path);
    }

    // A list lies in .kratix, below the directory of the files it names.
    private static string DirectoryOfListed(string listing) => listing.Split('/') is { Length: > 2 } parts ? string.Join('/', parts[..^2]) : "";

    private Task<bool> Put(string path, string digest) => files.Put(PathKey.Of(path), digest);

    private async Task<bool> Delete(WriteIntent intent, string path) => !claims.IsWantedByAnother(intent, path) && await files.Delete(PathKey.Of(path));
}
