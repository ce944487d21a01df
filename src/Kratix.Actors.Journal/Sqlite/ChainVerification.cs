using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>Shows the checkers what is stored, all of it as of one moment.</summary>
internal static class ChainVerification
{
    private const string RowColumns =
        "e.entity, coalesce(n.type, 'unnamed'), coalesce(n.id, e.entity), e.sequence, e.last_hash, e.shard, "
        + "e.phase, e.spec_digest, e.status_digest, e.wake_up, e.updated, e.state, e.seal";

    public static ChainReport Entity(Database database, EntityKey entity, CancellationToken cancellation) => InOneMoment(database, () =>
    {
        var checker = new ChainChecker();
        var events = database.Statement(
            $"SELECT {StoredEvent.Columns} FROM names n JOIN events v ON v.entity = n.entity WHERE n.type = ?1 AND n.id = ?2 ORDER BY v.sequence")
            .Bind(1, entity.Type).Bind(2, entity.Id);
        while (events.Step())
        {
            cancellation.ThrowIfCancellationRequested();
            checker.Event(new StoredEvent(events));
        }

        events.Reset();
        var rows = database.Statement($"SELECT {RowColumns} FROM names n JOIN entities e ON e.entity = n.entity WHERE n.type = ?1 AND n.id = ?2");
        Rows(database, checker, rows.Bind(1, entity.Type).Bind(2, entity.Id), cancellation);
        return checker.Report();
    });

    public static ChainReport All(Database database, CancellationToken cancellation) => InOneMoment(database, () =>
    {
        var checker = new ChainChecker();
        using var positions = new PositionCheck(checker, Anchors(database));
        var events = database.Statement($"SELECT {StoredEvent.Columns} FROM events v LEFT JOIN names n ON n.entity = v.entity ORDER BY v.position");
        while (events.Step())
        {
            cancellation.ThrowIfCancellationRequested();
            var stored = new StoredEvent(events);
            positions.Next(stored.Position, stored.StoredHash);
            checker.Event(stored);
        }

        events.Reset();
        positions.EventsEnd(LastGivenPosition(database));
        Rows(database, checker, database.Statement($"SELECT {RowColumns} FROM entities e LEFT JOIN names n ON n.entity = e.entity"), cancellation);
        positions.RowsEnd();
        return checker.Report();
    });

    private static void Rows(Database database, ChainChecker checker, Statement rows, CancellationToken cancellation)
    {
        Span<byte> seal = stackalloc byte[FieldHasher.Size];
        while (rows.Step())
        {
            cancellation.ThrowIfCancellationRequested();
            JournalTables.Seal(
                rows.Number(3), rows.Bytes(4), rows.Number(5), rows.Text(6), rows.Text(7), rows.Text(8),
                rows.IsNull(9) ? null : rows.Number(9), rows.Number(10), rows.Bytes(11), seal);
            checker.Row(rows.Number(0), new EntityKey(rows.Text(1), rows.Text(2)), rows.Number(3), rows.Bytes(4), seal.SequenceEqual(rows.Bytes(12)));
        }

        rows.Reset();
        checker.RowsEnd(entity => Name(database, entity));
    }

    private static EntityKey Name(Database database, long entity)
    {
        var select = database.Statement("SELECT type, id FROM names WHERE entity = ?1").Bind(1, entity);
        var name = select.Step() ? new EntityKey(select.Text(0), select.Text(1)) : new EntityKey("unnamed", entity.ToString(System.Globalization.CultureInfo.InvariantCulture));
        select.Reset();
        return name;
    }

    private static Dictionary<long, byte[]> Anchors(Database database)
    {
        var anchors = new Dictionary<long, byte[]>();
        var select = database.Statement("SELECT position, hash FROM anchors");
        while (select.Step())
            anchors.Add(select.Number(0), select.Bytes(1).ToArray());
        select.Reset();
        return anchors;
    }

    private static long LastGivenPosition(Database database)
    {
        var select = database.Statement("SELECT seq FROM sqlite_sequence WHERE name = 'events'");
        var last = select.Step() ? select.Number(0) : 0;
        select.Reset();
        return last;
    }

    /// <summary>One read transaction, so that events and rows belong together while others go on writing.</summary>
    private static ChainReport InOneMoment(Database database, Func<ChainReport> verify)
    {
        database.Execute("BEGIN");
        var report = verify();
        database.Execute("COMMIT");
        return report;
    }
}
