using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Sqlite;

/// <summary>
/// Judges events, in the order they were written, and then the rows that claim to stand for them. Pure: what it is shown is what it judges.
/// Each fault blames the earliest event that explains it; what follows from that fault is not reported again. Remembers some 50 bytes per entity and nothing
/// per event without fault, so a journal of any length is judged in one pass.
/// </summary>
internal sealed class ChainChecker
{
    /// <summary>A damaged file may hold a million faults; nobody reads more than these.</summary>
    private const int MaxFaults = 1000;

    private readonly Dictionary<long, Chain> _chains = [];
    // By entity, gaps that the next event or the row explains: either what lies between is missing, or the event after the gap is in the wrong place. Few, so apart.
    private readonly Dictionary<long, List<Gap>> _gaps = [];
    private readonly List<ChainFault> _faults = [];
    private long _events;
    private long _entities;

    /// <summary>Events that the chains and rows know of and that were not shown.</summary>
    public long KnownRemoved { get; private set; }

    public int FaultCount { get; private set; }

    public void Event(in StoredEvent stored)
    {
        _events++;
        ref var chain = ref CollectionsMarshal.GetValueRefOrAddDefault(_chains, stored.Entity, out _);
        var name = stored.Name();
        if (_gaps.TryGetValue(stored.Entity, out var gaps) && stored.Sequence <= chain.Sequence + 1)
        {
            var before = gaps[0].Before;
            if (stored.Sequence == before.Sequence + 1 && before.EndsWith(stored.Previous))
            {
                foreach (var (_, sequence, position) in gaps)
                    Fault(name, sequence, $"inserted: event {sequence} at position {position} comes before event {stored.Sequence}");
                chain = before;
                _gaps.Remove(stored.Entity);
            }
            else
            {
                Removed(stored.Entity, name);
            }
        }

        if (stored.Sequence <= chain.Sequence)
        {
            Fault(name, stored.Sequence, $"inserted: event {stored.Sequence} at position {stored.Position} comes after event {chain.Sequence}");
            return;
        }

        Span<byte> hash = stackalloc byte[FieldHasher.Size];
        stored.Hash(name, hash);
        var whole = hash.SequenceEqual(stored.StoredHash);
        var gap = stored.Sequence > chain.Sequence + 1;
        if (!whole)
            Fault(name, stored.Sequence, $"changed: the content of event {stored.Sequence} does not give its hash");
        if (!whole && gap)
        {
            // Its number may be what was changed: it says nothing about the events before it.
            chain.Doubted = stored.Sequence;
            return;
        }

        if (gap)
        {
            if (!_gaps.TryGetValue(stored.Entity, out gaps))
                _gaps[stored.Entity] = gaps = [];
            gaps.Add(new Gap(chain, stored.Sequence, stored.Position));
        }
        else if (whole && !chain.EndsWith(stored.Previous))
        {
            Unlinked(name, stored.Sequence);
        }

        chain.Set(stored.Sequence, stored.StoredHash);
    }

    /// <summary>
    /// After all events. <paramref name="sealIsRight"/>: whether the row is as it was written; if not, what it claims proves nothing about the events.
    /// </summary>
    public void Row(long entity, EntityKey name, long sequence, ReadOnlySpan<byte> lastHash, bool sealIsRight)
    {
        _entities++;
        _chains.Remove(entity, out var chain);
        if (sealIsRight && _gaps.TryGetValue(entity, out var gaps) && sequence == gaps[0].Before.Sequence && gaps[0].Before.EndsWith(lastHash))
        {
            foreach (var (_, inserted, position) in gaps)
                Fault(name, inserted, $"inserted: event {inserted} at position {position}, the row knows {sequence}");
            return;
        }

        Removed(entity, name);
        if (!sealIsRight)
            Fault(name, sequence, $"changed: the row with the state after event {sequence} is not as it was written; the events end with {chain.Sequence}");
        else if (sequence > chain.Sequence)
            Removed(name, chain, sequence);
        else if (sequence < chain.Sequence)
            Fault(name, sequence + 1, $"inserted: events go up to {chain.Sequence}, the row knows {sequence}");
        else if (!chain.EndsWith(lastHash))
            Fault(name, sequence, $"changed: event {sequence} has a hash of its own, but the row was written after another");
    }

    /// <summary>A fault of the journal as a whole, at a position.</summary>
    public void JournalFault(long position, string problem) => Fault(new EntityKey("journal", "positions"), position, problem);

    /// <summary>What is left are events without a row. Call once, after all rows.</summary>
    public void RowsEnd(Func<long, EntityKey> nameOf)
    {
        foreach (var (entity, chain) in _chains)
        {
            var name = nameOf(entity);
            Removed(entity, name);
            Fault(name, chain.Sequence, $"removed: the row of this entity is missing, its {chain.Sequence} events are there");
        }

        _entities += _chains.Count;
        _chains.Clear();
    }

    public ChainReport Report()
    {
        if (FaultCount > MaxFaults)
            _faults.Add(new ChainFault(new EntityKey("journal", "faults"), 0, $"{FaultCount - MaxFaults} more faults are not listed"));
        return new ChainReport(_events, _entities, _faults);
    }

    private void Unlinked(EntityKey name, long sequence)
    {
        if (sequence == 1)
            Fault(name, 1, "inserted: event 1 says that another event came before it");
        else
            Fault(name, sequence - 1, $"changed: event {sequence - 1} was hashed anew, but event {sequence} was written after another");
    }

    /// <summary>What lies in this entity's gaps is missing indeed.</summary>
    private void Removed(long entity, EntityKey name)
    {
        if (!_gaps.Remove(entity, out var gaps))
            return;
        foreach (var (before, sequence, _) in gaps)
            Removed(name, before, sequence - 1);
    }

    /// <summary>What is missing after the chain's last event, up to and with <paramref name="last"/>; an event that is there and was found changed is not.</summary>
    private void Removed(EntityKey name, in Chain chain, long last)
    {
        var first = chain.Sequence + 1;
        if (chain.Doubted < first || chain.Doubted > last)
        {
            Removed(name, first, last);
            return;
        }

        if (first < chain.Doubted)
            Removed(name, first, chain.Doubted - 1);
        if (chain.Doubted < last)
            Removed(name, chain.Doubted + 1, last);
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

    /// <summary>The last event shown of an entity. None was shown of one with sequence 0, whose hash is empty as the journal has it before the first event.</summary>
    private struct Chain
    {
        private HashBytes _hash;
        private bool _isWhole;

        public long Sequence { get; private set; }

        /// <summary>The number of an event that was shown after a gap and does not give its hash; 0 for none.</summary>
        public long Doubted { get; set; }

        public void Set(long sequence, ReadOnlySpan<byte> hash)
        {
            Sequence = sequence;
            // A forged hash may have any length; nothing is equal to it then.
            _isWhole = hash.TryCopyTo(_hash) && hash.Length == FieldHasher.Size;
        }

        public readonly bool EndsWith(ReadOnlySpan<byte> hash) => Sequence == 0 ? hash.IsEmpty : _isWhole && hash.SequenceEqual(_hash);
    }

    /// <summary>An event that gives its hash and whose number is not the next. <paramref name="Before"/>: what was shown of its entity until then.</summary>
    private readonly record struct Gap(Chain Before, long Sequence, long Position);

    [InlineArray(FieldHasher.Size)]
    private struct HashBytes
    {
        private byte _first;
    }
}
