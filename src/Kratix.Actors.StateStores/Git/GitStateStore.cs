using System.Collections.Immutable;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Planning;

namespace Kratix.Actors.StateStores.Git;

/// <summary>
/// One branch. A batch is planned on the newest commit known, committed and pushed on condition that the branch still stands there.
/// So in the normal case a batch costs one exchange with the server; when somebody else pushed, it is fetched and planned again.
/// </summary>
internal sealed class GitStateStore(
    GitStateStoresOptions options, IContentStore contents, GitAddress address, GitAccess access, GitCache cache, Func<Task<Outcome<Nothing>>>? beforePush, SemaphoreSlim turn) : IStateStore
{
    private readonly GitRemote _remote = new(options, access, cache);

    // The commit our branch stood at when we last saw it, and whether it was seen at all (an empty repository has none).
    private (bool Seen, string? Commit) _head;
    private int _commitsSinceRepack;

    public Task<Outcome<BatchResult>> Write(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) =>
        InTurn(stop => WriteBatch(intents, new BlobIds(new BatchContents(contents, stop)), stop), cancellation);

    public Task<Outcome<IReadOnlySet<string>>> Differing(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) => InTurn<IReadOnlySet<string>>(
        async stop =>
        {
            var known = _head.Seen && _head.Commit is { } commit && await _remote.StandsAt(commit, stop);
            if (!known && await Fetch(stop) is { Failure: not null } unreachable)
                return unreachable.Select(_ => default(IReadOnlySet<string>)!);
            var plan = await PlanOn(_head.Commit, intents, new BlobIds(new BatchContents(contents, stop)), stop);
            return new Outcome<IReadOnlySet<string>>.Done(plan.Changed.Select(i => i.Id).ToHashSet(StringComparer.Ordinal));
        }, cancellation);

    public Task<Outcome<Nothing>> CheckAccess(CancellationToken cancellation) =>
        InTurn(async stop => await Fetch(stop) is { Failure: not null } failed ? failed.Select(_ => default(Nothing)) : await _remote.TryPush(_head.Commit, stop), cancellation);

    public ValueTask DisposeAsync()
    {
        access.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<Outcome<BatchResult>> WriteBatch(IReadOnlyList<WriteIntent> intents, BlobIds blobs, CancellationToken cancellation)
    {
        var pushes = 0;
        for (var redone = 0; redone <= options.MaxRedo; redone++)
        {
            var fresh = !_head.Seen;
            if (fresh && await Fetch(cancellation) is { Failure: not null } unreachable)
                return unreachable.Select(_ => default(BatchResult)!);

            var plan = await PlanOn(_head.Commit, intents, blobs, cancellation);
            if (plan.Changes.Count == 0 && !fresh)
            {
                // "It is all there" is a statement about the remote, so the remote is asked.
                var known = _head.Commit;
                if ((known is null || !await _remote.StandsAt(known, cancellation)) && await Fetch(cancellation) is { Failure: not null } unreachableNow)
                    return unreachableNow.Select(_ => default(BatchResult)!);
                if (_head.Commit != known)
                    plan = await PlanOn(_head.Commit, intents, blobs, cancellation);
            }

            if (plan.Changes.Count == 0)
                return Result(intents, plan, _head.Commit ?? "", _head.Commit ?? "", pushes);

            var parent = _head.Commit;
            var commit = await cache.Commit(access, CommitOf(parent, plan), blobs.Contents, cancellation);
            if (beforePush is not null && await beforePush() is { Failure: not null } stopped)
                return stopped.Select(_ => default(BatchResult)!);

            // Until the push has answered, nobody knows where the branch stands.
            _head = default;
            pushes++;
            switch (await _remote.Push(commit, parent, cancellation))
            {
                case Outcome<PushAnswer>.Done { Value: PushAnswer.Accepted }:
                    _head = (true, commit);
                    await KeepSmall(cancellation);
                    return Result(intents, plan, parent ?? commit, commit, pushes);
                case Outcome<PushAnswer>.Done when await Fetch(cancellation) is { Failure: not null } unreachableNow:
                    return unreachableNow.Select(_ => default(BatchResult)!);
                // The transport may repeat a push whose answer it lost; the repetition then loses the race against itself.
                case Outcome<PushAnswer>.Done when _head.Commit == commit:
                    return Result(intents, plan, parent ?? commit, commit, pushes);
                case Outcome<PushAnswer>.Done:
                    continue;
                case var failed:
                    return failed.Select(_ => default(BatchResult)!);
            }
        }

        return new Outcome<BatchResult>.Transient($"{access.Url.Shown}: branch '{access.Branch}' moved {pushes} times while this batch was written; others are pushing to it");
    }

    private Task<BatchPlan> PlanOn(string? commit, IReadOnlyList<WriteIntent> intents, BlobIds blobs, CancellationToken cancellation) =>
        cache.Plan(access, commit, intents, blobs, cancellation);

    private CommitStream CommitOf(string? parent, BatchPlan plan) =>
        new(parent, address.AuthorName, address.AuthorEmail, options.TimeProvider.GetUtcNow(), CommitMessage.Of(plan.Changed), plan.Changes);

    private static Outcome<BatchResult> Result(IReadOnlyList<WriteIntent> intents, BatchPlan plan, string checkedCommit, string head, int pushes)
    {
        var changed = plan.Changed.Select(i => i.Id).ToHashSet(StringComparer.Ordinal);
        return new Outcome<BatchResult>.Done(new BatchResult(head, pushes, intents.ToImmutableDictionary(i => i.Id, i =>
            plan.Refusals.TryGetValue(i.Id, out var reason) ? new IntentResult.Refused(reason)
            : changed.Contains(i.Id) ? new IntentResult.Written(head, Changed: true)
            : (IntentResult)new IntentResult.Written(checkedCommit, Changed: false))));
    }

    private async Task<Outcome<Nothing>> Fetch(CancellationToken cancellation)
    {
        _head = default;
        var fetched = await _remote.Fetch(cancellation);
        if (fetched is Outcome<string?>.Done { Value: var commit })
            _head = (true, commit);
        return fetched.Select(_ => default(Nothing));
    }

    private async Task KeepSmall(CancellationToken cancellation)
    {
        if (++_commitsSinceRepack < options.CommitsBetweenRepacks)
            return;
        _commitsSinceRepack = 0;
        // Fetching one commit deep first makes everything before it forgettable. The batch is written whatever becomes of this.
        if (await Fetch(cancellation) is { Failure: null })
            await cache.Repack(access, cancellation);
    }

    /// <summary>One caller at a time; a broken cache is made anew once, since it holds nothing of its own.</summary>
    private async Task<Outcome<T>> InTurn<T>(Func<CancellationToken, Task<Outcome<T>>> work, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            if (await access.Ready(cancellation) is { Failure: not null } refused)
                return refused.Select(_ => default(T)!);
            try
            {
                await cache.Prepare(access, cancellation);
                return await work(cancellation);
            }
            catch (BrokenCacheException)
            {
                _head = default;
                cache.Discard();
                await cache.Prepare(access, cancellation);
                return await work(cancellation);
            }
        }
        catch (Exception e) when (e is BrokenCacheException or GitUnusableException or IOException or UnauthorizedAccessException or JournalException)
        {
            _head = default;
            var disk = e is JournalException || cache.SpaceProblem() is not { } full ? "" : full + "; ";
            return new Outcome<T>.Transient($"{access.Url.Shown}: {disk}{access.WithoutSecrets(e.Message)}");
        }
        finally
        {
            turn.Release();
        }
    }
}
