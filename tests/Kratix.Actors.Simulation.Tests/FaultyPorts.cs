using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>The API server over a bad line; watches are late, tell twice, and lose their place.</summary>
internal sealed class FaultyKubernetes(IKubernetes api, IResourceWatch watch, Chaos chaos) : IKubernetes, IResourceWatch
{
    private const int FailsOneIn = 25;

    public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        chaos.Call(FailsOneIn, () => api.Get(type, ns, name, cancellation));

    public Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        chaos.Call(FailsOneIn, () => api.List(type, ns, labelSelector, cancellation));

    public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation)
    {
        // Events are given a name by the server.
        if (body["metadata"]?["name"] is null)
            return Task.FromResult<Outcome<JsonObject>>(new Outcome<JsonObject>.Done(body));
        return chaos.Call(FailsOneIn, () => api.Create(type, ns, body, cancellation));
    }

    public Task<Outcome<JsonObject>> Patch(ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation) =>
        chaos.Call(FailsOneIn, () => api.Patch(type, ns, name, kind, body, subresource, cancellation));

    public Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        chaos.Call(FailsOneIn, () => api.Delete(type, ns, name, cancellation));

    public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation) =>
        chaos.Call(FailsOneIn, () => api.PodLog(ns, pod, container, lines, cancellation));

    public IAsyncEnumerable<WatchSignal> Watch(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        Faulty.Stream(chaos, () => watch.Watch(type, ns, labelSelector, cancellation), cancellation);
}

/// <summary>Runs over the same bad line.</summary>
internal sealed class FaultyRunner(IRunner runner, Chaos chaos, bool adopts) : IRunner
{
    private int _others;

    public Task<Outcome<RunReport>> CreateOrAdopt(RunPlan plan, CancellationToken cancellation) =>
        chaos.Call(20, () => runner.CreateOrAdopt(adopts ? plan : plan with { PodName = $"{plan.PodName}-{_others++}" }, cancellation));

    public Task<Outcome<Nothing>> Remove(string ns, string podName, CancellationToken cancellation) => chaos.Call(20, () => runner.Remove(ns, podName, cancellation));

    public IAsyncEnumerable<RunSignal> Observe(CancellationToken cancellation) => Faulty.Stream(chaos, () => runner.Observe(cancellation), cancellation);
}

/// <summary>A journal and content store on a bad disk.</summary>
internal sealed class FaultyJournal(IJournal journal, IContentStore contents, Chaos chaos) : IJournal, IContentStore
{
    public Task<AppendResult> Append(JournalAppend append, CancellationToken cancellation) => chaos.Journal(() => journal.Append(append, cancellation));

    public Task<EntityRow?> Read(EntityKey entity, CancellationToken cancellation) => chaos.Journal(() => journal.Read(entity, cancellation));

    public IAsyncEnumerable<JournalEvent> Events(EntityKey? entity, long afterPosition, CancellationToken cancellation) => journal.Events(entity, afterPosition, cancellation);

    public async IAsyncEnumerable<EntitySummary> Summaries(string type, string idPrefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await chaos.Journal(() => Task.FromResult(true));
        await foreach (var row in journal.Summaries(type, idPrefix, cancellation))
            yield return row;
    }

    public IAsyncEnumerable<EntityRow> Rows(string type, CancellationToken cancellation) => journal.Rows(type, cancellation);

    public Task<IReadOnlyList<DueWakeUp>> Due(DateTimeOffset after, DateTimeOffset until, int limit, CancellationToken cancellation) =>
        chaos.Journal(() => journal.Due(after, until, limit, cancellation));

    public Task<IReadOnlyDictionary<int, long>> TakeShards(IReadOnlyCollection<int> shards, string owner, CancellationToken cancellation) =>
        journal.TakeShards(shards, owner, cancellation);

    public Task<IReadOnlyDictionary<int, long>> Epochs(CancellationToken cancellation) => chaos.Journal(() => journal.Epochs(cancellation));

    public Task<ChainReport> VerifyChain(EntityKey? entity, CancellationToken cancellation) => journal.VerifyChain(entity, cancellation);

    public Task<JournalHead?> Head(long? position, CancellationToken cancellation) => journal.Head(position, cancellation);

    public Task<string> Put(ReadOnlyMemory<byte> content, CancellationToken cancellation) => chaos.Journal(() => contents.Put(content, cancellation));

    public Task<IReadOnlyList<string>> PutMany(IReadOnlyList<ReadOnlyMemory<byte>> many, CancellationToken cancellation) => chaos.Journal(() => contents.PutMany(many, cancellation));

    public Task<byte[]?> Get(string digest, CancellationToken cancellation) => chaos.Journal(() => contents.Get(digest, cancellation));

    public Task<bool> PutRun(string runId, ReadOnlyMemory<byte> manifest, IReadOnlyList<ReadOnlyMemory<byte>> with, CancellationToken cancellation) =>
        chaos.Journal(() => contents.PutRun(runId, manifest, with, cancellation));

    public Task<byte[]?> GetRun(string runId, CancellationToken cancellation) => chaos.Journal(() => contents.GetRun(runId, cancellation));

    public Task<CompactionReport> Compact(StillNeeded needed, DateTimeOffset unusedSince, CancellationToken cancellation) =>
        chaos.Journal(() => contents.Compact(needed, unusedSince, cancellation));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Stores that are away at times, and at times have pushed and cannot say so.</summary>
internal sealed class FaultyStores(IStateStores stores, Chaos chaos, bool pushes) : IStateStores
{
    public Outcome<string> KeyOf(GitAddress address) => stores.KeyOf(address);

    public Outcome<IStateStore> Open(GitAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null) => stores.Open(address, beforePush).Select<IStateStore>(s => new FaultyStore(s, chaos, pushes));
}

internal sealed class FaultyStore(IStateStore store, Chaos chaos, bool pushes) : IStateStore
{
    public Task<Outcome<BatchResult>> Write(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) => chaos.Call(6, () => pushes
        ? store.Write(intents, cancellation)
        : Task.FromResult<Outcome<BatchResult>>(new Outcome<BatchResult>.Done(new BatchResult(
            "lost", 1, System.Collections.Immutable.ImmutableDictionary.CreateRange(intents.Select(i => KeyValuePair.Create(i.Id, (IntentResult)new IntentResult.Written("lost", true))))))));

    public Task<Outcome<Nothing>> CheckAccess(CancellationToken cancellation) => chaos.Call(10, () => store.CheckAccess(cancellation));

    public ValueTask DisposeAsync() => store.DisposeAsync();
}

internal static class Faulty
{
    /// <summary>A stream whose signals come late or twice, and which at times loses its place and lists anew.</summary>
    internal static async IAsyncEnumerable<T> Stream<T>(Chaos chaos, Func<IAsyncEnumerable<T>> open, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await foreach (var signal in open())
            {
                await chaos.Pause();
                yield return signal;
                if (chaos.OneIn(15))
                    yield return signal;
                if (chaos.OneIn(25))
                    break;
            }

            await chaos.Pause();
        }
    }
}
