using Kratix.Actors.Ports.Journal;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>What SQLite's error codes mean for the operator, and for the writes that shared the transaction.</summary>
internal static class SqliteFault
{
    public static SqliteException Of(int code, sqlite3 handle) =>
        new(raw.sqlite3_errmsg(handle).utf8_to_string(), code & 0xff, raw.sqlite3_extended_errcode(handle));

    /// <summary>True where the fault lies with one write or one page, so that the others of its group deserve a try of their own.</summary>
    public static bool MaySpareOthers(SqliteException fault) =>
        fault.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_FULL or raw.SQLITE_TOOBIG or raw.SQLITE_CONSTRAINT;

    /// <summary>
    /// True where the file itself may be replaced or repaired: open connections would go on seeing pages they have in memory,
    /// or a file that has no name any more.
    /// </summary>
    public static bool NeedsReopening(SqliteException fault) =>
        fault.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY
            or raw.SQLITE_PROTOCOL or raw.SQLITE_SCHEMA;

    public static JournalException Explain(string path, SqliteException fault) =>
        new($"journal {path}: {Advice(path, fault)} (SQLite {fault.SqliteExtendedErrorCode}: {fault.Message})", fault);

    private static string Advice(string path, SqliteException fault) => fault.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => "the disk is full. Free space on it; writing goes on by itself then, and nothing was half-written.",
        raw.SQLITE_READONLY or raw.SQLITE_PERM =>
            "the file or its folder is read-only. Let the user that runs this process write both, or check how the file system is mounted.",
        raw.SQLITE_CANTOPEN => "the file cannot be opened. Check that its folder exists and that the user that runs this process may read and write it.",
        raw.SQLITE_CORRUPT =>
            $"the file is damaged. Stop what uses it and restore it from a backup, or save what is readable with: sqlite3 '{path}' .recover. "
            + "Calls that need no damaged page still work.",
        raw.SQLITE_NOTADB => "the file is not a journal, or its beginning is damaged. Restore it from a backup, or name another file.",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PROTOCOL =>
            $"another process holds the file's lock. Find it with: fuser '{path}'. Let it finish or stop it; nothing was written.",
        raw.SQLITE_IOERR => "the disk reported an error. See the kernel's log, and check disk and file system before going on.",
        raw.SQLITE_TOOBIG => "the value is larger than the store takes (1 GB). Nothing was written.",
        raw.SQLITE_NOMEM => "no memory was left for SQLite. Nothing was written.",
        raw.SQLITE_CONSTRAINT => "its tables contradict each other, so somebody changed them. Run: kratix-actors audit verify. Nothing was written.",
        _ => "the store failed. Nothing was written.",
    };
}
