using System.Text;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Git;

/// <summary>A branch to read from. Its cache may be deleted at any time.</summary>
internal sealed class GitSource : IStateStoreSource
{
    private readonly GitAccess _access;
    private readonly GitCache _cache;
    private readonly GitRemote _remote;

    private GitSource(GitAccess access, GitStateStoresOptions options, string key)
    {
        (_access, _cache) = (access, new GitCache(options, key));
        _remote = new GitRemote(options, access, _cache);
    }

    public static Outcome<IStateStoreSource> Open(GitAddress address, GitStateStoresOptions options)
    {
        return GitStateStores.Parse(address, out var problem) is { } url
            ? GitAccess.Of(address, url, options).Select<IStateStoreSource>(access => new GitSource(access, options, $"source {url.Key}#{address.Branch}"))
            : new Outcome<IStateStoreSource>.Terminal(Refusal.Invalid, problem);
    }

    public async Task<Outcome<SourceSnapshot>> Read(string folder, Func<string, bool> wanted, CancellationToken cancellation)
    {
        try
        {
            if (await _access.Ready(cancellation) is { Failure: not null } refused)
                return refused.Select(_ => default(SourceSnapshot)!);
            await _cache.Prepare(_access, cancellation);
            var fetched = await _remote.Fetch(cancellation);
            if (fetched is not Outcome<string?>.Done { Value: var commit })
                return fetched.Select(_ => default(SourceSnapshot)!);
            return new Outcome<SourceSnapshot>.Done(new SourceSnapshot(commit, commit is null ? [] : await Files(commit, folder, wanted, cancellation)));
        }
        catch (BrokenCacheException e)
        {
            // It holds nothing of its own: the next reading makes it anew.
            _cache.Discard();
            return new Outcome<SourceSnapshot>.Transient($"{_access.Url.Shown}: {_access.WithoutSecrets(e.Message)}");
        }
        catch (Exception e) when (e is GitUnusableException or IOException or UnauthorizedAccessException)
        {
            return new Outcome<SourceSnapshot>.Transient($"{_access.Url.Shown}: {_access.WithoutSecrets(e.Message)}");
        }
    }

    public void Dispose() => _access.Dispose();

    private async Task<IReadOnlyList<SourceFile>> Files(string commit, string folder, Func<string, bool> wanted, CancellationToken cancellation)
    {
        string[] arguments = folder.Length == 0 ? ["ls-tree", "-r", "-z", commit] : ["ls-tree", "-r", "-z", commit, "--", folder + "/"];
        var listing = await _cache.Local(_access, arguments, null, cancellation);
        if (!listing.Succeeded)
            throw new BrokenCacheException($"git ls-tree failed: {GitFailure.Words(_access, listing)}");
        var found = Blobs(listing.Text).Where(blob => wanted(blob.Path)).ToList();
        if (found.Count == 0)
            return [];
        var questions = Encoding.ASCII.GetBytes(string.Concat(found.Select(blob => blob.Id + "\n")));
        var contents = await _cache.Local(_access, ["cat-file", "--batch=%(objectsize)"], async (stream, stop) => await stream.WriteAsync(questions, stop), cancellation);
        return contents.Succeeded
            ? Contents(contents.Output, found)
            : throw new BrokenCacheException($"git cat-file failed: {GitFailure.Words(_access, contents)}");
    }

    // An entry reads: mode SPACE type SPACE id TAB path. Symbolic links (120000) and submodules are nothing to apply.
    private static IEnumerable<(string Path, string Id)> Blobs(string listing) =>
        from entry in listing.Split('\0', StringSplitOptions.RemoveEmptyEntries)
        let tab = entry.IndexOf('\t', StringComparison.Ordinal)
        let words = entry[..tab].Split(' ')
        where words[1] == "blob" && words[0] != "120000"
        select (entry[(tab + 1)..], words[2]);

    private static List<SourceFile> Contents(ReadOnlySpan<byte> answers, List<(string Path, string Id)> found)
    {
        var files = new List<SourceFile>(found.Count);
        foreach (var (path, id) in found)
        {
            var end = answers.IndexOf((byte)'\n');
            if (end < 0 || !int.TryParse(answers[..end], out var size) || answers.Length < end + 1 + size)
                throw new BrokenCacheException($"git cat-file answered something else than the content of {id}");
            files.Add(new SourceFile(path, answers.Slice(end + 1, size).ToArray()));
            answers = answers[(end + 1 + size + 1)..];
        }

        return files;
    }
}
