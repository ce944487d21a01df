using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

/// <summary>What a test in one thread cannot show: the same promises with every core at work. The seed decides what is done, the machine when.</summary>
public sealed class RealThreadTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private sealed record Question(int Number, IActorRef<int> ReplyTo);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Each_question_is_answered_though_those_who_answer_fall_asleep_all_the_time(int seed)
    {
        const int Askers = 4;
        const int Each = 500;
        await using var system = new ActorSystem("questions");
        var starts = 0;
        var region = system.Spawn(ShardRegion.Props(new ShardRegionSettings<Question>(
            8,
            (_, _) => new Props<Question>(() => new Scripted<Question>((self, question) =>
            {
                if (question.Number % 3 == 0)
                    self.Context.Passivate();
                question.ReplyTo.Tell(question.Number);
            })
            { Starting = _ => Interlocked.Increment(ref starts) }),
            shard => new ShardLease(shard, 1), TimeSpan.FromMilliseconds(1), 10)), "region");

        await Task.WhenAll(Enumerable.Range(0, Askers).Select(asker => Task.Run(async () =>
        {
            var random = new SeededRandom((ulong)((seed * 100) + asker));
            for (var number = 0; number < Each; number++)
            {
                var id = $"{random.Next(20)}";
                var answer = await region.Ask<ShardEnvelope<Question>, int>(reply => new(id, new Question(number, reply)), Guard, TimeProvider.System);
                Assert.Equal(number, answer);
            }
        }))).WaitAsync(Guard);

        Assert.Equal(0, system.Metrics.DeadLetters);
        Assert.True(starts > 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Each_watcher_is_told_of_each_end_once_whenever_it_began_to_watch(int seed)
    {
        const int Mortals = 200;
        const int Watchers = 4;
        await using var system = new ActorSystem("watchers");
        var mortals = Enumerable.Range(0, Mortals).Select(n => system.Spawn(Scripted<int>.Props((self, _) => self.Context.StopSelf()), $"mortal-{n}")).ToArray();
        var told = new int[Watchers][];
        var left = Watchers * Mortals;
        var all = new TaskCompletionSource();
        var watchers = Enumerable.Range(0, Watchers).Select(w =>
        {
            told[w] = new int[Mortals];
            return system.Spawn(
                new Props<int>(() => new Scripted<int>((self, mortal) => self.Context.Watch(mortals[mortal]))
                {
                    Ended = (_, actor) =>
                    {
                        told[w][Array.IndexOf(mortals, actor)]++;
                        if (Interlocked.Decrement(ref left) == 0)
                            all.SetResult();
                    },
                }), $"watcher-{w}");
        }).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Watchers + 1).Select(thread => Task.Run(() =>
        {
            var random = new SeededRandom((ulong)((seed * 100) + thread));
            foreach (var mortal in Enumerable.Range(0, Mortals).OrderBy(_ => random.Next()).ToList())
            {
                if (thread == Watchers)
                    mortals[mortal].Tell(0);
                else
                    watchers[thread].Tell(mortal);
            }
        })));
        await all.Task.WaitAsync(Guard);
        Assert.True(await system.Stop(Guard));

        Assert.All(told, of => Assert.All(of, times => Assert.Equal(1, times)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_is_told_to_an_entity_past_its_region_while_it_falls_asleep_is_handled_or_counted(int seed)
    {
        const int Tellers = 3;
        const int Each = 20_000;
        await using var system = new ActorSystem("past");
        var handled = 0;
        var self = new IActorRef<int>?[8];
        var region = system.Spawn(ShardRegion.Props(new ShardRegionSettings<int>(
            8,
            (id, _) => new Props<int>(() => new Scripted<int>((entity, _) =>
            {
                Interlocked.Increment(ref handled);
                entity.Context.Passivate();
            })
            { Starting = entity => self[int.Parse(id)] = entity.Context.Self }),
            shard => new ShardLease(shard, 1), null, 0)), "region");

        var sent = 0;
        await Task.WhenAll(Enumerable.Range(0, Tellers).Select(teller => Task.Run(() =>
        {
            var random = new SeededRandom((ulong)((seed * 100) + teller));
            for (var number = 0; number < Each; number++)
            {
                var id = random.Next(self.Length);
                Interlocked.Increment(ref sent);
                if (random.OneIn(2) && Volatile.Read(ref self[id]) is { } past)
                    past.Tell(number);
                else
                    region.Tell(new($"{id}", number));
            }
        })));
        await Rested(region);
        Assert.True(await system.Stop(Guard));

        Assert.Equal(sent, handled + system.Metrics.DeadLetters);
        Assert.InRange(handled, sent / 2, sent);
    }

    [Fact]
    public async Task What_is_stashed_is_handled_once_and_in_the_order_of_each_sender()
    {
        const int Senders = 3;
        const int Each = 20_000;
        await using var system = new ActorSystem("stash");
        var next = new int[Senders];
        var outOfOrder = 0;
        var left = Senders * Each;
        var open = true;
        var done = new TaskCompletionSource();
        var actor = system.Spawn(Scripted<(int Sender, int Number)>.Props((self, message) =>
        {
            if (message.Sender < 0)
            {
                open = !open;
                if (open)
                    self.Context.Stash.UnstashAll();
            }
            else if (!open)
            {
                self.Context.Stash.StashCurrent();
            }
            else
            {
                if (next[message.Sender]++ != message.Number)
                    outOfOrder++;
                if (--left == 0)
                    done.SetResult();
            }
        }) with { Mailbox = new MailboxSettings { StashCapacity = Senders * Each } }, "door");

        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(() =>
        {
            for (var number = 0; number < Each; number++)
            {
                actor.Tell((sender, number));
                if (sender == 0 && number % 50 is 0 or 25)
                    actor.Tell((-1, 0));
            }
        })));
        await done.Task.WaitAsync(Guard);
        Assert.True(await system.Stop(Guard));

        Assert.Equal(0, outOfOrder);
        Assert.Equal((0, 0), (system.Metrics.DeadLetters, system.Metrics.Failures));
    }

    [Theory]
    [InlineData(OverflowPolicy.DropNewest)]
    [InlineData(OverflowPolicy.DropOldest)]
    public async Task What_a_full_mailbox_drops_is_counted_and_the_rest_keeps_its_order(OverflowPolicy policy)
    {
        const int Senders = 4;
        const int Each = 20_000;
        await using var system = new ActorSystem("edge");
        var last = Enumerable.Repeat(-1, Senders).ToArray();
        var (handled, outOfOrder) = (0, 0);
        var ended = new TaskCompletionSource();
        var edge = system.Spawn(Scripted<(int Sender, int Number)>.Props((_, message) =>
        {
            handled++;
            if (message.Sender < 0)
            {
                ended.SetResult();
                return;
            }

            if (message.Number <= last[message.Sender])
                outOfOrder++;
            last[message.Sender] = message.Number;
        }) with { Mailbox = MailboxSettings.Bounded(8, policy) }, "edge");

        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(() =>
        {
            for (var number = 0; number < Each; number++)
                edge.Tell((sender, number));
        })));
        var sent = Senders * Each;
        long dropped;
        do
        {
            dropped = system.Metrics.Overflowed;
            edge.Tell((-1, 0));
            sent++;
        }
        while (policy == OverflowPolicy.DropNewest && system.Metrics.Overflowed > dropped);
        await ended.Task.WaitAsync(Guard);
        Assert.True(await system.Stop(Guard));

        Assert.Equal(0, outOfOrder);
        Assert.Equal(0, system.Metrics.DeadLetters);
        Assert.Equal(sent, handled + system.Metrics.Overflowed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Each_ask_ends_once_by_its_answer_or_by_its_limit_and_an_answer_too_late_is_counted(int seed)
    {
        const int Askers = 4;
        const int Each = 300;
        await using var system = new ActorSystem("asks");
        var actor = system.Spawn(Scripted<Question>.Props((_, question) => question.ReplyTo.Tell(question.Number)), "oracle");
        var (answered, late) = (0, 0);
        var time = new ManualTime();

        await Task.WhenAll(Enumerable.Range(0, Askers).Select(asker => Task.Run(async () =>
        {
            var random = new SeededRandom((ulong)((seed * 100) + asker));
            for (var number = 0; number < Each; number++)
            {
                var answer = actor.Ask<Question, int>(reply => new Question(number, reply), TimeSpan.FromSeconds(1), time);
                if (random.OneIn(2))
                    time.Advance(TimeSpan.FromSeconds(1));
                try
                {
                    Assert.Equal(number, await answer.WaitAsync(Guard));
                    Interlocked.Increment(ref answered);
                }
                catch (AskTimeoutException)
                {
                    Interlocked.Increment(ref late);
                }
            }
        })));
        Assert.True(await system.Stop(Guard));

        Assert.Equal(Askers * Each, answered + late);
        Assert.Equal(late, system.Metrics.DeadLetters);
        Assert.True(answered > 0);
        Assert.Null(time.NextTimerIn);
    }

    [Fact]
    public async Task A_tick_reaches_the_instance_that_started_its_timer_and_no_other()
    {
        const int Restarts = 200;
        await using var system = new ActorSystem("ticks");
        var instances = 0;
        var (foreign, ticks) = (0, 0);
        var done = new TaskCompletionSource();
        system.Spawn(new Props<int>(() =>
        {
            var own = ++instances;
            return new Scripted<int>((_, tick) =>
            {
                ticks++;
                if (tick != own)
                    foreign++;
                if (own == Restarts)
                    done.TrySetResult();
                else if (ticks % 3 == 0)
                    throw new InvalidOperationException("on purpose");
            })
            {
                Starting = self =>
                {
                    for (var timer = 0; timer < 8; timer++)
                        self.Context.Timers.StartPeriodic(timer, own, TimeSpan.FromMilliseconds(1));
                },
            };
        })
        { SupervisorStrategy = new SupervisorStrategy.Restart(TimeSpan.Zero, TimeSpan.Zero) }, "ticker");

        await done.Task.WaitAsync(Guard);
        Assert.True(await system.Stop(Guard));
        Assert.Equal(0, foreign);
        Assert.Equal(0, system.Timers.Count);
    }

    [Fact]
    public async Task A_stop_comes_after_the_message_that_is_handled_however_many_wait_and_whatever_the_system_says_beside_it()
    {
        const int Lives = 4_000;
        const int Waiting = 400;
        await using var system = new ActorSystem("stops", new ActorSystemOptions { Throughput = Lives * Waiting });
        var other = (ActorCell)system.Spawn(Scripted<int>.Props((_, _) => { }), "other");
        using var together = new Barrier(3);
        ActorCell? actor = null;
        var (handled, handledWhenTold, late) = (0, 0, 0);
        var stopping = AtOnce(() => system.Stop(actor!), () => handledWhenTold = Volatile.Read(ref handled));
        var disturbing = AtOnce(() => actor!.Push(new UnwatchNode(other)), () => { });

        for (var life = 0; life < Lives; life++)
        {
            handled = 0;
            var mortal = system.Spawn(Scripted<int>.Props((_, _) =>
            {
                Thread.SpinWait(10);
                Volatile.Write(ref handled, handled + 1);
            }), $"mortal-{life}");
            actor = (ActorCell)mortal;
            for (var message = 0; message < Waiting; message++)
                mortal.Tell(message);
            Assert.True(together.SignalAndWait(Guard));
            Assert.True(together.SignalAndWait(Guard));
            Assert.True(SpinWait.SpinUntil(() => actor.IsTerminated, Guard));
            // The word of the stop takes a while to reach another core, which is a few messages as short as these.
            if (handled - handledWhenTold > Waiting / 4)
                late++;
        }

        await Task.WhenAll(stopping, disturbing).WaitAsync(Guard);
        Assert.Equal(0, late);

        Task AtOnce(Action act, Action then) => Task.Run(() =>
        {
            for (var life = 0; life < Lives; life++)
            {
                together.SignalAndWait(Guard);
                SpinWait.SpinUntil(() => Volatile.Read(ref handled) > life % 100, Guard);
                act();
                then();
                together.SignalAndWait(Guard);
            }
        });
    }

    /// <summary>Until nothing is told any more and nobody is on the way to sleep: then the region has nothing left to pass on.</summary>
    private static async Task Rested(IActorRef<ShardEnvelope<int>> region)
    {
        while (await region.AskState(Guard, TimeProvider.System) is { Active: > 0 } or { Buffered: > 0 })
            await Task.Yield();
    }
}
