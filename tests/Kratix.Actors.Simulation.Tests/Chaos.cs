using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>What goes wrong between the engine and the world, as one seed decides it. <see cref="Calm"/> ends it.</summary>
internal sealed class Chaos(ulong seed, ManualTime time)
{
    private readonly SeededRandom _dice = new(seed);

    internal bool Calm { get; set; }

    /// <summary>A while in which others go on, and in which the engine may die.</summary>
    internal async Task Pause()
    {
        for (var yields = _dice.Next(3); yields > 0; yields--)
            await Task.Yield();
        if (!Calm && _dice.OneIn(8))
            await Task.Delay(TimeSpan.FromMilliseconds(1 + _dice.Next(3000)), time);
    }

    internal bool OneIn(int inHowMany) => !Calm && _dice.OneIn(inHowMany);

    /// <summary>A call that may fail before it has done anything, or after it has done everything and before anybody heard of it.</summary>
    internal async Task<Outcome<T>> Call<T>(int failsOneIn, Func<Task<Outcome<T>>> call)
    {
        await Pause();
        if (OneIn(failsOneIn))
            return new Outcome<T>.Transient("simulated: refused to connect");
        var outcome = await call();
        await Pause();
        return OneIn(failsOneIn) ? new Outcome<T>.Transient("simulated: connection lost before the answer") : outcome;
    }

    internal async Task<T> Journal<T>(Func<Task<T>> call)
    {
        await Pause();
        if (OneIn(40))
            throw new JournalException("simulated: the disk is full");
        var result = await call();
        await Pause();
        return OneIn(80) ? throw new JournalException("simulated: the file is gone, though it was written") : result;
    }
}
