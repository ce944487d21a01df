using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class TimerTests
{
    private static IActorRef<string> Clockwork(ActorTestKit kit, TestProbe<string> probe, Action<ITimers<string>, string>? also = null) =>
        kit.System.Spawn(Scripted<string>.Props((self, message) =>
        {
            probe.Tell(message);
            if (message == "fail")
                throw new InvalidOperationException("on purpose");
            also?.Invoke(self.Context.Timers, message);
        }) with { SupervisorStrategy = new SupervisorStrategy.Restart(TimeSpan.Zero, TimeSpan.Zero) }, "clockwork");

    [Fact]
    public void A_single_timer_ticks_once_and_on_time()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        Clockwork(kit, probe, (timers, message) =>
        {
            if (message == "go")
                timers.StartSingle("t", "tick", TimeSpan.FromSeconds(5));
        }).Tell("go");
        kit.Advance(TimeSpan.FromMilliseconds(4999));
        Assert.Equal(["go"], probe.Drain());
        kit.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["tick"], probe.Drain());
        kit.Advance(TimeSpan.FromMinutes(5));
        probe.ExpectNone();
    }

    [Fact]
    public void A_periodic_timer_keeps_its_pace_until_cancelled()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var actor = Clockwork(kit, probe, (timers, message) =>
        {
            if (message == "go")
                timers.StartPeriodic("t", "tick", TimeSpan.FromSeconds(10));
            if (message == "halt")
                timers.Cancel("t");
        });
        actor.Tell("go");
        kit.Advance(TimeSpan.FromSeconds(1000));
        Assert.Equal(1 + 100, probe.Drain().Count);
        actor.Tell("halt");
        kit.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(["halt"], probe.Drain());
        Assert.Equal(0, kit.System.Timers.Count);
    }

    [Fact]
    public void Ticks_do_not_pile_up_in_the_mailbox_of_a_slow_actor()
    {
        var kit = new ActorTestKit();
        var ticks = 0;
        kit.System.Spawn(new Props<string>(() => new Scripted<string>((_, _) => ticks++)
        {
            Starting = self => self.Context.Timers.StartPeriodic("t", "tick", TimeSpan.FromSeconds(1)),
        }), "slow");
        kit.Run();
        kit.Time.Advance(TimeSpan.FromSeconds(10));
        kit.Run();

        Assert.Equal(1, ticks);
    }

    [Fact]
    public void Starting_a_key_again_replaces_it_also_when_its_tick_waits_already()
    {
        var kit = new ActorTestKit(throughput: 1);
        var probe = kit.Probe<string>();
        var actor = Clockwork(kit, probe, (timers, message) =>
        {
            if (message == "go")
                timers.StartSingle("t", "old", TimeSpan.FromSeconds(1));
            if (message == "again")
                timers.StartSingle("t", "new", TimeSpan.FromSeconds(1));
        });
        actor.Tell("go");
        kit.Run();
        actor.Tell("again");
        kit.Time.Advance(TimeSpan.FromSeconds(1));
        kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["go", "again", "new"], probe.Drain());
    }

    [Fact]
    public void A_tick_of_an_old_instance_is_never_delivered()
    {
        var kit = new ActorTestKit(throughput: 1);
        var probe = kit.Probe<string>();
        var actor = Clockwork(kit, probe, (timers, message) =>
        {
            if (message == "go")
                timers.StartSingle("t", "tick", TimeSpan.FromSeconds(1));
        });
        actor.Tell("go");
        kit.Run();
        actor.Tell("fail");
        kit.Time.Advance(TimeSpan.FromSeconds(1));
        kit.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["go", "fail"], probe.Drain());
    }

    [Fact]
    public void CancelAll_silences_every_timer()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        Clockwork(kit, probe, (timers, _) =>
        {
            timers.StartSingle(1, "one", TimeSpan.FromSeconds(1));
            timers.StartPeriodic(2, "two", TimeSpan.FromSeconds(1));
            timers.CancelAll();
            Assert.False(timers.IsActive(1));
        }).Tell("go");
        kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["go"], probe.Drain());
    }

    [Fact]
    public void A_timer_without_a_delay_ticks_when_the_clock_next_moves()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        Clockwork(kit, probe, (timers, message) =>
        {
            if (message == "go")
                timers.StartSingle("t", "tick", TimeSpan.Zero);
        }).Tell("go");
        kit.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(["go", "tick"], probe.Drain());
    }

    [Fact]
    public void A_periodic_timer_without_a_period_is_refused()
    {
        var kit = new ActorTestKit();
        Clockwork(kit, kit.Probe<string>(), (timers, _) => timers.StartPeriodic("t", "tick", TimeSpan.Zero)).Tell("go");
        kit.Run();

        Assert.Contains(kit.Log, entry => entry.Cause is ArgumentOutOfRangeException);
    }

    [Fact]
    public void Ten_thousand_timers_ring_in_the_order_they_are_due_and_use_one_timer_of_the_clock()
    {
        var kit = new ActorTestKit(throughput: 100);
        var rung = new List<int>();
        var random = new SeededRandom(3);
        var delays = Enumerable.Range(0, 10_000).Select(_ => 1 + random.Next(1_000_000)).ToList();
        var cancelled = new HashSet<int>(Enumerable.Range(0, 10_000).Where(_ => random.OneIn(3)));
        kit.System.Spawn(new Props<int>(() => new Scripted<int>((_, timer) => rung.Add(timer))
        {
            Starting = self =>
            {
                for (var timer = 0; timer < delays.Count; timer++)
                    self.Context.Timers.StartSingle(timer, timer, TimeSpan.FromMilliseconds(delays[timer]));
                foreach (var timer in cancelled)
                    self.Context.Timers.Cancel(timer);
            },
        }), "many");
        kit.Advance(TimeSpan.FromSeconds(1001));

        Assert.Equal(delays.Count - cancelled.Count, rung.Count);
        Assert.DoesNotContain(rung, cancelled.Contains);
        Assert.Equal(rung.Select(timer => delays[timer]).Order(), rung.Select(timer => delays[timer]));
    }

    [Fact]
    public void A_jump_of_the_wall_clock_moves_no_timer()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        Clockwork(kit, probe, (timers, message) =>
        {
            if (message == "go")
                timers.StartSingle("t", "tick", TimeSpan.FromSeconds(10));
        }).Tell("go");
        kit.Run();
        kit.Time.JumpWallClock(TimeSpan.FromDays(1));
        kit.Advance(TimeSpan.FromSeconds(9));
        kit.Time.JumpWallClock(TimeSpan.FromDays(-2));
        Assert.Equal(["go"], probe.Drain());
        kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["tick"], probe.Drain());
    }

    [Fact]
    public async Task Timers_ring_on_the_real_clock()
    {
        await using var system = new ActorSystem("clock");
        var done = new TaskCompletionSource();
        var ticks = 0;
        system.Spawn(new Props<int>(() => new Scripted<int>((_, _) =>
        {
            if (++ticks == 3)
                done.SetResult();
        })
        {
            Starting = self => self.Context.Timers.StartPeriodic("t", 0, TimeSpan.FromMilliseconds(2)),
        }), "ticker");

        await done.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }
}
