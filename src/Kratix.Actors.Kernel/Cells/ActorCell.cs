namespace Kratix.Actors.Kernel;

/// <summary>
/// One actor as the kernel sees it: address, mailbox and life in one object, because an idle actor should cost little more than its
/// own state. This part is the mailbox and the turn; the other parts are life, supervision and relations.
/// </summary>
/// <remarks>
/// The mailbox is a stack of nodes that senders push with one compare-and-swap; the turn takes the whole stack with one exchange and
/// reverses it. The same word says whether the actor is scheduled: <see cref="Idle"/> nobody works on it, <c>null</c> or a node it is
/// scheduled or running, <see cref="Closed"/> it is gone for ever. So whoever replaces <see cref="Idle"/> schedules, and nobody else;
/// and between "the mailbox is empty" and "the actor is idle" there is no gap in which a message could be forgotten.
/// </remarks>
internal abstract partial class ActorCell : IActorRef, IThreadPoolWorkItem
{
    private static readonly Node Idle = new StopNode();
    private static readonly Node Closed = new StopNode();

    [ThreadStatic]
    private static ActorCell? Running;

    /// <summary>The cell whose factory runs on this thread; how the constructor of an actor finds its surroundings.</summary>
    [ThreadStatic]
    internal static ActorCell? Creating;

    private Node? _inbox;
    private Node? _first;
    private Node? _last;

    /// <summary>Messages from <see cref="_first"/> to <see cref="_last"/>.</summary>
    private int _waiting;

    /// <summary>How many of them its class's metrics know of.</summary>
    private int _waitingCounted;
    private volatile bool _systemWaits;

    /// <summary>Set while the instance waits for its journal: messages wait, system nodes do not.</summary>
    private bool _paused;

    protected ActorCell(ActorSystem system, ActorCell? parent, string name)
    {
        System = system;
        Parent = parent;
        Name = name;
    }

    internal ActorSystem System { get; }

    internal ActorCell? Parent { get; }

    internal string Name { get; }

    public string Path => Parent is null ? $"/{Name}" : $"{Parent.Path}/{Name}";

    public override string ToString() => Path;

    protected abstract BoundedMailbox? Bounded { get; }

    /// <summary>False when the actor is gone; the node was not taken.</summary>
    internal bool Push(Node node)
    {
        var head = Volatile.Read(ref _inbox);
        while (true)
        {
            if (head == Closed)
                return false;
            node.Next = head == Idle ? null : head;
            var seen = Interlocked.CompareExchange(ref _inbox, node, head);
            if (seen == head)
                break;
            head = seen;
        }

        // Not before: a turn that takes what has arrived between the two would clear it, and find the node only when it has nothing else to do.
        if (node.IsSystem)
            _systemWaits = true;
        if (head == Idle)
            System.Dispatcher.Schedule(this);
        return true;
    }

    /// <summary>As <see cref="Push"/>; if the actor is gone the node is told so.</summary>
    internal void PushOrDiscard(Node node)
    {
        if (!Push(node))
            node.Discard(this);
    }

    /// <summary>Set when a region put this entity to sleep: what still arrives goes back to the region.</summary>
    protected bool IsPassivated { get; private set; }

    /// <summary>The region's request to end, which stood in the mailbox behind every message the region had sent before it.</summary>
    /// <param name="asked">Whether the entity itself wants it; then it is not asked again.</param>
    internal void PassivateNow(bool asked)
    {
        var stays = HasWaitingMessages || ExtrasIfAny is { StashCount: > 0 } || !(asked || Instance!.AskMayPassivate());
        if (stays)
        {
            Parent!.Push(new PassivationRefusedNode(this));
            return;
        }

        IsPassivated = true;
        RequestStop();
    }

    void IThreadPoolWorkItem.Execute()
    {
        var outer = Running;
        Running = this;
        var started = System.Time.GetTimestamp();
        var handled = 0;
        var again = false;
        if (_status == Status.New)
            Start();
        RunSystem(TakeArrivals());
        var metrics = _metrics;
        metrics?.Found(Depth);
        // What the system says counts too: an actor that fails as soon as it is started again must not keep its thread.
        for (var left = System.Throughput; _status != Status.Terminated; left--)
        {
            if (left == 0)
            {
                CountWaiting();
                again = true;
                break;
            }

            if (_status == Status.Running && !_paused && TakeMessage() is { } node)
            {
                handled++;
                RunMessage(node);
                if (_systemWaits)
                    RunSystem(TakeArrivals());
                continue;
            }

            CountWaiting();
            // From here on another thread may already run the next turn: nothing of this cell may be touched after the exchange.
            if (Interlocked.CompareExchange(ref _inbox, Idle, null) is null)
                break;
            RunSystem(TakeArrivals());
        }

        Running = outer;
        metrics?.Turn(handled, System.Time.GetElapsedTime(started));
        if (again)
            System.Dispatcher.Schedule(this);
    }

    /// <summary>Takes what has arrived: messages behind those that wait already; system nodes are returned, oldest first.</summary>
    private Node? TakeArrivals()
    {
        if (_status == Status.Terminated || Volatile.Read(ref _inbox) is null)
            return null;

        // Cleared before the exchange: a sender sets it after it has pushed, so a node that this exchange misses sets it again.
        _systemWaits = false;
        var node = Interlocked.Exchange(ref _inbox, null);
        Node? system = null;
        Node? messages = null;
        Node? newest = null;
        var depth = 0;
        while (node is not null)
        {
            var older = node.Next;
            if (node.IsSystem)
            {
                node.Next = system;
                system = node;
            }
            else
            {
                newest ??= node;
                node.Next = messages;
                messages = node;
                depth++;
            }

            node = older;
        }

        if (messages is not null)
        {
            if (_last is null)
                _first = messages;
            else
                _last.Next = messages;
            _last = newest;
            _waiting += depth;
        }

        return system;
    }

    private Node? TakeMessage()
    {
        if (_first is not { } node)
            return Bounded?.Take();
        _waiting--;
        _first = node.Next;
        if (_first is null)
            _last = null;
        node.Next = null;
        return node;
    }

    /// <summary>Puts a chain in front of everything that waits.</summary>
    private void PutBack(Node first, Node last, int count)
    {
        last.Next = _first;
        _first = first;
        _last ??= last;
        _waiting += count;
    }

    private int Depth => _waiting + (Bounded?.Count ?? 0);

    /// <summary>Tells the metrics what is left at the end of a turn; mostly that is nothing, as it was at the last.</summary>
    private void CountWaiting()
    {
        var left = Depth;
        if (left == _waitingCounted || _metrics is not { } metrics)
            return;
        metrics.Left(left - _waitingCounted);
        _waitingCounted = left;
    }

    private bool HasWaitingMessages
    {
        get
        {
            if (_first is not null || Bounded is { Count: > 0 })
                return true;
            for (var node = Volatile.Read(ref _inbox); node is not null && node != Idle && node != Closed; node = node.Next)
            {
                if (!node.IsSystem)
                    return true;
            }

            return false;
        }
    }

    private void RunMessage(Node node)
    {
        try
        {
            node.Run(this);
        }
        catch (Exception cause)
        {
            // The supervisor's strategy decides; Fail counts and logs.
            System.Metrics.CountMessageFailed();
            Fail(cause, node.Describe());
        }

        StopIfRequested();
    }

    private void RunSystem(Node? node)
    {
        while (node is not null)
        {
            var next = node.Next;
            node.Next = null;
            if (_status == Status.Terminated)
            {
                node.Discard(this);
            }
            else
            {
                node.Run(this);
                StopIfRequested();
            }

            node = next;
        }
    }

    /// <summary>An actor's surroundings are its own: used from a continuation or another thread they would race with its turn.</summary>
    internal void RequireOwnTurn(string what)
    {
        if (Running != this)
        {
            throw new InvalidOperationException(
                $"{what} of {Path} was used outside the actor's turn. Use PipeToSelf and act when the message arrives.");
        }
    }

    /// <summary>
    /// Calls back when the task is done: at once, or where the task completes, or through the synchronization context of a dispatcher that
    /// has one. The callback must only push.
    /// </summary>
    internal static void WhenDone(Task task, Action push)
    {
        if (task.IsCompleted)
            push();
        else
            task.ConfigureAwait(true).GetAwaiter().UnsafeOnCompleted(push);
    }

    /// <summary>Marks a stretch in which messages wait and only system nodes are handled.</summary>
    internal void Pause() => _paused = true;

    internal void Resume() => _paused = false;
}
