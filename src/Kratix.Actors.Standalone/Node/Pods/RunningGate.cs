namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>At most so many Pods with running containers; who came first goes first.</summary>
internal sealed class RunningGate(int places)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private int _free = places;

    public async Task Enter(CancellationToken ct)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_free > 0 && _waiting.Count == 0)
            {
                _free--;
                return;
            }
            _waiting.AddLast(turn);
        }
        await using var cancelling = ct.Register(() => GiveUp(turn, ct));
        await turn.Task;
    }

    /// <summary>For a Pod that was already running when the node started: it takes its place even when none is free.</summary>
    public void Force()
    {
        lock (_gate) _free--;
    }

    public void Leave()
    {
        lock (_gate)
        {
            _free++;
            while (_free > 0 && _waiting.First is { } next)
            {
                _waiting.RemoveFirst();
                _free--;
                next.Value.SetResult();
            }
        }
    }

    private void GiveUp(TaskCompletionSource turn, CancellationToken ct)
    {
        lock (_gate)
        {
            if (!_waiting.Remove(turn)) return; // its turn came first: the caller has the place
            turn.SetCanceled(ct);
        }
    }
}
