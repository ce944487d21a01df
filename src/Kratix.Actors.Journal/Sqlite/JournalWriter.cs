using System.Threading.Channels;
using Kratix.Actors.Ports.Journal;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>
/// The single writer of the file: a thread of its own, since each commit waits for the disk. It takes whatever waits, writes it in one transaction and answers
/// each caller. While a transaction commits the next group gathers, so groups grow with the load and a lone write never waits for company.
/// </summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    private readonly SqliteJournalOptions _options;
    private readonly string _path;
    private readonly JournalReaders _readers;
    private readonly Channel<WriteJob> _waiting;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Database? _database;
    private JournalTables? _tables;
    private int _generation;

    /// <summary>
    /// Owns <paramref name="database"/> from here on. It and the <paramref name="readers"/> look at the file anew when one of them finds it damaged.
    /// </summary>
    public JournalWriter(SqliteJournalOptions options, string path, Database database, JournalReaders readers)
    {
        _options = options;
        _path = path;
        _readers = readers;
        _waiting = Channel.CreateBounded<WriteJob>(new BoundedChannelOptions(options.MaxWaiting) { SingleReader = true });
        Use(database);
        new Thread(Write) { IsBackground = true, Name = "journal-writer" }.Start();
    }

    public WriteCounters Counters { get; } = new();

    public async Task<T> Write<T>(Func<JournalTables, T> work, long bytes, CancellationToken cancellation)
    {
        var job = new WriteJob<T>(work, bytes, cancellation);
        await Enqueue(job, cancellation);
        return await job.Done;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _stopped.Task;
    }

    private async ValueTask Enqueue(WriteJob job, CancellationToken cancellation)
    {
        try
        {
            await _waiting.Writer.WriteAsync(job, cancellation);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteJournal), $"journal {_path}: closed");
        }
    }

    private void Write()
    {
        var group = new List<WriteJob>();
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            Gather(group);
            if (group.Count > 0)
                Commit(group);
            group.Clear();
        }

        Close();
        _stopped.SetResult();
    }

    private void Gather(List<WriteJob> group)
    {
        long bytes = 0;
        while (group.Count < _options.MaxGroup && bytes < _options.MaxGroupBytes && _waiting.Reader.TryRead(out var job))
        {
            if (job.Cancellation.IsCancellationRequested)
            {
                job.Cancel();
                continue;
            }

            group.Add(job);
            bytes += job.Bytes;
        }
    }

    /// <summary>Writes the group in one transaction; where one member's fault made it fail, each member in its own.</summary>
    private void Commit(List<WriteJob> group)
    {
        try
        {
            Transact(group);
            foreach (var job in group)
                job.Complete();
        }
        catch (Exception e)
        {
            var fault = e as SqliteException;
            Abandon(fault);
            if (group.Count > 1 && (fault is null || SqliteFault.MaySpareOthers(fault)))
            {
                foreach (var job in group)
                    Commit([job]);
                return;
            }

            var why = fault is null ? e : SqliteFault.Explain(_path, fault);
            Counters.Failed(group.Count);
            foreach (var job in group)
                job.Fail(why);
        }
    }

    private void Transact(List<WriteJob> group)
    {
        var (database, tables) = Connected();
        database.Execute("BEGIN IMMEDIATE");
        tables.Begin();
        foreach (var job in group)
            job.Run(tables);
        var start = _options.Time.GetTimestamp();
        database.Execute("COMMIT");
        Counters.Committed(group.Count, _options.Time.GetElapsedTime(start));
    }

    private (Database Database, JournalTables Tables) Connected()
    {
        if (!File.Exists(_path) || _database is { HasMoved: true })
        {
            Distrust();
            throw new JournalException(
                $"journal {_path}: the file was removed or moved while it was in use, or another took its place; nothing was written. Put it back, it is opened again then. "
                + "A backup is put in its place while nothing uses it, together with its -wal file and never with that of the one before.");
        }

        if (_generation != _readers.Generation)
            Close();
        if (_database is null || _tables is null)
            Use(Database.OpenForWriting(_path, _options.BusyTimeout, create: false));
        return (_database!, _tables!);
    }

    /// <summary>Leaves nothing of a failed transaction, and no connection that may still see pages of a file that is being repaired.</summary>
    private void Abandon(SqliteException? fault)
    {
        try
        {
            if (_database is { InTransaction: true })
                _database.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // Closing the connection rolls back as well.
            Close();
        }

        if (fault is not null && SqliteFault.NeedsReopening(fault))
            Distrust();
    }

    private void Use(Database database)
    {
        _database = database;
        _tables = new JournalTables(database);
        _generation = _readers.Generation;
    }

    private void Distrust()
    {
        Close();
        _readers.Distrust();
    }

    private void Close()
    {
        _database?.Dispose();
        _database = null;
        _tables = null;
    }
}
