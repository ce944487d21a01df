using System.Runtime.CompilerServices;
using Kratix.Actors.Core;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Testing;

/// <summary>
/// A journal and content store that passes the real ones' contract suites and forgets everything with the process.
/// <see cref="Failing"/> makes calls fail, <see cref="Holding"/> holds appends back; a second "process" after a crash simply uses the same object again.
/// </summary>
public sealed class InMemoryJournal(TimeProvider? time = null) : IJournal, IContentStore
{
    private readonly Lock _lock = new();
    private readonly List<JournalEvent> _events = [];
    private readonly Dictionary<EntityKey, EntityRow> _rows = [];
    private readonly Dictionary<EntityKey, string> _lastHashes = [];
    private readonly Dictionary<int, long> _epochs = [];
    private readonly Dictionary<string, (byte[] Bytes, DateTimeOffset Put)> _contents = [];
    private readonly Dictionary<string, (byte[] Bytes, DateTimeOffset Put)> _runs = [];
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Asked before each call with the method's name and the entity or key it concerns; an exception it answers is thrown, and nothing is written.</summary>
    public Func<string, string, Exception?>? Failing { get; set; }

    /// <summary>Awaited by each append before anything is looked at, so that a test decides when and in which order appends happen.</summary>
    public Func<JournalAppend, Task>? Holding { get; set; }

    /// <summary>Awaited before contents are kept, so that a test decides when and in which order that happens.</summary>
    public Func<Task>? HoldingContents { get; set; }

    /// <summary>Called after each append with its result, outside of any lock.</summary>
    public Action<JournalAppend, AppendResult>? Appended { get; set; }

    public async Task<AppendResult> Append(JournalAppend append, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (Holding is { } holding)
            await holding(append);
        MaybeFail(nameof(Append), append.Entity.ToString());
        AppendResult result;
        lock (_lock)
            result = Append_NeedsLock(append);
        Appended?.Invoke(append, result);
        return result;
    }

    public Task<EntityRow?> Read(EntityKey entity, CancellationToken cancellation)
    {
        MaybeFail(nameof(Read), entity.ToString());
        lock (_lock)
            return Task.FromResult(_rows.GetValueOrDefault(entity));
    }

    public IAsyncEnumerable<JournalEvent> Events(EntityKey? entity, long afterPosition, CancellationToken cancellation) => Snapshot(
        nameof(Events), entity?.ToString() ?? "", () => _events.Where(e => e.Position > afterPosition && (entity is null || e.Entity == entity)), cancellation);

    public IAsyncEnumerable<EntitySummary> Summaries(string type, string idPrefix, CancellationToken cancellation) => Snapshot(
        nameof(Summaries),
        type,
        () => OfType(type).Where(row => row.Entity.Id.StartsWith(idPrefix, StringComparison.Ordinal)).Select(row => new EntitySummary(row.Entity.Id, row.Sequence, row.Index)),
        cancellation);

    public IAsyncEnumerable<EntityRow> Rows(string type, CancellationToken cancellation) => Snapshot(nameof(Rows), type, () => OfType(type), cancellation);

    public Task<IReadOnlyList<DueWakeUp>> Due(DateTimeOffset after, DateTimeOffset until, int limit, CancellationToken cancellation)
    {
        MaybeFail(nameof(Due), "");
        lock (_lock)
            return Task.FromResult<IReadOnlyList<DueWakeUp>>(
            [
                .. _rows.Values.Where(row => row.Index.WakeUp > after && row.Index.WakeUp <= until).OrderBy(row => row.Index.WakeUp).Take(limit)
                    .Select(row => new DueWakeUp(row.Entity, row.Index.WakeUp!.Value)),
            ]);
    }

    public Task<IReadOnlyDictionary<int, long>> TakeShards(IReadOnlyCollection<int> shards, string owner, CancellationToken cancellation)
    {
        MaybeFail(nameof(TakeShards), owner);
        lock (_lock)
            return Task.FromResult<IReadOnlyDictionary<int, long>>(
                shards.Distinct().ToDictionary(shard => shard, shard => _epochs[shard] = _epochs.GetValueOrDefault(shard) + 1));
    }

    public Task<IReadOnlyDictionary<int, long>> Epochs(CancellationToken cancellation)
    {
        MaybeFail(nameof(Epochs), "");
        lock (_lock)
            return Task.FromResult<IReadOnlyDictionary<int, long>>(new Dictionary<int, long>(_epochs));
    }

    public Task<ChainReport> VerifyChain(EntityKey? entity, CancellationToken cancellation)
    {
        MaybeFail(nameof(VerifyChain), entity?.ToString() ?? "");
        lock (_lock)
        {
            var events = _events.Where(e => entity is null || e.Entity == entity).ToList();
            var faults = events.Where(e => EventHash.Of(e) != e.Hash).Select(e => new ChainFault(e.Entity, e.Sequence, "changed")).ToList();
            return Task.FromResult(new ChainReport(events.Count, events.Select(e => e.Entity).Distinct().Count(), faults));
        }
    }

    public Task<JournalHead?> Head(long? position, CancellationToken cancellation)
    {
        MaybeFail(nameof(Head), "");
        lock (_lock)
        {
            var at = position ?? _events.Count;
            return Task.FromResult(at < 1 || at > _events.Count ? null : new JournalHead(at, Digest.Of(string.Concat(_events.Take((int)at).Select(e => e.Hash)))));
        }
    }

    public async Task<string> Put(ReadOnlyMemory<byte> content, CancellationToken cancellation) => (await PutMany([content], cancellation))[0];

    public async Task<IReadOnlyList<string>> PutMany(IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (HoldingContents is { } holding)
            await holding();
        var digests = contents.Select(content => Digest.Of(content.Span)).ToArray();
        MaybeFail(nameof(PutMany), string.Join(',', digests));
        lock (_lock)
            Keep(contents);
        return digests;
    }

    private void Keep(IReadOnlyList<ReadOnlyMemory<byte>> contents)
    {
        foreach (var content in contents)
            _contents[Digest.Of(content.Span)] = (content.ToArray(), _time.GetUtcNow());
    }

    public Task<byte[]?> Get(string digest, CancellationToken cancellation)
    {
        if (digest.Length != 64 || !digest.All(char.IsAsciiHexDigitLower))
            throw new ArgumentException($"'{digest}' is not a digest: 64 lower-case hexadecimal digits", nameof(digest));
        MaybeFail(nameof(Get), digest);
        lock (_lock)
            return Task.FromResult<byte[]?>(_contents.GetValueOrDefault(digest).Bytes);
    }

    public Task<bool> PutRun(string runId, ReadOnlyMemory<byte> manifest, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancellation)
    {
        MaybeFail(nameof(PutRun), runId);
        lock (_lock)
        {
            Keep(contents);
            _runs.TryAdd(runId, (manifest.ToArray(), _time.GetUtcNow()));
            return Task.FromResult(_runs[runId].Bytes.AsSpan().SequenceEqual(manifest.Span));
        }
    }

    public Task<byte[]?> GetRun(string runId, CancellationToken cancellation)
    {
        MaybeFail(nameof(GetRun), runId);
        lock (_lock)
            return Task.FromResult<byte[]?>(_runs.GetValueOrDefault(runId).Bytes);
    }

    /// <summary>Can be made to fail at each content it removes, which leaves the part before.</summary>
    public Task<CompactionReport> Compact(StillNeeded needed, DateTimeOffset unusedSince, CancellationToken cancellation)
    {
        var (contents, bytes) = (0L, 0L);
        foreach (var digest in Unused(_contents, needed.Contents, unusedSince))
        {
            MaybeFail(nameof(Compact), digest);
            lock (_lock)
            {
                bytes += _contents[digest].Bytes.Length;
                _contents.Remove(digest);
            }

            contents++;
        }

        var runs = Unused(_runs, needed.Runs, unusedSince);
        lock (_lock)
            runs.ForEach(run => _runs.Remove(run));
        return Task.FromResult(new CompactionReport(contents, bytes, runs.Count));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private AppendResult Append_NeedsLock(JournalAppend append)
    {
        if (!_epochs.TryGetValue(append.Shard, out var epoch) || epoch != append.Epoch)
            return AppendResult.Fenced;
        var sequence = _rows.TryGetValue(append.Entity, out var row) ? row.Sequence : 0;
        if (sequence != append.ExpectedSequence)
            return AppendResult.SequenceConflict;

        var written = new JournalEvent(
            _events.Count + 1, append.Entity, sequence + 1, append.Time.ToUniversalTime(), append.EventType, append.Payload.ToArray(),
            append.Cause, append.Actor, append.Node, append.Epoch, _lastHashes.GetValueOrDefault(append.Entity, ""), "");
        written = written with { Hash = EventHash.Of(written) };
        _events.Add(written);
        _lastHashes[append.Entity] = written.Hash;
        _rows[append.Entity] = new EntityRow(append.Entity, append.Shard, sequence + 1, append.State.ToArray(), append.Index, written.Time);
        return AppendResult.Appended;
    }

    private List<string> Unused(Dictionary<string, (byte[] Bytes, DateTimeOffset Put)> kept, IReadOnlySet<string> needed, DateTimeOffset unusedSince)
    {
        lock (_lock)
            return [.. kept.Where(k => k.Value.Put < unusedSince && !needed.Contains(k.Key)).Select(k => k.Key).Order(StringComparer.Ordinal)];
    }

    private IEnumerable<EntityRow> OfType(string type) => _rows.Values.Where(row => row.Entity.Type == type).OrderBy(row => row.Entity.Id, StringComparer.Ordinal);

    private async IAsyncEnumerable<T> Snapshot<T>(string method, string key, Func<IEnumerable<T>> items, [EnumeratorCancellation] CancellationToken cancellation)
    {
        MaybeFail(method, key);
        List<T> snapshot;
        lock (_lock)
            snapshot = [.. items()];
        foreach (var item in snapshot)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return item;
        }

        await Task.CompletedTask;
    }

    private void MaybeFail(string method, string key)
    {
        if (Failing?.Invoke(method, key) is { } failure)
            throw failure;
    }
}
