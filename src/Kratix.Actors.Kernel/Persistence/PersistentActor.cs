namespace Kratix.Actors.Kernel;

/// <summary>
/// An actor whose state is what its journal acknowledged, nothing else. Before the first message it recovers; a message may lead to one
/// event; while an append is in flight messages wait in the mailbox, so nobody ever sees or builds on a state that might not be stored.
/// </summary>
/// <remarks>
/// When the journal throws, is at another sequence, or cannot be read, the actor fails: it drops the message, restarts with the
/// back-off of its <see cref="SupervisorStrategy"/> and recovers what is true. Senders re-issue what they still need.
/// </remarks>
public abstract class PersistentActor<TMessage, TState, TEvent> : Actor<TMessage>
{
    private readonly IEventStore<TState, TEvent> _store;
    private PendingAppend? _pending;
    private bool _appending;
    private bool _persisted;
    private bool _fenced;

    /// <param name="entityId">Key of the entity in the journal.</param>
    /// <param name="lease">The shard and epoch every append is conditional on.</param>
    /// <param name="store">The journal.</param>
    /// <param name="empty">The state before the first event.</param>
    protected PersistentActor(string entityId, ShardLease lease, IEventStore<TState, TEvent> store, TState empty)
    {
        EntityId = entityId;
        Lease = lease;
        _store = store;
        State = empty;
    }

    protected string EntityId { get; }

    protected ShardLease Lease { get; }

    /// <summary>The acknowledged state.</summary>
    protected TState State { get; private set; }

    /// <summary>Number of the last acknowledged event; 0 before the first.</summary>
    protected long Sequence { get; private set; }

    /// <summary>An append in flight is waited for, so that after the end of an entity nothing of it is on its way to the journal.</summary>
    protected internal sealed override bool DefersStop => _appending;

    /// <summary>The state after the event. Pure.</summary>
    protected abstract TState Evolve(TState state, TEvent @event);

    /// <summary>State and sequence are as the journal has them; the first message comes next. May persist one event.</summary>
    protected abstract void OnRecovered();

    protected abstract void OnMessage(TMessage message);

    /// <summary>The shard has a newer owner. The actor stops after this; nothing it believes may be written.</summary>
    protected virtual void OnFenced()
    {
    }

    protected internal sealed override void Receive(TMessage message) => OnMessage(message);

    /// <summary>
    /// Asks for one event to be stored when the current message has been handled without an exception; at most one per message.
    /// </summary>
    /// <param name="event">What happened.</param>
    /// <param name="cause">Why, for the audit.</param>
    /// <param name="then">Runs once the event is acknowledged and <see cref="State"/> holds it, before the next message.</param>
    protected void Persist(TEvent @event, string cause, Action? then = null)
    {
        Cell.RequireOwnTurn("Persist");
        if (_persisted)
            throw new InvalidOperationException($"{Cell.Path} persisted two events for one message; a crash between them would leave half a decision.");
        if (_fenced)
            throw new InvalidOperationException($"{Cell.Path} lost shard {Lease.Shard} of epoch {Lease.Epoch} and may write nothing.");
        _persisted = true;
        _pending = new PendingAppend(@event, Evolve(State, @event), cause, then);
    }

    internal sealed override void RunPreStart()
    {
        PreStart();
        Cell.Pause();
        var recovery = _store.Recover(EntityId, CancellationToken.None);
        ActorCell.WhenDone(recovery, () => Cell.Push(new CompletionNode(this, () => Recovered(recovery))));
    }

    internal sealed override void RunReceive(TMessage message)
    {
        _persisted = false;
        base.RunReceive(message);
        AppendPending();
    }

    internal sealed override void RunTerminated(IActorRef actor)
    {
        _persisted = false;
        base.RunTerminated(actor);
        AppendPending();
    }

    private void Recovered(Task<Recovered<TState>> recovery)
    {
        if (!recovery.IsCompletedSuccessfully)
        {
            var cause = TaskFailures.Of(recovery);
            throw new RecoveryFailedException($"The journal could not be read for {EntityId}: {cause.Message}", cause);
        }

        var recovered = recovery.Result;
        if (recovered.Sequence > 0)
        {
            State = recovered.State ?? throw new RecoveryFailedException(
                $"The journal has {EntityId} at sequence {recovered.Sequence}, but no state.", new InvalidDataException("state is null"));
            Sequence = recovered.Sequence;
        }

        Cell.Resume();
        _persisted = false;
        OnRecovered();
        AppendPending();
    }

    private void AppendPending()
    {
        if (_pending is not { } pending)
            return;
        _pending = null;
        Cell.Pause();
        var append = new Append<TState, TEvent>(EntityId, Lease.Shard, Lease.Epoch, Sequence, pending.Event, pending.StateAfter, pending.Cause);
        Task<AppendOutcome> outcome;
        try
        {
            outcome = _store.Append(append, CancellationToken.None);
        }
        catch (Exception cause)
        {
            throw Failed(pending, cause);
        }

        _appending = true;
        ActorCell.WhenDone(outcome, () => Cell.Push(new CompletionNode(this, () => Appended(pending, outcome))));
    }

    private void Appended(PendingAppend pending, Task<AppendOutcome> outcome)
    {
        _appending = false;
        if (!outcome.IsCompletedSuccessfully)
        {
            Cell.System.Metrics.CountMessageFailed();
            throw Failed(pending, TaskFailures.Of(outcome));
        }

        switch (outcome.Result)
        {
            case AppendOutcome.Appended:
                State = pending.StateAfter;
                Sequence++;
                Cell.Resume();
                pending.Then?.Invoke();
                break;
            case AppendOutcome.SequenceConflict:
                Cell.System.Metrics.CountMessageFailed();
                throw new SequenceConflictException(
                    $"{EntityId} is not at sequence {Sequence} any more; the message behind '{pending.Cause}' was dropped and the entity recovers.");
            case AppendOutcome.Fenced:
                Cell.System.Metrics.CountMessageFailed();
                BecomeFenced(pending);
                break;
            default:
                throw new InvalidOperationException($"unknown outcome {outcome.Result} of an append");
        }
    }

    private void BecomeFenced(PendingAppend pending)
    {
        _fenced = true;
        Cell.System.Log(
            KernelEventKind.Fenced, Cell, $"shard {Lease.Shard} has a newer owner than epoch {Lease.Epoch}; '{pending.Cause}' was not stored", cause: null);
        Cell.RequestStop();
        OnFenced();
    }

    private AppendFailedException Failed(PendingAppend pending, Exception cause) =>
        new($"The journal did not take the event of {EntityId} after sequence {Sequence} ('{pending.Cause}'): {cause.Message}", cause);

    private sealed record PendingAppend(TEvent Event, TState StateAfter, string Cause, Action? Then);
}
