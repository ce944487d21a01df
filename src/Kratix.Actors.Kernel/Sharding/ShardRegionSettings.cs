namespace Kratix.Actors.Kernel;

/// <summary>A message and the entity it is for.</summary>
public sealed record ShardEnvelope<TMessage>(string EntityId, TMessage Message);

/// <param name="NumberOfShards">Fixed for the life of a journal; entities would move to other shards.</param>
/// <param name="EntityProps">How to make an entity from its id and the lease of its shard.</param>
/// <param name="LeaseOf">The lease this node holds on a shard now, or <c>null</c>: then messages to its entities are dead letters. Must be quick.</param>
/// <param name="PassivateAfter">An entity nobody wrote to for so long is put to sleep, if it agrees; <c>null</c> for never.</param>
/// <param name="MaxActive">Entities awake at once; one more puts the least recently used to sleep, if it agrees. 0 for no bound.</param>
public sealed record ShardRegionSettings<TMessage>(
    int NumberOfShards,
    Func<string, ShardLease, Props<TMessage>> EntityProps,
    Func<int, ShardLease?> LeaseOf,
    TimeSpan? PassivateAfter,
    int MaxActive);

/// <param name="Active">Entities awake, those about to sleep included.</param>
/// <param name="Passivating">Entities about to sleep.</param>
/// <param name="Buffered">Messages that wait for the next instance of an entity about to sleep.</param>
public sealed record ShardRegionState(int Active, int Passivating, int Buffered);
