using System.Runtime.CompilerServices;

namespace Kratix.Actors.Kernel;

/// <summary>The typed half of a cell: what senders tell, and what the actor sees as its context, timers and stash.</summary>
internal sealed class ActorCell<TMessage> : ActorCell, IActorRef<TMessage>, IActorContext<TMessage>, ITimers<TMessage>, IStash
{
    private readonly Props<TMessage> _props;
    private readonly BoundedMailbox? _bounded;
    private Actor<TMessage>? _actor;
    private MessageNode<TMessage>? _current;

    internal ActorCell(ActorSystem system, ActorCell? parent, string name, Props<TMessage> props)
        : base(system, parent, name)
    {
        _props = props;
        if (props.Mailbox.Capacity is { } capacity)
            _bounded = new BoundedMailbox(capacity, props.Mailbox.Overflow);
    }

    protected override BoundedMailbox? Bounded => _bounded;

    protected override ActorBase? Instance => _actor;

    protected override SupervisorStrategy Strategy => _props.SupervisorStrategy;

    internal Actor<TMessage>? Actor => _actor;

    internal Action<TMessage>? Behavior => ExtrasIfAny is { Behavior: { } behavior } ? Unsafe.As<Action<TMessage>>(behavior) : null;

    protected override Type BaseClass => typeof(Actor<TMessage>);

    public void Tell(TMessage message)
    {
        var node = new MessageNode<TMessage>(message);
        if (!Offer(node))
            node.Discard(this);
    }

    /// <summary>As <see cref="Tell"/>, but an actor that is gone is the caller's matter.</summary>
    internal bool TryTell(TMessage message) => Offer(new MessageNode<TMessage>(message));

    private bool Offer(MessageNode<TMessage> node)
    {
        if (_bounded is null)
            return Push(node);
        var wake = _bounded.Offer(node, out var dropped, out var closed);
        if (dropped is not null)
            System.Overflow(this, dropped.Describe());
        if (wake)
            Push(new WakeNode(_bounded));
        return !closed;
    }

    internal void Receive(MessageNode<TMessage> node)
    {
        _current = node;
        try
        {
            _actor!.RunReceive(node.Message);
        }
        finally
        {
            _current = null;
        }
    }

    protected override ActorBase CreateInstance()
    {
        var outer = Creating;
        Creating = this;
        Actor<TMessage> actor;
        try
        {
            actor = _props.Factory();
        }
        finally
        {
            Creating = outer;
        }

        if (actor.Cell != this)
            throw new InvalidOperationException($"The factory for {Path} returned an actor that belongs to {actor.Cell.Path}; it must make a new one each time.");
        return _actor = actor;
    }

    protected override void DropInstance()
    {
        _actor = null;
        if (ExtrasIfAny is { } more)
            more.Behavior = null;
    }

    IActorRef<TMessage> IActorContext<TMessage>.Self => this;

    ActorSystem IActorContext<TMessage>.System => System;

    TimeProvider IActorContext<TMessage>.Time => System.Time;

    ITimers<TMessage> IActorContext<TMessage>.Timers => this;

    IStash IActorContext<TMessage>.Stash => this;

    IReadOnlyCollection<IActorRef> IActorContext<TMessage>.Children => ListChildren();

    IActorRef<TChild> IActorContext<TMessage>.Spawn<TChild>(Props<TChild> props, string name)
    {
        RequireOwnTurn("Spawn");
        return SpawnChild(props, name);
    }

    IActorRef? IActorContext<TMessage>.Child(string name) => FindChild(name);

    void IActorContext<TMessage>.Stop(IActorRef child)
    {
        RequireOwnTurn("Stop");
        if (child == this)
            RequestStop();
        else if (child is ActorCell cell && cell.Parent == this)
            cell.Push(new StopNode());
        else
            throw new ArgumentException($"{Path} can stop itself and its children; {child.Path} is neither.", nameof(child));
    }

    void IActorContext<TMessage>.StopSelf()
    {
        RequireOwnTurn("StopSelf");
        RequestStop();
    }

    void IActorContext<TMessage>.Passivate()
    {
        RequireOwnTurn("Passivate");
        Parent!.Push(new PassivateRequestNode(this));
    }

    void IActorContext<TMessage>.Watch(IActorRef actor)
    {
        RequireOwnTurn("Watch");
        WatchOther(actor);
    }

    void IActorContext<TMessage>.Unwatch(IActorRef actor)
    {
        RequireOwnTurn("Unwatch");
        UnwatchOther(actor);
    }

    void IActorContext<TMessage>.PipeToSelf<TResult>(Task<TResult> task, Func<TResult, TMessage> onSuccess, Func<Exception, TMessage> onFailure)
    {
        var node = new PipeNode<TMessage, TResult>(task, onSuccess, onFailure);
        WhenDone(task, () => PushOrDiscard(node));
    }

    void IActorContext<TMessage>.Become(Action<TMessage> behavior)
    {
        RequireOwnTurn("Become");
        ArgumentNullException.ThrowIfNull(behavior);
        Extras.Behavior = behavior;
    }

    void ITimers<TMessage>.StartSingle(object key, TMessage message, TimeSpan delay) => StartTimer(key, message, delay, period: null);

    void ITimers<TMessage>.StartPeriodic(object key, TMessage message, TimeSpan interval)
    {
        if (interval <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(interval), interval, $"The interval of timer '{key}' of {Path} must be positive.");
        StartTimer(key, message, interval, interval);
    }

    bool ITimers<TMessage>.IsActive(object key) => ExtrasIfAny?.Timers?.ContainsKey(key) == true;

    void ITimers<TMessage>.Cancel(object key)
    {
        RequireOwnTurn("Timers.Cancel");
        if (ExtrasIfAny?.Timers?.Remove(key, out var timer) == true)
            System.Timers.Cancel(timer);
    }

    void ITimers<TMessage>.CancelAll()
    {
        RequireOwnTurn("Timers.CancelAll");
        CancelTimers();
    }

    private void StartTimer(object key, TMessage message, TimeSpan delay, TimeSpan? period)
    {
        RequireOwnTurn("Timers.Start");
        var timers = Extras.Timers ??= [];
        if (timers.TryGetValue(key, out var old))
            System.Timers.Cancel(old);
        var timer = new MessageTimer<TMessage>(this, key, message) { Period = period };
        timers[key] = timer;
        System.Timers.Start(timer, delay);
    }

    /// <summary>A tick on its own turn. Only the timer that still stands under its key may speak.</summary>
    internal void Tick(MessageTimer<TMessage> timer)
    {
        if (ExtrasIfAny?.Timers is not { } timers || timers.GetValueOrDefault(timer.Key) != timer)
            return;
        if (timer.Period is null)
            timers.Remove(timer.Key);
        Receive(new MessageNode<TMessage>(timer.Message));
    }

    int IStash.Count => ExtrasIfAny?.StashCount ?? 0;

    void IStash.StashCurrent()
    {
        RequireOwnTurn("Stash.StashCurrent");
        var node = _current ?? throw new InvalidOperationException($"{Path} stashed, but is handling no message, or stashed this one already.");
        var capacity = _props.Mailbox.StashCapacity;
        if (Extras.StashCount >= capacity)
            throw new StashOverflowException($"The stash of {Path} holds {capacity} messages already.");
        _current = null;
        Stash(node);
    }

    void IStash.UnstashAll()
    {
        RequireOwnTurn("Stash.UnstashAll");
        UnstashAllNodes();
    }

    protected override void Undelivered(Node node)
    {
        if (IsPassivated && node is MessageNode<TMessage> message)
            Parent!.PushOrDiscard(new ReturnedNode<TMessage>(Name, message.Message));
        else
            base.Undelivered(node);
    }
}
