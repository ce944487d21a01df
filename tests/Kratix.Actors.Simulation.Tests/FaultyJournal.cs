using System.Runtime.CompilerServices;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>A journal and content store on a bad disk. Where it does not fence, an epoch means nothing.</summary>
internal sealed class FaultyJournal(IJournal journal, IContentStore contents, Chaos chaos, bool fences, Action taken) : IJournal, IContentStore
{
    private IReadOnlyDictionary<int, long> _taken = new Dictionary<int, long>();

    public Task<AppendResult> Append(JournalAppend append, CancellationToken cancellation) => chaos.Journal(async () => await journal.Append(
        fences ? append : append with { Epoch = (await journal.Epochs(cancellation))[append.Shard] }, cancellation));

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

    public async Task<IReadOnlyDictionary<int, long>> TakeShards(IReadOnlyCollection<int> shards, string owner, CancellationToken cancellation)
    {
        _taken = await journal.TakeShards(shards, owner, cancellation);
        taken();
        return _taken;
    }

    public Task<IReadOnlyDictionary<int, long>> Epochs(CancellationToken cancellation) =>
        chaos.Journal(() => fences ? journal.Epochs(cancellation) : Task.FromResult(_taken));

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
