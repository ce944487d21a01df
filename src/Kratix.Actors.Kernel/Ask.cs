namespace Kratix.Actors.Kernel;

/// <summary>Questions from outside the actors. Between actors, tell and be told.</summary>
public static class AskExtensions
{
    /// <summary>Sends a message that holds a reference for the reply and waits for the first reply told to it.</summary>
    /// <param name="target">Whom to ask.</param>
    /// <param name="message">Makes the question from the reference to reply to.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="time">The clock of the limit; use the system's.</param>
    /// <param name="ct">Gives up earlier.</param>
    /// <exception cref="AskTimeoutException">No reply within <paramref name="limit"/>.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    public static Task<TReply> Ask<TMessage, TReply>(
        this IActorRef<TMessage> target,
        Func<IActorRef<TReply>, TMessage> message,
        TimeSpan limit,
        TimeProvider time,
        CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(time);
        var reply = new AskRef<TReply>(target, limit);
        reply.Begin(time, ct);
        target.Tell(message(reply));
        return reply.Answer;
    }

    /// <summary>
    /// A reference that understands something else and tells it on translated, for those who need not know this actor's vocabulary.
    /// <paramref name="translate"/> runs where the sender is, so it must be pure.
    /// </summary>
    public static IActorRef<TOther> Adapt<TMessage, TOther>(this IActorRef<TMessage> target, Func<TOther, TMessage> translate) =>
        new AdaptedRef<TMessage, TOther>(target, translate);
}

internal sealed class AskRef<TReply>(IActorRef target, TimeSpan limit) : IActorRef<TReply>
{
    private readonly TaskCompletionSource<TReply> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _limit;
    private CancellationTokenRegistration _cancelled;

    public string Path => $"{target.Path}/ask";

    internal Task<TReply> Answer => _answer.Task;

    public void Tell(TReply message)
    {
        if (_answer.TrySetResult(message))
            End();
        else
            (target as ActorCell)?.System.DeadLetter(this, $"{message?.GetType().Name}, a reply after the limit or after the first");
    }

    internal void Begin(TimeProvider time, CancellationToken ct)
    {
        _limit = time.CreateTimer(static ask => ((AskRef<TReply>)ask!).TimeOut(), this, limit, Timeout.InfiniteTimeSpan);
        _cancelled = ct.UnsafeRegister(static (ask, token) => ((AskRef<TReply>)ask!).Cancel(token), this);
        if (_answer.Task.IsCompleted)
            End();
    }

    private void TimeOut()
    {
        if (_answer.TrySetException(new AskTimeoutException($"{target.Path} did not answer within {limit}.")))
            End();
    }

    private void Cancel(CancellationToken token)
    {
        if (_answer.TrySetCanceled(token))
            End();
    }

    private void End()
    {
        _limit?.Dispose();
        _cancelled.Unregister();
    }
}

internal sealed class AdaptedRef<TMessage, TOther>(IActorRef<TMessage> target, Func<TOther, TMessage> translate) : IActorRef<TOther>
{
    public string Path => target.Path;

    public void Tell(TOther message)
    {
        TMessage translated;
        try
        {
            translated = translate(message);
        }
        catch (Exception cause)
        {
            // Tell never throws: a translation that fails is the receiver's loss, recorded as such.
            (target as ActorCell)?.System.DeadLetter(target, $"{message?.GetType().Name}, which could not be translated", cause);
            return;
        }

        target.Tell(translated);
    }
}
