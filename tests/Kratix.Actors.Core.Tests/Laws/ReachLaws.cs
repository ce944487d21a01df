namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>
/// Laws of every state that some life reaches: a case of a closed hierarchy (phase, command, event, effect) that no life reaches fails here,
/// so a new one cannot be forgotten.
/// </summary>
public abstract class ReachLaws<TState, TCommand, TEvent, TEffect>
    where TState : notnull
    where TCommand : class
    where TEvent : notnull
    where TEffect : notnull
{
    /// <summary>Some lives: the states they passed, the events, and the types of commands and effects they saw.</summary>
    private protected abstract IReadOnlyList<Passed> Lives { get; }

    protected abstract TState Empty { get; }

    protected abstract Type PhaseType { get; }

    protected abstract object PhaseOf(TState state);

    protected abstract Decision<TEvent> Decide(TState state, TCommand command);

    protected abstract TState Evolve(TState state, TEvent @event);

    protected abstract IEnumerable<TEffect> Outstanding(TState state);

    /// <summary>What a user would see of the state.</summary>
    protected abstract string Show(TState state);

    /// <summary>Commands of every type: answers to what is owed, and answers that nobody waits for.</summary>
    protected abstract IEnumerable<TCommand> Commands(TState state);

    /// <summary>Answers to questions that this state does not ask, and what it knows already.</summary>
    protected abstract IEnumerable<TCommand> Stale(TState state);

    /// <summary>Enough states of every phase, among them the empty one.</summary>
    private IEnumerable<TState> Reached => Lives.SelectMany(l => l.States).GroupBy(s => PhaseOf(s).GetType()).SelectMany(g => g.Take(60)).Prepend(Empty);

    [Fact]
    public void Phases_are_all_reached() => AssertAll(PhaseType, Reached.Select(s => PhaseOf(s).GetType()));

    [Fact]
    public void Commands_are_all_given() => AssertAll(typeof(TCommand), Lives.SelectMany(l => l.Commands));

    [Fact]
    public void Events_all_happen() => AssertAll(typeof(TEvent), Lives.SelectMany(l => l.Events).Select(e => e.GetType()));

    [Fact]
    public void Effects_are_all_owed() => AssertAll(typeof(TEffect), Lives.SelectMany(l => l.Effects));

    [Fact]
    public void Every_command_has_an_answer_in_every_phase_and_every_event_an_outcome()
    {
        foreach (var state in Reached)
        {
            var commands = Commands(state).ToList();
            AssertAll(typeof(TCommand), commands.Select(c => c.GetType()));
            foreach (var command in commands)
            {
                if (Decide(state, command) is not Decision<TEvent>.Happened happened)
                    continue;
                var next = Evolve(state, happened.Event);
                _ = Outstanding(next).ToList();
                Assert.NotEmpty(Show(next));
            }
        }
    }

    [Fact]
    public void What_is_known_or_not_asked_changes_nothing_in_any_phase()
    {
        foreach (var state in Reached)
        {
            foreach (var command in Stale(state))
                Assert.True(Decide(state, command) is Decision<TEvent>.Nothing, $"{command} in {PhaseOf(state)} is {Decide(state, command)}");
        }
    }

    [Fact]
    public void The_same_state_and_command_have_the_same_outcome()
    {
        foreach (var state in Reached)
        {
            Assert.Equal(Outstanding(state), Outstanding(state));
            foreach (var command in Commands(state))
            {
                if (Decide(state, command) is Decision<TEvent>.Happened happened)
                    Assert.Equal(Json.Text(Evolve(state, happened.Event)), Json.Text(Evolve(Json.Again(state), Json.Again(happened.Event))));
            }
        }
    }

    private static void AssertAll(Type hierarchy, IEnumerable<Type> seen)
    {
        var all = hierarchy.GetNestedTypes().Where(t => t.IsSubclassOf(hierarchy)).Select(t => t.Name).Order(StringComparer.Ordinal);
        Assert.Equal(all, seen.Select(t => t.Name).Distinct().Order(StringComparer.Ordinal));
    }

    internal sealed record Passed(IReadOnlyList<TState> States, IReadOnlyList<TEvent> Events, IReadOnlyCollection<Type> Commands, IReadOnlyCollection<Type> Effects);
}
