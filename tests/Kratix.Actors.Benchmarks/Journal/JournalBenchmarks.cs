using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kratix.Actors.Journal;
using Kratix.Actors.Ports.Journal;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Benchmarks.Journal;

/// <summary>
/// Appends per second, alone and in groups, and how they compare with plain inserts of the same rows into SQLite: same file system, same
/// durability (WAL, synchronous=FULL), same bytes, prepared statements, in the same run. Compare the ratios, not the absolute numbers.
/// </summary>
public static class JournalBenchmarks
{
    private const int Alone = 2_000;
    private const int Grouped = 40_000;
    private const int Callers = 256;
    private static readonly byte[] Payload = Encoding.UTF8.GetBytes(new string('p', 300));
    private static readonly byte[] State = Encoding.UTF8.GetBytes(new string('s', 900));
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task Run(TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("kratix-journal-benchmark-").FullName;
        try
        {
            await using var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = Path.Combine(folder, "journal.db") }, CancellationToken.None);
            await journal.TakeShards([1], "benchmark", CancellationToken.None);
            await Append(journal, "warm", 200, 1);

            var alone = Alone / await Append(journal, "alone", Alone, 1);
            var before = journal.Metrics;
            var grouped = Grouped / await Append(journal, "grouped", Grouped, Callers);
            var after = journal.Metrics;
            var plainAlone = Alone / PlainInserts(Path.Combine(folder, "alone.db"), Alone, 1);
            var group = Math.Max(1, (int)((after.Writes - before.Writes) / (after.Transactions - before.Transactions)));
            var plainGrouped = Grouped / PlainInserts(Path.Combine(folder, "grouped.db"), Grouped, group);

            var clock = Stopwatch.StartNew();
            var report = await journal.VerifyChain(null, CancellationToken.None);
            var verified = report.Events / clock.Elapsed.TotalSeconds;

            Line(output, $"journal, {Payload.Length}-byte events, {State.Length}-byte states, SQLite WAL synchronous=FULL");
            Line(output, $"  lone appends           {alone,9:N0}/s   plain inserts of the same rows {plainAlone,9:N0}/s   ratio {alone / plainAlone:0.00}");
            Line(output, $"  appends, {Callers} callers   {grouped,9:N0}/s   plain inserts, {group} a group     {plainGrouped,9:N0}/s   ratio {grouped / plainGrouped:0.00}");
            Line(output, $"  verification           {verified,9:N0} events/s, {report.Faults.Count} faults");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Seconds for <paramref name="count"/> appends by <paramref name="callers"/>, each waiting for its own append before the next.</summary>
    private static async Task<double> Append(SqliteJournal journal, string name, int count, int callers)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var n = 0; n < count / callers; n++)
            {
                var append = new JournalAppend(
                    new EntityKey("resource", $"{name}/{caller}/{n / 4}"), 1, 1, n % 4, "RunStarted", Payload, State,
                    new EntityIndex("Running", "spec", "status", null), "spec changed", "alice", "node-a", Start.AddSeconds(n));
                if (await journal.Append(append, CancellationToken.None) != AppendResult.Appended)
                    throw new InvalidOperationException($"{append.Entity} was not appended");
            }
        })));
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>Seconds for the same rows as plain inserts: the event, and the entity's row inserted or replaced.</summary>
    private static double PlainInserts(string path, int count, int group)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
        Execute(
            connection,
            """
            CREATE TABLE events (position INTEGER PRIMARY KEY, entity TEXT, sequence INTEGER, time INTEGER, type TEXT, cause TEXT, actor TEXT, node TEXT, epoch INTEGER, payload BLOB);
            CREATE TABLE entities (entity TEXT PRIMARY KEY, sequence INTEGER, phase TEXT, spec TEXT, status TEXT, updated INTEGER, state BLOB);
            """);
        using var insertEvent = Prepared(
            connection,
            "INSERT INTO events (entity, sequence, time, type, cause, actor, node, epoch, payload) VALUES ($entity, $sequence, $time, 'RunStarted', 'spec changed', 'alice', 'node-a', 1, $bytes)");
        using var upsertRow = Prepared(
            connection, "INSERT OR REPLACE INTO entities VALUES ($entity, $sequence, 'Running', 'spec', 'status', $time, $bytes)");

        var clock = Stopwatch.StartNew();
        for (var n = 0; n < count;)
        {
            using var transaction = connection.BeginTransaction();
            for (var last = Math.Min(count, n + group); n < last; n++)
            {
                Insert(insertEvent, transaction, n, Payload);
                Insert(upsertRow, transaction, n, State);
            }

            transaction.Commit();
        }

        return clock.Elapsed.TotalSeconds;
    }

    private static void Insert(SqliteCommand command, SqliteTransaction transaction, int n, byte[] bytes)
    {
        command.Transaction = transaction;
        command.Parameters["$entity"].Value = $"plain/{n / 4}";
        command.Parameters["$sequence"].Value = n % 4;
        command.Parameters["$time"].Value = Start.AddSeconds(n).UtcTicks;
        command.Parameters["$bytes"].Value = bytes;
        command.ExecuteNonQuery();
    }

    private static SqliteCommand Prepared(SqliteConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$entity", "");
        command.Parameters.AddWithValue("$sequence", 0);
        command.Parameters.AddWithValue("$time", 0L);
        command.Parameters.AddWithValue("$bytes", Payload);
        command.Prepare();
        return command;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void Line(TextWriter output, FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
