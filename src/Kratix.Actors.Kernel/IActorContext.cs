namespace Kratix.Actors.Kernel;

/// <summary>
/// What an actor may do besides answering. Outside the actor's own turn only <see cref="Self"/>, <see cref="System"/>, <see cref="Time"/> and
/// <see cref="PipeToSelf"/> may be used; whatever changes something throws <see cref="InvalidOperationException"/> there.
/// </summary>
public interface IActorContext<TMessage>
{
    IActorRef<TMessage> Self { get; }

    ActorSystem System { get; }

    TimeProvider Time { get; }

    /// <summary>Timers of this instance; they end with it.</summary>
    ITimers<TMessage> Timers { get; }

    /// <summary>Messages put aside for later.</summary>
    IStash Stash { get; }

    IReadOnlyCollection<IActorRef> Children { get; }

    /// <summary>Starts a child.</summary>
    /// <param name="props">How to make it.</param>
    /// <param name="name">Unique among the live children; not empty, no slash.</param>
    /// <exception cref="InvalidActorNameException">The name is taken or not a name.</exception>
    IActorRef<TChild> Spawn<TChild>(Props<TChild> props, string name);

    /// <summary>The live child of that name, or <c>null</c>.</summary>
    IActorRef? Child(string name);

    /// <summary>Stops a child after the message it is handling; what waits in its mailbox becomes dead letters.</summary>
    void Stop(IActorRef child);

    /// <summary>Stops this actor after the current message.</summary>
    void StopSelf();

    /// <summary>
    /// Asks the parent region to stop this entity when its mailbox is empty; the region keeps what arrives meanwhile for the next
    /// instance. Under a parent that is not a region the actor just stops.
    /// </summary>
    void Passivate();

    /// <summary>Asks for <c>OnTerminated</c> when the actor stops, or at once if it already has. References that are no actors never stop.</summary>
    void Watch(IActorRef actor);

    /// <summary>Takes <see cref="Watch"/> back; a notice already in the mailbox is dropped.</summary>
    void Unwatch(IActorRef actor);

    /// <summary>Turns the outcome of a task into a message to this actor. Both functions run in the actor's turn.</summary>
    void PipeToSelf<TResult>(Task<TResult> task, Func<TResult, TMessage> onSuccess, Func<Exception, TMessage> onFailure);

    /// <summary>From the next message on, this function handles messages. A restart returns to <c>Receive</c>.</summary>
    void Become(Action<TMessage> behavior);
}

/// <summary>Messages an actor sends itself later. A key names a timer; starting a key again replaces it, also when its tick already waits in the mailbox.</summary>
public interface ITimers<in TMessage>
{
    /// <summary>One message after <paramref name="delay"/>.</summary>
    void StartSingle(object key, TMessage message, TimeSpan delay);

    /// <summary>A message each <paramref name="interval"/>. A tick that finds its predecessor still waiting in the mailbox is left out.</summary>
    void StartPeriodic(object key, TMessage message, TimeSpan interval);

    bool IsActive(object key);

    void Cancel(object key);

    void CancelAll();
}

/// <summary>Messages put aside until the actor can handle them.</summary>
public interface IStash
{
    int Count { get; }

    /// <summary>Puts the message that is being handled aside.</summary>
    /// <exception cref="StashOverflowException">The stash holds <see cref="MailboxSettings.StashCapacity"/> messages.</exception>
    void StashCurrent();

    /// <summary>Returns all stashed messages, in their order, to the front of the mailbox.</summary>
    void UnstashAll();
}
