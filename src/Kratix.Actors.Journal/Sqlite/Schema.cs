using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>
/// The tables, as a list of forward migrations: entry n leads from version n to n + 1 and is never edited once released.
/// Times are UTC ticks (100 ns), hashes and digests 32 bytes.
/// </summary>
internal static class Schema
{
    public static readonly IReadOnlyList<string> Migrations =
    [
        // names: an entity's number stands for its name, so that an event costs 8 bytes for it and a lost row is still reported by name.
        // events.position: AUTOINCREMENT never gives a number twice, so that a gap is proof of a removal.
        // entities.seal: the hash of the row's own content after the last event's hash, so that a changed row is noticed as well.
        """
        CREATE TABLE names (
          entity INTEGER PRIMARY KEY AUTOINCREMENT,
          type   TEXT NOT NULL,
          id     TEXT NOT NULL,
          UNIQUE (type, id)
        );
        CREATE TABLE events (
          position INTEGER PRIMARY KEY AUTOINCREMENT,
          entity   INTEGER NOT NULL,
          sequence INTEGER NOT NULL,
          time     INTEGER NOT NULL,
          type     TEXT NOT NULL,
          cause    TEXT NOT NULL,
          actor    TEXT NOT NULL,
          node     TEXT NOT NULL,
          epoch    INTEGER NOT NULL,
          previous BLOB NOT NULL,
          hash     BLOB NOT NULL,
          payload  BLOB NOT NULL,
          UNIQUE (entity, sequence)
        );
        CREATE TABLE entities (
          entity        INTEGER PRIMARY KEY,
          shard         INTEGER NOT NULL,
          sequence      INTEGER NOT NULL,
          last_hash     BLOB NOT NULL,
          seal          BLOB NOT NULL,
          phase         TEXT NOT NULL,
          spec_digest   TEXT NOT NULL,
          status_digest TEXT NOT NULL,
          wake_up       INTEGER,
          updated       INTEGER NOT NULL,
          state         BLOB NOT NULL
        );
        CREATE INDEX entities_by_wake_up ON entities (wake_up) WHERE wake_up IS NOT NULL;
        CREATE TABLE anchors (position INTEGER PRIMARY KEY, hash BLOB NOT NULL);
        CREATE TABLE shards (shard INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, owner TEXT NOT NULL);
        CREATE TABLE contents (
          content INTEGER PRIMARY KEY,
          digest  BLOB NOT NULL UNIQUE,
          size    INTEGER NOT NULL,
          used    INTEGER NOT NULL,
          bytes   BLOB NOT NULL
        );
        CREATE TABLE runs (run TEXT PRIMARY KEY, manifest BLOB NOT NULL) WITHOUT ROWID;
        """,

        // runs.stored: when the manifest came, so that compaction can tell what is old. Of those that are there already nobody knows; they count as old.
        "ALTER TABLE runs ADD COLUMN stored INTEGER NOT NULL DEFAULT 0",
    ];

    /// <summary>Brings a new or older file to the newest version, all in one transaction.</summary>
    public static void Upgrade(Database database, string path, IReadOnlyList<string> migrations)
    {
        database.Execute("BEGIN IMMEDIATE");
        try
        {
            RefuseForeign(database, path);
            database.Execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID");
            var version = Version(database);
            RefuseNewer(version, path, migrations);
            for (var next = version; next < migrations.Count; next++)
                database.Execute(migrations[next]);
            if (version < migrations.Count)
                database.Execute($"INSERT OR REPLACE INTO meta (key, value) VALUES ('schema', {migrations.Count})");
            database.Execute("COMMIT");
        }
        catch
        {
            if (database.InTransaction)
                database.Execute("ROLLBACK");
            throw;
        }
    }

    /// <summary>For a reader, which cannot upgrade.</summary>
    public static void RequireCurrent(Database database, string path, IReadOnlyList<string> migrations)
    {
        var version = Tables(database, "= 'meta'") == 1 ? Version(database) : 0;
        RefuseNewer(version, path, migrations);
        if (version == 0)
            throw new JournalException($"journal {path}: the file holds no journal. Name the journal.db of a data folder.");
        if (version < migrations.Count)
            throw new JournalException(
                $"journal {path}: its schema is version {version}, this program reads version {migrations.Count}. "
                + "Start the engine of this version on it once; it upgrades the file.");
    }

    private static void RefuseForeign(Database database, string path)
    {
        if (Tables(database, "= 'meta'") == 0 && Tables(database, "NOT LIKE 'sqlite_%'") is > 0 and var tables)
            throw new JournalException(
                $"journal {path}: the file is another program's database, with {tables} {(tables == 1 ? "table" : "tables")} and no journal. Name another data folder, or move the file away.");
    }

    private static long Tables(Database database, string name)
    {
        var count = database.Statement($"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name {name}");
        count.Step();
        var tables = count.Number(0);
        count.Reset();
        return tables;
    }

    private static int Version(Database database)
    {
        var select = database.Statement("SELECT value FROM meta WHERE key = 'schema'");
        var version = select.Step() ? (int)select.Number(0) : 0;
        select.Reset();
        return version;
    }

    private static void RefuseNewer(int version, string path, IReadOnlyList<string> migrations)
    {
        if (version > migrations.Count)
            throw new JournalException(
                $"journal {path}: its schema is version {version}, this program knows up to version {migrations.Count}. "
                + "Use the newer kratix-actors that wrote it, or restore a backup made before the upgrade. Nothing was changed.");
    }
}
