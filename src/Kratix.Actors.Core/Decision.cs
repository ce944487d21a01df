namespace Kratix.Actors.Core;

/// <summary>
/// What a decider answers to a command: one event, or none and why. There is no way to say "two events": a crash between them
/// would leave a state that neither of them was meant to leave behind.
/// </summary>
public abstract record Decision<TEvent>
{
    private Decision() { }

    public sealed record Happened(TEvent Event) : Decision<TEvent>;

    /// <summary>The command changes nothing: it is stale, a duplicate, or known already.</summary>
    public sealed record Nothing(string Why) : Decision<TEvent>;

    /// <summary>The command cannot be carried out; a waiting caller is told <paramref name="Why"/>.</summary>
    public sealed record Refused(string Why) : Decision<TEvent>;
}
