using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>What goes wrong between the engine and the world, as one seed decides it. <see cref="Calm"/> ends it.</summary>
internal sealed class Chaos
{
    private readonly SeededRandom _dice;
    private ManualTime Time { get; }
    private readonly FaultCounts _counts;

    /// <summary>In each life some faults are frequent and some are rare: where everything fails at once nothing comes far, and much is never played.</summary>
    private readonly int[] _rarer;
    private int? _crashIn;
    private long _asked;
    private long _answered;

    internal Chaos(ulong seed, ManualTime time, FaultCounts counts)
    {
        (_dice, Time, _counts) = (new SeededRandom(seed), time, counts);
        _rarer = [.. Enum.GetValues<Fault>().Select(_ => _dice.Next(3) switch { 0 => 1, 1 => 4, _ => 16 })];
    }

    internal bool Calm { get; set; }

    /// <summary>Answers come late even while it is calm.</summary>
    internal bool Slow { get; set; }

    internal void Count(Fault fault) => _counts.Count(fault);

    /// <summary>Asked before each step: whether the process dies now, a few steps after something was done. Random moments would rarely be such.</summary>
    internal bool CrashesNow()
    {
        if (_crashIn is null || _crashIn-- > 0)
            return false;
        _crashIn = null;
        return !Calm;
    }

    /// <summary>A while in which others go on, and in which the engine may die.</summary>
    internal async Task Pause()
    {
        for (var yields = _dice.Next(3); yields > 0; yields--)
            await Task.Yield();
        if ((Calm && !Slow) || !_dice.OneIn(8 * _rarer[(int)Fault.LateAnswer]))
            return;
        Count(Fault.LateAnswer);
        await Task.Delay(TimeSpan.FromMilliseconds(1 + _dice.Next(3000)), Time);
    }

    /// <summary>Whether the fault happens now; if it does, it is counted. <paramref name="onceIn"/>: in lives in which it is frequent.</summary>
    internal bool Happens(Fault fault, int onceIn)
    {
        if (Calm || !_dice.OneIn(onceIn * _rarer[(int)fault]))
            return false;
        Count(fault);
        return true;
    }

    internal int Next(int below) => _dice.Next(below);

    /// <summary>A call that only looks.</summary>
    internal Task<Outcome<T>> Look<T>(int failsOneIn, Func<Task<Outcome<T>>> call) => Call(failsOneIn, Fault.LostQuestion, call, () => { });

    /// <summary>
    /// A call that changes something: it may fail before it has done anything, after it has done everything and before anybody heard of it, and it may
    /// be done twice.
    /// </summary>
    internal Task<Outcome<T>> Change<T>(Line line, int failsOneIn, Func<Task<Outcome<T>>> call)
    {
        line.Send();
        return Call(failsOneIn, Fault.LostQuestion, () => OnceOrTwice(call), line.Arrived);
    }

    /// <summary>The same for a store, which asks by itself, right before it pushes, whether it may; and at times it takes long.</summary>
    internal Task<Outcome<T>> Write<T>(int failsOneIn, Func<Task<Outcome<T>>> call) => Call(
        failsOneIn, Fault.StoreAway, async () =>
        {
            if (Happens(Fault.StoreSlow, 1))
                await Task.Delay(TimeSpan.FromMilliseconds(_dice.Next(40_000)), Time);
            return await OnceOrTwice(call);
        }, () => { });

    internal async Task<T> Journal<T>(Func<Task<T>> call)
    {
        await Pause();
        if (Happens(Fault.JournalError, 40))
            throw new JournalException("simulated: the disk is full");
        var result = await call();
        Done();
        await Pause();
        return Happens(Fault.JournalUnacknowledged, 80) ? throw new JournalException("simulated: the file is gone, though it was written") : result;
    }

    private async Task<Outcome<T>> Call<T>(int failsOneIn, Fault lost, Func<Task<Outcome<T>>> call, Action arrived)
    {
        var asked = ++_asked;
        await Pause();
        if (Happens(lost, failsOneIn))
        {
            arrived();
            return new Outcome<T>.Transient("simulated: refused to connect");
        }

        var outcome = await call();
        Done();
        arrived();
        await Pause();
        if (asked < _answered)
            Count(Fault.ReorderedAnswer);
        _answered = Math.Max(asked, _answered);
        return Happens(Fault.LostAnswer, failsOneIn) ? new Outcome<T>.Transient("simulated: connection lost before the answer") : outcome;
    }

    /// <summary>Something was done; its answer has not been heard.</summary>
    private void Done()
    {
        if (_crashIn is null && Happens(Fault.CrashAfterDeed, 100))
            _crashIn = _dice.OneIn(2) ? 0 : _dice.Next(40);
    }

    private async Task<T> OnceOrTwice<T>(Func<Task<T>> call)
    {
        if (Happens(Fault.DuplicatedQuestion, 30))
            await call();
        return await call();
    }
}

/// <summary>
/// What one process has sent. A request that was sent arrives within seconds or not at all, whatever becomes of its sender; so a process is paused only
/// while none is on its way, and from a while after it was replaced it must send none.
/// </summary>
internal sealed class Line(ManualTime time, TimeSpan grace)
{
    private TimeSpan? _replacedAt;

    internal int OnTheirWay { get; private set; }

    /// <summary>What was sent that should not have been.</summary>
    internal string? Violation { get; private set; }

    internal void Replaced() => _replacedAt ??= time.Elapsed;

    internal void Send()
    {
        SendAtOnce();
        OnTheirWay++;
    }

    /// <summary>What is there in the same step.</summary>
    internal void SendAtOnce()
    {
        if (_replacedAt is { } at && time.Elapsed - at > grace)
            Violation ??= $"an engine that was replaced at {at} still changes something at {time.Elapsed}";
    }

    internal void Arrived() => OnTheirWay--;
}
