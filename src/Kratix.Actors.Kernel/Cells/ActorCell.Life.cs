namespace Kratix.Actors.Kernel;

/// <content>From start to end, and what failures do on the way.</content>
internal abstract partial class ActorCell
{
    private enum Status : byte
    {
        New,
        Running,

        /// <summary>Failed; waits for its children to end, then for the back-off, or for what its parent decides.</summary>
        Suspended,

        /// <summary>Waits for its children to end.</summary>
        Stopping,
        Terminated,
    }

    private Status _status;
    private bool _stopRequested;

    /// <summary>Null until an instance has been made: its class is not known before.</summary>
    private ActorTypeMetrics? _metrics;

    protected abstract ActorBase? Instance { get; }

    /// <summary>What cannot be made is counted as the actor of its messages, so that it shows at all.</summary>
    private ActorTypeMetrics MetricsOrOfNobody => _metrics ?? System.Metrics.Of(BaseClass);

    protected abstract Type BaseClass { get; }

    internal T? InstanceAs<T>()
        where T : class => Instance as T;

    protected abstract SupervisorStrategy Strategy { get; }

    /// <summary>Makes the instance; the constructor of the actor runs inside.</summary>
    protected abstract ActorBase CreateInstance();

    /// <summary>Forgets the instance and what belongs to it.</summary>
    protected abstract void DropInstance();

    /// <summary>Whether the mailbox is closed. May be asked from any thread.</summary>
    internal bool IsTerminated => Volatile.Read(ref _inbox) == Closed;

    private void Start()
    {
        _status = Status.Running;
        try
        {
            var instance = CreateInstance();
            if (_metrics is null)
            {
                _metrics = System.Metrics.Of(instance.GetType());
                _metrics.Started();
            }

            instance.RunPreStart();
        }
        catch (Exception cause)
        {
            Fail(cause, during: null);
        }

        StopIfRequested();
    }

    /// <summary>The actor threw. What it was handling is gone; what happens to the actor is its strategy's decision.</summary>
    private void Fail(Exception cause, string? during)
    {
        System.Metrics.CountFailure();
        MetricsOrOfNobody.Failed();
        var when = during is null ? "while starting" : $"while handling {during}";
        System.Log(KernelEventKind.ActorFailed, this, $"{cause.GetType().Name} {when}: {cause.Message}", cause);
        _paused = false;
        if (_status is Status.Stopping or Status.Terminated)
            return;
        switch (Strategy)
        {
            case SupervisorStrategy.Restart restart:
                BeginRestart(restart, cause);
                break;
            case SupervisorStrategy.Stop:
                System.Log(KernelEventKind.ActorStoppedByFailure, this, "its supervisor strategy is Stop", cause);
                _stopRequested = true;
                break;
            case SupervisorStrategy.Escalate:
                _status = Status.Suspended;
                Parent?.Push(new EscalateNode(this, cause));
                break;
            default:
                throw new InvalidOperationException($"unknown supervisor strategy {Strategy.GetType().Name}");
        }
    }

    private void BeginRestart(SupervisorStrategy.Restart restart, Exception cause)
    {
        var more = Extras;
        if (more.Attempts > 0 && System.Time.GetElapsedTime(more.StartedAt) >= restart.Window)
            more.Attempts = 0;
        if (restart.MaxRestarts is { } limit && more.Attempts >= limit)
        {
            System.Log(KernelEventKind.ActorStoppedByFailure, this, $"restarted {limit} times without {restart.Window} of quiet between", cause);
            _stopRequested = true;
            return;
        }

        more.Attempts++;
        more.Backoff = restart.Backoff(Path, more.Attempts);
        System.Log(KernelEventKind.ActorRestarting, this, $"restart {more.Attempts} in {more.Backoff.TotalMilliseconds:0} ms", cause);
        _status = Status.Suspended;
        if (Instance is { } instance)
            RunHook("PreRestart", () => instance.RunPreRestart(cause));
        LeaveRelations();
        DropInstance();
        UnstashAllNodes();
        more.RestartWhenChildless = true;
        if (StopChildren() == 0)
            ScheduleRestart();
    }

    private void ScheduleRestart()
    {
        var more = Extras;
        more.RestartWhenChildless = false;
        var timer = new RestartTimer(this);
        if (more.Backoff <= TimeSpan.Zero)
            timer.Ring();
        else
            System.Timers.Start(timer, more.Backoff);
    }

    internal void Restart()
    {
        if (_status != Status.Suspended)
            return;
        Extras.StartedAt = System.Time.GetTimestamp();
        System.Metrics.CountRestart();
        MetricsOrOfNobody.Restarted();
        Start();
        if (_status == Status.Running)
            System.Log(KernelEventKind.ActorRestarted, this, $"restart {Extras.Attempts}", cause: null);
    }

    /// <summary>A child's failure became this actor's.</summary>
    internal void ChildEscalated(ActorCell child, Exception cause)
    {
        if (Parent is null)
        {
            System.Log(KernelEventKind.ActorStoppedByFailure, child, "it escalated its failure, and above it there is nobody", cause);
            child.Push(new StopNode());
            return;
        }

        if (_status is Status.Running or Status.New)
            Fail(cause, $"the escalated failure of {child.Name}");
        if (_status is Status.Running)
            child.Push(new StopNode());
    }

    /// <summary>The outcome of something the instance waited for, on its own turn, unless the instance is gone.</summary>
    internal void Complete(ActorBase instance, Action completed)
    {
        if (Instance != instance || _status == Status.Terminated)
            return;
        try
        {
            completed();
        }
        catch (Exception cause)
        {
            Fail(cause, "the answer of the journal");
        }
    }

    internal void RequestStop() => _stopRequested = true;

    private void StopIfRequested()
    {
        if (!_stopRequested || _status is Status.Stopping or Status.Terminated)
            return;
        if (_status == Status.Running && Instance is { DefersStop: true })
            return;
        _status = Status.Stopping;
        CancelTimers();
        if (StopChildren() == 0)
            Terminate();
    }

    private void Terminate()
    {
        if (Instance is { } instance)
            RunHook("PostStop", instance.RunPostStop);
        _status = Status.Terminated;
        _metrics?.Stopped();
        var rest = Interlocked.Exchange(ref _inbox, Closed);
        LeaveRelations();
        DropInstance();
        UnstashAllNodes();
        // First the parent, then the watchers: who starts a successor of the same name when told must find the name free.
        Parent?.Push(new ChildTerminatedNode(this));
        TellWatchers();
        DiscardRest(rest);
    }

    private void DiscardRest(Node? newest)
    {
        Node? arrived = null;
        while (newest is not null)
        {
            var older = newest.Next;
            newest.Next = arrived;
            arrived = newest;
            newest = older;
        }

        for (var node = _first; node is not null;)
            node = DiscardOne(node);
        for (var node = arrived; node is not null;)
            node = DiscardOne(node);
        foreach (var node in Bounded?.Close() ?? [])
            DiscardOne(node);
        _first = _last = null;
        _waiting = 0;
        CountWaiting();
    }

    private Node? DiscardOne(Node node)
    {
        var next = node.Next;
        node.Next = null;
        Undelivered(node);
        return next;
    }

    /// <summary>A node that was in the mailbox when the actor ended.</summary>
    protected virtual void Undelivered(Node node) => node.Discard(this);

    private void RunHook(string name, Action hook)
    {
        try
        {
            hook();
        }
        catch (Exception cause)
        {
            // The actor is on its way out already; there is nothing left to fail but the record of it.
            System.Log(KernelEventKind.HookFailed, this, $"{name} threw {cause.GetType().Name}: {cause.Message}", cause);
        }
    }
}
