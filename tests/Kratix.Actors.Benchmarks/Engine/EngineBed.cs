using System.Diagnostics;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Journal;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.StateStores.Git;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>An engine with its settings as shipped, a durable journal, a real repository over file://, the API it is given, and runs that take no time.</summary>
internal sealed class EngineBed : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private readonly ActorSystem _actors;
    private readonly KratixEngine _engine;
    private readonly WarningLog _log;

    private EngineBed(string folder, BenchApi api, SqliteJournal journal, ActorSystem actors, KratixEngine engine, StubRunner runner, WarningLog log) =>
        (Folder, Api, Journal, _actors, _engine, Runner, _log) = (folder, api, journal, actors, engine, runner, log);

    internal string Folder { get; }

    internal BenchApi Api { get; }

    internal SqliteJournal Journal { get; }

    internal StubRunner Runner { get; }

    internal static Task<EngineBed> Start(string folder, BenchApi api, params IReadOnlyList<string> overrides) => Start(folder, api, _ => { }, overrides);

    /// <summary><paramref name="prepare"/>: what to do with the runner before anything can run.</summary>
    internal static async Task<EngineBed> Start(string folder, BenchApi api, Action<StubRunner> prepare, params IReadOnlyList<string> overrides)
    {
        var time = TimeProvider.System;
        if (!Directory.Exists(RepositoryIn(folder)))
            RunGit(folder, null, "init", "--quiet", "--bare", "--initial-branch=main", RepositoryIn(folder));
        var settings = SettingsLoader.Load(SettingsSources.BuiltIn with { Overrides = [$"kratix.data-folder={folder}", "kratix.git.allow-file-urls=true", .. overrides] }).Settings;
        var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = Path.Combine(folder, "journal.db"), Time = time }, CancellationToken.None);
        var log = new WarningLog();
        var runner = new StubRunner(time);
        prepare(runner);
        var stores = new GitStateStores(
            new GitStateStoresOptions { CacheFolder = Path.Combine(folder, "git"), AllowFileUrls = true, CommandTimeout = settings.Git.CommandTimeout, TimeProvider = time }, journal);
        var actors = new ActorSystem("bench");
        var world = new World(journal, journal, api.Engine, api.Watch, runner, stores, time, log);
        var mapped = EngineSettingsFrom.Map(settings, "http://nowhere.invalid", new byte[32]);
        var engine = await KratixEngine.Start(mapped, world, actors, CancellationToken.None);
        runner.Attach(engine.Exchange);
        return new EngineBed(folder, api, journal, actors, engine, runner, log);
    }

    /// <summary>Repository, Destination and Promise; ends when the Promise can serve.</summary>
    internal async Task InstallPromise()
    {
        var ready = Task.WhenAll(Api.Engine.Shown("Destination", "", "Ready", 1, Limit), Api.Engine.Shown("Promise", "", "Available", 1, Limit));
        foreach (var (type, body) in new[] { NoopPromise.Store(RepositoryIn(Folder)), NoopPromise.Destination, NoopPromise.Promise })
            await Create(Api, type, null, body);
        await ready;
    }

    /// <summary>Submits requests, all at once as far as the API takes them; ends when each one shows Reconciled=True, acknowledged by the API server.</summary>
    internal async Task Settle(string prefix, int count)
    {
        var settled = Api.Engine.Shown(NoopPromise.Kind, prefix, "Reconciled", count, Limit);
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
            await Request(Api, $"{prefix}{i}"));
        await settled;
    }

    /// <summary>A user's request.</summary>
    internal static Task Request(BenchApi api, string name) => Create(api, NoopPromise.Type, NoopPromise.Namespace, NoopPromise.Request(name));

    /// <summary>Requests that have an actor now.</summary>
    internal long Awake => _engine.Metrics.ByType.Where(t => t.Type.Contains("ResourceActor", StringComparison.Ordinal)).Sum(t => t.Active);

    /// <summary>Commits of the branch: the engine makes one for each push.</summary>
    internal int Commits() => int.Parse(Git("rev-list", "--count", "main"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Files that the branch holds.</summary>
    internal int Files() => Git("ls-tree", "-r", "--name-only", "main").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    public async ValueTask DisposeAsync()
    {
        var (warnings, first) = (_log.Count, _log.First);
        await _engine.DisposeAsync();
        await _actors.DisposeAsync();
        await Api.DisposeAsync();
        await Journal.DisposeAsync();
        if (warnings > 0)
            await Console.Error.WriteLineAsync($"benchmarks: the engine had {warnings} warnings; the first: {first}");
    }

    /// <summary>What git says in the repository.</summary>
    internal string Git(params string[] arguments) => GitWithInput(null, arguments);

    internal string GitWithInput(string? input, params string[] arguments) => RunGit(RepositoryIn(Folder), input, arguments);

    private static string RepositoryIn(string folder) => Path.Combine(folder, "repository.git");

    private static async Task Create(BenchApi api, ResourceType type, string? ns, JsonObject body)
    {
        if (await api.User.Create(type, ns, body, CancellationToken.None) is { Failure: { } failure })
            throw new InvalidOperationException($"{type.Kind} {body["metadata"]!["name"]} could not be created: {failure}");
    }

    private static string RunGit(string folder, string? input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"git {string.Join(' ', arguments)} exited with {process.ExitCode}");
    }
}
