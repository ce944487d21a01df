using Kratix.Actors.Ports;

namespace Kratix.Actors.StateStores.Git;

internal enum PushAnswer
{
    Accepted,

    /// <summary>The branch does not stand where we thought: somebody else pushed, rewound or deleted it.</summary>
    Moved,
}

/// <summary>The exchanges with the other side: where the branch stands, and moving it.</summary>
internal sealed class GitRemote(GitStateStoresOptions options, GitAccess access, GitCache cache)
{
    private const string Fetched = "refs/kratix/fetched";

    // The tree without files; git knows it without having it stored.
    private const string EmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    private static readonly string[] RaceSigns =
    [
        "stale info", "fetch first", "non-fast-forward", "failed to update ref", "cannot lock ref", "failed to lock", "reference already exists",
        "incorrect old value", "remote ref updated",
    ];

    // What the other side has against the push is in it, and the same push would be refused for ever.
    private static readonly string[] ContentSigns = ["fsck error", "pack exceeds maximum allowed size", "error: 413"];

    private static readonly string[] TroubleSigns =
        ["remote failed to report status", "unpacker error", "unpack-objects abnormal", "index-pack abnormal", "No space left", "shallow update not allowed", "missing necessary objects"];

    private string RemoteBranch => $"refs/heads/{access.Branch}";

    /// <summary>
    /// Does the branch stand at <paramref name="commit"/>? One short exchange, where a fetch of one commit's depth makes the server look through the
    /// whole tree even when there is nothing to send. Any trouble is "no": the fetch that follows has the words for it.
    /// </summary>
    public async Task<bool> StandsAt(string commit, CancellationToken cancellation)
    {
        var listing = await cache.Remote(access, ["ls-remote", "--quiet", "--", access.Url.Remote, RemoteBranch], cancellation);
        return listing.Succeeded && listing.Text.Split('\n').Contains($"{commit}\t{RemoteBranch}");
    }

    /// <summary>Brings the branch's newest commit into the cache; null when there is none yet.</summary>
    public async Task<Outcome<string?>> Fetch(CancellationToken cancellation)
    {
        var fetch = await cache.Remote(
            access,
            ["fetch", "--quiet", "--depth=1", "--no-tags", "--force", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules", "--", access.Url.Remote, $"+{RemoteBranch}:{Fetched}"],
            cancellation);
        if (!fetch.Succeeded && fetch.Errors.Contains("couldn't find remote ref", StringComparison.Ordinal))
            return await WithoutBranch(cancellation);
        if (!fetch.Succeeded)
            return GitFailure.OfRemote<string?>(access, fetch, options) ?? throw new BrokenCacheException($"git fetch failed: {GitFailure.Words(access, fetch)}");
        var commit = await cache.Local(access, ["rev-parse", "--verify", "--quiet", Fetched + "^{commit}"], null, cancellation);
        return commit.Succeeded
            ? new Outcome<string?>.Done(commit.Text.Trim())
            : throw new BrokenCacheException($"the fetched commit cannot be read: {GitFailure.Words(access, commit)}");
    }

    /// <summary>
    /// Moves the branch from <paramref name="parent"/> (null: from not being there) to its child <paramref name="commit"/>. The lease makes it a
    /// compare-and-swap: a branch that somebody rewound stays rewound, although our commit would be a descendant of where it stands.
    /// </summary>
    public async Task<Outcome<PushAnswer>> Push(string commit, string? parent, CancellationToken cancellation)
    {
        var push = await cache.Remote(
            access,
            ["push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", $"--force-with-lease={RemoteBranch}:{parent}", "--", access.Url.Remote, $"{commit}:{RemoteBranch}"],
            cancellation);
        if (push.Succeeded)
            return new Outcome<PushAnswer>.Done(PushAnswer.Accepted);
        return Rejection(push) switch
        {
            var why when !push.TimedOut && ContentSigns.FirstOrDefault(s => push.Errors.Contains(s, StringComparison.Ordinal)) is { } sign =>
                Refused(sign == "error: 413" ? "it is too large for the server or a proxy in front of it (HTTP 413)" : why ?? sign, push),
            null => GitFailure.OfRemote<PushAnswer>(access, push, options) ?? throw new BrokenCacheException($"git push failed: {GitFailure.Words(access, push)}"),
            var why when IsRace(why) => new Outcome<PushAnswer>.Done(PushAnswer.Moved),
            var why when IsTrouble(why) || IsTrouble(push.Errors) =>
                new Outcome<PushAnswer>.Transient($"{access.Url.Shown}: the push was not confirmed: {access.WithoutSecrets(why)} (git: {GitFailure.Words(access, push)})"),
            var why => Refused(why, push),
        };
    }

    private Outcome<PushAnswer> Refused(string why, GitResult push) => new Outcome<PushAnswer>.Terminal(
        Refusal.Declined, $"{access.Url.Shown}: branch '{access.Branch}' refused the push: {access.WithoutSecrets(why)} (git: {GitFailure.Words(access, push)})");

    /// <summary>Asks for the right to push without pushing anything.</summary>
    public async Task<Outcome<Nothing>> TryPush(string? head, CancellationToken cancellation)
    {
        var commit = head ?? await EmptyCommit(cancellation);
        var push = await cache.Remote(
            access, ["push", "--dry-run", "--porcelain", "--no-verify", "--recurse-submodules=no", "--", access.Url.Remote, $"{commit}:{RemoteBranch}"], cancellation);
        // Rejected here means that the branch has moved since: we may push, and the next write looks again.
        if (push.Succeeded || Rejection(push) is not null)
            return new Outcome<Nothing>.Done(default);
        return GitFailure.OfRemote<Nothing>(access, push, options) ?? throw new BrokenCacheException($"git push failed: {GitFailure.Words(access, push)}");
    }

    private async Task<string> EmptyCommit(CancellationToken cancellation)
    {
        var text = $"tree {EmptyTree}\nauthor kratix <> 0 +0000\ncommitter kratix <> 0 +0000\n\nAccess check\n";
        var made = await cache.Local(
            access, ["hash-object", "-t", "commit", "-w", "--stdin"], async (stream, stop) => await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text), stop), cancellation);
        return made.Succeeded ? made.Text.Trim() : throw new BrokenCacheException($"git hash-object failed: {GitFailure.Words(access, made)}");
    }

    private async Task<Outcome<string?>> WithoutBranch(CancellationToken cancellation)
    {
        var listing = await cache.Remote(access, ["ls-remote", "--quiet", "--heads", "--", access.Url.Remote], cancellation);
        if (!listing.Succeeded)
            return GitFailure.OfRemote<string?>(access, listing, options) ?? throw new BrokenCacheException($"git ls-remote failed: {GitFailure.Words(access, listing)}");
        var branches = listing.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[(l.IndexOf("refs/heads/", StringComparison.Ordinal) + 11)..]).ToList();
        // A branch begun here has no commit of the others below it.
        if (branches.Count == 0 || options.CreateMissingBranch)
            return new Outcome<string?>.Done(null);
        var some = string.Join(", ", branches.Take(5)) + (branches.Count > 5 ? ", …" : "");
        return new Outcome<string?>.Terminal(
            Refusal.NotFound, $"{access.Url.Shown}: there is no branch '{access.Branch}'; create it or name another one (the repository has: {some})");
    }

    // A porcelain line reads: flag TAB from:to TAB summary (reason).
    private static string? Rejection(GitResult push) => push.Text.Split('\n').Where(l => l.StartsWith("!\t", StringComparison.Ordinal)).Select(l => l.Split('\t')[^1]).FirstOrDefault();

    private static bool IsRace(string why) => RaceSigns.Any(s => why.Contains(s, StringComparison.Ordinal));

    private static bool IsTrouble(string why) => TroubleSigns.Any(s => why.Contains(s, StringComparison.Ordinal));
}
