using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kratix.Actors.Benchmarks.Reporting;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Git;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Benchmarks.StateStores;

/// <summary>
/// Files per second into a repository that already holds 100,000 (50,000 requests of one Promise in 50 namespaces, two files each: 200,000 directories),
/// beside clone, commit and push for each file as a controller without batches does it. Each batch touches every namespace.
/// </summary>
internal static class GitBenchmarks
{
    internal const string Title = "git writer alone: 100,000 files in the repository already, file://";

    private const int Present = 50_000;
    private const int Namespaces = 50;
    private const int PlacementsPerBatch = 250;
    private const int Batches = 10;
    private const int SingleFiles = 2;

    internal static async Task Run(Figures figures)
    {
        var root = Directory.CreateTempSubdirectory("kratix-git-bench-").FullName;
        try
        {
            var repository = Path.Combine(root, "remote.git");
            Git(root, null, "init", "--quiet", "--bare", "--initial-branch=main", repository);
            Fill(repository);

            var contents = new InMemoryContentStore();
            var stores = new GitStateStores(new GitStateStoresOptions { CacheFolder = Path.Combine(root, "cache"), AllowFileUrls = true }, contents);
            var address = new GitAddress("file://" + repository, "main", "basicAuth", StoreCredentials.None, "kratix", "");
            await using var store = ((Outcome<IStateStore>.Done)stores.Open(address)).Value;

            var first = await Timed(() => Write(store, contents, batch: 0, content: "first"));
            figures.Add("first batch, with the fetch of the whole branch", "ms", first.TotalMilliseconds);
            var batches = await Timed(async () =>
            {
                for (var i = 1; i <= Batches; i++)
                    await Write(store, contents, i, "new");
            });
            figures.Add($"batch of {2 * PlacementsPerBatch} files, one commit and one push", "ms", batches.TotalMilliseconds / Batches);
            var filesPerSecond = Batches * PlacementsPerBatch * 2 / batches.TotalSeconds;
            figures.Add("files written and acknowledged", "files/s", filesPerSecond);
            var unchanged = await Timed(() => Write(store, contents, Batches, "new"));
            figures.Add("the same batch again, nothing to write", "ms", unchanged.TotalMilliseconds);
            var each = await Timed(() =>
            {
                for (var i = 0; i < SingleFiles; i++)
                    CloneCommitPush(root, repository, i);
                return Task.CompletedTask;
            });
            figures.Add("clone (depth 1), commit and push for each file", "files/s", SingleFiles / each.TotalSeconds);
            figures.Add("ratio", "", filesPerSecond / (SingleFiles / each.TotalSeconds));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task Write(IStateStore store, InMemoryContentStore contents, int batch, string content)
    {
        var intents = Enumerable.Range(batch * PlacementsPerBatch, PlacementsPerBatch).Select(i => new WriteIntent(
            $"{i}", $"placement-{i}", "Update", $"redis/default/new-{i}", $"run-{i}",
            [new PathChange.ReplaceDirectory(DirectoryOf("new", i), [contents.Add("a.yaml", Document(i, content)), contents.Add("b.yaml", Document(i, content + " too"))])]));
        if (await store.Write([.. intents], CancellationToken.None) is { Failure: { } failure })
            throw new InvalidOperationException(failure);
    }

    private static string DirectoryOf(string kind, int i) => $"dev/resources/namespace-{i % Namespaces}/redis/{kind}-{i}/instance/abcde";

    private static string Document(int i, string content) =>
        $"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: request-{i}\n  namespace: default\ndata:\n  value: {content} {i}\n";

    private static void Fill(string repository)
    {
        var stream = new StringBuilder("commit refs/heads/main\ncommitter kratix <> 0 +0000\ndata 5\nFill\n\n");
        for (var i = 0; i < Present; i++)
        {
            foreach (var name in new[] { "a", "b" })
            {
                var document = Document(i, name);
                stream.Append(CultureInfo.InvariantCulture, $"M 100644 inline {DirectoryOf("old", i)}/{name}.yaml\ndata {document.Length}\n{document}\n");
            }
        }

        Git(repository, stream.ToString(), "fast-import", "--quiet");
    }

    private static void CloneCommitPush(string root, string repository, int i)
    {
        var clone = Path.Combine(root, $"clone-{i}");
        Git(root, null, "clone", "--quiet", "--depth=1", "--branch=main", "file://" + repository, clone);
        var folder = Directory.CreateDirectory(Path.Combine(clone, DirectoryOf("single", i))).FullName;
        File.WriteAllText(Path.Combine(folder, "a.yaml"), Document(i, "single"));
        Git(clone, null, "add", ".");
        Git(clone, null, "-c", "user.name=kratix", "-c", "user.email=kratix@example.com", "commit", "--quiet", "-m", "Update");
        Git(clone, null, "push", "--quiet", "origin", "HEAD:main");
        Directory.Delete(clone, recursive: true);
    }

    private static async Task<TimeSpan> Timed(Func<Task> work)
    {
        var watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed;
    }

    private static void Git(string folder, string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardInput = true };
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var process = Process.Start(start)!;
        process.StandardInput.Write(input ?? "");
        process.StandardInput.Close();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"git {string.Join(' ', arguments)} failed");
    }
}
