using System.Globalization;
using Kratix.Actors.Core;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Planning;

namespace Kratix.Actors.StateStores.Git;

/// <summary>
/// The bare repository kept for one store: one branch, one commit deep, never checked out. It holds nothing that the remote or the
/// content store does not hold, so whatever is wrong with it is cured by making it anew.
/// </summary>
internal sealed class GitCache(GitStateStoresOptions options, string key)
{
    private const long LeastFreeBytes = 1024 * 1024;
    private const string Complete = "kratix-complete";

    private static readonly string[] Files = [Complete, "HEAD", "config"];
    private static readonly string[] Folders = ["refs", "objects/info", "objects/pack"];

    public string Folder { get; } = Path.Combine(options.CacheFolder, Digest.Of(key)[..32]);

    private readonly GitProcess _git = new(options);

    /// <summary>Makes the repository unless it is there, and removes the locks and half-written packs that a killed git left behind. The caller is its only user.</summary>
    public async Task Prepare(GitAccess access, CancellationToken cancellation)
    {
        if (IsComplete)
        {
            RemoveRemains();
            return;
        }

        Discard();
        Directory.CreateDirectory(Folder);
        var made = await Local(access, ["init", "--bare", "--quiet", "--template=", "."], null, cancellation);
        if (!made.Succeeded)
            throw new GitUnusableException($"no repository can be made in {Folder}: {GitFailure.Words(access, made)}");
        await File.WriteAllTextAsync(Path.Combine(Folder, "description"), key + "\n", cancellation);
        await File.WriteAllTextAsync(Path.Combine(Folder, Complete), "", cancellation);
    }

    public void Discard()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Git does not always say that it was the disk. Null when there is room.</summary>
    public string? SpaceProblem() => Directory.Exists(options.CacheFolder) && new DriveInfo(options.CacheFolder) is { AvailableFreeSpace: < LeastFreeBytes and var free }
        ? string.Create(CultureInfo.InvariantCulture, $"the disk is full: {free} bytes are free at {options.CacheFolder}")
        : null;

    public Task<GitResult> Remote(GitAccess access, IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        _git.Run(Folder, access.Environment, ["--git-dir=.", .. arguments], null, cancellation);

    public Task<GitResult> Local(GitAccess access, IReadOnlyList<string> arguments, Func<Stream, CancellationToken, Task>? input, CancellationToken cancellation) =>
        _git.Run(Folder, access.Environment, ["--git-dir=.", .. arguments], input, cancellation);

    /// <summary>Plans on top of a commit with one git process answering for the trees; none is started for an empty repository.</summary>
    public async Task<BatchPlan> Plan(GitAccess access, string? commit, IReadOnlyList<WriteIntent> intents, BlobIds blobs, CancellationToken cancellation)
    {
        if (commit is null)
            return await BatchPlan.Of(intents, () => new GitFiles(TreeOverlay.Of(null, null), null, blobs), blobs.Contents);
        BatchPlan? made = null;
        var result = await _git.Converse(Folder, access.Environment, ["--git-dir=.", "cat-file", "--batch"], Talk, cancellation);
        return result.TimedOut || made is null
            ? throw new BrokenCacheException($"git cat-file did not finish: {GitFailure.Words(access, result)}")
            : made;

        async Task Talk(Stream questions, Stream answers, CancellationToken stop)
        {
            await using var reader = new TreeReader(questions, answers, stop);
            try
            {
                made = await BatchPlan.Of(intents, () => new GitFiles(TreeOverlay.Of(reader, commit), reader, blobs), blobs.Contents);
            }
            catch (IOException e)
            {
                throw new BrokenCacheException($"git cat-file ended early: {e.Message}");
            }
        }
    }

    /// <summary>Writes the commit with its trees and files into the cache; answers its id.</summary>
    public async Task<string> Commit(GitAccess access, CommitStream commit, BatchContents contents, CancellationToken cancellation)
    {
        var result = await Local(
            access, ["fast-import", "--quiet", "--force", "--done", "--date-format=raw"], (stream, stop) => commit.WriteTo(stream, contents, stop), cancellation);
        if (result.Errors.Contains("No space left on device", StringComparison.Ordinal))
            throw new GitUnusableException($"git fast-import failed: {GitFailure.Words(access, result)}");
        return result.Succeeded
            ? result.Text.Trim()
            : throw new BrokenCacheException($"git fast-import failed: {GitFailure.Words(access, result)}");
    }

    /// <summary>Packs what is reachable and forgets the rest, so that the cache stays as big as one commit and a few hundred changes.</summary>
    public async Task Repack(GitAccess access, CancellationToken cancellation)
    {
        var packed = await Local(access, ["repack", "-a", "-d", "-q", "--window=0"], null, cancellation);
        var pruned = packed.Succeeded ? await Local(access, ["prune", "--expire=now"], null, cancellation) : packed;
        if (!pruned.Succeeded)
            throw new BrokenCacheException($"git repack failed: {GitFailure.Words(access, pruned)}");
    }

    private bool IsComplete => Files.All(f => File.Exists(Path.Combine(Folder, f))) && Folders.All(f => Directory.Exists(Path.Combine(Folder, f)));

    private void RemoveRemains()
    {
        Remove("", "*.lock");
        Remove("refs", "*.lock", SearchOption.AllDirectories);
        Remove("objects/info", "*.lock");
        // A batch that fails each time leaves one of these each time, until they are what fills the disk.
        Remove("objects/pack", "tmp_*");
        Remove("", "fast_import_crash_*");
    }

    private void Remove(string folder, string pattern, SearchOption depth = SearchOption.TopDirectoryOnly)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Folder, folder), pattern, depth))
            File.Delete(file);
    }
}
