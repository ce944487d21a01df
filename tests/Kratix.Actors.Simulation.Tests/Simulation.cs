using System.Formats.Tar;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>A part of the world that does not keep its promise, to see that the simulation notices.</summary>
internal enum Broken
{
    Nothing,

    /// <summary>Creating what exists creates another.</summary>
    Adoption,

    /// <summary>The store says that it has written, and has not.</summary>
    Pushes,
}

/// <summary>
/// The whole engine among users, containers and faults, in one thread and in virtual time; one seed decides everything. A crash throws the process
/// away between two steps: nothing of it ever runs again, and the next one starts on what the journal, the API server and the stores hold.
/// </summary>
internal sealed class Simulation
{
    internal static readonly ResourceType Redis = new("example.org", "v1", "redis", "Redis", true);
    private const int Names = 4;

    private readonly SeededRandom _dice;
    private readonly Broken _broken;
    private readonly Chaos _chaos;
    private readonly Dictionary<string, RunPlan> _plans = [];
    private readonly HashSet<string> _working = [];
    private ActorTestKit _kit;
    private KratixEngine? _engine;
    private int _lives;

    internal Simulation(ulong seed, Broken broken = Broken.Nothing)
    {
        _dice = new SeededRandom(seed);
        _broken = broken;
        Time = new ManualTime();
        _chaos = new Chaos(seed * 31, Time);
        _kit = new ActorTestKit(_dice.Next(), time: Time);
        Kubernetes = new FakeKubernetes(Time);
        Stores = new InMemoryStateStores(Journal);
        Git.Edit(files => files.SetItem("README.md", Encoding.UTF8.GetBytes("foreign")));
    }

    internal ManualTime Time { get; }

    internal InMemoryJournal Journal { get; } = new();

    internal FakeKubernetes Kubernetes { get; }

    internal FakeRunner Runner { get; } = new();

    internal InMemoryStateStores Stores { get; }

    internal InMemoryStateStore Git => Stores.Store("https://git.example.org/platform#main");

    /// <summary>What happened, for who has to find out why.</summary>
    internal List<string> Story { get; } = [];

    internal int Image { get; private set; } = 1;

    internal void Play(int rounds)
    {
        StartLife();
        Set(Kinds.GitStateStore, null, new JsonObject { ["metadata"] = Name("store"), ["spec"] = new JsonObject { ["url"] = "https://git.example.org/platform" } });
        Destination("one");
        Destination("two");
        Set(Kinds.Promise, null, Promise());
        for (var round = 0; round < rounds; round++)
            Round();
        _chaos.Calm = true;
        Settle(TimeSpan.FromMinutes(30));
    }

    /// <summary>Time goes by without faults, and every run succeeds.</summary>
    internal void Settle(TimeSpan by)
    {
        for (var end = Time.Elapsed + by; Time.Elapsed < end;)
        {
            Steps(int.MaxValue);
            Work(always: true);
            Steps(int.MaxValue);
            Pass(Time.Elapsed + TimeSpan.FromSeconds(5));
        }
    }

    internal void Delete(ResourceType type, string? ns, string name) => Done(Kubernetes.Delete(type, ns, name, CancellationToken.None));

    internal IReadOnlyList<JsonObject> All(ResourceType type) =>
        ((Outcome<IReadOnlyList<JsonObject>>.Done)Done(Kubernetes.List(type, null, null, CancellationToken.None))).Value;

    private void Round()
    {
        switch (_dice.Next(20))
        {
            case 0 or 1 or 2:
                var name = $"r{_dice.Next(Names)}";
                Tell($"user sets {name}");
                Set(Redis, "default", new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
                    ["spec"] = new JsonObject { ["size"] = _dice.Next(100) },
                });
                break;
            case 3:
                var gone = $"r{_dice.Next(Names)}";
                Tell($"user deletes {gone}");
                Delete(Redis, "default", gone);
                break;
            case 4 when _dice.OneIn(3):
                Image++;
                Tell($"user changes the Promise to image {Image}");
                Set(Kinds.Promise, null, Promise());
                break;
            case 5 when _dice.OneIn(3):
                Tell("crash");
                StartLife();
                break;
            case 6 when _dice.OneIn(4):
                Tell("somebody else commits");
                Git.Edit(files => files.SetItem($"foreign/{_dice.Next(5)}.md", [(byte)_dice.Next(256)]));
                break;
            case 6:
                if (_dice.OneIn(10))
                    Destination("three");
                break;
            case 7 when _dice.OneIn(4) && Runner.Runs is { Count: > 0 } runs:
                var victim = runs[_dice.Next(runs.Count)];
                Tell($"somebody deletes Pod {victim.PodName}");
                Done(Runner.Remove(victim.Namespace, victim.PodName, CancellationToken.None));
                break;
            case 8 or 9 or 10:
                Pass(Time.Elapsed + TimeSpan.FromMilliseconds(1 + _dice.Next(4000)));
                break;
            case 11 or 12 or 13:
                Work(always: false);
                break;
            default:
                Steps(1 + _dice.Next(120));
                break;
        }

        OneActiveRun();
    }

    /// <summary>A new process. Of the old one not a single step is made any more.</summary>
    private void StartLife()
    {
        _lives++;
        _kit = new ActorTestKit(_dice.Next(), time: Time);
        _engine = null;
        _working.Clear();
        var kubernetes = new FaultyKubernetes(Kubernetes, Kubernetes, _chaos);
        var journal = new FaultyJournal(Journal, Journal, _chaos);
        var world = new World(
            journal, journal, kubernetes, kubernetes, new FaultyRunner(Runner, _chaos, _broken != Broken.Adoption), new FaultyStores(Stores, _chaos, _broken != Broken.Pushes),
            Time, NullLogger.Instance);
        var kit = _kit;
        kit.Dispatcher.InContext(() => _ = Run());
        kit.Dispatcher.InContext(() => _ = EstablishApis());

        async Task Run()
        {
            var engine = await KratixEngine.Start(Settings(), world, kit.System, CancellationToken.None);
            if (kit == _kit)
                _engine = engine;
        }
    }

    private void Steps(int most)
    {
        for (var i = 0; i < most && _kit.Dispatcher.RunNext(); i++)
        {
            if (i == 200_000)
                throw new InvalidOperationException("the engine does not come to rest");
        }
    }

    private void Pass(TimeSpan until)
    {
        var rang = true;
        while (rang)
        {
            _kit.Dispatcher.InContext(() => rang = Time.RingNext(until));
            if (_chaos.Calm)
                Steps(int.MaxValue);
        }
    }

    /// <summary>Containers do something: one of them, or (calm) all to their end.</summary>
    private void Work(bool always)
    {
        while (Runner.Created.TryRead(out var plan))
            _plans[$"{plan.Namespace}/{plan.PodName}"] = plan;
        if (_engine is not { } engine)
            return;
        foreach (var run in Runner.Runs.Where(r => r.Phase is RunPhase.Pending or RunPhase.Running))
        {
            var key = $"{run.Namespace}/{run.PodName}";
            if (!always && !_dice.OneIn(2) || !_working.Add(key))
                continue;
            var outcome = always ? 9 : _dice.Next(10);
            Tell($"Pod {run.PodName} {(outcome == 0 ? "fails" : outcome == 1 ? "ends without a word" : "succeeds")}");
            var plan = _plans[key];
            _kit.Dispatcher.InContext(() => _ = Carry(engine, plan, outcome, key));
        }
    }

    private async Task Carry(KratixEngine engine, RunPlan plan, int outcome, string key)
    {
        // The run began before this: what it sees of its object is what there was then, whatever comes meanwhile.
        if (await engine.Exchange.Object(plan.RunId, plan.ExchangeToken, CancellationToken.None) is not Outcome<ReadOnlyMemory<byte>>.Done { Value: var yaml })
        {
            _working.Remove(key);
            return;
        }

        await _chaos.Pause();
        if (outcome > 1)
        {
            var spec = Yaml.Parse(Encoding.UTF8.GetString(yaml.Span))!["spec"];
            var handedIn = false;
            while (!handedIn)
            {
                try
                {
                    handedIn = await engine.Exchange.Submit(
                        plan.RunId, plan.ExchangeToken, Output(FileOf(spec?["size"]?.ToString(), plan.Containers[0]!["image"]!.ToString())), CancellationToken.None) is Outcome<Nothing>.Done;
                }
                catch (Ports.Journal.JournalException)
                {
                    await Task.Delay(TimeSpan.FromSeconds(1), Time);
                }
            }
        }

        await _chaos.Pause();
        if (Runner.Runs.Any(r => r.PodName == plan.PodName && r.Phase is RunPhase.Pending or RunPhase.Running))
            Runner.Finish(plan.Namespace, plan.PodName, outcome == 0 ? 1 : 0);
        _working.Remove(key);
    }

    internal static string FileOf(string? size, string image) => $"size: {size}\nimage: {image}\n";

    private static MemoryStream Output(string text)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Gnu, leaveOpen: true))
            writer.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, "output/db.yaml") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        stream.Position = 0;
        return stream;
    }

    private void OneActiveRun()
    {
        while (Runner.Created.TryRead(out var plan))
            _plans[$"{plan.Namespace}/{plan.PodName}"] = plan;
        // A run that has handed in is over: all that its Pod still does is to end.
        var twice = Runner.Runs.Where(r => r.Phase is RunPhase.Pending or RunPhase.Running && Done(Journal.GetRun(r.RunId, CancellationToken.None)) is null)
            .GroupBy(r => _plans[$"{r.Namespace}/{r.PodName}"].Labels.GetValueOrDefault(Marks.ResourceName, "")).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
            throw new InvalidOperationException($"two runs of {twice.Key} are active: {string.Join(", ", twice.Select(r => r.PodName))}");
    }

    private async Task EstablishApis()
    {
        await foreach (var signal in Kubernetes.Watch(Kinds.Crd, null, null, CancellationToken.None))
        {
            IReadOnlyList<JsonObject> items = signal switch { WatchSignal.Listed l => l.Items, WatchSignal.Changed c => [c.Item], _ => [] };
            foreach (var name in items.Where(i => i["status"] is null).Select(i => i["metadata"]!["name"]!.ToString()))
            {
                var established = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Established", ["status"] = "True" }) };
                await Kubernetes.Patch(Kinds.Crd, null, name, PatchKind.Merge, new JsonObject { ["status"] = established }, "status", CancellationToken.None);
            }
        }
    }

    private void Destination(string name) => Set(Kinds.Destination, null, new JsonObject
    {
        ["metadata"] = Name(name),
        ["spec"] = new JsonObject { ["path"] = name, ["stateStoreRef"] = new JsonObject { ["kind"] = "GitStateStore", ["name"] = "store" } },
    });

    private void Set(ResourceType type, string? ns, JsonObject body)
    {
        var name = body["metadata"]!["name"]!.ToString();
        if (Done(Kubernetes.Create(type, ns, body, CancellationToken.None)) is not Outcome<JsonObject>.Done)
            Done(Kubernetes.Patch(type, ns, name, PatchKind.Merge, new JsonObject { ["spec"] = body["spec"]!.DeepClone() }, null, CancellationToken.None));
    }

    /// <summary>The fakes answer at once.</summary>
    private static T Done<T>(Task<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : throw new InvalidOperationException("a fake took time");

    private void Tell(string what) => Story.Add(string.Create(CultureInfo.InvariantCulture, $"{Time.Elapsed.TotalSeconds,9:0.000} life {_lives}: {what}"));

    private static JsonObject Name(string name) => new() { ["name"] = name };

    private JsonObject Promise() => new()
    {
        ["metadata"] = Name("redis"),
        ["spec"] = new JsonObject
        {
            ["api"] = JsonNode.Parse(
                """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"redis.example.org"},
                 "spec":{"group":"example.org","names":{"kind":"Redis","plural":"redis"},"scope":"Namespaced","versions":[{"name":"v1","served":true,"storage":true}]}}
                """),
            ["dependencies"] = new JsonArray(new JsonObject { ["kind"] = $"Operator{Image}" }),
            ["workflows"] = new JsonObject
            {
                ["promise"] = new JsonObject { ["configure"] = Pipeline("prepare") },
                ["resource"] = new JsonObject { ["configure"] = Pipeline("configure"), ["delete"] = Pipeline("remove") },
            },
        },
    };

    private JsonArray Pipeline(string name) => new(new JsonObject
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = "Pipeline",
        ["metadata"] = Name(name),
        ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = $"work:{Image}" }) },
    });

    private static EngineSettings Settings() => new()
    {
        NodeName = "node",
        ReconcileInterval = TimeSpan.FromHours(10),
        Retry = new RetrySchedule(1000, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20)),
        ReconcileAfterFailure = true,
        OnStart = OnStart.Verify,
        OnStartWindow = TimeSpan.FromMinutes(1),
        Shards = 4,
        MaxRunsInFlight = 3,
        MaxRunsPerPromise = 2,
        RunDeadline = null,
        ImagePullDeadline = TimeSpan.FromMinutes(2),
        JobsToKeep = 2,
        Output = new OutputLimits(OutputValidation.Yaml, 10, 10_000, 10_000),
        PassivateAfter = TimeSpan.FromSeconds(10),
        PublishReadModels = true,
        ExchangeUrl = "http://engine",
        ExchangeKey = Encoding.UTF8.GetBytes("a key"),
        Crds = [],
        BatchMaxIntents = 3,
        BatchMaxFiles = 100,
        BatchMaxBytes = 1_000_000,
        BatchLinger = TimeSpan.FromMilliseconds(50),
        WriteRetry = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)),
        PushesPerMinute = _ => null,
    };
}
