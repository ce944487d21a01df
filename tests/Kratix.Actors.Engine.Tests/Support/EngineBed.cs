using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kratix.Actors.Engine.Tests.Support;

/// <summary>The whole engine in one thread and in virtual time, on ports in memory that outlive it.</summary>
internal sealed class EngineBed
{
    internal static readonly ResourceType Redis = new("example.org", "v1", "redis", "Redis", true);

    private readonly List<RunPlan> _plans = [];

    internal EngineBed(EngineSettings? settings = null)
    {
        Settings = settings ?? Samples.Settings;
        Journal = new InMemoryJournal(Kit.Time);
        Kubernetes = new FakeKubernetes(Kit.Time);
        Stores = new InMemoryStateStores(Journal);
        Kit.Dispatcher.InContext(() => _ = EstablishApis());
    }

    internal ActorTestKit Kit { get; } = new();

    internal EngineSettings Settings { get; set; }

    internal InMemoryJournal Journal { get; }

    internal FakeKubernetes Kubernetes { get; }

    internal FakeRunner Runner { get; } = new();

    internal InMemoryStateStores Stores { get; }

    internal InMemoryStateStore Git => Stores.Store("https://git.example.org/platform#main");

    internal KratixEngine Engine { get; private set; } = null!;

    private World World => new(Journal, Journal, Kubernetes, Kubernetes, Runner, Stores, Kit.Time, NullLogger.Instance);

    /// <summary>Plans created so far that no test has taken.</summary>
    internal IReadOnlyList<RunPlan> Plans
    {
        get
        {
            while (Runner.Created.TryRead(out var plan))
                _plans.Add(plan);
            return _plans;
        }
    }

    /// <summary>A started engine with a Git store, a Destination and the Promise.</summary>
    internal static EngineBed WithPromise(EngineSettings? settings = null, JsonObject? promise = null)
    {
        var bed = new EngineBed(settings);
        bed.Start();
        bed.Create(Kinds.Secret, "default", Samples.Secret("one"));
        bed.Create(Kinds.GitStateStore, null, Samples.Store());
        bed.Create(Kinds.Destination, null, Samples.Destination("worker", ("environment", "dev")));
        bed.Create(Kinds.Promise, null, promise ?? Samples.Promise());
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        return bed;
    }

    internal void Start() => Engine = Kit.Settle(() => KratixEngine.Start(Settings, World, Kit.System, CancellationToken.None));

    /// <summary>Stops every actor as a shutdown does, and starts an engine anew on what is left.</summary>
    internal EngineBed Restarted(OnStart onStart, Func<Task>? meanwhile = null)
    {
        Kit.Settle(async () =>
        {
            await Engine.DisposeAsync();
            await Kit.System.Stop(TimeSpan.FromMinutes(1));
            await (meanwhile?.Invoke() ?? Task.CompletedTask);
        });
        var next = new EngineBed(this, Settings with { OnStart = onStart });
        next.Start();
        next.Kit.Run();
        return next;
    }

    internal JsonObject Create(ResourceType type, string? ns, JsonObject body)
    {
        var created = Kit.Settle(() => Kubernetes.Create(type, ns, body, CancellationToken.None));
        return Assert.IsType<Outcome<JsonObject>.Done>(created).Value;
    }

    internal void Patch(ResourceType type, string? ns, string name, JsonObject patch)
    {
        Assert.IsType<Outcome<JsonObject>.Done>(Kit.Settle(() => Kubernetes.Patch(type, ns, name, PatchKind.Merge, patch, null, CancellationToken.None)));
        Kit.Advance(TimeSpan.FromSeconds(1));
    }

    internal void Delete(ResourceType type, string? ns, string name)
    {
        Kit.Settle(() => Kubernetes.Delete(type, ns, name, CancellationToken.None));
        Kit.Advance(TimeSpan.FromSeconds(1));
    }

    internal void Request(string name, string size = "small")
    {
        Create(Redis, "default", Samples.Request(name, size));
        Kit.Advance(TimeSpan.FromSeconds(1));
    }

    internal JsonObject? Get(ResourceType type, string? ns, string name) =>
        Kit.Settle(() => Kubernetes.Get(type, ns, name, CancellationToken.None)) is Outcome<JsonObject>.Done done ? done.Value : null;

    internal IReadOnlyList<JsonObject> List(ResourceType type, string? labels = null) =>
        Assert.IsType<Outcome<IReadOnlyList<JsonObject>>.Done>(Kit.Settle(() => Kubernetes.List(type, null, labels, CancellationToken.None))).Value;

    /// <summary>The Events about the object of this kind and name: type and reason, in the order told.</summary>
    internal IReadOnlyList<string> Told(string kind, string name) =>
    [
        .. List(Kinds.Event).Where(e => e["involvedObject"]!["kind"]!.ToString() == kind && e["involvedObject"]!["name"]!.ToString() == name)
            .OrderBy(e => long.Parse(e["metadata"]!["resourceVersion"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture))
            .Select(e => $"{e["type"]} {e["reason"]}"),
    ];

    internal JsonObject Redis1(string name) => Get(Redis, "default", name) ?? throw new InvalidOperationException($"there is no Redis {name}");

    /// <summary>The only plan that waits to be carried out.</summary>
    internal RunPlan TakePlan()
    {
        Kit.Run();
        var plan = Assert.Single(Plans);
        _plans.Clear();
        return plan;
    }

    /// <summary>All plans that wait to be carried out.</summary>
    internal IReadOnlyList<RunPlan> TakeAll()
    {
        Kit.Run();
        var plans = Plans.ToList();
        _plans.Clear();
        return plans;
    }

    /// <summary>Many runs do their work, all at one moment.</summary>
    internal void CompleteAll(IReadOnlyList<RunPlan> plans, params (string Path, string Text)[] files)
    {
        foreach (var plan in plans)
        {
            Kit.Settle(() => Engine.Exchange.Submit(plan.RunId, plan.ExchangeToken, Samples.Tar(files), CancellationToken.None));
            Kit.Dispatcher.InContext(() => Runner.Finish(plan.Namespace, plan.PodName, 0));
        }

        Kit.Advance(TimeSpan.FromSeconds(1));
    }

    /// <summary>The run does its work: hands these files in and succeeds.</summary>
    internal void Complete(RunPlan plan, params (string Path, string Text)[] files)
    {
        Assert.IsType<Outcome<Ports.Nothing>.Done>(
            Kit.Settle(() => Engine.Exchange.Submit(plan.RunId, plan.ExchangeToken, Samples.Tar(files), CancellationToken.None)));
        Kit.Dispatcher.InContext(() => Runner.Finish(plan.Namespace, plan.PodName, 0));
        Kit.Advance(TimeSpan.FromSeconds(2));
    }

    internal void Fail(RunPlan plan)
    {
        Kit.Dispatcher.InContext(() => Runner.Finish(plan.Namespace, plan.PodName, 1));
        Kit.Advance(TimeSpan.FromSeconds(1));
    }

    /// <summary>The run's Pod is seen like this.</summary>
    internal void Report(RunPlan plan, Func<RunReport, RunReport> change)
    {
        Kit.Dispatcher.InContext(() => Runner.Report(plan.Namespace, plan.PodName, change));
        Kit.Advance(TimeSpan.FromSeconds(1));
    }

    internal ResourceState State(string name)
    {
        var row = Kit.Settle(() => Journal.Read(new EntityKey(Shapes.Resource, $"redis/default/{name}"), CancellationToken.None));
        return Codec.Read<ResourceState>((row ?? throw new InvalidOperationException($"no row of {name}")).State.Span);
    }

    internal string Phase(string name) => State(name).Phase.GetType().Name;

    internal string Text(string path) => Encoding.UTF8.GetString(Git.Files[path]);

    internal IReadOnlyList<string> EventTypes(string name) => [.. Kit.Settle(async () =>
    {
        var types = new List<string>();
        await foreach (var e in Journal.Events(new EntityKey(Shapes.Resource, $"redis/default/{name}"), 0, CancellationToken.None))
            types.Add(e.Type);
        return types;
    })];

    /// <summary>The newest event of this type, as it is stored.</summary>
    internal JsonObject Event(string name, string type) => Kit.Settle(async () =>
    {
        JsonObject? found = null;
        await foreach (var e in Journal.Events(new EntityKey(Shapes.Resource, $"redis/default/{name}"), 0, CancellationToken.None))
            found = e.Type == type ? JsonNode.Parse(e.Payload.Span)!.AsObject() : found;
        return found ?? throw new InvalidOperationException($"{name} has no event {type}");
    });

    internal static string? Condition(JsonObject item, string type) =>
        (item["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(c => c?["type"]?.ToString() == type)?["status"]?.ToString();

    private EngineBed(EngineBed before, EngineSettings settings)
    {
        // A process of its own, but the clock of the world goes on.
        Settings = settings;
        Kit = new ActorTestKit(before.Kit.Seed + 1, time: before.Kit.Time);
        (Journal, Kubernetes, Runner, Stores) = (before.Journal, before.Kubernetes, before.Runner, before.Stores);
        _plans.AddRange(before.Plans);
        Kit.Dispatcher.InContext(() => _ = EstablishApis());
    }

    /// <summary>What the API server does for every CustomResourceDefinition.</summary>
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
}
