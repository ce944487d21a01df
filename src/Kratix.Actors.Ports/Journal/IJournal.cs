namespace Kratix.Actors.Ports.Journal;

/// <summary>Names an aggregate: its type (<c>promise</c>, <c>resource</c>) and its id within the type, e.g. <c>redis/default/example</c>.</summary>
public readonly record struct EntityKey(string Type, string Id)
{
    public override string ToString() => $"{Type}/{Id}";
}

/// <summary>
/// The columns of an entity's row that other questions are asked by.
/// <paramref name="Phase"/>: what state it is in, for "what is failing". <paramref name="SpecDigest"/> and <paramref name="StatusDigest"/>:
/// what it last acted on and what its published status should be (empty where nobody compares it), for relisting in bulk. <paramref name="WakeUp"/>: when it wants to be woken (UTC), if at all.
/// </summary>
public sealed record EntityIndex(string Phase, string SpecDigest, string StatusDigest, DateTimeOffset? WakeUp);

/// <summary>
/// One transition: the event and the state after it, written in one transaction, on condition that the entity's last sequence is
/// <paramref name="ExpectedSequence"/> (0 for a new entity) and that <paramref name="Epoch"/> is the current epoch of <paramref name="Shard"/>.
/// <paramref name="Payload"/> and <paramref name="State"/> are UTF-8 JSON. <paramref name="Cause"/>: what led to it; <paramref name="Actor"/>: who asked.
/// </summary>
public sealed record JournalAppend(
    EntityKey Entity, int Shard, long Epoch, long ExpectedSequence, string EventType, ReadOnlyMemory<byte> Payload,
    ReadOnlyMemory<byte> State, EntityIndex Index, string Cause, string Actor, string Node, DateTimeOffset Time);

public enum AppendResult
{
    Appended,

    /// <summary>The entity has moved on: somebody else wrote this sequence.</summary>
    SequenceConflict,

    /// <summary>The shard has a new owner: nothing this node believes of it may be written.</summary>
    Fenced,
}

/// <summary>An event as stored. <paramref name="Position"/> orders all events of the journal; hashes are lower-case hex SHA-256, <paramref name="PreviousHash"/> of the event before it in the entity.</summary>
public sealed record JournalEvent(
    long Position, EntityKey Entity, long Sequence, DateTimeOffset Time, string Type, ReadOnlyMemory<byte> Payload,
    string Cause, string Actor, string Node, long Epoch, string PreviousHash, string Hash);

/// <summary>An entity's row: the state after event <paramref name="Sequence"/>.</summary>
public sealed record EntityRow(EntityKey Entity, int Shard, long Sequence, ReadOnlyMemory<byte> State, EntityIndex Index, DateTimeOffset UpdatedAt);

/// <summary>The part of a row that relisting compares; no state is read.</summary>
public sealed record EntitySummary(string Id, long Sequence, EntityIndex Index);

public sealed record DueWakeUp(EntityKey Entity, DateTimeOffset At);

/// <summary>What <see cref="IJournal.VerifyChain"/> found wrong, if anything.</summary>
public sealed record ChainReport(long Events, long Entities, IReadOnlyList<ChainFault> Faults);

/// <summary><paramref name="Hash"/>: over the hashes of all events up to <paramref name="Position"/>, in order; lower-case hex.</summary>
public sealed record JournalHead(long Position, string Hash)
{
    /// <summary><c>POSITION:HASH</c>.</summary>
    public override string ToString() => $"{Position}:{Hash}";
}

/// <summary><paramref name="Problem"/> says whether the event was changed, removed or inserted.</summary>
public sealed record ChainFault(EntityKey Entity, long Sequence, string Problem);

/// <summary>
/// The memory of the system. Every method throws <see cref="JournalException"/> when the store cannot be read or written
/// (full disk, corrupt page, newer schema, read-only folder); nothing is half-written then, and calls work again once it is repaired.
/// </summary>
public interface IJournal : IAsyncDisposable
{
    /// <summary>Durable when it answers <see cref="AppendResult.Appended"/>. Appends under way at the same time share a transaction; a lone one never waits for company.</summary>
    Task<AppendResult> Append(JournalAppend append, CancellationToken cancellation);

    Task<EntityRow?> Read(EntityKey entity, CancellationToken cancellation);

    /// <summary>Events in order, of one entity or (null) of all, after <paramref name="afterPosition"/> (0: from the first).</summary>
    IAsyncEnumerable<JournalEvent> Events(EntityKey? entity, long afterPosition, CancellationToken cancellation);

    /// <summary>Rows of one type whose id starts with <paramref name="idPrefix"/> (empty: all), without their states.</summary>
    IAsyncEnumerable<EntitySummary> Summaries(string type, string idPrefix, CancellationToken cancellation);

    /// <summary>Rows of one type with their states.</summary>
    IAsyncEnumerable<EntityRow> Rows(string type, CancellationToken cancellation);

    /// <summary>The wake-ups of moments later than <paramref name="after"/> and up to <paramref name="until"/>, earliest first, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<DueWakeUp>> Due(DateTimeOffset after, DateTimeOffset until, int limit, CancellationToken cancellation);

    /// <summary>Makes <paramref name="owner"/> the owner of the shards and returns the new epoch of each, one higher than before.</summary>
    Task<IReadOnlyDictionary<int, long>> TakeShards(IReadOnlyCollection<int> shards, string owner, CancellationToken cancellation);

    /// <summary>The epoch of each shard that was ever taken, as it is now.</summary>
    Task<IReadOnlyDictionary<int, long>> Epochs(CancellationToken cancellation);

    /// <summary>Recomputes the hash chains of one entity or (null) of all.</summary>
    Task<ChainReport> VerifyChain(EntityKey? entity, CancellationToken cancellation);

    /// <summary>
    /// What stands for all events up to <paramref name="position"/> (null: the last there is); null where the journal does not reach that far. Kept elsewhere it
    /// shows later whether those events are still the ones, also when somebody set the whole file back.
    /// </summary>
    Task<JournalHead?> Head(long? position, CancellationToken cancellation);
}

/// <summary>What compaction must leave: contents by digest, and the ids of runs whose manifests somebody will ask for.</summary>
public sealed record StillNeeded(IReadOnlySet<string> Contents, IReadOnlySet<string> Runs);

/// <summary>How many contents were removed, their bytes, and how many runs' manifests. A store may keep its size and use the room for what comes next.</summary>
public sealed record CompactionReport(long Contents, long Bytes, long Runs);

/// <summary>Contents by their digest, and what each run handed in. Both are durable when the call returns.</summary>
public interface IContentStore
{
    /// <summary>Stores the bytes unless they are there already; answers their digest (lower-case hex SHA-256).</summary>
    Task<string> Put(ReadOnlyMemory<byte> content, CancellationToken cancellation);

    /// <summary>Stores many in one transaction, in the order given.</summary>
    Task<IReadOnlyList<string>> PutMany(IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancellation);

    /// <summary>The bytes, or null where nothing of that digest is stored.</summary>
    Task<byte[]?> Get(string digest, CancellationToken cancellation);

    /// <summary>
    /// Keeps a run's manifest (UTF-8 JSON) under the run's id, and with it, in one write, <paramref name="contents"/> that it refers to. The first manifest stays: a
    /// second call with other bytes answers false.
    /// </summary>
    Task<bool> PutRun(string runId, ReadOnlyMemory<byte> manifest, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancellation);

    Task<byte[]?> GetRun(string runId, CancellationToken cancellation);

    /// <summary>
    /// Removes contents and manifests that are not <paramref name="needed"/> and were last put before <paramref name="unusedSince"/>. The age protects
    /// what was put and is not referred to yet. Works in short steps between the writes of others; one that is broken off has removed a part.
    /// </summary>
    Task<CompactionReport> Compact(StillNeeded needed, DateTimeOffset unusedSince, CancellationToken cancellation);
}

/// <summary>The store failed. The message names the file and what an operator can do.</summary>
public sealed class JournalException : Exception
{
    public JournalException(string message, Exception? inner = null) : base(message, inner) { }
}
