using System.Collections.Concurrent;
using Kratix.Actors.Kernel;

namespace Kratix.Actors.Testing;

/// <summary>
/// An actor system in one thread and in virtual time. Nothing runs until <see cref="Run"/>, <see cref="Advance"/> or an expectation of a
/// probe; which actor runs next is decided by the seed.
/// </summary>
public sealed class ActorTestKit
{
    private const string SeedVariable = "ACTORS_SEED";
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(20);
    private readonly ConcurrentQueue<KernelLogEvent> _log = new();
    private int _watchers;

    /// <param name="seed">Decides every interleaving.</param>
    /// <param name="throughput">Messages per turn. 1 makes the most interleavings; 0 lets the seed choose.</param>
    /// <param name="time">A clock to share with an earlier kit, as two processes do; null for one of its own.</param>
    public ActorTestKit(ulong seed = 1, int throughput = 0, ManualTime? time = null)
    {
        Time = time ?? new ManualTime();
        Dispatcher = new DeterministicDispatcher(seed);
        System = new ActorSystem("test", new ActorSystemOptions
        {
            Time = Time,
            Dispatcher = Dispatcher,
            Throughput = throughput > 0 ? throughput : 1 + Dispatcher.Random.Next(5),
            Log = _log.Enqueue,
        });
    }

    public ulong Seed => Dispatcher.Seed;

    public SeededRandom Random => Dispatcher.Random;

    public ManualTime Time { get; }

    public DeterministicDispatcher Dispatcher { get; }

    public ActorSystem System { get; }

    public IReadOnlyCollection<KernelLogEvent> Log => _log;

    /// <summary>
    /// Runs the body under many seeds. A failure names its seed; with the environment variable <c>ACTORS_SEED</c> set to it, that run alone
    /// is repeated exactly.
    /// </summary>
    public static void ForSeeds(int count, Action<ActorTestKit> body)
    {
        if (Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } only)
        {
            body(new ActorTestKit(ulong.Parse(only, global::System.Globalization.CultureInfo.InvariantCulture)));
            return;
        }

        for (var seed = 1UL; seed <= (ulong)count; seed++)
        {
            try
            {
                body(new ActorTestKit(seed));
            }
            catch (Exception cause)
            {
                throw new InvalidOperationException($"Seed {seed} fails; repeat it with {SeedVariable}={seed}. {cause.Message}", cause);
            }
        }
    }

    public TestProbe<T> Probe<T>(string name = "probe") => new(name, Run);

    /// <summary>Lets the actors work until nobody has anything to do at this moment.</summary>
    public void Run() => Dispatcher.RunUntilIdle();

    /// <summary>Moves the clock, letting the actors work after each timer.</summary>
    public void Advance(TimeSpan by)
    {
        Run();
        var end = Time.Elapsed + by;
        bool rang;
        do
        {
            rang = false;
            Dispatcher.InContext(() => rang = Time.RingNext(end));
            Run();
        }
        while (rang);
    }

    /// <summary>Starts something asynchronous and lets the actors work until it is done. Does not move the clock.</summary>
    public T Settle<T>(Func<Task<T>> start)
    {
        Task<T>? task = null;
        Dispatcher.InContext(() => task = start());
        Dispatcher.RunUntilDone(task!, Guard);
        return task!.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Settle{T}(Func{Task{T}})"/>
    public void Settle(Func<Task> start) => Settle(async () =>
    {
        await start();
        return true;
    });

    /// <summary>Completes when the actor has stopped.</summary>
    public Task Watch(IActorRef actor)
    {
        var stopped = new TaskCompletionSource();
        System.Spawn(new Props<Never>(() => new Watcher(actor, stopped)), $"watcher-{++_watchers}");
        Run();
        return stopped.Task;
    }

    private readonly struct Never;

    private sealed class Watcher(IActorRef actor, TaskCompletionSource stopped) : Actor<Never>
    {
        protected override void PreStart() => Context.Watch(actor);

        protected override void Receive(Never message)
        {
        }

        protected override void OnTerminated(IActorRef actor)
        {
            stopped.TrySetResult();
            Context.StopSelf();
        }
    }
}
