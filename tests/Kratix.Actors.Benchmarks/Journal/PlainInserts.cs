using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Benchmarks.Journal;

/// <summary>What anybody would write first: two prepared inserts per event, the event and its entity's row, just as durable.</summary>
internal sealed class PlainInserts : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _event;
    private readonly SqliteCommand _row;
    private int _written;

    public PlainInserts(string path)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -32768");
        Execute(
            """
            CREATE TABLE events (
              position INTEGER PRIMARY KEY, entity TEXT, sequence INTEGER, time INTEGER, type TEXT, cause TEXT, actor TEXT, node TEXT, epoch INTEGER,
              payload BLOB
            );
            CREATE TABLE entities (entity TEXT PRIMARY KEY, sequence INTEGER, phase TEXT, spec TEXT, status TEXT, updated INTEGER, state BLOB);
            """);
        _event = Prepared(
            """
            INSERT INTO events (entity, sequence, time, type, cause, actor, node, epoch, payload)
            VALUES ($entity, $sequence, $time, 'RunStarted', 'spec changed', 'alice', 'node-a', 1, $bytes)
            """);
        _row = Prepared("INSERT OR REPLACE INTO entities VALUES ($entity, $sequence, 'Running', 'spec', 'status', $time, $bytes)");
    }

    /// <summary>Seconds for <paramref name="count"/> events, <paramref name="group"/> in each transaction.</summary>
    public double Insert(int count, int group)
    {
        var clock = Stopwatch.StartNew();
        for (var end = _written + count; _written < end;)
        {
            using var transaction = _connection.BeginTransaction();
            for (var last = Math.Min(end, _written + group); _written < last; _written++)
            {
                Run(_event, transaction, JournalBenchmarks.Payload);
                Run(_row, transaction, JournalBenchmarks.State);
            }

            transaction.Commit();
        }

        return clock.Elapsed.TotalSeconds;
    }

    public void Dispose()
    {
        _event.Dispose();
        _row.Dispose();
        _connection.Dispose();
    }

    private void Run(SqliteCommand command, SqliteTransaction transaction, byte[] bytes)
    {
        command.Transaction = transaction;
        command.Parameters["$entity"].Value = $"plain/{_written / 4}";
        command.Parameters["$sequence"].Value = _written % 4;
        command.Parameters["$time"].Value = JournalBenchmarks.Start.AddSeconds(_written).UtcTicks;
        command.Parameters["$bytes"].Value = bytes;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Prepared(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$entity", "");
        command.Parameters.AddWithValue("$sequence", 0);
        command.Parameters.AddWithValue("$time", 0L);
        command.Parameters.AddWithValue("$bytes", JournalBenchmarks.Payload);
        command.Prepare();
        return command;
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
