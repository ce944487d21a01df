namespace Kratix.Actors.Kernel;

/// <summary>
/// One running timer; also the node it puts into the mailbox, so a tick costs nothing, and a tick whose predecessor still waits there is
/// left out instead of piling up.
/// </summary>
internal abstract class ActorTimer(ActorCell cell) : Node
{
    private int _inMailbox;

    /// <summary>Timestamp, in the clock's own unit, at which it rings. Written under the lock of the queue.</summary>
    internal long Due;

    /// <summary>Order among timers due at the same moment: as they were started.</summary>
    internal long Order;

    /// <summary>Place in the heap, or -1.</summary>
    internal int Index = -1;

    internal TimeSpan? Period { get; init; }

    internal void Ring()
    {
        if (Interlocked.Exchange(ref _inMailbox, 1) == 0)
            cell.Push(this);
    }

    internal sealed override void Run(ActorCell owner)
    {
        Volatile.Write(ref _inMailbox, 0);
        Tick(owner);
    }

    protected abstract void Tick(ActorCell owner);
}

internal sealed class MessageTimer<TMessage>(ActorCell cell, object key, TMessage message) : ActorTimer(cell)
{
    internal object Key => key;

    internal TMessage Message => message;

    protected override void Tick(ActorCell owner) => ((ActorCell<TMessage>)owner).Tick(this);

    internal override string Describe() => $"the tick of timer '{key}'";
}

internal sealed class RestartTimer(ActorCell cell) : ActorTimer(cell)
{
    internal override bool IsSystem => true;

    protected override void Tick(ActorCell owner) => owner.Restart();
}
