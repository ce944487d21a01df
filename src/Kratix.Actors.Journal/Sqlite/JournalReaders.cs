using Kratix.Actors.Ports.Journal;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>
/// Read connections, opened as needed and kept for the next reader. Each read sees one consistent moment of the file.
/// Bounded: beyond <see cref="MaxOpen"/> at once, readers wait for one to come free.
/// </summary>
internal sealed class JournalReaders(string path, TimeSpan busyTimeout) : IDisposable
{
    private const int MaxOpen = 16;

    private readonly Lock _lock = new();
    private readonly Stack<Database> _idle = [];
    private readonly SemaphoreSlim _free = new(MaxOpen);
    private int _generation;
    private bool _closed;

    /// <summary>Grows each time the file is found damaged or gone; connections of an earlier one are not to be used.</summary>
    public int Generation
    {
        get
        {
            lock (_lock)
                return _generation;
        }
    }

    /// <summary>Runs a read on a pool thread, because it may wait for the disk.</summary>
    public async Task<T> Read<T>(Func<Database, T> read, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => ReadNow(read), cancellation);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>Closes what is open, now or when it comes back: the file may be damaged or replaced, and a connection keeps pages in memory.</summary>
    public void Distrust()
    {
        lock (_lock)
        {
            _generation++;
            CloseIdle_NeedsLock();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            CloseIdle_NeedsLock();
        }
    }

    private T ReadNow<T>(Func<Database, T> read)
    {
        Database? database = null;
        try
        {
            (database, var generation) = Take();
            var answer = read(database);
            Return(database, generation);
            return answer;
        }
        catch (Exception e)
        {
            // A statement may be in the middle of its rows; a new connection is cheaper than finding out.
            database?.Dispose();
            if (e is InvalidDataException)
                throw new JournalException($"journal {path}: {e.Message}", e);
            if (e is not SqliteException fault)
                throw;
            if (SqliteFault.NeedsReopening(fault))
                Distrust();
            throw SqliteFault.Explain(path, fault);
        }
    }

    private (Database Database, int Generation) Take()
    {
        int generation;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(SqliteJournal));
            generation = _generation;
            if (_idle.TryPop(out var idle))
                return (idle, generation);
        }

        return (Database.OpenForReading(path, busyTimeout), generation);
    }

    private void Return(Database database, int generation)
    {
        lock (_lock)
        {
            if (!_closed && generation == _generation)
            {
                _idle.Push(database);
                return;
            }
        }

        database.Dispose();
    }

    private void CloseIdle_NeedsLock()
    {
        while (_idle.TryPop(out var database))
            database.Dispose();
    }
}
