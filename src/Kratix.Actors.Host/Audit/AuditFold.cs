using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Audit;

/// <summary>
/// An object's history told again, event after event, by the same functions that made it. What comes out must be the state that is stored:
/// that is the proof that the log is complete.
/// </summary>
internal abstract class AuditFold
{
    internal const string Promise = "promise";
    internal const string Resource = "resource";

    internal static readonly IReadOnlyList<string> Types = [Promise, Resource];

    /// <summary>The word for where the object stands after the events so far.</summary>
    internal abstract string Phase { get; }

    /// <summary>The state after the events so far, as it is stored.</summary>
    internal abstract JsonNode State { get; }

    /// <summary>Takes the next event and tells it in words.</summary>
    /// <exception cref="AuditException">The event is not the next, cannot be read, or cannot have happened in this state.</exception>
    internal abstract AuditStory Apply(JournalEvent @event);

    /// <summary>Whether the events so far lead to the state that the row holds.</summary>
    /// <exception cref="AuditException">The row cannot be read.</exception>
    internal abstract bool LeadsTo(EntityRow row);

    /// <exception cref="AuditException">The name is of no kind, or of no form, that this version knows.</exception>
    internal static AuditFold Of(EntityKey entity) => entity.Type switch
    {
        Promise => new Folding<PromiseState, PromiseEvent>(PromiseState.Empty(entity.Id), PromiseEvolution.Evolve, state => Word(state.Phase), AuditStories.Tell),
        Resource => new Folding<ResourceState, ResourceEvent>(ResourceState.Empty(IdOf(entity)), ResourceEvolution.Evolve, state => Word(state.Phase), AuditStories.Tell),
        _ => throw new AuditException($"{entity.Type} is not a kind of object this version knows"),
    };

    private static ResourceId IdOf(EntityKey entity)
    {
        try
        {
            return ResourceId.Parse(entity.Id);
        }
        catch (FormatException exception)
        {
            throw new AuditException($"{entity} names no request: {exception.Message}");
        }
    }

    // As the phase is stored: its discriminator is its kebab-case name.
    private static string Word(object phase) => JsonNamingPolicy.KebabCaseLower.ConvertName(phase.GetType().Name);

    private sealed class Folding<TState, TEvent>(TState empty, Func<TState, TEvent, TState> evolve, Func<TState, string> phase, Func<TEvent, TState, AuditStory> tell) : AuditFold
        where TEvent : notnull
    {
        private TState _state = empty;
        private long _sequence;

        internal override string Phase => phase(_state);

        internal override JsonNode State => JsonSerializer.SerializeToNode(_state, Codec.Options)!;

        internal override AuditStory Apply(JournalEvent @event)
        {
            if (@event.Sequence != _sequence + 1)
                throw new AuditException($"event {_sequence + 1} is missing before event {@event.Sequence} ({@event.Type})");
            var happened = Read<TEvent>(@event.Payload, $"event {@event.Sequence} ({@event.Type})");
            var before = _state;
            try
            {
                _state = evolve(before, happened);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // An event that somebody forged may break any assumption, and each way of breaking says the same: it did not happen.
                throw new AuditException($"event {@event.Sequence} ({@event.Type}) cannot have happened when the object was {phase(before)}: {exception.Message}");
            }
            _sequence = @event.Sequence;
            return tell(happened, before);
        }

        // Both sides are written anew, so that older spellings of one state do not differ.
        internal override bool LeadsTo(EntityRow row) => Codec.Write(Read<TState>(row.State, "the stored state")).AsSpan().SequenceEqual(Codec.Write(_state));

        private static T Read<T>(ReadOnlyMemory<byte> json, string what)
        {
            try
            {
                return Codec.Read<T>(json.Span);
            }
            catch (Exception exception) when (exception is JsonException or NotSupportedException)
            {
                throw new AuditException($"{what} cannot be read: {exception.Message}");
            }
        }
    }
}

/// <summary>The journal holds something that cannot be so; the message says what.</summary>
internal sealed class AuditException(string message) : Exception(message);
