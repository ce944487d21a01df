namespace Kratix.Actors.Kernel;

/// <summary>What every actor has, whatever it understands. Derive from <see cref="Actor{TMessage}"/>.</summary>
public abstract class ActorBase
{
    private protected ActorBase()
    {
    }

    /// <summary>
    /// While true a stop waits, and with it the restart or the end of its parent: the actor has something in flight that must not outlive it. Asked after each
    /// message, so what it waits for has to come as one.
    /// </summary>
    protected internal virtual bool DefersStop => false;

    /// <summary>Runs before the first message of every instance.</summary>
    protected virtual void PreStart()
    {
    }

    /// <summary>Runs when the actor has stopped, after its children. An exception here is logged and changes nothing.</summary>
    protected virtual void PostStop()
    {
    }

    /// <summary>Runs on the failed instance before it is replaced. As in Akka it calls <see cref="PostStop"/> unless overridden.</summary>
    protected virtual void PreRestart(Exception cause) => PostStop();

    /// <summary>A watched actor has stopped. Runs in mailbox order, like a message.</summary>
    protected virtual void OnTerminated(IActorRef actor)
    {
    }

    /// <summary>
    /// Whether a region may passivate this entity because it was idle or there were too many. An actor with children or timers is at work
    /// even when nobody writes to it, so the default then is false. Not asked when the actor itself asked to be passivated.
    /// </summary>
    protected virtual bool MayPassivate() => true;

    internal bool AskMayPassivate() => MayPassivate();

    internal virtual void RunPreStart() => PreStart();

    internal void RunPostStop() => PostStop();

    internal void RunPreRestart(Exception cause) => PreRestart(cause);

    internal virtual void RunTerminated(IActorRef actor) => OnTerminated(actor);

    /// <summary>Housekeeping of the kernel's own parents, before any watcher is told.</summary>
    internal virtual void ChildTerminated(ActorCell child)
    {
    }
}

/// <summary>
/// Something with state of its own that handles one message at a time. It never blocks: work that takes time becomes a task whose
/// result is piped back to it.
/// </summary>
public abstract class Actor<TMessage> : ActorBase
{
    private readonly ActorCell<TMessage> _cell;

    /// <exception cref="InvalidOperationException">The actor was not made by the factory of its <see cref="Props{TMessage}"/>.</exception>
    protected Actor()
    {
        _cell = ActorCell.Creating as ActorCell<TMessage>
            ?? throw new InvalidOperationException($"{GetType().Name} was created with new. Actors are created by Spawn, through the factory of their Props.");
    }

    /// <summary>The actor's surroundings. Use it only inside the actor's own turn, never after an await or on another thread.</summary>
    protected IActorContext<TMessage> Context => _cell;

    internal ActorCell<TMessage> Cell => _cell;

    /// <summary>Handles one message, synchronously. An exception makes the actor fail, see <see cref="SupervisorStrategy"/>.</summary>
    protected internal abstract void Receive(TMessage message);

    protected override bool MayPassivate() => !_cell.HasChildrenOrTimers;

    internal virtual void RunReceive(TMessage message)
    {
        if (_cell.Behavior is { } behavior)
            behavior(message);
        else
            Receive(message);
    }
}
