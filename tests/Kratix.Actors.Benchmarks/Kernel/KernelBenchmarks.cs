using System.Diagnostics;
using Kratix.Actors.Benchmarks.Reporting;
using Kratix.Actors.Kernel;

namespace Kratix.Actors.Benchmarks.Kernel;

/// <summary>What the kernel itself costs: each figure after a warm-up, on all cores, with nothing else going on.</summary>
internal static class KernelBenchmarks
{
    internal const string Title = "kernel";

    internal static void Run(Figures figures)
    {
        Measure(figures, "tells to one actor from one sender", "messages/s", () => Tells(senders: 1, 2_000_000));
        Measure(figures, "tells to one actor from four senders", "messages/s", () => Tells(senders: 4, 2_000_000));
        Measure(figures, "ping-pong, one pair", "messages/s", () => PingPong(pairs: 1, 500_000));
        Measure(figures, "ping-pong, 64 pairs", "messages/s", () => PingPong(pairs: 64, 2_000_000));
        Measure(figures, "actors created, first message handled", "actors/s", () => Creations(200_000));
        Measure(figures, "timers started and cancelled", "timers/s", () => Timers(500_000));
        Measure(figures, "an idle actor, name included", "bytes", () => BytesPerIdleActor(200_000));
    }

    private static void Measure(Figures figures, string what, string unit, Func<double> run)
    {
        run();
        figures.Add(what, unit, run());
    }

    private static double Tells(int senders, int messages)
    {
        using var bench = new Bench();
        var counter = bench.System.Spawn(new Props<object>(() => new Counter(messages, bench.Done)), "counter");
        var message = new object();
        return bench.Rate(messages, () => Parallel.For(0, senders, new ParallelOptions { MaxDegreeOfParallelism = senders }, _ =>
        {
            for (var sent = 0; sent < messages / senders; sent++)
                counter.Tell(message);
        }));
    }

    private static double PingPong(int pairs, int messages)
    {
        using var bench = new Bench();
        var each = messages / pairs;
        var left = pairs;
        var first = new List<IActorRef<Ball>>();
        for (var pair = 0; pair < pairs; pair++)
        {
            void Finished()
            {
                if (Interlocked.Decrement(ref left) == 0)
                    bench.Done.TrySetResult();
            }

            first.Add(bench.System.Spawn(new Props<Ball>(() => new Player(each / 2, Finished)), $"ping-{pair}"));
        }

        var second = first.Select((_, pair) => bench.System.Spawn(new Props<Ball>(() => new Player(int.MaxValue, () => { })), $"pong-{pair}")).ToList();
        return bench.Rate(each * pairs, () =>
        {
            for (var pair = 0; pair < pairs; pair++)
                first[pair].Tell(new Ball(second[pair], first[pair]));
        });
    }

    private static double Creations(int actors)
    {
        using var bench = new Bench();
        var counter = bench.System.Spawn(new Props<object>(() => new Counter(actors, bench.Done)), "counter");
        var props = new Props<object>(() => new Forwarder(counter));
        var parent = bench.System.Spawn(new Props<int>(() => new Parent(props)), "parent");
        return bench.Rate(actors, () => parent.Tell(actors));
    }

    private static double Timers(int timers)
    {
        using var bench = new Bench();
        var actor = bench.System.Spawn(new Props<int>(() => new TimerUser(bench.Done)), "timers");
        return bench.Rate(timers, () => actor.Tell(timers));
    }

    private static double BytesPerIdleActor(int actors)
    {
        using var bench = new Bench();
        var counter = bench.System.Spawn(new Props<object>(() => new Counter(actors, bench.Done)), "counter");
        var props = new Props<object>(() => new Forwarder(counter));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var parent = bench.System.Spawn(new Props<int>(() => new Parent(props)), "parent");
        parent.Tell(actors);
        bench.Done.Task.Wait();
        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(bench.System);
        return (double)(after - before) / actors;
    }

    /// <summary>A system of its own for each run, and the signal that the work is done.</summary>
    private sealed class Bench : IDisposable
    {
        internal ActorSystem System { get; } = new("bench");

        internal TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal double Rate(int count, Action work)
        {
            var started = Stopwatch.GetTimestamp();
            work();
            Done.Task.Wait();
            return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        public void Dispose() => System.Stop(TimeSpan.FromMinutes(1)).Wait();
    }

    private sealed record Ball(IActorRef<Ball> To, IActorRef<Ball> From);

    private sealed class Player(int throws, Action finished) : Actor<Ball>
    {
        private Ball? _back;
        private int _left = throws;

        protected override void Receive(Ball message)
        {
            if (--_left < 0)
                finished();
            else
                message.To.Tell(_back ??= new Ball(message.From, message.To));
        }
    }

    private sealed class Counter(int expected, TaskCompletionSource done) : Actor<object>
    {
        private int _left = expected;

        protected override void Receive(object message)
        {
            if (--_left == 0)
                done.TrySetResult();
        }
    }

    private sealed class Forwarder(IActorRef<object> to) : Actor<object>
    {
        protected override void Receive(object message) => to.Tell(message);
    }

    private sealed class Parent(Props<object> child) : Actor<int>
    {
        private static readonly object Message = new();

        protected override void Receive(int message)
        {
            for (var number = 0; number < message; number++)
                Context.Spawn(child, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"entity-{number}")).Tell(Message);
        }
    }

    private sealed class TimerUser(TaskCompletionSource done) : Actor<int>
    {
        protected override void Receive(int message)
        {
            for (var timer = 0; timer < message; timer++)
                Context.Timers.StartSingle(timer & 1023, 0, TimeSpan.FromMinutes(1 + (timer & 31)));
            Context.Timers.CancelAll();
            done.TrySetResult();
        }
    }
}
