using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>What the writer does inside a transaction. Nothing here begins or commits one.</summary>
internal sealed class JournalTables(Database database)
{
    /// <summary>An anchor follows each event whose position divides by this: the hash of the anchor before and of all hashes since, in order.</summary>
    public const int AnchorInterval = 1000;

    /// <summary>How exactly the last use of a content is known: a row rewritten at each use would cost more than it saves.</summary>
    public static readonly TimeSpan UsedPrecision = TimeSpan.FromHours(1);

    private readonly Dictionary<int, long> _epochs = [];

    public Database Database => database;

    /// <summary>Forgets what was read in the transaction before: another process may have taken shards since.</summary>
    public void Begin() => _epochs.Clear();

    public AppendResult Append(JournalAppend append)
    {
        if (Epoch(append.Shard) != append.Epoch)
            return AppendResult.Fenced;

        Span<byte> previous = stackalloc byte[FieldHasher.Size];
        var (entity, sequence, hashSize) = Last(append.Entity, previous);
        if (sequence != append.ExpectedSequence)
            return AppendResult.SequenceConflict;

        Span<byte> hash = stackalloc byte[FieldHasher.Size];
        var chained = previous[..hashSize];
        EventHash.Compute(
            append.Entity, sequence + 1, append.Time.UtcTicks, append.EventType, append.Payload.Span,
            append.Cause, append.Actor, append.Node, append.Epoch, chained, hash);

        entity ??= NewName(append.Entity);
        var position = InsertEvent(append, entity.Value, sequence + 1, chained, hash);
        UpsertRow(append, entity.Value, sequence + 1, hash);
        if (position % AnchorInterval == 0)
            InsertAnchor(position);
        return AppendResult.Appended;
    }

    public IReadOnlyDictionary<int, long> TakeShards(IReadOnlyCollection<int> shards, string owner)
    {
        var taken = new Dictionary<int, long>();
        var upsert = database.Statement(
            "INSERT INTO shards (shard, epoch, owner) VALUES (?1, 1, ?2) ON CONFLICT (shard) DO UPDATE SET epoch = epoch + 1, owner = ?2");
        foreach (var shard in shards.Distinct())
        {
            upsert.Bind(1, shard).Bind(2, owner).Run();
            _epochs.Remove(shard);
            taken.Add(shard, Epoch(shard) ?? throw new InvalidOperationException($"shard {shard} was written and is not there"));
        }

        return taken;
    }

    /// <summary>Notes the moment also where the bytes are there already, so that compaction leaves alone what somebody is about to refer to.</summary>
    public void PutContents(IReadOnlyList<ReadOnlyMemory<byte>> contents, IReadOnlyList<byte[]> digests, DateTimeOffset now)
    {
        var insert = database.Statement(
            "INSERT INTO contents (digest, size, used, bytes) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (digest) DO UPDATE SET used = ?3 WHERE used < ?3 - ?5");
        for (var i = 0; i < contents.Count; i++)
            insert.Bind(1, digests[i]).Bind(2, contents[i].Length).Bind(3, now.UtcTicks).Bind(4, contents[i].Span).Bind(5, UsedPrecision.Ticks).Run();
    }

    /// <summary>Looks at the next contents after a key and removes those that are in no use. Answers where to go on, 0 at the end.</summary>
    public (long Last, (long Contents, long Bytes) Removed) CompactContents(long after, int limit, IReadOnlySet<string> needed, DateTimeOffset unusedSince)
    {
        var select = database.Statement("SELECT content, digest, size, used FROM contents WHERE content > ?1 ORDER BY content LIMIT ?2")
            .Bind(1, after).Bind(2, limit);
        var unused = new List<long>();
        long last = 0, bytes = 0;
        while (select.Step())
        {
            last = select.Number(0);
            if (select.Number(3) >= unusedSince.UtcTicks || needed.Contains(Convert.ToHexStringLower(select.Bytes(1))))
                continue;
            unused.Add(last);
            bytes += select.Number(2);
        }

        select.Reset();
        foreach (var content in unused)
            database.Statement("DELETE FROM contents WHERE content = ?1").Bind(1, content).Run();
        return (last, (unused.Count, bytes));
    }

    /// <summary>The same for manifests, by run id; answers null at the end.</summary>
    public (string? Last, long Removed) CompactRuns(string after, int limit, IReadOnlySet<string> needed, DateTimeOffset unusedSince)
    {
        var select = database.Statement("SELECT run, stored FROM runs WHERE run > ?1 ORDER BY run LIMIT ?2").Bind(1, after).Bind(2, limit);
        var unused = new List<string>();
        string? last = null;
        while (select.Step())
        {
            last = select.Text(0);
            if (select.Number(1) < unusedSince.UtcTicks && !needed.Contains(last))
                unused.Add(last);
        }

        select.Reset();
        foreach (var run in unused)
            database.Statement("DELETE FROM runs WHERE run = ?1").Bind(1, run).Run();
        return (last, unused.Count);
    }

    public bool PutRun(string run, ReadOnlySpan<byte> manifest, DateTimeOffset now)
    {
        database.Statement("INSERT INTO runs (run, manifest, stored) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
            .Bind(1, run).Bind(2, manifest).Bind(3, now.UtcTicks).Run();
        var select = database.Statement("SELECT manifest FROM runs WHERE run = ?1").Bind(1, run);
        select.Step();
        var same = select.Bytes(0).SequenceEqual(manifest);
        select.Reset();
        return same;
    }

    /// <summary>The hash that ties a row's content to the last event it stands for.</summary>
    public static void Seal(
        long sequence, ReadOnlySpan<byte> lastHash, long shard, string phase, string specDigest, string statusDigest, long? wakeUp, long updated,
        ReadOnlySpan<byte> state, Span<byte> seal)
    {
        var fields = new FieldHasher(stackalloc byte[2048]);
        fields.Bytes(lastHash);
        fields.Number(sequence);
        fields.Number(shard);
        fields.Text(phase);
        fields.Text(specDigest);
        fields.Text(statusDigest);
        fields.Number(wakeUp ?? -1);
        fields.Number(updated);
        fields.Bytes(state);
        fields.Finish(seal);
    }

    /// <summary>The current epoch of a shard, null where nobody ever took it: such a shard takes no append.</summary>
    private long? Epoch(int shard)
    {
        if (_epochs.TryGetValue(shard, out var known))
            return known;
        var select = database.Statement("SELECT epoch FROM shards WHERE shard = ?1").Bind(1, shard);
        long? epoch = select.Step() ? select.Number(0) : null;
        select.Reset();
        if (epoch is { } found)
            _epochs.Add(shard, found);
        return epoch;
    }

    private (long? Entity, long Sequence, int HashSize) Last(EntityKey key, Span<byte> hash)
    {
        var select = database.Statement(
            "SELECT n.entity, e.sequence, e.last_hash FROM names n LEFT JOIN entities e ON e.entity = n.entity WHERE n.type = ?1 AND n.id = ?2")
            .Bind(1, key.Type).Bind(2, key.Id);
        (long?, long, int) last = (null, 0, 0);
        if (select.Step())
        {
            var stored = select.Bytes(2);
            stored.CopyTo(hash);
            last = (select.Number(0), select.Number(1), stored.Length);
        }

        select.Reset();
        return last;
    }

    private long NewName(EntityKey key) => Inserted(
        database.Statement("INSERT INTO names (type, id) VALUES (?1, ?2)").Bind(1, key.Type).Bind(2, key.Id));

    private long InsertEvent(JournalAppend append, long entity, long sequence, ReadOnlySpan<byte> previous, ReadOnlySpan<byte> hash) => Inserted(
        database.Statement(
            """
            INSERT INTO events (entity, sequence, time, type, cause, actor, node, epoch, previous, hash, payload)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """)
            .Bind(1, entity).Bind(2, sequence).Bind(3, append.Time.UtcTicks).Bind(4, append.EventType).Bind(5, append.Cause)
            .Bind(6, append.Actor).Bind(7, append.Node).Bind(8, append.Epoch).Bind(9, previous).Bind(10, hash).Bind(11, append.Payload.Span));

    private void UpsertRow(JournalAppend append, long entity, long sequence, ReadOnlySpan<byte> hash)
    {
        var index = append.Index;
        var updated = append.Time.UtcTicks;
        Span<byte> seal = stackalloc byte[FieldHasher.Size];
        Seal(sequence, hash, append.Shard, index.Phase, index.SpecDigest, index.StatusDigest, index.WakeUp?.UtcTicks, updated, append.State.Span, seal);
        var upsert = database.Statement(
            """
            INSERT INTO entities (entity, shard, sequence, last_hash, seal, phase, spec_digest, status_digest, wake_up, updated, state)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT (entity) DO UPDATE SET
              shard = ?2, sequence = ?3, last_hash = ?4, seal = ?5, phase = ?6, spec_digest = ?7, status_digest = ?8, wake_up = ?9, updated = ?10, state = ?11
            """)
            .Bind(1, entity).Bind(2, append.Shard).Bind(3, sequence).Bind(4, hash).Bind(5, seal).Bind(6, index.Phase)
            .Bind(7, index.SpecDigest).Bind(8, index.StatusDigest).Bind(10, updated).Bind(11, append.State.Span);
        (index.WakeUp is { } at ? upsert.Bind(9, at.UtcTicks) : upsert.BindNull(9)).Run();
    }

    private void InsertAnchor(long position) =>
        database.Statement("INSERT INTO anchors (position, hash) VALUES (?1, ?2)").Bind(1, position).Bind(2, ChainHead.HashAt(database, position)).Run();

    private long Inserted(Statement insert)
    {
        insert.Run();
        return database.LastInserted;
    }
}
