using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>What the watchman of the state stores is told.</summary>
public abstract record DriftMessage
{
    /// <summary>The store can be written to there; null: not any more.</summary>
    public sealed record Usable(string Store, StateStoreAddress? Address) : DriftMessage;

    /// <summary>See whether the interval has passed.</summary>
    public sealed record Look : DriftMessage;

    /// <summary>Compare the stores that are due.</summary>
    public sealed record Compare : DriftMessage;

    /// <summary>What a pass could not compare is compared again, unless a pass at its moment has overtaken that.</summary>
    public sealed record Again : DriftMessage;

    /// <summary>So many placements are not as they were written; these stores were not compared to the end.</summary>
    public sealed record Ended(int Found, IReadOnlyCollection<string> Unreachable) : DriftMessage;

    public sealed record Failed(Exception Cause) : DriftMessage;
}

/// <summary>
/// Compares what state stores hold with what was written to them: at the interval, and after a start of the engine that verifies. It writes nothing itself: whoever
/// placed what has changed is told, and writes it again by its own state, without any workflow. A pass goes through the journal once, in chunks, one after
/// the other, whatever the number of stores; its moments follow from the clock and the node's name, so that nothing need be remembered, and nodes come one after the other.
/// </summary>
internal sealed partial class DriftActor(
    World world, EngineSettings settings, IActorRef<StateStoresMessage> stores, IActorRef<ShardEnvelope<PromiseMessage>> promises, IActorRef<ShardEnvelope<ResourceMessage>> resources)
    : Actor<DriftMessage>
{
    private const int PlacementsAtOnce = 1000;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);

    // Stores become usable one after the other when the engine starts: one pass is enough for all.
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(30), TimeSpan.FromHours(1));
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, StateStoreAddress> _addresses = new(StringComparer.Ordinal);
    private readonly HashSet<string> _verified = new(StringComparer.Ordinal);
    private readonly HashSet<string> _due = new(StringComparer.Ordinal);

    /// <summary>Stores that a pass could not compare, until the pause after that is over.</summary>
    private readonly HashSet<string> _failed = new(StringComparer.Ordinal);
    private IReadOnlyCollection<string> _underWay = [];
    private DateTimeOffset _looked;
    private bool _comparing;

    protected override void PreStart()
    {
        var self = Context.Self;
        _looked = world.Now;
        stores.Tell(new StateStoresMessage.FollowStores((store, address) => self.Tell(new DriftMessage.Usable(store, address))));
        Context.Timers.StartSingle("look", new DriftMessage.Look(), LookEvery);
    }

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    protected override void Receive(DriftMessage message)
    {
        switch (message)
        {
            case DriftMessage.Usable { Address: null } gone:
                _addresses.Remove(gone.Store);
                break;
            case DriftMessage.Usable { Address: { } address } usable:
                _addresses[usable.Store] = address;
                if (settings.OnStart == OnStart.Verify && _verified.Add(usable.Store))
                {
                    _due.Add(usable.Store);
                    Context.Timers.StartSingle("compare", new DriftMessage.Compare(), Gathering);
                }

                break;
            case DriftMessage.Look:
                if (HasPassed(_looked, world.Now))
                    _due.UnionWith(_addresses.Keys);
                _looked = world.Now;
                Begin();
                Context.Timers.StartSingle("look", new DriftMessage.Look(), LookEvery);
                break;
            case DriftMessage.Compare:
                Begin();
                break;
            case DriftMessage.Ended ended:
                LogCompared(world.Log, ended.Found);
                _comparing = false;
                if (ended.Unreachable.Count == 0)
                    _backoff.Reset();
                else
                    CompareLater(ended.Unreachable);
                Begin();
                break;
            case DriftMessage.Failed { Cause: var cause }:
                LogFailed(world.Log, cause.Message);
                _comparing = false;
                CompareLater(_underWay);
                break;
            case DriftMessage.Again:
                _due.UnionWith(_failed);
                Begin();
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    /// <summary>Whether one of the moments lies between the two. They depend on nothing that a restart forgets.</summary>
    private bool HasPassed(DateTimeOffset from, DateTimeOffset to)
    {
        if (settings.StateStoreInterval is var interval && interval <= TimeSpan.Zero)
            return false;
        var phase = (long)(Jitter.Of("state stores of " + settings.NodeName) * interval.Ticks);
        return (to.UtcTicks - phase) / interval.Ticks > (from.UtcTicks - phase) / interval.Ticks;
    }

    private void CompareLater(IReadOnlyCollection<string> failed)
    {
        _failed.UnionWith(failed);
        Context.Timers.StartSingle("again", new DriftMessage.Again(), _backoff.Next(null));
    }

    private void Begin()
    {
        var due = _due.Where(_addresses.ContainsKey).ToDictionary(s => s, s => _addresses[s], StringComparer.Ordinal);
        if (_comparing || due.Count == 0)
            return;
        _due.ExceptWith(due.Keys);
        _failed.ExceptWith(due.Keys);
        (_comparing, _underWay) = (true, due.Keys);
        stores.Tell(new StateStoresMessage.VerifyDocuments(due.Keys.ToHashSet(StringComparer.Ordinal)));
        Context.PipeToSelf<DriftMessage.Ended>(Pass(due, _stop.Token), ended => ended, e => new DriftMessage.Failed(e));
    }

    private async Task<DriftMessage.Ended> Pass(Dictionary<string, StateStoreAddress> due, CancellationToken stop)
    {
        var chunks = due.Keys.ToDictionary(s => s, _ => new List<(EntityKey Owner, WriteIntent Intent)>(), StringComparer.Ordinal);
        var found = 0;
        var unreachable = new List<string>();
        var opened = new Dictionary<string, IStateStore>(StringComparer.Ordinal);
        try
        {
            await foreach (var (owner, works) in PlacedWorks.All(world.Journal, stop))
            {
                foreach (var placement in works.Placements.Where(p => p.IsWritten))
                {
                    var store = $"{placement.Location.StoreKind}/{placement.Location.StoreName}";
                    if (!chunks.TryGetValue(store, out var chunk))
                        continue;
                    chunk.Add((owner, WriteRequest.Wanted(owner.Id, placement)));
                    if (chunk.Count >= PlacementsAtOnce)
                        await Ask(store, chunk);
                }
            }

            foreach (var (store, chunk) in chunks.Where(c => c.Value.Count > 0).ToList())
                await Ask(store, chunk);
            return new DriftMessage.Ended(found, unreachable);
        }
        finally
        {
            foreach (var store in opened.Values)
                await store.DisposeAsync();
        }

        async Task Ask(string name, List<(EntityKey Owner, WriteIntent Intent)> chunk)
        {
            if (!opened.TryGetValue(name, out var store) && world.StateStores.Open(due[name]) is Outcome<IStateStore>.Done { Value: var fresh })
                opened[name] = store = fresh;
            var differing = store is null ? null : await store.Differing([.. chunk.Select(c => c.Intent)], stop);
            if (differing is Outcome<IReadOnlySet<string>>.Done { Value: var ids })
            {
                found += ids.Count;
                Tell(chunk.Where(c => ids.Contains(c.Intent.Id)));
            }
            else
            {
                // The rest of it waits for the pause; whatever is wrong with it, its writer says.
                LogUnreachable(world.Log, name, differing?.Failure ?? "it cannot be opened");
                chunks.Remove(name);
                unreachable.Add(name);
            }

            chunk.Clear();
        }
    }

    private void Tell(IEnumerable<(EntityKey Owner, WriteIntent Intent)> differing)
    {
        const string cause = "the state store does not hold what was written";
        foreach (var of in differing.GroupBy(d => d.Owner))
        {
            var found = of.Select(d => (d.Intent.Placement, d.Intent.RunId)).ToList();
            LogDrift(world.Log, of.Key.ToString(), string.Join(", ", found.Select(f => f.Placement)));
            if (of.Key.Type == Shapes.Resource)
                resources.Tell(new ShardEnvelope<ResourceMessage>(of.Key.Id, ResourceMessage.Tell(at => new ResourceCommand.ReportDrift([.. found], at), cause)));
            else
                promises.Tell(new ShardEnvelope<PromiseMessage>(of.Key.Id, PromiseMessage.Tell(at => new PromiseCommand.ReportDrift([.. found], at), cause)));
        }
    }

    [LoggerMessage(1711, LogLevel.Warning, "{Entity}: somebody changed its files in the state store, they are written again: {Placements}")]
    private static partial void LogDrift(ILogger logger, string entity, string placements);

    [LoggerMessage(1712, LogLevel.Warning, "{Store} was not compared with what was written to it: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string store, string reason);

    [LoggerMessage(1714, LogLevel.Information, "State stores were compared with what was written to them: {Found} placements are written again")]
    private static partial void LogCompared(ILogger logger, int found);

    [LoggerMessage(1713, LogLevel.Warning, "State stores were not compared to the end: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
