using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>The row of an event under the cursor, as verification reads it: no copies, and no conversion that a forged value could break.</summary>
internal readonly ref struct StoredEvent(Statement row)
{
    public const string Columns =
        "v.entity, v.position, v.sequence, v.time, v.type, v.payload, v.cause, v.actor, v.node, v.epoch, v.previous, v.hash, "
        + "coalesce(n.type, 'unnamed'), coalesce(n.id, v.entity)";

    public long Entity => row.Number(0);

    public long Position => row.Number(1);

    public long Sequence => row.Number(2);

    public ReadOnlySpan<byte> Previous => row.Bytes(10);

    public ReadOnlySpan<byte> StoredHash => row.Bytes(11);

    public EntityKey Name() => new(row.Text(12), row.Text(13));

    /// <summary>The hash its fields give.</summary>
    public void Hash(EntityKey name, Span<byte> hash) => EventHash.Compute(
        name, Sequence, row.Number(3), row.Text(4), row.Bytes(5), row.Text(6), row.Text(7), row.Text(8), row.Number(9), Previous, hash);
}
