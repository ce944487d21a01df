using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class MailboxTests
{
    [Fact]
    public void Messages_of_one_sender_keep_their_order_under_every_seed() => ActorTestKit.ForSeeds(100, kit =>
    {
        var probe = kit.Probe<(int Sender, int Number)>();
        var receiver = kit.System.Spawn(Scripted<(int Sender, int Number)>.Props((_, message) => probe.Tell(message)), "receiver");
        for (var sender = 0; sender < 3; sender++)
        {
            var own = sender;
            kit.System.Spawn(Scripted<int>.Props((self, number) =>
            {
                receiver.Tell((own, number));
                if (number < 20)
                    self.Context.Self.Tell(number + 1);
            }), $"sender-{sender}").Tell(0);
        }

        var told = probe.Drain();
        Assert.Equal(63, told.Count);
        Assert.All(told.GroupBy(message => message.Sender), of => Assert.Equal(Enumerable.Range(0, 21), of.Select(message => message.Number)));
    });

    [Fact]
    public async Task Messages_of_one_sender_keep_their_order_on_real_threads()
    {
        const int Senders = 4;
        const int Each = 20_000;
        await using var system = new ActorSystem("threads");
        var next = new int[Senders];
        var outOfOrder = 0;
        var left = Senders * Each;
        var done = new TaskCompletionSource();
        var receiver = system.Spawn(Scripted<(int Sender, int Number)>.Props((_, message) =>
        {
            if (next[message.Sender]++ != message.Number)
                outOfOrder++;
            if (--left == 0)
                done.SetResult();
        }), "receiver");

        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(() =>
        {
            for (var number = 0; number < Each; number++)
                receiver.Tell((sender, number));
        })));
        await done.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(await system.Stop(TimeSpan.FromSeconds(30)));

        Assert.Equal(0, outOfOrder);
        Assert.Equal(Senders * Each, system.Metrics.ByType.Single(type => type.Type.StartsWith("Scripted", StringComparison.Ordinal)).Messages);
    }

    [Fact]
    public void A_busy_actor_lets_others_have_their_turn()
    {
        var kit = new ActorTestKit(throughput: 3);
        var order = new List<string>();
        var a = kit.System.Spawn(Scripted<int>.Props((_, _) => order.Add("a")), "a");
        var b = kit.System.Spawn(Scripted<int>.Props((_, _) => order.Add("b")), "b");
        kit.Run();
        for (var message = 0; message < 30; message++)
            a.Tell(message);
        b.Tell(0);

        Assert.True(kit.Dispatcher.RunNext());
        Assert.True(order.Count <= 3);
        kit.Run();
        Assert.Equal(31, order.Count);
        Assert.NotEqual("b", order[^1]);
    }

    [Fact]
    public void A_full_mailbox_that_drops_the_newest_keeps_those_that_wait()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<int>();
        var actor = kit.System.Spawn(
            Scripted<int>.Props((_, message) => probe.Tell(message)) with { Mailbox = MailboxSettings.Bounded(3, OverflowPolicy.DropNewest) }, "edge");
        foreach (var message in Enumerable.Range(1, 5))
            actor.Tell(message);

        Assert.Equal([1, 2, 3], probe.Drain());
        Assert.Equal(2, kit.System.Metrics.Overflowed);
        Assert.Equal(2, kit.Log.Count(entry => entry is { Kind: KernelEventKind.MailboxOverflow, Path: "/user/edge" }));
        actor.Tell(6);
        Assert.Equal(6, probe.Expect());
    }

    [Fact]
    public void A_full_mailbox_that_drops_the_oldest_keeps_the_latest()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<int>();
        var actor = kit.System.Spawn(
            Scripted<int>.Props((_, message) => probe.Tell(message)) with { Mailbox = MailboxSettings.Bounded(3, OverflowPolicy.DropOldest) }, "edge");
        foreach (var message in Enumerable.Range(1, 5))
            actor.Tell(message);

        Assert.Equal([3, 4, 5], probe.Drain());
        Assert.Equal(2, kit.System.Metrics.Overflowed);
    }

    [Fact]
    public void A_message_to_a_stopped_actor_is_a_counted_dead_letter_that_names_type_and_path()
    {
        var kit = new ActorTestKit();
        var actor = kit.System.Spawn(Scripted<string>.Props((self, _) => self.Context.StopSelf()), "gone");
        actor.Tell("stop");
        actor.Tell("waited in the mailbox");
        kit.Run();
        actor.Tell("came later");

        Assert.Equal(2, kit.System.Metrics.DeadLetters);
        Assert.All(kit.Log, entry => Assert.Equal((KernelEventKind.DeadLetter, "/user/gone", "String"), (entry.Kind, entry.Path, entry.Detail)));
    }

    [Fact]
    public void A_bounded_mailbox_of_a_stopped_actor_makes_dead_letters_too()
    {
        var kit = new ActorTestKit();
        var actor = kit.System.Spawn(
            Scripted<string>.Props((self, _) => self.Context.StopSelf()) with { Mailbox = MailboxSettings.Bounded(10, OverflowPolicy.DropNewest) }, "gone");
        actor.Tell("stop");
        actor.Tell("waited");
        kit.Run();
        actor.Tell("late");

        Assert.Equal(2, kit.System.Metrics.DeadLetters);
    }

    [Fact]
    public void A_log_sink_that_throws_is_counted_and_harms_nobody()
    {
        var dispatcher = new DeterministicDispatcher(1);
        var system = new ActorSystem("test", new ActorSystemOptions { Dispatcher = dispatcher, Log = _ => throw new InvalidOperationException("sink") });
        var actor = system.Spawn(Scripted<int>.Props((self, _) => self.Context.StopSelf()), "gone");
        actor.Tell(1);
        dispatcher.RunUntilIdle();
        actor.Tell(2);

        Assert.Equal((1, 1), (system.Metrics.DeadLetters, system.Metrics.LogFailures));
    }

    [Fact]
    public void Become_changes_who_answers_and_a_restart_takes_it_back()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var actor = kit.System.Spawn(Scripted<string>.Props((self, message) =>
        {
            probe.Tell($"first {message}");
            self.Context.Become(later =>
            {
                probe.Tell($"second {later}");
                if (later == "fail")
                    throw new InvalidOperationException("on purpose");
            });
        }), "two-faced");
        foreach (var message in new[] { "a", "b", "fail", "c" })
            actor.Tell(message);
        kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["first a", "second b", "second fail", "first c"], probe.Drain());
    }

    [Fact]
    public void An_actor_made_with_new_is_refused()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new Scripted<int>((_, _) => { }));
        Assert.Contains("Spawn", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_used_outside_its_turn_is_refused()
    {
        var kit = new ActorTestKit();
        IActorContext<int>? leaked = null;
        kit.System.Spawn(Scripted<int>.Props((self, _) => leaked = self.Context), "leaky").Tell(0);
        kit.Run();

        foreach (var use in new Action[]
                 {
                     () => leaked!.StopSelf(),
                     () => leaked!.Spawn(Scripted<int>.Props((_, _) => { }), "child"),
                     () => leaked!.Timers.StartSingle("t", 1, TimeSpan.FromSeconds(1)),
                     () => leaked!.Stash.StashCurrent(),
                     () => leaked!.Become(_ => { }),
                     () => leaked!.Watch(leaked.Self),
                 })
        {
            Assert.Contains("outside the actor's turn", Assert.Throws<InvalidOperationException>(use).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        static string Run(ulong seed)
        {
            var kit = new ActorTestKit(seed);
            var order = new List<string>();
            for (var actor = 0; actor < 8; actor++)
            {
                var name = $"{actor}";
                kit.System.Spawn(Scripted<int>.Props((self, left) =>
                {
                    order.Add(name);
                    if (left > 0)
                        self.Context.Self.Tell(left - 1);
                }), name).Tell(5);
            }

            kit.Run();
            return string.Concat(order);
        }

        Assert.Equal(Run(7), Run(7));
        Assert.NotEqual(Run(7), Run(8));
    }
}
