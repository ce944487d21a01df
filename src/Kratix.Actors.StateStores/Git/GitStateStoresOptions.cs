namespace Kratix.Actors.StateStores.Git;

/// <summary>How this node talks to git. Every field has a default except where the caches live.</summary>
public sealed record GitStateStoresOptions
{
    /// <summary>Folder of the bare repositories, one per store; it holds no secrets and may be deleted at any time.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The executable, a name on the path or an absolute path. 2.31 or newer.</summary>
    public string GitExecutable { get; init; } = "git";

    public string SshExecutable { get; init; } = "ssh";

    /// <summary>Accept <c>file://</c> URLs and absolute paths: a repository on this machine.</summary>
    public bool AllowFileUrls { get; init; }

    /// <summary>Accept <c>http://</c> URLs, over which credentials travel readable.</summary>
    public bool AllowHttpUrls { get; init; }

    /// <summary>Extra certificate authorities for <c>https://</c>, a PEM file; null: the machine's.</summary>
    public string? CertificateAuthorityFile { get; init; }

    /// <summary>Where GitHub Apps get their tokens; an Enterprise server's is <c>https://HOST/api/v3</c>.</summary>
    public string GitHubApi { get; init; } = "https://api.github.com";

    /// <summary>Make a branch that a repository with other branches does not have, instead of refusing to write.</summary>
    public bool CreateMissingBranch { get; init; }

    /// <summary>A git command that takes longer is killed with everything it started.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How often one batch is redone on top of somebody else's push before it is handed back as transient.</summary>
    public int MaxRedo { get; init; } = 5;

    /// <summary>Commits after which a cache is packed and forgets old history, so that it stays bounded.</summary>
    public int CommitsBetweenRepacks { get; init; } = 200;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
