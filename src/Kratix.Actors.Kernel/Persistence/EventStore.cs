namespace Kratix.Actors.Kernel;

/// <summary>
/// The journal as a persistent actor needs it. Both methods may be called from any thread. An exception means "not known to be stored":
/// the actor restarts and asks the store again what is true.
/// </summary>
public interface IEventStore<TState, TEvent>
{
    /// <summary>The entity's latest acknowledged state and sequence, or nothing and 0 if it has none.</summary>
    Task<Recovered<TState>> Recover(string entityId, CancellationToken ct);

    /// <summary>Stores one event if the entity is at <see cref="Append{TState, TEvent}.ExpectedSequence"/> and the shard at <see cref="Append{TState, TEvent}.Epoch"/>.</summary>
    Task<AppendOutcome> Append(Append<TState, TEvent> append, CancellationToken ct);
}

/// <param name="State">The state, or <c>null</c> if nothing was ever stored.</param>
/// <param name="Sequence">Number of the event that led to it; the first event has 1.</param>
public sealed record Recovered<TState>(TState? State, long Sequence);

/// <summary>One event on its way into the journal, with the state it leads to.</summary>
/// <param name="EntityId">Whose event it is.</param>
/// <param name="Shard">The entity's shard.</param>
/// <param name="Epoch">The epoch in which the writer owns the shard.</param>
/// <param name="ExpectedSequence">The sequence before this event; the event gets the next.</param>
/// <param name="Event">What happened.</param>
/// <param name="StateAfter">The state with the event applied.</param>
/// <param name="Cause">Why, for the audit.</param>
public sealed record Append<TState, TEvent>(string EntityId, int Shard, long Epoch, long ExpectedSequence, TEvent Event, TState StateAfter, string Cause);

public enum AppendOutcome
{
    Appended,

    /// <summary>Somebody else's event, or an earlier append of ours believed lost, is in the row.</summary>
    SequenceConflict,

    /// <summary>The shard has a newer owner.</summary>
    Fenced,
}

/// <summary>The right to write the entities of a shard. It ends when the shard gets a higher epoch.</summary>
public readonly record struct ShardLease(int Shard, long Epoch);
