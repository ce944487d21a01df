using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>One connection with the statements prepared on it. Used by one thread at a time.</summary>
internal sealed class Database : IDisposable
{
    // FULL: an acknowledged append survives a power cut. The log is written back every 16 MiB, since each time costs two more syncs.
    private const string WriterSettings =
        """
        PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768
        """;

    private const int FileControlHasMoved = 20;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, Statement> _statements = [];

    private Database(SqliteConnection connection) => _connection = connection;

    private sqlite3 Handle => _connection.Handle ?? throw new ObjectDisposedException(nameof(Database));

    /// <summary>
    /// The connection that writes. <paramref name="create"/> only the first time: a file that vanished later must not be replaced by an empty one.
    /// </summary>
    public static Database OpenForWriting(string path, TimeSpan busyTimeout, bool create)
    {
        var database = Open(path, create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite, busyTimeout);
        return Prepared(database, WriterSettings);
    }

    /// <summary>A connection that reads. It never waits for the writer and the writer never waits for it.</summary>
    public static Database OpenForReading(string path, TimeSpan busyTimeout)
    {
        try
        {
            // The first read is part of opening: only then does SQLite look at the file and its log.
            return Prepared(Open(path, SqliteOpenMode.ReadOnly, busyTimeout), "SELECT count(*) FROM sqlite_schema");
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY && File.Exists(path) && !File.Exists(path + "-wal"))
        {
            // Without a log nobody writes, and the folder does not let us make the log's index: a snapshot on read-only media. It may be read as it is.
            return Prepared(Open($"file:{Uri.EscapeDataString(path)}?immutable=1", SqliteOpenMode.ReadOnly, busyTimeout), "SELECT count(*) FROM sqlite_schema");
        }
    }

    /// <summary>
    /// Whether the file that is open is not the one of that name any more: removed, moved, or another put in its place. SQLite would go on writing to it and call
    /// that durable. False where the system cannot tell (Windows, which does not let go of an open file).
    /// </summary>
    public bool HasMoved => FileControl(Handle, 0, FileControlHasMoved, out var moved) == raw.SQLITE_OK && moved != 0;

    public bool InTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>The integer key of the last inserted row.</summary>
    public long LastInserted => raw.sqlite3_last_insert_rowid(Handle);

    /// <summary>The statement, prepared at its first use and kept.</summary>
    public Statement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
            _statements.Add(sql, statement = new Statement(Handle, sql));
        return statement;
    }

    /// <summary>Runs statements separated by semicolons, and forgets them.</summary>
    public void Execute(string sql)
    {
        var code = raw.sqlite3_exec(Handle, sql);
        if (code != raw.SQLITE_OK)
            throw SqliteFault.Of(code, Handle);
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _statements.Clear();
        _connection.Dispose();
    }

    // The one call that SQLitePCLRaw does not offer.
    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control")]
    private static extern int FileControl(sqlite3 database, nint name, int operation, out int answer);

    private static Database Open(string source, SqliteOpenMode mode, TimeSpan busyTimeout)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = source, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        return Prepared(new Database(connection), string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {busyTimeout.TotalMilliseconds:0}"));
    }

    private static Database Prepared(Database database, params ReadOnlySpan<string> statements)
    {
        try
        {
            foreach (var sql in statements)
                database.Execute(sql);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
