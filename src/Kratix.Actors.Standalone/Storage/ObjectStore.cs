using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Kratix.Actors.Standalone.Storage;

/// <summary>
/// All objects: memory for reading, SQLite for keeping, one writer thread between the two. Every write names the version it replaces and is
/// refused when that is no longer the current one. A write is visible, to readers and watchers alike, only once it is durable.
/// </summary>
public sealed class ObjectStore : IAsyncDisposable
{
    private readonly ObjectDatabase _database;
    private readonly Channel<PendingWrite> _queue = Channel.CreateUnbounded<PendingWrite>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _gate = new();
    private readonly Dictionary<GroupResource, WatchHistory> _histories = [];
    private readonly Dictionary<GroupResource, List<Channel<WatchEvent>>> _watchers = [];
    private readonly StoreBounds _bounds;
    private readonly long _loadedVersion;
    private readonly Task _writer;
    private volatile Snapshot _snapshot;

    private ObjectStore(ObjectDatabase database, StoreBounds bounds, TimeProvider time)
    {
        _database = database;
        _bounds = bounds;
        Time = time;
        _snapshot = database.Load();
        _loadedVersion = _snapshot.Version;
        _writer = Task.Factory.StartNew(WriteAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Called on the writer thread after each commit, before the writers are answered. Must be quick and must not throw.</summary>
    internal event Action<IReadOnlyList<WatchEvent>>? Committed;

    /// <summary>The version of the newest write.</summary>
    public long Version => _snapshot.Version;

    internal Snapshot Current => _snapshot;

    internal TimeProvider Time { get; }

    public static ObjectStore Open(string path, StoreBounds bounds, TimeProvider time) => new(new ObjectDatabase(path), bounds, time);

    public StoredObject? Get(ObjectKey key) => _snapshot.Get(key);

    /// <summary>A consistent list and the version to watch from.</summary>
    public (long Version, IReadOnlyList<StoredObject> Items) List(GroupResource resource, string? ns = null)
    {
        var snapshot = _snapshot;
        return (snapshot.Version, [.. snapshot.List(resource, ns)]);
    }

    /// <summary>Stores a new object; false when the key is taken. <c>uid</c> and <c>creationTimestamp</c> are filled in when missing.</summary>
    public async Task<StoredObject?> TryCreate(ObjectKey key, JsonObject o)
    {
        ObjectMetadata.FillNew(key, o, Time);
        return await Submit(new PendingWrite(key, 0, PreparedObject.Of(o), false));
    }

    /// <summary>Replaces exactly this state; null when it is no longer the current one.</summary>
    public Task<StoredObject?> TryReplace(StoredObject current, JsonObject next) =>
        Submit(new PendingWrite(current.Key, current.Version, PreparedObject.Of(next), false));

    /// <summary>Removes exactly this state, finalizers or not; null when it is no longer the current one.</summary>
    public Task<StoredObject?> TryRemove(StoredObject current, JsonObject? lastState = null) =>
        Submit(new PendingWrite(current.Key, current.Version, PreparedObject.Of(lastState ?? current.Parse()), true));

    /// <summary>
    /// Reads, changes and writes until no other writer came between. <paramref name="change"/> returns the new state, or null to leave the
    /// object alone. Generation, deletion and "nothing changed" are treated as for a write over HTTP: when a marked object loses its last
    /// finalizer it is removed.
    /// </summary>
    /// <returns>The state now stored (or last seen, when removed); null when there is no such object.</returns>
    public async Task<StoredObject?> Change(ObjectKey key, Func<JsonObject, JsonObject?> change)
    {
        while (true)
        {
            if (Get(key) is not { } current) return null;
            if (change(current.Parse()) is not { } next) return current;
            if (await Write(current, next) is { } written) return written;
        }
    }

    /// <summary>One conditional write under the rules of <see cref="Change"/>; null when <paramref name="current"/> is out of date.</summary>
    internal async Task<StoredObject?> Write(StoredObject current, JsonObject next)
    {
        var before = current.Parse();
        ObjectMetadata.KeepSystemFields(before, next);
        return JsonNode.DeepEquals(before, next) ? current : await WriteKept(current, next);
    }

    /// <summary>The same for a caller who has compared the two and has seen to the system's fields.</summary>
    internal Task<StoredObject?> WriteKept(StoredObject current, JsonObject next) =>
        ObjectMetadata.IsFinished(next) ? TryRemove(current, next) : TryReplace(current, next);

    /// <summary>
    /// Every change of a kind after <paramref name="fromVersion"/>, in order, until cancelled. A watcher that falls behind by more than the
    /// store's bound ends with <see cref="WatchExpiredException"/>.
    /// </summary>
    public async IAsyncEnumerable<WatchEvent> Watch(GroupResource resource, long fromVersion, [EnumeratorCancellation] CancellationToken ct)
    {
        using var subscription = Subscribe(resource, fromVersion);
        await foreach (var e in subscription.Events.ReadAllAsync(ct)) yield return e;
    }

    /// <summary>Registers a watcher at once (so that nothing between this call and the first read is lost).</summary>
    internal WatchSubscription Subscribe(GroupResource resource, long fromVersion)
    {
        var channel = Channel.CreateBounded<WatchEvent>(new BoundedChannelOptions(_bounds.WatcherBacklog + _bounds.WatchHistory) { SingleReader = true });
        lock (_gate)
        {
            foreach (var e in HistoryOf_NeedsGate(resource).After(fromVersion)) channel.Writer.TryWrite(e);
            if (!_watchers.TryGetValue(resource, out var list)) _watchers[resource] = list = [];
            list.Add(channel);
            if (_queue.Reader.Completion.IsCompleted) channel.Writer.TryComplete();
        }
        return new WatchSubscription(channel.Reader, () => Unsubscribe(resource, channel));
    }

    /// <summary>A version whose events, and those of all before it, every watcher has been handed.</summary>
    internal long VersionToldToWatchers()
    {
        lock (_gate) return _snapshot.Version;
    }

    /// <summary>Versions up to this one can no longer be watched from.</summary>
    internal long OldestVersion(GroupResource resource)
    {
        lock (_gate) return HistoryOf_NeedsGate(resource).Floor;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete()) return;
        await _writer;
        lock (_gate)
        {
            foreach (var channel in _watchers.Values.SelectMany(w => w)) channel.Writer.TryComplete();
        }
        _database.Dispose();
    }

    private Task<StoredObject?> Submit(PendingWrite write)
    {
        if (!_queue.Writer.TryWrite(write)) throw new ObjectDisposedException(nameof(ObjectStore), "the object store is closed");
        return write.Done.Task;
    }

    /// <summary>The writer: takes whatever waits (a lone write does not wait for company), commits it once, shows it, answers.</summary>
    private void WriteAll()
    {
        var batch = new List<PendingWrite>();
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            while (batch.Count < _bounds.BatchSize && _queue.Reader.TryRead(out var write)) batch.Add(write);
            WriteBatch(batch);
        }
    }

    private void WriteBatch(List<PendingWrite> batch)
    {
        var version = _snapshot.Version;
        var events = new List<WatchEvent>(batch.Count);
        var overlay = new Dictionary<ObjectKey, StoredObject?>();
        var answers = new List<(PendingWrite Write, StoredObject? Answer)>(batch.Count);
        foreach (var write in batch)
        {
            var current = overlay.TryGetValue(write.Key, out var newer) ? newer : _snapshot.Get(write.Key);
            if ((current?.Version ?? 0) != write.Expected)
            {
                answers.Add((write, null));
                continue;
            }
            var next = new StoredObject(write.Key, ++version, write.Next.Stamp(version));
            var type = write.Removes ? WatchEventType.Deleted : current is null ? WatchEventType.Added : WatchEventType.Modified;
            events.Add(new WatchEvent(type, next, current));
            overlay[write.Key] = write.Removes ? null : next;
            answers.Add((write, next));
        }
        if (events.Count > 0 && !TryCommit(events, version, batch)) return;
        foreach (var (write, answer) in answers) write.Done.TrySetResult(answer);
    }

    private bool TryCommit(List<WatchEvent> events, long version, List<PendingWrite> batch)
    {
        try
        {
            _database.Commit(events, version);
        }
        catch (Exception failure) // disk full, I/O error: nothing was stored, every waiting writer is told, the next batch tries afresh
        {
            foreach (var write in batch) write.Done.TrySetException(new IOException($"the object store could not write: {failure.Message}", failure));
            return false;
        }
        lock (_gate)
        {
            _snapshot = _snapshot.With(version, events);
            foreach (var e in events) Publish_NeedsGate(e);
        }
        Committed?.Invoke(events);
        return true;
    }

    private void Publish_NeedsGate(WatchEvent e)
    {
        var resource = e.Object.Key.Resource;
        HistoryOf_NeedsGate(resource).Add(e);
        if (!_watchers.TryGetValue(resource, out var watchers)) return;
        for (var i = watchers.Count - 1; i >= 0; i--)
        {
            if (watchers[i].Writer.TryWrite(e)) continue;
            watchers[i].Writer.TryComplete(new WatchExpiredException(e.Version, e.Version));
            watchers.RemoveAt(i);
        }
    }

    private WatchHistory HistoryOf_NeedsGate(GroupResource resource)
    {
        if (!_histories.TryGetValue(resource, out var history)) _histories[resource] = history = new WatchHistory(_bounds.WatchHistory, _loadedVersion);
        return history;
    }

    private void Unsubscribe(GroupResource resource, Channel<WatchEvent> channel)
    {
        lock (_gate)
        {
            if (_watchers.TryGetValue(resource, out var list)) list.Remove(channel);
        }
    }

    /// <param name="Expected">The version this write replaces; 0 when the key must be free.</param>
    private sealed record PendingWrite(ObjectKey Key, long Expected, PreparedObject Next, bool Removes)
    {
        public TaskCompletionSource<StoredObject?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>What may grow in the store, and how far.</summary>
/// <param name="WatchHistory">Changes remembered per kind; a watch from an older version gets 410.</param>
/// <param name="WatcherBacklog">Changes a slow watcher may lag behind before it is cut off.</param>
/// <param name="BatchSize">Writes that share one transaction at most.</param>
public sealed record StoreBounds(int WatchHistory = 10_000, int WatcherBacklog = 10_000, int BatchSize = 1_000);

internal sealed class WatchSubscription(ChannelReader<WatchEvent> events, Action stop) : IDisposable
{
    public ChannelReader<WatchEvent> Events => events;

    public void Dispose() => stop();
}
