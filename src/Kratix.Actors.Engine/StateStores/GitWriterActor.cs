using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>What became of a write, told to whoever asked for it.</summary>
public abstract record WriteAnswer
{
    public sealed record Written(string CommitId, bool Changed) : WriteAnswer;

    /// <summary>Not written. <paramref name="TriesAgain"/>: the writer keeps it and goes on trying.</summary>
    public sealed record Failed(string Reason, bool TriesAgain) : WriteAnswer
    {
        /// <summary>There is no state store of that name any more.</summary>
        public bool StoreIsGone { get; init; }
    }
}

/// <summary>A placement to be written, and who waits for it. A later request for the same placement at the same place replaces an earlier one that waits.</summary>
public sealed record WriteRequest(WriteIntent Intent, Action<WriteAnswer> Answer)
{
    /// <summary>KIND/NAME of the state store it is for; several stores may be one repository.</summary>
    internal string Store { get; init; } = "";

    /// <summary>What a store should hold of a placement, to compare the two.</summary>
    internal static WriteIntent Wanted(string owner, Placement placement) => new(
        $"{owner} {placement.Name}", placement.Name, "Update", owner, placement.Stamp, FileLayout.Changes(placement, WorkModels.NamespaceOf(owner)));

    /// <summary>The write as its owner's works have it now. <paramref name="owner"/> is named in the commit: <c>promise</c>, or <c>promise/namespace/name</c>.</summary>
    internal static WriteRequest Of(string owner, Works works, PlacementWrite write, Action<WriteAnswer> answer)
    {
        var (placement, place) = PlacementWrites.Lane(works, write);
        return new(
            new WriteIntent($"{owner} {placement} {place}", placement, write.IsRemoval ? "Delete" : "Update", owner, write.Stamp, PlacementWrites.Changes(works, write, WorkModels.NamespaceOf(owner))),
            answer);
    }
}

/// <summary>What a GitWriter is told.</summary>
public abstract record GitWriterMessage
{
    public sealed record Write(WriteRequest Request) : GitWriterMessage;

    /// <summary>The address or its credentials have changed: open the store again, and try at once what waits.</summary>
    public sealed record Reopen(StateStoreAddress Address) : GitWriterMessage;

    /// <summary>
    /// The state store object is gone, or names another repository: nothing more is written for it here. What still waits is answered with this, and not handed on:
    /// its owner may have asked for something newer there meanwhile.
    /// </summary>
    public sealed record StoreLeft(string Store, WriteAnswer.Failed Answer) : GitWriterMessage;

    public sealed record Linger : GitWriterMessage;

    public sealed record Retry : GitWriterMessage;

    public sealed record BatchEnded(Outcome<BatchResult> Outcome) : GitWriterMessage;

    public sealed record Threw(Exception Cause) : GitWriterMessage;
}

/// <summary>
/// The single writer of one branch of one repository, or of one bucket. While a push is on its way everything that comes waits together, and goes out with the next:
/// the slower the remote, the larger the batches. A batch waits for as long as placements follow each other closely, within bounds: what comes together goes
/// together, and what comes alone does not wait. It keeps what could not be written and tries again; nobody else retries a write.
/// </summary>
/// <param name="troubled">Told when the store cannot be written to.</param>
internal sealed class GitWriterActor(IStateStores stores, StateStoreAddress address, EngineSettings settings, PushBudgets budgets, Action troubled) : Actor<GitWriterMessage>
{
    // More than it takes to find one bad placement in the largest batch. From then on it may be the branch that takes nothing, and pushes keep to the pauses.
    private const int MostDeclinedInARow = 16;
    // How many pauses of the linger setting a batch gathers for, however closely they come.
    private const int MostLingers = 10;
    private const string LingerTimer = "linger";
    private const string BudgetTimer = "budget";
    private const string RetryTimer = "retry";

    private readonly WaitingWrites _waiting = new(settings);
    private readonly Shown _shown = new(EngineMeter.WritesWaiting);
    private readonly Backoff _backoff = new(settings.WriteRetry.Min, settings.WriteRetry.Max);
    private readonly PushBudget _budget = budgets.Of(address);
    private readonly Dictionary<string, WriteAnswer.Failed> _left = new(StringComparer.Ordinal);
    private IReadOnlyList<WriteRequest>? _writing;
    private DateTimeOffset? _gatheringSince;
    private int _declinedInARow;
    private IStateStore? _store;
    private StateStoreAddress _address = address;
    private bool _reopen;

    protected override void Receive(GitWriterMessage message)
    {
        Handle(message);
        _shown.Is(_waiting.Count + (_writing?.Count ?? 0));
    }

    private void Handle(GitWriterMessage message)
    {
        switch (message)
        {
            case GitWriterMessage.Write write:
                _left.Remove(write.Request.Store);
                _waiting.Add(write.Request);
                Gather();
                break;
            case GitWriterMessage.Reopen reopen:
                _address = reopen.Address;
                _reopen = true;
                Context.Timers.Cancel(RetryTimer);
                StartBatch();
                break;
            case GitWriterMessage.StoreLeft left:
                _left[left.Store] = left.Answer;
                Drop();
                break;
            case GitWriterMessage.Linger or GitWriterMessage.Retry:
                StartBatch();
                break;
            case GitWriterMessage.BatchEnded ended:
                EndBatch(ended.Outcome);
                Drop();
                if (_waiting.Count > 1)
                    Gather();
                else
                    StartBatch();
                break;
            case GitWriterMessage.Threw threw:
                // A bug in the adapter must not lose what waits: it counts as a failure of this batch.
                EndBatch(new Outcome<BatchResult>.Transient(threw.Cause.Message));
                Drop();
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    protected override void PostStop()
    {
        _shown.Is(0);
        if (_writing is not null)
            _budget.Spent(1);
        _ = _store?.DisposeAsync().AsTask();
    }

    /// <summary>Starts a batch when no placement has come for a moment, or when the first has waited long enough.</summary>
    private void Gather()
    {
        if (_writing is not null || Context.Timers.IsActive(RetryTimer) || Context.Timers.IsActive(BudgetTimer))
            return;
        var now = Context.Time.GetUtcNow();
        _gatheringSince ??= now;
        var left = _gatheringSince.Value + (settings.BatchLinger * MostLingers) - now;
        if (left <= TimeSpan.Zero || _waiting.Count >= settings.BatchMaxIntents)
            StartBatch();
        else
            Context.Timers.StartSingle(LingerTimer, new GitWriterMessage.Linger(), left < settings.BatchLinger ? left : settings.BatchLinger);
    }

    private void StartBatch()
    {
        if (_writing is not null || _waiting.IsEmpty || Context.Timers.IsActive(RetryTimer))
            return;
        Context.Timers.Cancel(LingerTimer);
        Context.Timers.Cancel(BudgetTimer);
        _gatheringSince = null;
        if (_budget.Take() is var wait && wait > TimeSpan.Zero)
        {
            Context.Timers.StartSingle(BudgetTimer, new GitWriterMessage.Linger(), wait);
            return;
        }

        _writing = _waiting.Next();
        Context.PipeToSelf<Outcome<BatchResult>>(
            Write([.. _writing.Select(w => w.Intent)]), o => new GitWriterMessage.BatchEnded(o), e => new GitWriterMessage.Threw(e));
    }

    private async Task<Outcome<BatchResult>> Write(IReadOnlyList<WriteIntent> intents)
    {
        if (_reopen && _store is { } old)
        {
            _store = null;
            await old.DisposeAsync();
        }

        _reopen = false;
        if (_store is null)
        {
            var opened = stores.Open(_address);
            if (opened is not Outcome<IStateStore>.Done done)
                return opened.Select<BatchResult>(_ => throw new InvalidOperationException("only failures come here"));
            _store = done.Value;
        }

        return await _store.Write(intents, CancellationToken.None);
    }

    private void EndBatch(Outcome<BatchResult> outcome)
    {
        var batch = _writing!;
        _writing = null;
        switch (outcome)
        {
            case Outcome<BatchResult>.Done { Value: var written }:
                _backoff.Reset();
                _budget.Spent(written.Pushes);
                _declinedInARow = written.Pushes > 0 ? 0 : _declinedInARow;
                _waiting.Taken(batch);
                foreach (var request in batch)
                    Answer(request, written.Results.GetValueOrDefault(request.Intent.Id));
                break;
            case Outcome<BatchResult>.Terminal { Code: Refusal.Declined } declined:
                _budget.Spent(1);
                if (_waiting.Declined(batch) is { } alone)
                    alone.Answer(new WriteAnswer.Failed($"placement '{alone.Intent.Placement}' ({alone.Intent.Request}) was declined by itself: {declined.Reason}", TriesAgain: false));
                if (++_declinedInARow > MostDeclinedInARow)
                    Pause(batch.Count > 1 ? batch : [], declined.Reason, null);
                break;
            default:
                _budget.Spent(0);
                foreach (var request in batch.Reverse())
                    _waiting.PutBack(request);
                Pause(batch, outcome.Failure!, (outcome as Outcome<BatchResult>.Transient)?.After);
                break;
        }
    }

    /// <summary>Until the pause is over, or the address has changed, nothing is tried.</summary>
    private void Pause(IReadOnlyList<WriteRequest> told, string reason, TimeSpan? asked)
    {
        foreach (var request in told)
            request.Answer(new WriteAnswer.Failed(reason, TriesAgain: true));
        // Perhaps the Secret has changed: whoever knows the address looks again while this one waits.
        troubled();
        Context.Timers.StartSingle(RetryTimer, new GitWriterMessage.Retry(), _backoff.Next(asked));
    }

    /// <summary>Gives back what waits for stores that have left; what is on its way is given back when it was not taken.</summary>
    private void Drop()
    {
        foreach (var request in _left.Count == 0 ? [] : _waiting.TakeAll(r => _left.ContainsKey(r.Store)))
            request.Answer(_left[request.Store]);
    }

    private void Answer(WriteRequest request, IntentResult? result)
    {
        switch (result)
        {
            case IntentResult.Written w:
                request.Answer(new WriteAnswer.Written(w.CommitId, w.Changed));
                break;
            case IntentResult.Refused r:
                request.Answer(new WriteAnswer.Failed(r.Reason, TriesAgain: false));
                break;
            default:
                if (_waiting.PutBack(request))
                    Pause([request], $"the store did not answer for {request.Intent.Placement}", null);
                break;
        }
    }
}
