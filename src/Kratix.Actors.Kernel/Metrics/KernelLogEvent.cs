namespace Kratix.Actors.Kernel;

/// <summary>What happened. The number is stable and may be used as an event id.</summary>
public enum KernelEventKind
{
    /// <summary>A message reached nobody.</summary>
    DeadLetter = 1,

    /// <summary>A message gave way because a mailbox was full.</summary>
    MailboxOverflow = 2,

    /// <summary>An actor threw; the message it was handling, if any, is dropped.</summary>
    ActorFailed = 3,

    /// <summary>A failed actor will be replaced after a pause.</summary>
    ActorRestarting = 4,

    /// <summary>A new instance took over.</summary>
    ActorRestarted = 5,

    /// <summary>A failed actor stops: its strategy says so, or it used up its restarts.</summary>
    ActorStoppedByFailure = 6,

    /// <summary>A hook (PostStop, PreRestart) threw.</summary>
    HookFailed = 7,

    /// <summary>The shard has a newer owner; the entity stops without having written.</summary>
    Fenced = 8,

    /// <summary>The system did not stop within its deadline.</summary>
    StopDeadlineMissed = 9,
}

/// <summary>One line for an operator. Holds types and paths, never the content of a message.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Path">The actor it happened to.</param>
/// <param name="Detail">A sentence.</param>
/// <param name="Cause">The exception behind it, if there is one.</param>
/// <param name="At">When, by the system's clock.</param>
public sealed record KernelLogEvent(KernelEventKind Kind, string Path, string Detail, Exception? Cause, DateTimeOffset At);
