namespace Kratix.Actors.Ports.Journal;

/// <summary>
/// The hash of an event: SHA-256 over every field a user could dispute and the hash of the event before it in the same entity (see <see cref="FieldHasher"/>).
/// Whoever holds exported events can recompute it years later; changing it would make every stored chain look forged.
/// </summary>
public static class EventHash
{
    private const long Version = 1;

    /// <summary>
    /// Writes the hash of event <paramref name="sequence"/> to <paramref name="hash"/> (<see cref="FieldHasher.Size"/> bytes).
    /// <paramref name="previous"/>: the hash of the event before, empty for the first. <paramref name="utcTicks"/>: the event's time as UTC ticks (100 ns).
    /// </summary>
    public static void Compute(
        EntityKey entity, long sequence, long utcTicks, string type, ReadOnlySpan<byte> payload,
        string cause, string actor, string node, long epoch, ReadOnlySpan<byte> previous, Span<byte> hash)
    {
        var fields = new FieldHasher(stackalloc byte[2048]);
        fields.Number(Version);
        fields.Bytes(previous);
        fields.Text(entity.Type);
        fields.Text(entity.Id);
        fields.Number(sequence);
        fields.Number(utcTicks);
        fields.Text(type);
        fields.Text(cause);
        fields.Text(actor);
        fields.Text(node);
        fields.Number(epoch);
        fields.Bytes(payload);
        fields.Finish(hash);
    }

    /// <summary>The hash of an event's own fields and its <see cref="JournalEvent.PreviousHash"/>, as lower-case hex.</summary>
    public static string Of(JournalEvent recorded)
    {
        Span<byte> hash = stackalloc byte[FieldHasher.Size];
        Compute(
            recorded.Entity, recorded.Sequence, recorded.Time.UtcTicks, recorded.Type, recorded.Payload.Span, recorded.Cause, recorded.Actor,
            recorded.Node, recorded.Epoch, Convert.FromHexString(recorded.PreviousHash), hash);
        return Convert.ToHexStringLower(hash);
    }
}
