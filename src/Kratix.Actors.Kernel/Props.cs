namespace Kratix.Actors.Kernel;

/// <summary>How to make an actor: a factory, and what surrounds every instance it makes. Share one value between many actors of a kind.</summary>
/// <param name="Factory">Called inside the actor's own turn, once per start and restart; must return a new instance each time.</param>
public sealed record Props<TMessage>(Func<Actor<TMessage>> Factory)
{
    /// <summary>What happens when this actor throws.</summary>
    /// <value>Restart with back-off, see <see cref="Kernel.SupervisorStrategy.Default"/>.</value>
    public SupervisorStrategy SupervisorStrategy { get; init; } = SupervisorStrategy.Default;

    /// <summary>How many messages may wait, and what gives way when more come.</summary>
    /// <value>Unbounded.</value>
    public MailboxSettings Mailbox { get; init; } = MailboxSettings.Unbounded;
}

/// <summary>What a full mailbox does with one message more. Whatever gives way is counted and logged.</summary>
public enum OverflowPolicy
{
    /// <summary>The message that does not fit is dropped; those that wait keep their place.</summary>
    DropNewest,

    /// <summary>The message that waited longest is dropped; for observations of which only the latest matters.</summary>
    DropOldest,
}

/// <summary>The bounds of one actor's mailbox and stash.</summary>
public sealed record MailboxSettings
{
    /// <summary>No bound on the mailbox; 10,000 on the stash.</summary>
    public static MailboxSettings Unbounded { get; } = new();

    /// <summary>Most messages that may wait, or <c>null</c> for no bound. Timers, piped results and death notices do not count.</summary>
    public int? Capacity { get; init; }

    /// <summary>What gives way when the mailbox is full.</summary>
    public OverflowPolicy Overflow { get; init; }

    /// <summary>Most messages that may be stashed; one more makes the actor fail with <see cref="StashOverflowException"/>.</summary>
    public int StashCapacity { get; init; } = 10_000;

    /// <summary>A mailbox that holds at most <paramref name="capacity"/> messages.</summary>
    public static MailboxSettings Bounded(int capacity, OverflowPolicy overflow)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return new MailboxSettings { Capacity = capacity, Overflow = overflow };
    }
}
