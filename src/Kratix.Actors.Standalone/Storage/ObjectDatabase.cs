using Kratix.Actors.Standalone.Security;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Standalone.Storage;

/// <summary>
/// The durable half of the store: one SQLite file in WAL mode with <c>synchronous=FULL</c>, one connection, used by the writer thread alone.
/// Objects are rows; the version counter is a row of its own, because a deletion uses up a version and leaves no object to carry it.
/// </summary>
internal sealed class ObjectDatabase : IDisposable
{
    private const int Schema = 1;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _put;
    private readonly SqliteCommand _remove;
    private readonly SqliteCommand _version;

    public ObjectDatabase(string path)
    {
        if (!File.Exists(path)) PrivateFile.Write(path, ""); // Secrets are in it; SQLite gives the files beside it the same mode
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        Execute("PRAGMA journal_mode=WAL");
        Execute("PRAGMA synchronous=FULL");
        Migrate(path);
        _put = Command(
            "INSERT INTO objects(grp,resource,ns,name,version,json) VALUES($g,$r,$s,$n,$v,$j) "
            + "ON CONFLICT(grp,resource,ns,name) DO UPDATE SET version=excluded.version, json=excluded.json",
            "$g", "$r", "$s", "$n", "$v", "$j");
        _remove = Command("DELETE FROM objects WHERE grp=$g AND resource=$r AND ns=$s AND name=$n", "$g", "$r", "$s", "$n");
        _version = Command("UPDATE counters SET value=$v WHERE name='version'", "$v");
    }

    public Snapshot Load()
    {
        using var counter = Command("SELECT value FROM counters WHERE name='version'");
        var version = (long)counter.ExecuteScalar()!;
        using var select = Command("SELECT grp,resource,ns,name,version,json FROM objects");
        using var rows = select.ExecuteReader();
        var objects = new List<StoredObject>();
        while (rows.Read())
        {
            var key = new ObjectKey(new GroupResource(rows.GetString(0), rows.GetString(1)), rows.GetString(2), rows.GetString(3));
            objects.Add(new StoredObject(key, rows.GetInt64(4), rows.GetFieldValue<byte[]>(5)));
        }
        return Snapshot.Of(version, objects);
    }

    /// <summary>Writes all events and the counter in one transaction; either all are durable on return or none is stored.</summary>
    public void Commit(IReadOnlyList<WatchEvent> events, long version)
    {
        using var transaction = _connection.BeginTransaction();
        _put.Transaction = _remove.Transaction = _version.Transaction = transaction;
        foreach (var e in events)
        {
            var command = e.Type == WatchEventType.Deleted ? _remove : _put;
            var key = e.Object.Key;
            command.Parameters[0].Value = key.Resource.Group;
            command.Parameters[1].Value = key.Resource.Resource;
            command.Parameters[2].Value = key.Namespace;
            command.Parameters[3].Value = key.Name;
            if (e.Type != WatchEventType.Deleted)
            {
                command.Parameters[4].Value = e.Version;
                command.Parameters[5].Value = e.Object.JsonBytes;
            }
            command.ExecuteNonQuery();
        }
        _version.Parameters[0].Value = version;
        _version.ExecuteNonQuery();
        transaction.Commit();
    }

    public void Dispose()
    {
        _put.Dispose();
        _remove.Dispose();
        _version.Dispose();
        _connection.Dispose();
    }

    private void Migrate(string path)
    {
        using var read = Command("PRAGMA user_version");
        var found = (long)read.ExecuteScalar()!;
        if (found > Schema)
            throw new InvalidDataException($"{path}: written by a newer version of this program (schema {found}, this one knows {Schema}); use that version, or another data folder.");
        if (found == Schema) return;
        using var transaction = _connection.BeginTransaction();
        Execute(
            """
            CREATE TABLE objects(
              grp TEXT NOT NULL, resource TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL,
              version INTEGER NOT NULL, json BLOB NOT NULL,
              PRIMARY KEY(grp, resource, ns, name));
            CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
            INSERT INTO counters VALUES('version', 1);
            """,
            transaction);
        Execute($"PRAGMA user_version={Schema}", transaction);
        transaction.Commit();
    }

    private void Execute(string sql, SqliteTransaction? transaction = null)
    {
        using var command = Command(sql);
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100 // every caller passes a constant of this file; values travel as parameters
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var p in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = p });
        return command;
    }
}
