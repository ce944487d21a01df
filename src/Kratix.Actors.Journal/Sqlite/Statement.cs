using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>
/// A prepared statement that is bound, stepped and reset many times. It stands in for <see cref="SqliteCommand"/> on the hot path because that
/// allocates a reader per call, copies blobs into arrays, and sleeps in steps of 150 ms while the file is locked.
/// Columns count from 0, parameters from 1, as in SQLite.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _handle;
    private readonly sqlite3_stmt _statement;

    public Statement(sqlite3 handle, string sql)
    {
        _handle = handle;
        Check(raw.sqlite3_prepare_v3(handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    public Statement Bind(int parameter, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, parameter, value));
        return this;
    }

    public Statement Bind(int parameter, string value)
    {
        // By length and not by terminator, since a text may hold a NUL.
        const int OnStack = 256;
        var size = Encoding.UTF8.GetByteCount(value);
        var bytes = size <= OnStack ? stackalloc byte[OnStack] : new byte[size];
        Encoding.UTF8.GetBytes(value, bytes);
        Check(size == 0 ? raw.sqlite3_bind_text(_statement, parameter, "") : raw.sqlite3_bind_text(_statement, parameter, bytes[..size]));
        return this;
    }

    public Statement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        // The library binds NULL for an empty span; an empty value is not a missing one.
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, parameter, 0) : raw.sqlite3_bind_blob(_statement, parameter, value));
        return this;
    }

    public Statement BindNull(int parameter)
    {
        Check(raw.sqlite3_bind_null(_statement, parameter));
        return this;
    }

    /// <summary>True: a row is there. False: finished.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
            return true;
        if (code != raw.SQLITE_DONE)
            Check(code);
        return false;
    }

    /// <summary>Runs a statement that answers no rows, and leaves it ready for the next use.</summary>
    public void Run()
    {
        Step();
        Reset();
    }

    /// <summary>Ends the use; errors are those of the step before, which has thrown them already.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>Text by its length, since a text may hold a NUL.</summary>
    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, column));

    /// <summary>Valid until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code == raw.SQLITE_OK)
            return;
        var error = SqliteFault.Of(code, _handle);
        Reset();
        throw error;
    }
}
