using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Git;
using Kratix.Actors.Testing;

namespace Kratix.Actors.StateStores.Tests;

/// <summary>A bare repository in a temporary folder, and this machine's own git to look at it and to play the others.</summary>
internal sealed class GitWorld : IStateStoreFixture
{
    public GitWorld(Func<GitStateStoresOptions, GitStateStoresOptions>? configure = null, string? root = null)
    {
        Root = root ?? Directory.CreateTempSubdirectory("kratix-git-").FullName;
        Repository = Path.Combine(Root, "remote.git");
        Git(Root, "init", "--quiet", "--bare", "--initial-branch=main", Repository);
        Address = new GitAddress("file://" + Repository, "main", "basicAuth", StoreCredentials.None, "kratix", "kratix@example.com");
        Options = new GitStateStoresOptions { CacheFolder = Path.Combine(Root, "cache"), AllowFileUrls = true };
        Options = configure?.Invoke(Options) ?? Options;
        Stores = new GitStateStores(Options, Memory);
    }

    public string Root { get; }

    public string Repository { get; }

    public GitStateStoresOptions Options { get; }

    public InMemoryContentStore Memory { get; } = new();

    public IStateStores Stores { get; }

    public bool HasDirectories => true;

    public IContentStore Contents => Memory;

    public GitAddress Address { get; set; }

    StateStoreAddress IStateStoreFixture.Address => Address;

    public (StateStoreAddress SameStore, StateStoreAddress OtherStore) Neighbours => (Address with { Url = Address.Url + "/" }, Address with { Branch = "other" });

    /// <summary>Runs git with the settings of nobody; fails the test when it fails.</summary>
    public static string Git(string folder, params string[] arguments) => Encoding.UTF8.GetString(GitBytes(folder, null, arguments));

    public static byte[] GitBytes(string folder, byte[]? input, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments)
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in new[] { ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("LC_ALL", "C") })
            start.Environment[name] = value;
        foreach (var role in new[] { "AUTHOR", "COMMITTER" })
        {
            start.Environment[$"GIT_{role}_NAME"] = "Somebody Else";
            start.Environment[$"GIT_{role}_EMAIL"] = "else@example.com";
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        if (input is not null)
            process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        reading.GetAwaiter().GetResult();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.ToArray()
            : throw new InvalidOperationException($"git {string.Join(' ', arguments)}: {errors.GetAwaiter().GetResult()}");
    }

    /// <summary>An executable script to stand in for git or ssh.</summary>
    public string Script(string name, string body)
    {
        var file = Path.Combine(Root, name);
        File.WriteAllText(file, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }

    public IStateStore Open(GitStateStoresOptions? options = null) =>
        ((Outcome<IStateStore>.Done)new GitStateStores(options ?? Options, Memory).Open(Address)).Value;

    /// <summary>An intent whose one file is <c>dev/ID/x</c>.</summary>
    public WriteIntent Update(string id, string content = "1") =>
        new(id, id, "Update", $"promise/default/{id}", $"run-{id}", [new PathChange.ReplaceDirectory($"dev/{id}", [Memory.Add("x", content)])]);

    /// <summary>Opens, writes one such intent, closes.</summary>
    public async Task<Written> Write(string id, string content = "1")
    {
        if (Stores.Open(Address) is not Outcome<IStateStore>.Done { Value: var store })
            return new Written(Stores.Open(Address).Select(_ => default(BatchResult)!), id);
        await using (store)
            return new Written(await store.Write([Update(id, content)], CancellationToken.None), id);
    }

    public string Head() => Git(Repository, "rev-parse", "refs/heads/main").Trim();

    public Task<ImmutableSortedDictionary<string, byte[]>> Files()
    {
        var files = ImmutableSortedDictionary.CreateBuilder<string, byte[]>(StringComparer.Ordinal);
        if (Git(Repository, "for-each-ref", "refs/heads/main").Length > 0)
        {
            foreach (var line in Git(Repository, "ls-tree", "-r", "-z", "refs/heads/main").Split('\0', StringSplitOptions.RemoveEmptyEntries))
                files[line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..]] = GitBytes(Repository, null, "cat-file", "blob", line.Split(' ', '\t')[2]);
        }

        return Task.FromResult(files.ToImmutable());
    }

    public Task<int?> Commits() => Task.FromResult<int?>(
        Git(Repository, "for-each-ref", "refs/heads/main").Length == 0 ? 0 : int.Parse(Git(Repository, "rev-list", "--count", "refs/heads/main"), System.Globalization.CultureInfo.InvariantCulture));

    public Task WriteForeign(IReadOnlyDictionary<string, byte[]?> files)
    {
        var exists = Git(Repository, "for-each-ref", "refs/heads/main").Length > 0;
        using var stream = new MemoryStream();
        void Text(string text) => stream.Write(Encoding.UTF8.GetBytes(text));
        Text("commit refs/heads/main\ncommitter Somebody Else <else@example.com> 0 +0000\ndata 8\nForeign\n\n");
        if (exists)
            Text("from refs/heads/main^0\n");
        foreach (var (path, bytes) in files)
        {
            if (bytes is null)
                Text($"D {path}\n");
            else
            {
                Text($"M 100644 inline {path}\ndata {bytes.Length}\n");
                stream.Write(bytes);
                Text("\n");
            }
        }

        GitBytes(Repository, stream.ToArray(), "fast-import", "--quiet", "--force");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Root, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>An outcome as tests ask about it. <see cref="Code"/> is null unless it is terminal.</summary>
internal sealed record Written(Outcome<BatchResult> Outcome, string Id)
{
    public bool IsWritten => Outcome is Outcome<BatchResult>.Done done && done.Value.Results[Id] is IntentResult.Written;

    public Refusal? Code => Outcome switch
    {
        Outcome<BatchResult>.Terminal terminal => terminal.Code,
        Outcome<BatchResult>.Transient => null,
        _ => throw new InvalidOperationException("it was done"),
    };

    public string Failure => Outcome.Failure ?? throw new InvalidOperationException("it was done");
}
