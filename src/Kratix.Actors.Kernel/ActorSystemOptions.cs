namespace Kratix.Actors.Kernel;

/// <summary>What an <see cref="ActorSystem"/> stands on.</summary>
public sealed record ActorSystemOptions
{
    /// <summary>Clock of all timers, back-offs and limits.</summary>
    /// <value>The machine's.</value>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <value>The thread pool.</value>
    public IDispatcher Dispatcher { get; init; } = ThreadPoolDispatcher.Shared;

    /// <summary>Told of everything an operator may want to know. Called on any thread; must be quick and must not throw.</summary>
    public Action<KernelLogEvent>? Log { get; init; }

    /// <summary>Messages an actor handles per turn before others get theirs.</summary>
    /// <value>64</value>
    public int Throughput { get; init; } = 64;

    /// <summary>How long <see cref="ActorSystem.DisposeAsync"/> waits for actors to stop.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan DisposeDeadline { get; init; } = TimeSpan.FromSeconds(10);
}
