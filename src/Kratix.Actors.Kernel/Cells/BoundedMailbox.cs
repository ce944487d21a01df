namespace Kratix.Actors.Kernel;

/// <summary>
/// The messages of an actor whose mailbox has a bound. Bounded mailboxes stand at the edges and are few, so a lock is cheap, and only
/// under a lock can a sender drop the oldest of them.
/// </summary>
internal sealed class BoundedMailbox(int capacity, OverflowPolicy overflow)
{
    private readonly Queue<Node> _waiting = new();
    private bool _closed;
    private bool _woken;

    /// <returns>Whether the cell must be woken; and the node that gave way, which may be the one offered.</returns>
    internal bool Offer(Node node, out Node? dropped, out bool closed)
    {
        lock (_waiting)
        {
            dropped = null;
            closed = _closed;
            if (_closed)
                return false;
            if (_waiting.Count == capacity)
            {
                dropped = overflow == OverflowPolicy.DropNewest ? node : _waiting.Dequeue();
                if (dropped == node)
                    return false;
            }

            _waiting.Enqueue(node);
            var wake = !_woken;
            _woken = true;
            return wake;
        }
    }

    internal void Woken()
    {
        lock (_waiting)
            _woken = false;
    }

    internal Node? Take()
    {
        lock (_waiting)
            return _waiting.TryDequeue(out var node) ? node : null;
    }

    internal int Count
    {
        get
        {
            lock (_waiting)
                return _waiting.Count;
        }
    }

    internal Node[] Close()
    {
        lock (_waiting)
        {
            _closed = true;
            var rest = _waiting.ToArray();
            _waiting.Clear();
            return rest;
        }
    }
}
