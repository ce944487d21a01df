namespace Kratix.Actors.Standalone.Storage;

/// <summary>The last changes of one kind, bounded; not thread-safe, guarded by the store's gate.</summary>
internal sealed class WatchHistory(int capacity, long floor)
{
    private readonly Queue<WatchEvent> _events = new();

    /// <summary>Events up to and including this version may have been forgotten.</summary>
    public long Floor { get; private set; } = floor;

    public void Add(WatchEvent e)
    {
        _events.Enqueue(e);
        if (_events.Count > capacity) Floor = _events.Dequeue().Version;
    }

    public IEnumerable<WatchEvent> After(long version)
    {
        if (version < Floor) throw new WatchExpiredException(version, Floor);
        return _events.Where(e => e.Version > version);
    }
}
