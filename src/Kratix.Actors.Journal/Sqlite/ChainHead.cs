using System.Security.Cryptography;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>
/// The hash over all events up to a position: of the anchor before it and of the hashes since, so it costs at most one anchor's interval. At an anchor's
/// own position it is the anchor.
/// </summary>
internal static class ChainHead
{
    /// <summary>Null where no event of that position is there, or (null asked) no event at all.</summary>
    public static JournalHead? At(Database database, long? position)
    {
        var select = database.Statement("SELECT max(position) FROM events WHERE ?1 IS NULL OR position = ?1");
        (position is { } asked ? select.Bind(1, asked) : select.BindNull(1)).Step();
        long? found = select.IsNull(0) ? null : select.Number(0);
        select.Reset();
        return found is { } at ? new JournalHead(at, Convert.ToHexStringLower(HashAt(database, at))) : null;
    }

    public static byte[] HashAt(Database database, long position)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var before = database.Statement("SELECT position, hash FROM anchors WHERE position < ?1 ORDER BY position DESC LIMIT 1").Bind(1, position);
        long after = 0;
        if (before.Step())
        {
            after = before.Number(0);
            sha.AppendData(before.Bytes(1));
        }

        before.Reset();
        var hashes = database.Statement("SELECT hash FROM events WHERE position > ?1 AND position <= ?2 ORDER BY position").Bind(1, after).Bind(2, position);
        while (hashes.Step())
            sha.AppendData(hashes.Bytes(0));
        hashes.Reset();
        return sha.GetHashAndReset();
    }
}
