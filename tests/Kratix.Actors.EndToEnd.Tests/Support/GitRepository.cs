namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>A commit as <c>git log</c> tells it.</summary>
internal sealed record Commit(string Id, string AuthorName, string AuthorEmail, string Message)
{
    internal string Subject => Message.Split('\n')[0];

    internal IEnumerable<string> Placements => Message.Split('\n').Where(line => line.StartsWith("Kratix-Placement: ", StringComparison.Ordinal));
}

/// <summary>A bare repository on this machine, read with <c>git</c> and nothing of ours.</summary>
internal sealed class GitRepository(string path)
{
    internal string Path => path;

    internal string Url => $"file://{path}";

    internal static async Task<GitRepository> Make(string path)
    {
        await Command.Run("git", ["init", "--quiet", "--bare", "--initial-branch=main", path]);
        return new GitRepository(path);
    }

    internal async Task<IReadOnlyList<string>> Files() =>
        await HasCommits() ? (await Git("ls-tree", "-r", "--name-only", "main")).Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];

    /// <summary>Looks after each push until the files are as wanted.</summary>
    internal async Task Until(string wanted, Func<IReadOnlyList<string>, bool> until)
    {
        using var pushed = new SemaphoreSlim(0);
        using var watcher = new FileSystemWatcher(System.IO.Path.Combine(path, "refs", "heads"));
        watcher.Changed += (_, _) => pushed.Release();
        watcher.Renamed += (_, _) => pushed.Release();
        watcher.EnableRaisingEvents = true;
        while (await Files() is var files && !until(files))
        {
            if (!await pushed.WaitAsync(TimeSpan.FromMinutes(2)))
                throw new TimeoutException($"{path} is not {wanted}: {string.Join(", ", files)}");
        }
    }

    internal Task<string> Read(string file) => Git("show", $"main:{file}");

    /// <summary>Newest first.</summary>
    internal async Task<IReadOnlyList<Commit>> Commits() =>
        await HasCommits()
            ? [.. (await Git("log", "--format=%H%x1f%an%x1f%ae%x1f%B%x1e", "main")).Split('\u001e', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(entry => entry.Split('\u001f')).Select(part => new Commit(part[0], part[1], part[2], part[3].Trim()))]
            : [];

    internal async Task<IReadOnlyList<string>> ChangedBy(Commit commit) =>
        (await Git("diff-tree", "--root", "-r", "--no-commit-id", "--name-only", commit.Id)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Somebody with a clone removes files, and pushes that.</summary>
    internal async Task RemoveByHand(string clone, params string[] files)
    {
        await Command.Run("git", ["clone", "--quiet", path, clone]);
        await Command.Run("git", ["-C", clone, "rm", "--quiet", .. files]);
        await Command.Run("git", ["-C", clone, "-c", "user.name=Somebody", "-c", "user.email=s@example.com", "commit", "-q", "-m", "by hand"]);
        await Command.Run("git", ["-C", clone, "push", "-q", "origin", "main"]);
    }

    internal Task<string> Git(params string[] arguments) => Command.Run("git", ["--git-dir", path, .. arguments]);

    private async Task<bool> HasCommits() => (await Command.Try("git", ["--git-dir", path, "rev-parse", "--verify", "--quiet", "main"])).ExitCode == 0;
}
