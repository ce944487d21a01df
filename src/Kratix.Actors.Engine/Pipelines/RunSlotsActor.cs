using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Kernel;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>What the slots are asked and told.</summary>
public abstract record RunSlotsMessage
{
    /// <summary>Wants to run. <paramref name="Late"/>: periodic and restart work, which lets the rest go first.</summary>
    public sealed record Acquire(string RunId, string Promise, bool Late, IActorRef<PipelineMessage> Who) : RunSlotsMessage;
}

/// <summary>
/// Bounds how many runs are in flight, for the node and for each Promise. What users wait for goes first; every fourth slot goes to periodic work
/// if some waits, so that it is never starved. A slot is given back when the PipelineActor ends, however it ends.
/// </summary>
internal sealed class RunSlotsActor(int maxInFlight, int maxPerPromise) : Actor<RunSlotsMessage>
{
    private const int LateShare = 4;

    private readonly Dictionary<IActorRef, RunSlotsMessage.Acquire> _holders = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, int> _perPromise = new(StringComparer.Ordinal);
    private readonly WaitingRuns _soon = new();
    private readonly WaitingRuns _late = new();
    private readonly Shown _holding = new(EngineMeter.RunsInFlight);
    private readonly Shown _waitingSoon = new(EngineMeter.RunsWaiting, new KeyValuePair<string, object?>("class", "soon"));
    private readonly Shown _waitingLate = new(EngineMeter.RunsWaiting, new KeyValuePair<string, object?>("class", "late"));
    private int _granted;

    protected override void Receive(RunSlotsMessage message)
    {
        var acquire = (RunSlotsMessage.Acquire)message;
        // A PipelineActor that failed and started again asks again; what it had or waits for is still its own.
        if (_holders.ContainsKey(acquire.Who))
        {
            acquire.Who.Tell(new PipelineMessage.SlotGranted());
            return;
        }

        Context.Watch(acquire.Who);
        (acquire.Late ? _late : _soon).Add(acquire);
        Grant();
    }

    protected override void OnTerminated(IActorRef actor)
    {
        if (_holders.Remove(actor, out var held))
            _perPromise[held.Promise]--;
        _soon.Remove(actor);
        _late.Remove(actor);
        Grant();
    }

    protected override void PostStop()
    {
        _holding.Is(0);
        _waitingSoon.Is(0);
        _waitingLate.Is(0);
    }

    private void Grant()
    {
        Fill();
        _holding.Is(_holders.Count);
        _waitingSoon.Is(_soon.Count);
        _waitingLate.Is(_late.Count);
    }

    private void Fill()
    {
        while (_holders.Count < maxInFlight)
        {
            var lateTurn = _granted % LateShare == LateShare - 1;
            if (!(lateTurn ? Take(_late) || Take(_soon) : Take(_soon) || Take(_late)))
                return;
            _granted++;
        }
    }

    private bool Take(WaitingRuns waiting)
    {
        if (waiting.TakeFirst(promise => _perPromise.GetValueOrDefault(promise) < maxPerPromise) is not { } acquire)
            return false;
        _perPromise[acquire.Promise] = _perPromise.GetValueOrDefault(acquire.Promise) + 1;
        _holders[acquire.Who] = acquire;
        acquire.Who.Tell(new PipelineMessage.SlotGranted());
        return true;
    }
}
