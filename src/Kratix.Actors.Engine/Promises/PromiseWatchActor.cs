using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>What the watch of Promises is told.</summary>
public abstract record PromiseWatchMessage
{
    public sealed record Signal(WatchSignal Of) : PromiseWatchMessage;

    /// <summary>Of PromiseRevisions.</summary>
    public sealed record Revisions(WatchSignal Of) : PromiseWatchMessage;
}

/// <summary>
/// Watches Promises and tells each what was seen of it, and what was seen of the Promises that it requires or that require it, and of all their
/// PromiseRevisions. All of it follows from the objects, so a start of the engine needs no memory of who waits for whom.
/// </summary>
internal sealed class PromiseWatchActor(World world, IActorRef<ShardEnvelope<PromiseMessage>> promises) : Actor<PromiseWatchMessage>
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SortedDictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Surroundings> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonObject> _revisions = new(StringComparer.Ordinal);

    /// <summary>Until the revisions have been listed nobody is told of others: versions that are there must not be missed for a moment.</summary>
    private bool _revisionsAreKnown;

    protected override void PreStart()
    {
        var self = Context.Self;
        WatchLoop.Start(world, Kinds.PromiseRevision, s => self.Tell(new PromiseWatchMessage.Revisions(s)), _stop.Token);
        WatchLoop.Start(world, Kinds.Promise, s => self.Tell(new PromiseWatchMessage.Signal(s)), _stop.Token);
    }

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    protected override void Receive(PromiseWatchMessage message)
    {
        switch (message)
        {
            case PromiseWatchMessage.Signal { Of: WatchSignal.Listed listed }:
                foreach (var gone in _seen.Keys.Except(listed.Items.Select(i => i.Name())).ToList())
                    Forget(gone);
                foreach (var item in listed.Items)
                    _seen[item.Name()] = Seen.Of(item);
                foreach (var item in listed.Items)
                {
                    Tell(item.Name(), new PromiseMessage.Observed(item));
                    TellSurroundings(item.Name());
                }

                break;
            case PromiseWatchMessage.Signal { Of: WatchSignal.Changed { Item: var item } }:
                var before = _seen.GetValueOrDefault(item.Name());
                var now = _seen[item.Name()] = Seen.Of(item);
                Tell(item.Name(), new PromiseMessage.Observed(item));
                TellSurroundings(item.Name());
                TellNeighbours(item.Name(), before, now);
                break;
            case PromiseWatchMessage.Signal { Of: WatchSignal.Removed { Item: var item } }:
                var last = _seen.GetValueOrDefault(item.Name());
                Forget(item.Name());
                Tell(item.Name(), new PromiseMessage.Vanished(item));
                TellNeighbours(item.Name(), last, null);
                break;
            case PromiseWatchMessage.Signal:
                break;
            case PromiseWatchMessage.Revisions { Of: var signal }:
                WatchLoop.Apply(_revisions, signal, _ => { });
                _revisionsAreKnown |= signal is WatchSignal.Listed;
                foreach (var promise in _seen.Keys.ToList())
                    TellSurroundings(promise);
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private void Forget(string name)
    {
        _seen.Remove(name);
        _told.Remove(name);
    }

    /// <summary>Those that require it learn how it stands; those it requires, or required before, learn who requires them.</summary>
    private void TellNeighbours(string name, Seen? before, Seen? now)
    {
        var required = (before?.Required ?? []).Concat(now?.Required ?? []).Select(r => r.Name);
        foreach (var neighbour in _seen.Where(s => s.Value.Required.Any(r => r.Name == name)).Select(s => s.Key).Concat(required).Distinct(StringComparer.Ordinal).ToList())
            TellSurroundings(neighbour);
    }

    private void TellSurroundings(string name)
    {
        if (!_revisionsAreKnown || !_seen.TryGetValue(name, out var promise))
            return;
        var surroundings = new Surroundings(
            promise.Required.Select(r => r.Name).Distinct(StringComparer.Ordinal).Where(_seen.ContainsKey).ToImmutableSortedDictionary(n => n, n => _seen[n].Standing with { Versions = VersionsOf(n) }, StringComparer.Ordinal),
            [.. _seen.SelectMany(s => s.Value.Required.Where(r => r.Name == name).Select(r => new Dependant(s.Key, s.Value.Standing.Version, r.Version)))])
        {
            Interval = PromiseReader.IntervalOf(_revisions.GetValueOrDefault(RevisionPublisher.NameOf(name, promise.Standing.Version))?.Annotation(Marks.ReconciliationInterval)),
        };
        if (_told.TryGetValue(name, out var told) && told.Same(surroundings))
            return;
        _told[name] = surroundings;
        Tell(name, new PromiseMessage.Others(surroundings));
    }

    private IReadOnlyList<string> VersionsOf(string promise) =>
    [
        .. _revisions.Values.Where(r => r["spec"]?["promiseRef"]?["name"]?.ToString() == promise).Select(r => r["spec"]?["version"]?.ToString() ?? "")
            .Order(StringComparer.Ordinal),
    ];

    private void Tell(string name, PromiseMessage message) => promises.Tell(new ShardEnvelope<PromiseMessage>(name, message));

    private sealed record Seen(ImmutableArray<RequiredPromise> Required, PromiseStanding Standing)
    {
        internal static Seen Of(JsonObject item) => new(
            PromiseReader.RequiredOf(item["spec"] as JsonObject),
            new PromiseStanding(item.Label(Marks.PromiseVersion) ?? "not-set", item["status"]?["status"]?.ToString() == "Available" && !item.IsDeleting()));
    }
}
