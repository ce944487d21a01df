using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Testing;

/// <summary>State stores that are dictionaries: one per URL (a trailing slash and <c>.git</c> do not count) and branch. They pass the contract of the real ones.</summary>
public sealed class InMemoryStateStores(IContentStore contents) : IStateStores
{
    private readonly ConcurrentDictionary<string, InMemoryStateStore> _stores = new(StringComparer.Ordinal);

    public Outcome<string> KeyOf(StateStoreAddress address)
    {
        if (address is not GitAddress git)
            return new Outcome<string>.Done($"bucket {((BucketAddress)address).Bucket}");
        var url = git.Url.TrimEnd('/');
        return new Outcome<string>.Done($"{(url.EndsWith(".git", StringComparison.Ordinal) ? url[..^4] : url)}#{git.Branch}");
    }

    /// <summary>With which addresses stores were opened, oldest first.</summary>
    public ConcurrentQueue<StateStoreAddress> Opened { get; } = [];

    public Outcome<IStateStore> Open(StateStoreAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null) =>
        KeyOf(address).Select<IStateStore>(key =>
        {
            Opened.Enqueue(address);
            return beforePush is null ? Store(key) : new Guarded(Store(key), beforePush);
        });

    /// <summary>The store behind a key of <see cref="KeyOf"/>, to look into and to break.</summary>
    public InMemoryStateStore Store(string key) => _stores.GetOrAdd(key, k => new InMemoryStateStore(k, contents));
}

/// <summary>Asks before it writes.</summary>
internal sealed class Guarded(InMemoryStateStore store, Func<Task<Outcome<Nothing>>> beforePush) : IStateStore
{
    public async Task<Outcome<BatchResult>> Write(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) =>
        await beforePush() is { Failure: not null } stopped ? stopped.Select(_ => default(BatchResult)!) : await store.Write(intents, cancellation);

    public Task<Outcome<IReadOnlySet<string>>> Differing(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) => store.Differing(intents, cancellation);

    public Task<Outcome<Nothing>> CheckAccess(CancellationToken cancellation) => store.CheckAccess(cancellation);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}

/// <summary>One branch in memory. <see cref="FailWith"/> makes it answer an outage until it is set to null again.</summary>
public sealed class InMemoryStateStore(string key, IContentStore contents) : IStateStore
{
    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, byte[]> _files = ImmutableSortedDictionary.Create<string, byte[]>(StringComparer.Ordinal);
    private ImmutableList<ImmutableArray<WriteIntent>> _commits = [];

    public ImmutableSortedDictionary<string, byte[]> Files => _files;

    /// <summary>The changed intents of each commit, oldest first.</summary>
    public ImmutableList<ImmutableArray<WriteIntent>> Commits => _commits;

    /// <summary>A transient or terminal failure of every call, by reason and code (null: transient).</summary>
    public (string Reason, Refusal? Code)? FailWith { get; set; }

    /// <summary>Called when a write has begun and nothing is changed yet, for tests that hold a write or count them.</summary>
    public Func<IReadOnlyList<WriteIntent>, Task> BeforeWrite { get; set; } = _ => Task.CompletedTask;

    /// <summary>Awaited before it is said whether the store can be used, for tests that hold that.</summary>
    public Func<Task> BeforeChecked { get; set; } = () => Task.CompletedTask;

    /// <summary>Changes files as somebody else would.</summary>
    public void Edit(Func<ImmutableSortedDictionary<string, byte[]>, ImmutableSortedDictionary<string, byte[]>> edit)
    {
        lock (_lock)
        {
            _files = edit(_files);
            _commits = _commits.Add([]);
        }
    }

    public async Task<Outcome<BatchResult>> Write(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation)
    {
        await BeforeWrite(intents);
        if (Failure<BatchResult>() is { } failure)
            return failure;
        var bytes = await Bytes(intents, cancellation);
        lock (_lock)
        {
            var (result, files, changed) = Plan(intents, bytes);
            if (changed.Count > 0)
                (_files, _commits) = (files, _commits.Add([.. intents.Where(i => changed.Contains(i.Id))]));
            return new Outcome<BatchResult>.Done(result(CommitId()));
        }
    }

    public async Task<Outcome<IReadOnlySet<string>>> Differing(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation)
    {
        if (Failure<IReadOnlySet<string>>() is { } failure)
            return failure;
        var bytes = await Bytes(intents, cancellation);
        lock (_lock)
            return new Outcome<IReadOnlySet<string>>.Done(Plan(intents, bytes).Changed);
    }

    private async Task<Dictionary<string, byte[]?>> Bytes(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation)
    {
        var bytes = new Dictionary<string, byte[]?>(StringComparer.Ordinal);
        foreach (var digest in intents.SelectMany(i => i.Changes).SelectMany(InMemoryChange.FilesOf).Select(f => f.Digest).Distinct(StringComparer.Ordinal))
            bytes[digest] = await contents.Get(digest, cancellation);
        return bytes;
    }

    public async Task<Outcome<Nothing>> CheckAccess(CancellationToken cancellation)
    {
        await BeforeChecked();
        return Failure<Nothing>() ?? new Outcome<Nothing>.Done(default);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Outcome<T>? Failure<T>() => FailWith switch
    {
        null => null,
        (var reason, null) => new Outcome<T>.Transient($"{key}: {reason}"),
        (var reason, { } code) => new Outcome<T>.Terminal(code, $"{key}: {reason}"),
    };

    /// <summary>What the intents come to: the answer when the commit has this id, the files afterwards, and the intents that change something.</summary>
    private (Func<string, BatchResult> Result, ImmutableSortedDictionary<string, byte[]> Files, HashSet<string> Changed) Plan(
        IReadOnlyList<WriteIntent> intents, Dictionary<string, byte[]?> bytes)
    {
        var refusals = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            var active = intents.Where(i => !refusals.ContainsKey(i.Id)).ToList();
            var claims = BatchClaims.Of(active);
            var (files, changed, fault) = claims.Refusals.Count > 0 ? (_files, [], null) : Apply(active, claims, bytes);
            foreach (var (id, reason) in claims.Refusals)
                refusals.Add(id, reason);
            if (fault is var (bad, why))
                refusals.Add(bad, why);
            if (claims.Refusals.Count > 0 || fault is not null)
                continue;

            var before = CommitId();
            if (Same(files, _files))
                changed = [];
            return (head => new BatchResult(head, changed.Count == 0 ? 0 : 1, intents.ToImmutableDictionary(i => i.Id, i =>
                refusals.TryGetValue(i.Id, out var reason) ? new IntentResult.Refused(reason)
                : changed.Contains(i.Id) ? new IntentResult.Written(head, Changed: true)
                : (IntentResult)new IntentResult.Written(before, Changed: false))), files, changed);
        }
    }

    private (ImmutableSortedDictionary<string, byte[]> Files, HashSet<string> Changed, (string Id, string Reason)? Fault) Apply(
        List<WriteIntent> intents, BatchClaims claims, Dictionary<string, byte[]?> bytes)
    {
        var files = _files;
        var changed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var intent in intents)
        {
            var change = new InMemoryChange(files, claims, intent, bytes);
            if (intent.Changes.Select(change.Apply).FirstOrDefault(p => p is not null) is { } problem)
                return (files, changed, (intent.Id, problem));
            if (!Same(files, change.Files))
                changed.Add(intent.Id);
            files = change.Files;
        }

        return (files, changed, null);
    }

    private static bool Same(ImmutableSortedDictionary<string, byte[]> one, ImmutableSortedDictionary<string, byte[]> other) =>
        ReferenceEquals(one, other) || (one.Count == other.Count && one.All(f => other.TryGetValue(f.Key, out var bytes) && bytes.AsSpan().SequenceEqual(f.Value)));

    private string CommitId() => _commits.IsEmpty ? "" : Digest.Of(key, _commits.Count.ToString(CultureInfo.InvariantCulture))[..40];
}
