using Kratix.Actors.Engine;
using Kratix.Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>A part of the world that does not keep its promise, to see that the simulation notices.</summary>
internal enum Broken
{
    Nothing,

    /// <summary>Creating what exists creates another.</summary>
    Adoption,

    /// <summary>The store says that it has written, and has not.</summary>
    Pushes,

    /// <summary>The journal takes whatever whoever appends, and tells everybody that he owns it.</summary>
    Epochs,
}

/// <summary>One process of the engine. It makes steps only while somebody lets it; nothing else tells a crash, or a pause, from life.</summary>
internal sealed class Life
{
    /// <summary>How long an engine may go on writing after another has taken its place.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly Simulation _world;
    private readonly Line _line;
    private readonly HashSet<object> _busyWith = [];
    private Task _starting = Task.CompletedTask;

    internal Life(int number, ulong seed, Simulation world, Chaos chaos, Broken broken)
    {
        Number = number;
        _world = world;
        Kit = new ActorTestKit(seed, time: world.Time);
        _line = new Line(world.Time, Grace);
        var kubernetes = new FaultyKubernetes(new PodObjects(world.Kubernetes, world.Runner), world.Kubernetes, chaos, _line);
        var journal = new FaultyJournal(world.Journal, world.Journal, chaos, broken != Broken.Epochs, () => world.Processes.HasTaken(this));
        var ports = new World(
            journal, journal, kubernetes, kubernetes, new FaultyRunner(world.Runner, chaos, _line, broken != Broken.Adoption, Tell),
            new FaultyStores(world.Stores, chaos, _line, broken != Broken.Pushes), world.Time, NullLogger.Instance);
        Kit.Dispatcher.InContext(() => _starting = Start(ports));
    }

    internal int Number { get; }

    internal ActorTestKit Kit { get; }

    /// <summary>Null until it has started.</summary>
    internal KratixEngine? Engine { get; private set; }

    internal string? Violation => _starting.IsFaulted ? $"the engine did not start: {_starting.Exception.InnerException!.Message}" : _line.Violation;

    /// <summary>Nothing it sent is still on its way.</summary>
    internal bool IsQuiet => _line.OnTheirWay == 0;

    /// <summary>From now on another engine owns what this one took.</summary>
    internal void Replaced() => _line.Replaced();

    /// <summary>False if a container's work is being carried to this process already.</summary>
    internal bool TakesUp(object pod) => _busyWith.Add(pod);

    internal void IsDoneWith(object pod) => _busyWith.Remove(pod);

    private void Tell(string what) => _world.Tell($"engine {Number} {what}");

    private async Task Start(World ports) => Engine = await KratixEngine.Start(_world.Settings, ports, Kit.System, CancellationToken.None);
}
