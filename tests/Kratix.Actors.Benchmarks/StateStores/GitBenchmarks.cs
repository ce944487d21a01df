using System.Diagnostics;
using System.Globalization;
using Kratix.Actors.Benchmarks.Reporting;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Git;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Benchmarks.StateStores;

/// <summary>
/// The writer of one branch, alone, with the settings as shipped: placements of two files each into a repository that holds 1,000 files, and into one that holds
/// 100,000 (50,000 requests of one Promise in 50 namespaces: 150,000 directories). Each batch touches every namespace. Beside it, into the large one, clone,
/// commit and push for each file, as a controller without batches does it.
/// </summary>
internal static class GitBenchmarks
{
    internal const string Title = "git writer alone, file://, two files a placement";

    private const int Large = 100_000;
    private const int Small = 1_000;
    private const int Namespaces = 50;
    private const int FilesEach = 2;
    private const int Few = 250;
    private const int FewTimes = 5;
    private const int Waiting = 10_000;
    private const int SingleFiles = 2;

    internal static async Task Run(Figures figures)
    {
        var root = Directory.CreateTempSubdirectory("kratix-git-bench-").FullName;
        try
        {
            await Measure(figures, root, Small);
            var filesPerSecond = await Measure(figures, root, Large);
            var each = TimeSpan.Zero;
            for (var i = 0; i < SingleFiles; i++)
                each += CloneCommitPush(root, i);
            var secondsPerFile = each.TotalSeconds / SingleFiles;
            figures.Add("clone (depth 1), commit and push for each file", "s a file", secondsPerFile, Section(Large));
            figures.Add("ratio of the writer to that", "", filesPerSecond * secondsPerFile, Section(Large));
        }
        finally
        {
            Scratch.Remove(root);
        }
    }

    private static string Section(int files) => string.Create(CultureInfo.InvariantCulture, $"{files:N0} files in the repository already");

    private static string RepositoryIn(string root, int files) => Path.Combine(root, $"{files}.git");

    /// <summary>Answers files written and acknowledged per second, of many that wait together.</summary>
    private static async Task<double> Measure(Figures figures, string root, int files)
    {
        var repository = RepositoryIn(root, files);
        Git(root, null, "init", "--quiet", "--bare", "--initial-branch=main", repository);
        Fill(repository, files / FilesEach);
        var settings = SettingsLoader.Load(SettingsSources.BuiltIn).Settings;
        var contents = new InMemoryContentStore();
        var stores = new GitStateStores(new GitStateStoresOptions { CacheFolder = Path.Combine(root, $"cache-{files}"), AllowFileUrls = true }, contents);
        var address = new GitAddress("file://" + repository, "main", "basicAuth", StoreCredentials.None, "kratix", "");
        await using var actors = new ActorSystem("bench");
        var engine = EngineSettingsFrom.Map(settings, "http://nowhere.invalid", new byte[32]);
        var budgets = new PushBudgets(stores, engine.PushesPerMinute, TimeProvider.System);
        var writer = actors.Spawn(new Props<GitWriterMessage>(() => new GitWriterActor(stores, address, engine, budgets, () => { })), "writer");

        var next = 0;
        var section = Section(files);
        figures.Add("first placement, with the fetch of the whole branch", "ms", (await Write(1)).TotalMilliseconds, section);
        var few = TimeSpan.Zero;
        for (var i = 0; i < FewTimes; i++)
            few += await Write(Few);
        figures.Add(string.Create(CultureInfo.InvariantCulture, $"{Few} placements together: one commit, one push"), "ms", few.TotalMilliseconds / FewTimes, section);
        var commits = Commits(repository);
        var many = await Write(Waiting);
        figures.Add(string.Create(CultureInfo.InvariantCulture, $"{Waiting:N0} placements that wait: pushes"), "", Commits(repository) - commits, section);
        var rate = Waiting * FilesEach / many.TotalSeconds;
        figures.Add("files written and acknowledged, of these", "files/s", rate, section);
        return rate;

        async Task<TimeSpan> Write(int placements)
        {
            var requests = new List<WriteRequest>(placements);
            var done = new TaskCompletionSource();
            var left = placements;
            for (var i = next; i < next + placements; i++)
            {
                requests.Add(new WriteRequest(
                    new WriteIntent($"{i}", $"placement-{i}", "Update", $"redis/default/new-{i}", $"run-{i}",
                        [new PathChange.ReplaceDirectory(DirectoryOf("new", i), [contents.Add("a.yaml", Document(i, "new")), contents.Add("b.yaml", Document(i, "new too"))])]),
                    Answered));
            }

            next += placements;
            var watch = Stopwatch.StartNew();
            foreach (var request in requests)
                writer.Tell(new GitWriterMessage.Write(request));
            await done.Task;
            return watch.Elapsed;

            void Answered(WriteAnswer answer)
            {
                if (answer is WriteAnswer.Failed failed)
                    done.TrySetException(new InvalidOperationException(failed.Reason));
                else if (Interlocked.Decrement(ref left) == 0)
                    done.TrySetResult();
            }
        }
    }

    private static string DirectoryOf(string kind, int i) => $"dev/resources/namespace-{i % Namespaces}/redis/{kind}-{i}/instance/abcde";

    private static string Document(int i, string content) =>
        $"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: request-{i}\n  namespace: default\ndata:\n  value: {content} {i}\n";

    private static int Commits(string repository) => int.Parse(Git(repository, null, "rev-list", "--count", "main"), CultureInfo.InvariantCulture);

    private static void Fill(string repository, int placements)
    {
        var stream = new System.Text.StringBuilder("commit refs/heads/main\ncommitter kratix <> 0 +0000\ndata 5\nFill\n\n");
        for (var i = 0; i < placements; i++)
        {
            foreach (var name in new[] { "a", "b" })
            {
                var document = Document(i, name);
                stream.Append(CultureInfo.InvariantCulture, $"M 100644 inline {DirectoryOf("old", i)}/{name}.yaml\ndata {document.Length}\n{document}\n");
            }
        }

        Git(repository, stream.ToString(), "fast-import", "--quiet");
    }

    /// <summary>The clone is removed outside the time that is answered.</summary>
    private static TimeSpan CloneCommitPush(string root, int i)
    {
        var clone = Path.Combine(root, $"clone-{i}");
        var clock = Stopwatch.StartNew();
        Git(root, null, "clone", "--quiet", "--depth=1", "--branch=main", "file://" + RepositoryIn(root, Large), clone);
        var folder = Directory.CreateDirectory(Path.Combine(clone, DirectoryOf("single", i))).FullName;
        File.WriteAllText(Path.Combine(folder, "a.yaml"), Document(i, "single"));
        Git(clone, null, "add", ".");
        Git(clone, null, "-c", "user.name=kratix", "-c", "user.email=kratix@example.com", "commit", "--quiet", "-m", "Update");
        Git(clone, null, "push", "--quiet", "origin", "HEAD:main");
        var elapsed = clock.Elapsed;
        Directory.Delete(clone, recursive: true);
        return elapsed;
    }

    private static string Git(string folder, string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var process = Process.Start(start)!;
        process.StandardInput.Write(input ?? "");
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"git {string.Join(' ', arguments)} failed");
    }
}
