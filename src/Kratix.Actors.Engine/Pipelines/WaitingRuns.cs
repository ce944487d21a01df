using Kratix.Actors.Kernel;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>
/// Runs that wait for a slot: by Promise, so that ten thousand requests behind one busy Promise are passed over in one step, and numbered, so that
/// among those that may run whoever came first goes first.
/// </summary>
internal sealed class WaitingRuns
{
    private readonly Dictionary<string, LinkedList<Waiting>> _byPromise = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, LinkedListNode<Waiting>> _byActor = new(ReferenceEqualityComparer.Instance);
    private long _tickets;

    internal int Count => _byActor.Count;

    /// <summary>Whoever waits already keeps the place.</summary>
    internal void Add(RunSlotsMessage.Acquire acquire)
    {
        if (_byActor.ContainsKey(acquire.Who))
            return;
        if (!_byPromise.TryGetValue(acquire.Promise, out var queue))
            _byPromise[acquire.Promise] = queue = [];
        _byActor[acquire.Who] = queue.AddLast(new Waiting(_tickets++, acquire));
    }

    internal void Remove(IActorRef actor)
    {
        if (_byActor.Remove(actor, out var node))
            Unlink(node);
    }

    /// <summary>Takes out who came first of those whose Promise <paramref name="hasRoom"/>; null when nobody may run.</summary>
    internal RunSlotsMessage.Acquire? TakeFirst(Func<string, bool> hasRoom)
    {
        LinkedListNode<Waiting>? first = null;
        foreach (var (promise, queue) in _byPromise)
        {
            if ((first is null || queue.First!.Value.Ticket < first.Value.Ticket) && hasRoom(promise))
                first = queue.First;
        }

        if (first is null)
            return null;
        _byActor.Remove(first.Value.Acquire.Who);
        Unlink(first);
        return first.Value.Acquire;
    }

    private void Unlink(LinkedListNode<Waiting> node)
    {
        var queue = node.List!;
        queue.Remove(node);
        if (queue.Count == 0)
            _byPromise.Remove(node.Value.Acquire.Promise);
    }

    private sealed record Waiting(long Ticket, RunSlotsMessage.Acquire Acquire);
}
