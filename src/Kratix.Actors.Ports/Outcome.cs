namespace Kratix.Actors.Ports;

/// <summary>
/// The three ways a question to the world can end. Exceptions are for bugs; whatever the world does is one of these,
/// and which one decides what happens next: go on, ask again, or tell the user.
/// </summary>
public abstract record Outcome<T>
{
    private Outcome() { }

    public sealed record Done(T Value) : Outcome<T>;

    /// <summary>Asking again may help. <paramref name="After"/>: the earliest moment the other side asked for, if it did.</summary>
    public sealed record Transient(string Reason, TimeSpan? After = null) : Outcome<T>;

    /// <summary>Asking again unchanged is pointless. <paramref name="Reason"/> is written for the user who must act.</summary>
    public sealed record Terminal(Refusal Code, string Reason) : Outcome<T>;

    /// <summary>The reason of a failure in words, or null when done.</summary>
    public string? Failure => this switch
    {
        Transient t => t.Reason,
        Terminal t => t.Reason,
        _ => null,
    };

    public Outcome<TOther> Select<TOther>(Func<T, TOther> map) => this switch
    {
        Done d => new Outcome<TOther>.Done(map(d.Value)),
        Transient t => new Outcome<TOther>.Transient(t.Reason, t.After),
        Terminal t => new Outcome<TOther>.Terminal(t.Code, t.Reason),
        _ => throw new InvalidOperationException($"unknown outcome {GetType()}"),
    };
}

/// <summary>Why the world refused, where callers act differently on it.</summary>
public enum Refusal
{
    Invalid,
    NotFound,
    AlreadyExists,

    /// <summary>Somebody else changed the object in between.</summary>
    Conflict,
    Unauthorized,
    Forbidden,
    TooLarge,

    /// <summary>It was looked at and not taken; part of it alone might be.</summary>
    Declined,
}

/// <summary>The answer of a call that answers nothing but "done".</summary>
public readonly record struct Nothing;
