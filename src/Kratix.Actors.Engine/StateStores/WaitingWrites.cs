using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>
/// What waits to be written, longest first, one request for each placement, and how much of it goes out together: all of it, up to the bounds.
/// When the other side declines a batch for what is in it, the suspects are halved until one is declined alone: about log2 of their number pushes. That one
/// goes alone from then on, until it is taken, so that it holds up nobody again.
/// </summary>
internal sealed class WaitingWrites(EngineSettings settings)
{
    private readonly Line _together = new();
    private readonly Line _alone = new();
    private readonly HashSet<string> _declined = new(StringComparer.Ordinal);

    // So many at the front of the line, of which at least one was declined.
    private int _suspects;
    private bool _alonesTurn;

    internal int Count => _together.Count + _alone.Count;

    internal bool IsEmpty => Count == 0;

    /// <summary>A later request for a placement takes the place of the earlier one.</summary>
    internal void Add(WriteRequest request) => LineOf(request).Put(request);

    /// <summary>Takes a request back that did not get through; false when a later one for its placement has come meanwhile.</summary>
    internal bool PutBack(WriteRequest request) => LineOf(request).PutInFront(request);

    internal IReadOnlyList<WriteRequest> Next()
    {
        if (_suspects == 0 && _alone.Count > 0 && (_alonesTurn || _together.Count == 0))
        {
            _alonesTurn = false;
            return [_alone.Take()];
        }

        _alonesTurn = true;
        var most = _suspects > 0 ? (_suspects + 1) / 2 : settings.BatchMaxIntents;
        var batch = new List<WriteRequest>();
        var (files, bytes) = (0L, 0L);
        while (batch.Count < most && _together.First is { } request)
        {
            (files, bytes) = (files + request.Intent.Changes.Sum(FilesOf), bytes + request.Intent.Changes.Sum(SizeOf));
            if (batch.Count > 0 && (files > settings.BatchMaxFiles || bytes > settings.BatchMaxBytes))
                break;
            batch.Add(_together.Take());
        }

        return batch;
    }

    /// <summary>Takes out those that are not to be written after all.</summary>
    internal IReadOnlyList<WriteRequest> TakeAll(Func<WriteRequest, bool> which) => [.. _together.TakeAll(which), .. _alone.TakeAll(which)];

    internal void Taken(IReadOnlyList<WriteRequest> batch)
    {
        if (_declined.Remove(batch[0].Intent.Id))
            _alone.Move(batch[0].Intent.Id, _together);
        else
            _suspects = Math.Max(0, _suspects - batch.Count);
    }

    /// <summary>Null: it is halved and goes out again. Else the one request that was declined by itself.</summary>
    internal WriteRequest? Declined(IReadOnlyList<WriteRequest> batch)
    {
        if (batch is [var one])
        {
            if (_declined.Add(one.Intent.Id))
            {
                _suspects = 0;
                _together.Move(one.Intent.Id, _alone);
            }

            return one;
        }

        _suspects = batch.Count;
        foreach (var request in batch.Reverse())
            PutBack(request);
        return null;
    }

    private Line LineOf(WriteRequest request) => _declined.Contains(request.Intent.Id) ? _alone : _together;

    private static long FilesOf(PathChange change) => Math.Max(1, Files(change).Length);

    private static long SizeOf(PathChange change) => Files(change).Sum(f => f.Size);

    private static ImmutableArray<FileEntry> Files(PathChange change) => change switch
    {
        PathChange.ReplaceDirectory directory => directory.Files,
        PathChange.ReplaceListed listed => listed.Files,
        PathChange.ReplaceSection section => section.Files,
        PathChange.PutFile put => [put.File],
        _ => [],
    };

    private sealed class Line
    {
        private readonly LinkedList<WriteRequest> _order = new();
        private readonly Dictionary<string, LinkedListNode<WriteRequest>> _byId = new(StringComparer.Ordinal);

        internal int Count => _byId.Count;

        internal WriteRequest? First => _order.First?.Value;

        internal void Put(WriteRequest request)
        {
            if (_byId.TryGetValue(request.Intent.Id, out var node))
                node.Value = request;
            else
                _byId[request.Intent.Id] = _order.AddLast(request);
        }

        /// <summary>A placement waits in one line at a time: from the other an earlier request would go out after a later one.</summary>
        internal void Move(string id, Line to)
        {
            if (!_byId.Remove(id, out var node))
                return;
            _order.Remove(node);
            to.Put(node.Value);
        }

        internal bool PutInFront(WriteRequest request)
        {
            if (_byId.ContainsKey(request.Intent.Id))
                return false;
            _byId[request.Intent.Id] = _order.AddFirst(request);
            return true;
        }

        internal List<WriteRequest> TakeAll(Func<WriteRequest, bool> which)
        {
            var taken = _order.Where(which).ToList();
            foreach (var request in taken)
            {
                _byId.Remove(request.Intent.Id, out var node);
                _order.Remove(node!);
            }

            return taken;
        }

        internal WriteRequest Take()
        {
            var first = _order.First!.Value;
            _order.RemoveFirst();
            _byId.Remove(first.Intent.Id);
            return first;
        }
    }
}
