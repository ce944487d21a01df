using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Fencing;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Platform;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine;

/// <summary>
/// The engine, running: takes its shards, installs the CRDs, watches Promises, and takes up whatever the journal says is unfinished.
/// </summary>
public sealed partial class KratixEngine : IAsyncDisposable
{
    private static readonly TimeSpan CrdRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan JournalRetry = TimeSpan.FromSeconds(5);

    private readonly ActorSystem _system;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _unfinished;

    private KratixEngine(ActorSystem system, Fence fence, IRunExchange exchange, Func<CancellationToken, Task> takeUp)
    {
        _system = system;
        Replaced = fence.Lost;
        Exchange = new FencedExchange(exchange, fence);
        _unfinished = takeUp(_stop.Token);
    }

    /// <summary>What runs talk to; whoever has an HTTP server offers it.</summary>
    public IRunExchange Exchange { get; }

    /// <summary>Completes when another engine has taken the journal's shards. This one writes nothing from then on, and is to be ended.</summary>
    public Task Replaced { get; }

    public KernelMetrics Metrics => _system.Metrics;

    public static async Task<KratixEngine> Start(EngineSettings settings, World world, ActorSystem system, CancellationToken cancellation)
    {
        await InstallCrds(settings, world, cancellation);
        await PlatformActor.Prime(world, settings, cancellation);
        var fence = await Fence.Take(world.Journal, world.Time, settings.Shards, settings.NodeName, cancellation);
        world = world.Metered().Behind(fence);
        var startToken = $"{settings.NodeName}/{fence.Taken.Values.Max()}";

        var snapshot = new DestinationSnapshot();
        var exchange = new RunExchange(world.Content, settings);
        var slots = system.Spawn(new Props<RunSlotsMessage>(() => new RunSlotsActor(settings.MaxRunsInFlight, settings.MaxRunsPerPromise)), "run-slots");
        var directory = system.Spawn(new Props<RunDirectoryMessage>(() => new RunDirectoryActor(world)), "run-directory");
        var stores = system.Spawn(new Props<StateStoresMessage>(() => new StateStoresActor(world, settings, snapshot)), "state-stores");
        var services = new EngineServices(
            world, settings, new JournalEventStore<ResourceState, ResourceEvent>(world.Journal, settings.NodeName, Shapes.OfResource),
            new JournalEventStore<PromiseState, PromiseEvent>(world.Journal, settings.NodeName, Shapes.OfPromise), snapshot, stores,
            new RunServices(world, settings, exchange, slots, directory, new RunJanitor(world, settings), new PipelineAccounts(world.Kubernetes)), new Revisions(world.Content), new PassingNews(), startToken, fence, new Observer(settings.TelemetryNamesRequests));

        var supervision = new SupervisorStrategy.Restart(settings.Restart.Min, settings.Restart.Max);
        ShardLease? LeaseOf(int shard) => fence.Taken.TryGetValue(shard, out var epoch) ? new ShardLease(shard, epoch) : null;
        var resources = system.Spawn(
            ShardRegion.Props(new ShardRegionSettings<ResourceMessage>(
                settings.Shards, (id, lease) => new Props<ResourceMessage>(() => new ResourceActor(id, lease, services)) { SupervisorStrategy = supervision }, LeaseOf, settings.PassivateAfter, 0)), "resources");
        services.Resources = resources;
        var promises = system.Spawn(
            ShardRegion.Props(new ShardRegionSettings<PromiseMessage>(
                settings.Shards, (id, lease) => new Props<PromiseMessage>(() => new PromiseActor(id, lease, services)) { SupervisorStrategy = supervision }, LeaseOf, settings.PassivateAfter, 0)), "promises");
        services.Promises = promises;
        system.Spawn(new Props<PlacementsMessage>(() => new PlacementsActor(world, settings.PublishReadModels, snapshot, stores, promises, resources)), "placements");
        system.Spawn(new Props<DriftMessage>(() => new DriftActor(world, settings, stores, promises, resources)), "drift");
        system.Spawn(new Props<PromiseWatchMessage>(() => new PromiseWatchActor(world, promises)), "promise-watch");
        var wakeUps = system.Spawn(new Props<WakeUpsMessage>(() => new WakeUpsActor(world, settings, promises, resources, startToken)), "wake-ups");
        system.Spawn(new Props<PlatformMessage>(() => new PlatformActor(world, settings, promises)), "platform");
        if (settings.Compaction is { } compaction)
            system.Spawn(new Props<CompactionMessage>(() => new CompactionActor(world, compaction)), "compaction");
        return new KratixEngine(system, fence, exchange, stop => TakeUp(world, () => TakeUpUnfinished(settings, world, promises, resources, wakeUps, stop), stop));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _unfinished.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static async Task InstallCrds(EngineSettings settings, World world, CancellationToken cancellation)
    {
        var ns = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = Kinds.SystemNamespace } };
        await Until(world, () => Make(world.Kubernetes, ns, cancellation), $"namespace {Kinds.SystemNamespace}", cancellation);
        foreach (var crd in settings.Crds)
            await Until(world, () => Install(world.Kubernetes, crd, cancellation), $"CRD {crd.Name()}", cancellation);
        foreach (var crd in settings.Crds)
        {
            await Until(
                world,
                async () => await world.Kubernetes.Get(Kinds.Crd, null, crd.Name(), cancellation) is Outcome<JsonObject>.Done { Value: var shown }
                    ? shown.Condition("Established")?["status"]?.ToString() == "True"
                        ? new Outcome<JsonObject>.Done(shown)
                        : new Outcome<JsonObject>.Transient("not established yet")
                    : new Outcome<JsonObject>.Transient("cannot be read back"),
                $"CRD {crd.Name()}", cancellation);
        }
    }

    // Looked for first: an account for the engine alone has no right to create it, and on a cluster it is there before the engine is.
    private static async Task<Outcome<JsonObject>> Make(IKubernetes kubernetes, JsonObject ns, CancellationToken cancellation) =>
        await kubernetes.Get(Kinds.Namespace, null, ns.Name(), cancellation) is var found and not Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }
            ? found
            : await kubernetes.Create(Kinds.Namespace, null, ns, cancellation);

    // Not applied: an API server that is older than a field of a definition refuses to apply it, and leaves the field out when it creates or patches.
    private static async Task<Outcome<JsonObject>> Install(IKubernetes kubernetes, JsonObject crd, CancellationToken cancellation) =>
        await kubernetes.Patch(Kinds.Crd, null, crd.Name(), PatchKind.Merge, crd, null, cancellation) is var patched and not Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }
            ? patched
            : await kubernetes.Create(Kinds.Crd, null, crd, cancellation);

    /// <summary>Asks until it is done; a refusal ends the start with its reason, since without its kinds the engine can do nothing.</summary>
    private static async Task Until(World world, Func<Task<Outcome<JsonObject>>> ask, string what, CancellationToken cancellation)
    {
        while (true)
        {
            switch (await ask())
            {
                case Outcome<JsonObject>.Done or Outcome<JsonObject>.Terminal { Code: Refusal.AlreadyExists }:
                    return;
                case Outcome<JsonObject>.Terminal refused:
                    throw new InvalidOperationException($"{what} could not be installed: {refused.Reason}");
                case Outcome<JsonObject>.Transient transient:
                    LogWaiting(world.Log, what, transient.Reason);
                    await Task.Delay(transient.After ?? CrdRetry, world.Time, cancellation);
                    break;
            }
        }
    }

    /// <summary>Until it is done once: waking twice wakes nobody, and one start asks each workflow once.</summary>
    private static async Task TakeUp(World world, Func<Task> takeUp, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await takeUp();
                return;
            }
            // Whatever it was: nobody else takes up what a restart owes, and nobody would hear of a task that ended.
            catch (Exception cause) when (!stop.IsCancellationRequested)
            {
                LogNotTakenUp(world.Log, cause is JournalException ? null : cause, JournalRetry, cause.Message);
                await Task.Delay(JournalRetry, world.Time, stop);
            }
        }
    }

    /// <summary>
    /// Wakes what owes something. What the start makes run again, and what fell due while the engine was away, is spread over the start's window, each
    /// entity at a moment of its own; only retries and suspensions, whose end somebody waits for, are not kept waiting any longer.
    /// </summary>
    private static async Task TakeUpUnfinished(
        EngineSettings settings, World world, IActorRef<ShardEnvelope<PromiseMessage>> promises, IActorRef<ShardEnvelope<ResourceMessage>> resources,
        IActorRef<WakeUpsMessage> wakeUps, CancellationToken stop)
    {
        var started = world.Now;
        var later = new List<(TimeSpan After, WakeUpsMessage Message)>();
        await foreach (var row in world.Journal.Summaries(Shapes.Promise, "", stop))
        {
            if (row.Index.Phase != nameof(PromisePhase.Gone))
                promises.Tell(new ShardEnvelope<PromiseMessage>(row.Id, PromiseMessage.Wake()));
            Plan(Shapes.Promise, row);
        }

        await foreach (var row in world.Journal.Summaries(Shapes.Resource, "", stop))
        {
            var atRest = row.Index.Phase is nameof(ResourcePhase.Settled) or nameof(ResourcePhase.Failed) or nameof(ResourcePhase.Gone) or nameof(ResourcePhase.Held);
            if (!atRest)
                resources.Tell(new ShardEnvelope<ResourceMessage>(row.Id, ResourceMessage.Wake()));
            Plan(Shapes.Resource, row);
        }

        var passed = TimeSpan.Zero;
        foreach (var (after, message) in later.OrderBy(l => l.After))
        {
            await Task.Delay(after - passed, world.Time, stop);
            passed = after;
            wakeUps.Tell(message);
        }

        void Plan(string type, EntitySummary row)
        {
            var entity = new EntityKey(type, row.Id);
            var atInterval = row.Index.Phase is nameof(ResourcePhase.Settled) or nameof(ResourcePhase.Failed) or nameof(ResourcePhase.Writing) or nameof(PromisePhase.Available);
            var moment = atInterval ? settings.OnStartWindow * Jitter.Of(row.Id) : TimeSpan.Zero;
            if (atInterval && settings.OnStart == OnStart.Run)
                later.Add((moment, new WakeUpsMessage.Restart(entity)));
            else if (row.Index.WakeUp <= started && settings.OnStartWindow > TimeSpan.Zero)
                later.Add((moment, new WakeUpsMessage.Overdue(entity)));
        }
    }

    [LoggerMessage(1302, LogLevel.Error, "What is unfinished could not all be taken up; it is tried again in {After}: {Reason}")]
    private static partial void LogNotTakenUp(ILogger logger, Exception? cause, TimeSpan after, string reason);

    [LoggerMessage(1301, LogLevel.Information, "Waiting for {What}: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string what, string reason);
}
