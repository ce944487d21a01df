namespace Kratix.Actors.Kernel;

/// <summary>
/// A family of actors with one clock, one dispatcher and one record of what went wrong.
/// </summary>
/// <remarks>
/// The walk of one message:
/// <list type="number">
/// <item><see cref="IActorRef{TMessage}.Tell"/> wraps the message in a node and pushes it onto the mailbox of an <c>ActorCell</c> with
/// one compare-and-swap. A bounded mailbox (<see cref="MailboxSettings"/>) may refuse it; a stopped actor makes it a dead letter.</item>
/// <item>If the actor was idle, the sender hands its cell to the <see cref="IDispatcher"/>: the thread pool, or in tests a single thread
/// that picks the next actor by a seed.</item>
/// <item>The cell's turn takes all that has arrived, handles what the system says first (stop, watch, restart), then up to
/// <see cref="ActorSystemOptions.Throughput"/> messages, and goes to the back of the queue or to sleep.</item>
/// <item><see cref="Actor{TMessage}"/> handles the message: tells others, spawns children, starts timers (<see cref="ITimers{TMessage}"/>,
/// all behind one clock timer), stashes, pipes a task's outcome to itself, or changes its behaviour.</item>
/// <item>If it throws, the message is dropped and recorded and its <see cref="SupervisorStrategy"/> decides: a new instance after a
/// pause, the end, or the parent's problem.</item>
/// <item>A <see cref="PersistentActor{TMessage, TState, TEvent}"/> first recovers its state from an <see cref="IEventStore{TState, TEvent}"/>
/// and changes it only by events the store has acknowledged; messages wait meanwhile.</item>
/// <item>A <see cref="ShardRegion{TMessage}"/> starts such entities when the first message for them comes, and puts them to sleep again
/// without losing one.</item>
/// </list>
/// </remarks>
public sealed class ActorSystem : IAsyncDisposable
{
    private const int MostNamedAtDeadline = 20;

    private readonly ActorSystemOptions _options;
    private readonly ActorCell<Nothing> _root;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="name">For people; not part of any path.</param>
    /// <param name="options">Clock, dispatcher, log.</param>
    public ActorSystem(string name, ActorSystemOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        _options = options ?? new ActorSystemOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Throughput, 1, nameof(options));
        Name = name;
        Dispatcher = _options.Dispatcher;
        Time = _options.Time;
        Throughput = _options.Throughput;
        Timers = new TimerQueue(Time);
        _root = new ActorCell<Nothing>(this, parent: null, "user", new Props<Nothing>(() => new Root(_stopped)));
        _root.PrepareForSpawnFromAnyThread();
        Dispatcher.Schedule(_root);
    }

    public string Name { get; }

    public TimeProvider Time { get; }

    public KernelMetrics Metrics { get; } = new();

    /// <summary>Completes when every actor has stopped.</summary>
    public Task WhenStopped => _stopped.Task;

    internal IDispatcher Dispatcher { get; }

    internal TimerQueue Timers { get; }

    internal int Throughput { get; }

    /// <summary>Starts an actor directly under <c>/user</c>. May be called from any thread.</summary>
    /// <exception cref="InvalidActorNameException">The name is taken or not a name.</exception>
    /// <exception cref="InvalidOperationException">The system is stopping.</exception>
    public IActorRef<TMessage> Spawn<TMessage>(Props<TMessage> props, string name) => _root.SpawnChild(props, name);

    /// <summary>Stops one top-level actor after the message it is handling. May be called from any thread.</summary>
    public void Stop(IActorRef actor)
    {
        if (actor is not ActorCell cell || cell.Parent != _root)
            throw new ArgumentException($"{actor.Path} is not a top-level actor of {Name}.", nameof(actor));
        cell.Push(new StopNode());
    }

    /// <summary>
    /// Stops every actor, children before parents; each finishes the message it is handling and the append it has in flight.
    /// </summary>
    /// <returns>Whether all had stopped within <paramref name="deadline"/>. Those the others wait for are logged; all go on stopping.</returns>
    public async Task<bool> Stop(TimeSpan deadline)
    {
        _root.Push(new StopNode());
        try
        {
            await _stopped.Task.WaitAsync(deadline, Time);
        }
        catch (TimeoutException)
        {
            foreach (var cell in _root.Leaves().Take(MostNamedAtDeadline))
                Log(KernelEventKind.StopDeadlineMissed, cell, $"has not stopped within {deadline}", cause: null);
            return false;
        }

        Timers.Dispose();
        return true;
    }

    public async ValueTask DisposeAsync() => await Stop(_options.DisposeDeadline);

    internal void DeadLetter(IActorRef recipient, string what, Exception? cause = null)
    {
        Metrics.CountDeadLetter();
        Log(KernelEventKind.DeadLetter, recipient, what, cause);
    }

    internal void Overflow(ActorCell recipient, string what)
    {
        Metrics.CountOverflow();
        Log(KernelEventKind.MailboxOverflow, recipient, what, cause: null);
    }

    internal void Log(KernelEventKind kind, IActorRef actor, string detail, Exception? cause)
    {
        if (_options.Log is not { } log)
            return;
        try
        {
            log(new KernelLogEvent(kind, actor.Path, detail, cause, Time.GetUtcNow()));
        }
        catch (Exception)
        {
            // A sink that throws must not take an actor, or a sender in Tell, with it; there is nowhere to log it, so it is counted.
            Metrics.CountLogFailure();
        }
    }

    /// <summary>The root understands no message; it only has children.</summary>
    internal readonly struct Nothing;

    private sealed class Root(TaskCompletionSource stopped) : Actor<Nothing>
    {
        protected internal override void Receive(Nothing message)
        {
        }

        protected override void PostStop() => stopped.TrySetResult();
    }
}
