namespace Kratix.Actors.Kernel;

/// <summary>
/// One entry of a mailbox and at the same time its link. A node is in at most one list at a time and, but for timers, used once.
/// </summary>
internal abstract class Node
{
    internal Node? Next;

    /// <summary>System nodes go ahead of messages and are handled also while messages must wait.</summary>
    internal virtual bool IsSystem => false;

    internal abstract void Run(ActorCell cell);

    /// <summary>The actor is gone before the node was run. Runs on whichever thread noticed.</summary>
    internal virtual void Discard(ActorCell cell)
    {
    }

    /// <summary>What the node stands for, for an operator: a type, never content.</summary>
    internal virtual string Describe() => GetType().Name;
}

internal abstract class SystemNode : Node
{
    internal sealed override bool IsSystem => true;
}

internal sealed class MessageNode<TMessage>(TMessage message) : Node
{
    internal TMessage Message => message;

    internal override void Run(ActorCell cell) => ((ActorCell<TMessage>)cell).Receive(this);

    internal override void Discard(ActorCell cell) => cell.System.DeadLetter(cell, Describe());

    internal override string Describe() => message?.GetType().Name ?? typeof(TMessage).Name;
}

/// <summary>The outcome of a task on its way back to the actor that asked.</summary>
internal sealed class PipeNode<TMessage, TResult>(Task<TResult> task, Func<TResult, TMessage> onSuccess, Func<Exception, TMessage> onFailure) : Node
{
    internal override void Run(ActorCell cell)
    {
        var message = task.IsCompletedSuccessfully ? onSuccess(task.Result) : onFailure(TaskFailures.Of(task));
        ((ActorCell<TMessage>)cell).Receive(new MessageNode<TMessage>(message));
    }

    internal override void Discard(ActorCell cell) => cell.System.DeadLetter(cell, Describe());

    internal override string Describe() => $"the result ({typeof(TResult).Name}) of a piped task";
}

internal static class TaskFailures
{
    /// <summary>Why a finished task has no result. A task that failed for one reason gives that reason, not its wrapping.</summary>
    internal static Exception Of(Task task) => task.Exception switch
    {
        null => new TaskCanceledException(task),
        { InnerExceptions: [var only] } => only,
        var several => several,
    };
}

internal sealed class TerminatedNode(ActorCell actor) : Node
{
    internal override void Run(ActorCell cell) => cell.Terminated(actor);
}

internal sealed class StopNode : SystemNode
{
    internal override void Run(ActorCell cell) => cell.RequestStop();
}

internal sealed class WatchNode(ActorCell watcher) : SystemNode
{
    internal override void Run(ActorCell cell) => cell.AddWatcher(watcher);

    internal override void Discard(ActorCell cell) => watcher.Push(new TerminatedNode(cell));
}

internal sealed class UnwatchNode(ActorCell watcher) : SystemNode
{
    internal override void Run(ActorCell cell) => cell.RemoveWatcher(watcher);
}

internal sealed class ChildTerminatedNode(ActorCell child) : SystemNode
{
    internal override void Run(ActorCell cell) => cell.ChildTerminated(child);
}

internal sealed class EscalateNode(ActorCell child, Exception cause) : SystemNode
{
    internal override void Run(ActorCell cell) => cell.ChildEscalated(child, cause);
}

/// <summary>Tells a cell that its bounded mailbox holds something.</summary>
internal sealed class WakeNode(BoundedMailbox mailbox) : SystemNode
{
    internal override void Run(ActorCell cell) => mailbox.Woken();
}

/// <summary>The end of something an instance started: dropped when another instance took over meanwhile.</summary>
internal sealed class CompletionNode(ActorBase instance, Action completed) : SystemNode
{
    internal override void Run(ActorCell cell) => cell.Complete(instance, completed);
}
