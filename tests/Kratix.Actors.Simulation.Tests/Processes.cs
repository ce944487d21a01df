using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>The processes of the engine, one after the other: they crash, and they are paused, replaced, and go on.</summary>
internal sealed class Processes(Simulation simulation, Chaos chaos, SeededRandom dice, Broken broken)
{
    /// <summary>The present one, and those that were replaced and go on all the same.</summary>
    private readonly List<Life> _awake = [];
    private readonly List<Life> _paused = [];

    internal Life Present => _awake[0];

    internal int Count { get; private set; }

    /// <summary>What one of them did that none may do.</summary>
    internal string? Violation => _awake.Any(life => life.Kit.Dispatcher.FromOtherThreads > 0)
        ? "something left the thread of the simulation, and the seed no longer decides everything"
        : _awake.Select(life => life.Violation).FirstOrDefault(v => v is not null);

    internal void Start() => _awake.Insert(0, new Life(++Count, dice.Next(), simulation, chaos, broken));

    /// <summary>Of a process that crashed not a single step is made any more.</summary>
    internal void Crash()
    {
        chaos.Count(Fault.Crash);
        simulation.Tell("crash");
        _awake.RemoveAt(0);
        Start();
    }

    internal void EndOrPause()
    {
        switch (dice.Next(9))
        {
            case 0 or 1 or 2:
                Crash();
                break;
            case 3 when Present is { Engine: not null, IsQuiet: true }:
                chaos.Count(Fault.Pause);
                simulation.Tell("the process stands still and is replaced");
                _paused.Add(Present);
                _awake.RemoveAt(0);
                Start();
                break;
            case 4 or 5 when _paused.Count > 0:
                Resume(_paused[dice.Next(_paused.Count)]);
                break;
        }
    }

    internal void ResumeAll()
    {
        while (_paused.Count > 0)
            Resume(_paused[0]);
    }

    /// <summary>A process has taken the journal's shards from all others.</summary>
    internal void HasTaken(Life owner)
    {
        foreach (var other in _awake.Concat(_paused).Where(life => life != owner))
            other.Replaced();
    }

    /// <summary>A process that knows that it was replaced ends.</summary>
    internal void BuryTheReplaced() => _awake.RemoveAll(life => life != Present && life.Engine!.Replaced.IsCompleted);

    /// <summary>One of them makes a step. False if none has anything to do.</summary>
    internal bool Step()
    {
        var first = _awake.Count == 1 ? 0 : dice.Next(_awake.Count);
        for (var i = 0; i < _awake.Count; i++)
        {
            if (_awake[(first + i) % _awake.Count].Kit.Dispatcher.RunNext())
                return true;
        }

        return false;
    }

    private void Resume(Life life)
    {
        chaos.Count(Fault.Resume);
        simulation.Tell($"life {life.Number} goes on");
        _paused.Remove(life);
        _awake.Add(life);
    }
}
