using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class SupervisionTests
{
    private static readonly SupervisorStrategy.Restart Steady = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8)) { Jitter = 0 };

    private static Props<string> Fragile(TestProbe<string> probe, SupervisorStrategy strategy) =>
        new(() => new Scripted<string>((_, message) =>
        {
            if (message == "fail")
                throw new InvalidOperationException("on purpose");
            probe.Tell(message);
        })
        {
            Starting = _ => probe.Tell("start"),
            Stopped = () => probe.Tell("stop"),
        })
        { SupervisorStrategy = strategy };

    [Fact]
    public void A_restart_keeps_the_mailbox_drops_the_message_and_waits_for_the_back_off()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var actor = kit.System.Spawn(Fragile(probe, Steady), "fragile");
        foreach (var message in new[] { "a", "fail", "b" })
            actor.Tell(message);

        Assert.Equal(["start", "a", "stop"], probe.Drain());
        kit.Advance(TimeSpan.FromSeconds(0.9));
        probe.ExpectNone();
        kit.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(["start", "b"], probe.Drain());
        Assert.Equal((1, 1, 1), (kit.System.Metrics.Failures, kit.System.Metrics.Restarts, kit.System.Metrics.MessagesFailed));
    }

    [Fact]
    public void The_back_off_doubles_to_its_maximum_and_begins_anew_after_a_quiet_window()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var actor = kit.System.Spawn(Fragile(probe, Steady), "fragile");
        Assert.Equal(["start"], probe.Drain());
        foreach (var pause in new[] { 1, 2, 4, 8, 8 })
        {
            actor.Tell("fail");
            Assert.Equal("stop", probe.Expect());
            kit.Advance(TimeSpan.FromSeconds(pause - 0.1));
            probe.ExpectNone();
            kit.Advance(TimeSpan.FromSeconds(0.1));
            Assert.Equal("start", probe.Expect());
        }

        kit.Advance(TimeSpan.FromSeconds(61));
        actor.Tell("fail");
        kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["stop", "start"], probe.Drain());
    }

    [Fact]
    public void More_restarts_than_allowed_within_the_window_stop_the_actor()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var actor = kit.System.Spawn(Fragile(probe, Steady with { MaxRestarts = 2 }), "fragile");
        var stopped = kit.Watch(actor);
        for (var failure = 0; failure < 3; failure++)
        {
            Assert.False(stopped.IsCompleted);
            actor.Tell("fail");
            kit.Advance(TimeSpan.FromSeconds(8));
        }

        Assert.True(stopped.IsCompletedSuccessfully);
        Assert.Contains(kit.Log, entry => entry.Kind == KernelEventKind.ActorStoppedByFailure);
        Assert.Equal(["start", "stop", "start", "stop", "start", "stop"], probe.Drain());
    }

    [Fact]
    public void A_constructor_and_a_PreStart_that_throw_are_restarted_too()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var attempts = 0;
        var props = new Props<string>(() => ++attempts switch
        {
            1 => throw new InvalidOperationException("constructor"),
            2 => new Scripted<string>((_, _) => { }) { Starting = _ => throw new InvalidOperationException("PreStart") },
            _ => new Scripted<string>((_, message) => probe.Tell(message)),
        })
        { SupervisorStrategy = Steady };
        kit.System.Spawn(props, "slow").Tell("hello");
        kit.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal("hello", probe.Expect());
        Assert.Equal(3, attempts);
        Assert.Equal(0, kit.System.Metrics.MessagesFailed);
    }

    [Fact]
    public void An_actor_without_a_back_off_that_fails_each_time_it_is_started_neither_ends_the_process_nor_keeps_others_from_their_turn()
    {
        const int Failures = 100_000;
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var attempts = 0;
        var heard = 0;
        kit.System.Spawn(
            new Props<int>(() => new Scripted<int>((_, _) => { }) { Starting = self => self.Context.Become(++attempts <= Failures ? throw new InvalidOperationException("PreStart") : _ => { }) })
            { SupervisorStrategy = new SupervisorStrategy.Restart(TimeSpan.Zero, TimeSpan.Zero) }, "restless");
        kit.System.Spawn(Scripted<string>.Props((_, _) => heard = attempts), "other").Tell("hello");
        kit.Run();

        Assert.Equal(Failures + 1, attempts);
        Assert.InRange(heard, 0, 1_000);
    }

    [Fact]
    public void The_jitter_is_the_same_in_each_run_and_differs_between_actors()
    {
        var strategy = new SupervisorStrategy.Restart(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)) { JitterSeed = 5 };
        var pauses = Enumerable.Range(0, 50).Select(actor => strategy.Backoff($"/user/{actor}", 3)).ToList();

        Assert.Equal(pauses, Enumerable.Range(0, 50).Select(actor => strategy.Backoff($"/user/{actor}", 3)));
        Assert.All(pauses, pause => Assert.InRange(pause, TimeSpan.FromSeconds(3.2), TimeSpan.FromSeconds(4)));
        Assert.True(pauses.Distinct().Count() > 40);
        Assert.InRange(strategy.Backoff("/user/x", 1_000), TimeSpan.FromSeconds(24), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Strategy_stop_ends_the_actor_and_its_mailbox_becomes_dead_letters()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var actor = kit.System.Spawn(Fragile(probe, new SupervisorStrategy.Stop()), "fragile");
        var stopped = kit.Watch(actor);
        actor.Tell("fail");
        actor.Tell("late");
        kit.Run();

        Assert.True(stopped.IsCompletedSuccessfully);
        Assert.Equal(["start", "stop"], probe.Drain());
        Assert.Equal(1, kit.System.Metrics.DeadLetters);
    }

    [Fact]
    public void An_escalated_failure_restarts_the_parent_with_fresh_children() => ActorTestKit.ForSeeds(30, kit =>
    {
        var probe = kit.Probe<string>();
        var causes = new List<string>();
        var child = Fragile(probe, new SupervisorStrategy.Escalate());
        var parent = kit.System.Spawn(new Props<string>(() => new Scripted<string>((self, message) =>
            ((IActorRef<string>)self.Context.Child("child")!).Tell(message))
        {
            Starting = self => self.Context.Spawn(child, "child"),
            Restarting = cause => causes.Add(cause.Message),
        })
        { SupervisorStrategy = Steady }, "parent");
        parent.Tell("fail");
        kit.Run();
        Assert.Equal(["start", "stop"], probe.Drain());

        kit.Advance(TimeSpan.FromSeconds(1));
        parent.Tell("works again");
        Assert.Equal(["start", "works again"], probe.Drain());
        Assert.Equal(["on purpose"], causes);
    });

    [Fact]
    public void A_failure_escalated_above_the_top_stops_the_actor()
    {
        var kit = new ActorTestKit();
        var actor = kit.System.Spawn(Fragile(kit.Probe<string>(), new SupervisorStrategy.Escalate()), "top");
        var stopped = kit.Watch(actor);
        actor.Tell("fail");
        kit.Run();

        Assert.True(stopped.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_restart_waits_until_the_old_children_have_ended()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var starts = 0;
        var parent = kit.System.Spawn(new Props<string>(() => new Scripted<string>((_, _) => throw new InvalidOperationException())
        {
            Starting = self =>
            {
                starts++;
                self.Context.Spawn(Fragile(probe, Steady), "same-name");
            },
        })
        { SupervisorStrategy = new SupervisorStrategy.Restart(TimeSpan.Zero, TimeSpan.Zero) }, "parent");
        parent.Tell("fail");
        kit.Run();

        Assert.Equal(2, starts);
        Assert.Equal(["start", "stop", "start"], probe.Drain());
    }

    [Fact]
    public void A_restart_waits_for_a_child_that_still_waits_for_an_answer()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var waits = true;
        IActorRef<string>? child = null;
        var parent = kit.System.Spawn(new Props<string>(() => new Scripted<string>((_, _) => throw new InvalidOperationException())
        {
            Starting = self => child = self.Context.Spawn(new Props<string>(() => new Scripted<string>((_, message) => waits = message != "answer")
            {
                Starting = _ => probe.Tell("start"),
                Stopped = () => probe.Tell("stop"),
                Defers = () => waits,
            }), "asks"),
        })
        { SupervisorStrategy = new SupervisorStrategy.Restart(TimeSpan.Zero, TimeSpan.Zero) }, "parent");
        parent.Tell("fail");
        Assert.Equal(["start"], probe.Drain());

        child!.Tell("something else");
        probe.ExpectNone();
        child.Tell("answer");
        Assert.Equal(["stop", "start"], probe.Drain());
    }

    [Fact]
    public void An_actor_that_waits_for_its_restart_can_be_stopped()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var actor = kit.System.Spawn(Fragile(probe, Steady), "fragile");
        actor.Tell("fail");
        kit.Run();
        var stopped = kit.Watch(actor);
        kit.System.Stop(actor);
        kit.Advance(TimeSpan.FromSeconds(10));

        Assert.True(stopped.IsCompletedSuccessfully);
        Assert.Equal(["start", "stop"], probe.Drain());
    }

    [Fact]
    public void A_hook_that_throws_is_logged_and_changes_nothing()
    {
        var kit = new ActorTestKit();
        var actor = kit.System.Spawn(new Props<int>(() => new Scripted<int>((self, _) => self.Context.StopSelf())
        {
            Stopped = () => throw new InvalidOperationException("PostStop"),
        }), "clumsy");
        var stopped = kit.Watch(actor);
        actor.Tell(0);
        kit.Run();

        Assert.True(stopped.IsCompletedSuccessfully);
        Assert.Contains(kit.Log, entry => entry.Kind == KernelEventKind.HookFailed);
    }

    [Fact]
    public void A_factory_that_returns_an_old_instance_is_found_out()
    {
        var kit = new ActorTestKit();
        Scripted<int>? shared = null;
        var props = new Props<int>(() => shared ??= new Scripted<int>((_, _) => { })) { SupervisorStrategy = new SupervisorStrategy.Stop() };
        kit.System.Spawn(props, "one");
        kit.Run();
        kit.System.Spawn(props, "two");
        kit.Run();

        Assert.Contains(kit.Log, entry => entry.Path == "/user/two" && entry.Detail.Contains("new one each time", StringComparison.Ordinal));
    }
}
