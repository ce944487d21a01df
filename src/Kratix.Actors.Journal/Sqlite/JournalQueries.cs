using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>
/// The reads. Long lists come in batches, each read in a transaction of its own and continued after the last key: a slow consumer
/// must not hold a snapshot open, because the log file cannot shrink below the oldest one.
/// </summary>
internal static class JournalQueries
{
    private const int BatchRows = 512;
    private const long BatchBytes = 1024 * 1024;

    // An event whose name was removed is still shown, under its entity's number.
    private const string EventColumns =
        "v.position, coalesce(n.type, 'unnamed'), coalesce(n.id, v.entity), "
        + "v.sequence, v.time, v.type, v.payload, v.cause, v.actor, v.node, v.epoch, v.previous, v.hash";

    private const string RowColumns =
        "n.type, n.id, e.shard, e.sequence, e.phase, e.spec_digest, e.status_digest, e.wake_up, e.updated, e.state";

    public static EntityRow? Row(Database database, EntityKey entity)
    {
        var select = database.Statement(
            $"SELECT {RowColumns} FROM names n JOIN entities e ON e.entity = n.entity WHERE n.type = ?1 AND n.id = ?2").Bind(1, entity.Type).Bind(2, entity.Id);
        var row = select.Step() ? RowOf(select) : null;
        select.Reset();
        return row;
    }

    public static Batch<EntityRow> Rows(Database database, string type, string fromId) => BatchOf(
        database.Statement(
            $"SELECT {RowColumns} FROM names n JOIN entities e ON e.entity = n.entity WHERE n.type = ?1 AND n.id >= ?2 ORDER BY n.id LIMIT {BatchRows}")
            .Bind(1, type).Bind(2, fromId),
        RowOf, row => row.State.Length);

    /// <summary>Ids from <paramref name="fromId"/> on, of those that start with <paramref name="prefix"/>.</summary>
    public static Batch<EntitySummary> Summaries(Database database, string type, string prefix, string fromId) => BatchOf(
        database.Statement(
            $"""
            SELECT n.id, e.sequence, e.phase, e.spec_digest, e.status_digest, e.wake_up
            FROM names n JOIN entities e ON e.entity = n.entity WHERE n.type = ?1 AND n.id >= ?2 AND n.id < ?3 ORDER BY n.id LIMIT {BatchRows}
            """)
            .Bind(1, type).Bind(2, fromId).Bind(3, prefix + "\U0010FFFF"),
        s => new EntitySummary(s.Text(0), s.Number(1), Index(s, 2, static s => $"the wake-up of {s.Text(0)}")), _ => 0);

    public static Batch<JournalEvent> Events(Database database, long afterPosition) => BatchOf(
        database.Statement(
            $"SELECT {EventColumns} FROM events v LEFT JOIN names n ON n.entity = v.entity WHERE v.position > ?1 ORDER BY v.position LIMIT {BatchRows}")
            .Bind(1, afterPosition),
        EventOf, e => e.Payload.Length);

    public static Batch<JournalEvent> Events(Database database, EntityKey entity, long afterPosition, long afterSequence) => BatchOf(
        database.Statement(
            $"""
            SELECT {EventColumns} FROM names n JOIN events v ON v.entity = n.entity
            WHERE n.type = ?1 AND n.id = ?2 AND v.sequence > ?3 AND v.position > ?4 ORDER BY v.sequence LIMIT {BatchRows}
            """)
            .Bind(1, entity.Type).Bind(2, entity.Id).Bind(3, afterSequence).Bind(4, afterPosition),
        EventOf, e => e.Payload.Length);

    public static List<DueWakeUp> Due(Database database, DateTimeOffset after, DateTimeOffset until, int limit)
    {
        var select = database.Statement(
            """
            SELECT n.type, n.id, e.wake_up FROM entities e JOIN names n ON n.entity = e.entity
            WHERE e.wake_up > ?1 AND e.wake_up <= ?2 ORDER BY e.wake_up, e.entity LIMIT ?3
            """).Bind(1, after.UtcTicks).Bind(2, until.UtcTicks).Bind(3, limit);
        var due = new List<DueWakeUp>();
        while (select.Step())
            due.Add(new DueWakeUp(new EntityKey(select.Text(0), select.Text(1)), Time(select.Number(2), select, static s => $"the wake-up of {s.Text(0)}/{s.Text(1)}")));
        select.Reset();
        return due;
    }

    public static Dictionary<int, long> Epochs(Database database)
    {
        var select = database.Statement("SELECT shard, epoch FROM shards");
        var epochs = new Dictionary<int, long>();
        while (select.Step())
            epochs.Add((int)select.Number(0), select.Number(1));
        select.Reset();
        return epochs;
    }

    public static byte[]? Content(Database database, byte[] digest) =>
        OneBlob(database.Statement("SELECT bytes FROM contents WHERE digest = ?1").Bind(1, digest));

    public static byte[]? Run(Database database, string run) =>
        OneBlob(database.Statement("SELECT manifest FROM runs WHERE run = ?1").Bind(1, run));

    private static JournalEvent EventOf(Statement s) => new(
        s.Number(0), new EntityKey(s.Text(1), s.Text(2)), s.Number(3), Time(s.Number(4), s, static s => $"the time of event {s.Number(3)} of {s.Text(1)}/{s.Text(2)}"), s.Text(5), s.Bytes(6).ToArray(),
        s.Text(7), s.Text(8), s.Text(9), s.Number(10), Convert.ToHexStringLower(s.Bytes(11)), Convert.ToHexStringLower(s.Bytes(12)));

    private static EntityRow RowOf(Statement s) => new(
        new EntityKey(s.Text(0), s.Text(1)), (int)s.Number(2), s.Number(3), s.Bytes(9).ToArray(),
        Index(s, 4, static s => $"the wake-up of {s.Text(0)}/{s.Text(1)}"), Time(s.Number(8), s, static s => $"the time of the last event of {s.Text(0)}/{s.Text(1)}"));

    private static EntityIndex Index(Statement s, int first, Func<Statement, string> wakeUp) => new(
        s.Text(first), s.Text(first + 1), s.Text(first + 2), s.IsNull(first + 3) ? null : Time(s.Number(first + 3), s, wakeUp));

    /// <param name="what">Names the value in the row under the cursor.</param>
    private static DateTimeOffset Time(long utcTicks, Statement row, Func<Statement, string> what) => utcTicks >= 0 && utcTicks <= DateTime.MaxValue.Ticks
        ? new DateTimeOffset(utcTicks, TimeSpan.Zero)
        : throw new InvalidDataException($"{what(row)} is impossible ({utcTicks} ticks), so somebody changed it. Run: kratix-actors audit verify.");

    private static byte[]? OneBlob(Statement select)
    {
        var bytes = select.Step() ? select.Bytes(0).ToArray() : null;
        select.Reset();
        return bytes;
    }

    private static Batch<T> BatchOf<T>(Statement select, Func<Statement, T> read, Func<T, long> size)
    {
        var items = new List<T>();
        long bytes = 0;
        while (bytes < BatchBytes && select.Step())
        {
            items.Add(read(select));
            bytes += size(items[^1]);
        }

        select.Reset();
        return new Batch<T>(items, items.Count == BatchRows || bytes >= BatchBytes);
    }
}

/// <summary>A part of a list. <paramref name="IsFull"/>: a bound ended it, so more may follow.</summary>
internal readonly record struct Batch<T>(List<T> Items, bool IsFull);
