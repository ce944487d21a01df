using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>
/// Judges events, in the order they were written, and then the rows that claim to stand for them. Pure: what it is shown is what it judges.
/// Each fault blames the earliest event that explains it; what follows from that fault is not reported again.
/// </summary>
internal sealed class ChainChecker
{
    /// <summary>A damaged file may hold a million faults; nobody reads more than these.</summary>
    private const int MaxFaults = 1000;

    private readonly Dictionary<long, Chain> _chains = [];
    private readonly List<ChainFault> _faults = [];
    private long _events;
    private long _entities;

    /// <summary>Events that the chains and rows know of and that were not shown.</summary>
    public long KnownRemoved { get; private set; }

    public int FaultCount { get; private set; }

    public void Event(in StoredEvent stored)
    {
        _events++;
        if (!_chains.TryGetValue(stored.Entity, out var chain))
            _chains.Add(stored.Entity, chain = new Chain(stored.Name()));

        if (stored.Sequence <= chain.Sequence)
        {
            Fault(chain.Name, stored.Sequence, $"inserted: event {stored.Sequence} at position {stored.Position} comes after event {chain.Sequence}");
            return;
        }

        var gap = stored.Sequence > chain.Sequence + 1;
        if (gap)
            Removed(chain.Name, chain.Sequence + 1, stored.Sequence - 1);

        Span<byte> hash = stackalloc byte[FieldHasher.Size];
        stored.Hash(chain.Name, hash);
        if (!hash.SequenceEqual(stored.StoredHash))
            Fault(chain.Name, stored.Sequence, $"changed: the content of event {stored.Sequence} does not give its hash");
        else if (!gap && !stored.Previous.SequenceEqual(chain.Hash))
            Unlinked(chain, stored.Sequence);

        chain.Sequence = stored.Sequence;
        chain.Hash = stored.StoredHash.ToArray();
    }

    /// <summary>
    /// After all events. <paramref name="sealIsRight"/>: whether the row is as it was written; if not, what it claims proves nothing about the events.
    /// </summary>
    public void Row(long entity, EntityKey name, long sequence, ReadOnlySpan<byte> lastHash, bool sealIsRight)
    {
        _entities++;
        if (!_chains.Remove(entity, out var chain))
            chain = new Chain(name);

        if (!sealIsRight)
            Fault(name, sequence, $"changed: the row with the state after event {sequence} is not as it was written; the events end with {chain.Sequence}");
        else if (sequence > chain.Sequence)
            Removed(name, chain.Sequence + 1, sequence);
        else if (sequence < chain.Sequence)
            Fault(name, sequence + 1, $"inserted: events go up to {chain.Sequence}, the row knows {sequence}");
        else if (!lastHash.SequenceEqual(chain.Hash))
            Fault(name, sequence, $"changed: event {sequence} has a hash of its own, but the row was written after another");
    }

    /// <summary>A fault of the journal as a whole, at a position.</summary>
    public void JournalFault(long position, string problem) => Fault(new EntityKey("journal", "positions"), position, problem);

    /// <summary>What is left are events without a row. Call once, after all rows.</summary>
    public void RowsEnd()
    {
        foreach (var chain in _chains.Values)
            Fault(chain.Name, chain.Sequence, $"removed: the row of this entity is missing, its {chain.Sequence} events are there");
        _entities += _chains.Count;
        _chains.Clear();
    }

    public ChainReport Report()
    {
        if (FaultCount > MaxFaults)
            _faults.Add(new ChainFault(new EntityKey("journal", "faults"), 0, $"{FaultCount - MaxFaults} more faults are not listed"));
        return new ChainReport(_events, _entities, _faults);
    }

    private void Unlinked(Chain chain, long sequence)
    {
        if (sequence == 1)
            Fault(chain.Name, 1, "inserted: event 1 says that another event came before it");
        else
            Fault(chain.Name, sequence - 1, $"changed: event {sequence - 1} was hashed anew, but event {sequence} was written after another");
    }

    private void Removed(EntityKey name, long first, long last)
    {
        KnownRemoved += last - first + 1;
        Fault(name, first, first == last ? $"removed: event {first} is missing" : $"removed: events {first} to {last} are missing");
    }

    private void Fault(EntityKey entity, long sequence, string problem)
    {
        FaultCount++;
        if (_faults.Count < MaxFaults)
            _faults.Add(new ChainFault(entity, sequence, problem));
    }

    private sealed class Chain(EntityKey name)
    {
        public EntityKey Name { get; } = name;

        public long Sequence { get; set; }

        public byte[] Hash { get; set; } = [];
    }
}
