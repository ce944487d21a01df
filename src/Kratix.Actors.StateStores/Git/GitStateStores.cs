using System.Collections.Concurrent;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Git;

/// <summary>Branches of git repositories as state stores, by way of the <c>git</c> executable.</summary>
public sealed class GitStateStores : IStateStores
{
    private const string NotGit = "this address does not name a repository";

    // Two openings of one branch (say, with an old and a rotated Secret) share a cache folder and so take turns.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
    private readonly GitStateStoresOptions _options;
    private readonly IContentStore _contents;

    /// <summary>Nobody else may be using the cache folder: what is left of its keys is removed.</summary>
    public GitStateStores(GitStateStoresOptions options, IContentStore contents)
    {
        (_options, _contents) = (options, contents);
        KeyFolders.RemoveLeft(options.CacheFolder);
    }

    public Outcome<string> KeyOf(StateStoreAddress address) => address is not GitAddress git ? new Outcome<string>.Terminal(Refusal.Invalid, NotGit) : Parse(git, out var problem) is { } url
        ? new Outcome<string>.Done($"{url.Key}#{git.Branch}")
        : new Outcome<string>.Terminal(Refusal.Invalid, problem);

    public Outcome<IStateStore> Open(StateStoreAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null)
    {
        if (address is not GitAddress git)
            return new Outcome<IStateStore>.Terminal(Refusal.Invalid, NotGit);
        if (Parse(git, out var problem) is not { } url)
            return new Outcome<IStateStore>.Terminal(Refusal.Invalid, problem);
        var key = $"{url.Key}#{git.Branch}";
        return GitAccess.Of(git, url, _options).Select<IStateStore>(access =>
            new GitStateStore(_options, _contents, git, access, new GitCache(_options, key), beforePush, _turns.GetOrAdd(key, _ => new SemaphoreSlim(1, 1))));
    }

    /// <summary>The URL of an address whose branch can be one; null with the problem in words.</summary>
    internal static GitUrl? Parse(GitAddress address, out string problem)
    {
        var url = GitUrl.Parse(address.Url, out problem);
        if (url is null || BranchName.Problem(address.Branch) is not { } badBranch)
            return url;
        problem = $"{url.Shown}: {badBranch}";
        return null;
    }
}
