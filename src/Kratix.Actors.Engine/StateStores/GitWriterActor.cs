using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>What became of a write, told to whoever asked for it.</summary>
public abstract record WriteAnswer
{
    public sealed record Written(string CommitId, bool Changed) : WriteAnswer;

    /// <summary>Not written. <paramref name="TriesAgain"/>: the writer keeps it and goes on trying.</summary>
    public sealed record Failed(string Reason, bool TriesAgain) : WriteAnswer;
}

/// <summary>A placement to be written, and who waits for it. A later request for the same placement replaces an earlier one that waits.</summary>
public sealed record WriteRequest(WriteIntent Intent, Action<WriteAnswer> Answer)
{
    /// <summary>The write as its owner's works have it now. <paramref name="owner"/> is named in the commit: <c>promise</c>, or <c>promise/namespace/name</c>.</summary>
    internal static WriteRequest Of(string owner, Works works, PlacementWrite write, Action<WriteAnswer> answer) => new(
        new WriteIntent($"{owner} {write.Placement}", write.Placement, write.IsRemoval ? "Delete" : "Update", owner, write.Stamp, PlacementWrites.Changes(works, write)), answer);
}

/// <summary>What a GitWriter is told.</summary>
public abstract record GitWriterMessage
{
    public sealed record Write(WriteRequest Request) : GitWriterMessage;

    /// <summary>The address or its credentials have changed: open the store again, and try at once what waits.</summary>
    public sealed record Reopen(GitAddress Address) : GitWriterMessage;

    public sealed record Linger : GitWriterMessage;

    public sealed record Retry : GitWriterMessage;

    public sealed record BatchEnded(Outcome<BatchResult> Outcome) : GitWriterMessage;

    public sealed record Threw(Exception Cause) : GitWriterMessage;
}

/// <summary>
/// The single writer of one branch of one repository. While a push is on its way everything that comes waits together, and goes out with the next:
/// the slower the remote, the larger the batches. It keeps what could not be written and tries again; nobody else retries a write.
/// </summary>
internal sealed class GitWriterActor(IStateStores stores, GitAddress address, EngineSettings settings, Action troubled) : Actor<GitWriterMessage>
{
    private const string LingerTimer = "linger";
    private const string RetryTimer = "retry";

    private readonly Dictionary<string, WriteRequest> _waiting = new(StringComparer.Ordinal);
    private readonly Backoff _backoff = new(settings.WriteRetry.Min, settings.WriteRetry.Max);
    private readonly PushBudget _budget = new(settings.PushesPerMinute(HostOf(address.Url)));
    private Dictionary<string, WriteRequest>? _writing;
    private IStateStore? _store;
    private GitAddress _address = address;
    private bool _reopen;

    protected override void Receive(GitWriterMessage message)
    {
        switch (message)
        {
            case GitWriterMessage.Write write:
                _waiting[write.Request.Intent.Id] = write.Request;
                if (_writing is null && !Context.Timers.IsActive(LingerTimer) && !Context.Timers.IsActive(RetryTimer))
                    Context.Timers.StartSingle(LingerTimer, new GitWriterMessage.Linger(), settings.BatchLinger);
                break;
            case GitWriterMessage.Reopen reopen:
                _address = reopen.Address;
                _reopen = true;
                Context.Timers.Cancel(RetryTimer);
                StartBatch();
                break;
            case GitWriterMessage.Linger or GitWriterMessage.Retry:
                StartBatch();
                break;
            case GitWriterMessage.BatchEnded ended:
                EndBatch(ended.Outcome);
                StartBatch();
                break;
            case GitWriterMessage.Threw threw:
                // A bug in the adapter must not lose what waits: it counts as a failure of this batch.
                EndBatch(new Outcome<BatchResult>.Transient(threw.Cause.Message));
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    protected override void PostStop() => _ = _store?.DisposeAsync().AsTask();

    private void StartBatch()
    {
        if (_writing is not null || _waiting.Count == 0 || Context.Timers.IsActive(RetryTimer))
            return;
        Context.Timers.Cancel(LingerTimer);
        if (_budget.Wait(Context.Time.GetUtcNow()) is var wait && wait > TimeSpan.Zero)
        {
            Context.Timers.StartSingle(LingerTimer, new GitWriterMessage.Linger(), wait);
            return;
        }

        _writing = NextBatch();
        foreach (var id in _writing.Keys)
            _waiting.Remove(id);
        Context.PipeToSelf<Outcome<BatchResult>>(
            Write([.. _writing.Values.Select(w => w.Intent)]), o => new GitWriterMessage.BatchEnded(o), e => new GitWriterMessage.Threw(e));
    }

    /// <summary>What has waited longest, up to the bounds; one placement always goes, whatever its size.</summary>
    private Dictionary<string, WriteRequest> NextBatch()
    {
        var batch = new Dictionary<string, WriteRequest>(StringComparer.Ordinal);
        var bytes = 0L;
        foreach (var (placement, request) in _waiting)
        {
            bytes += request.Intent.Changes.Sum(SizeOf);
            if (batch.Count > 0 && (batch.Count >= settings.BatchMaxIntents || bytes > settings.BatchMaxBytes))
                break;
            batch[placement] = request;
        }

        return batch;
    }

    private static long SizeOf(PathChange change) => change switch
    {
        PathChange.ReplaceDirectory directory => directory.Files.Sum(f => f.Size),
        PathChange.PutFile put => put.File.Size,
        _ => 0,
    };

    private static string HostOf(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.Host
        : url.Split(':')[0] is var scp && scp.Contains('@', StringComparison.Ordinal) ? scp[(scp.IndexOf('@', StringComparison.Ordinal) + 1)..] : "";

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
        var written = _writing!;
        _writing = null;
        if (outcome is Outcome<BatchResult>.Done done)
        {
            _backoff.Reset();
            _budget.Spent(done.Value.Pushes, Context.Time.GetUtcNow());
            foreach (var request in written.Values)
                Answer(request, done.Value.Results.GetValueOrDefault(request.Intent.Id));
            return;
        }

        foreach (var request in written.Values)
            KeepWaiting(request, outcome.Failure!);
        // Perhaps the Secret has changed: whoever knows the address looks again while this one waits.
        troubled();
        var asked = outcome is Outcome<BatchResult>.Transient transient ? transient.After : null;
        Context.Timers.StartSingle(RetryTimer, new GitWriterMessage.Retry(), _backoff.Next(asked));
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
                KeepWaiting(request, $"the store did not answer for {request.Intent.Placement}");
                if (!Context.Timers.IsActive(RetryTimer))
                    Context.Timers.StartSingle(RetryTimer, new GitWriterMessage.Retry(), _backoff.Next(null));
                break;
        }
    }

    /// <summary>Unless a later request for the placement has come meanwhile: that one is what is wanted now.</summary>
    private void KeepWaiting(WriteRequest request, string reason)
    {
        if (_waiting.TryAdd(request.Intent.Id, request))
            request.Answer(new WriteAnswer.Failed(reason, TriesAgain: true));
    }
}
