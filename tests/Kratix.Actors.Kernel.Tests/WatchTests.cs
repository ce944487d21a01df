using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class WatchTests
{
    private static readonly Props<string> Mortal = Scripted<string>.Props((self, message) =>
    {
        if (message == "fail")
            throw new InvalidOperationException("on purpose");
        self.Context.StopSelf();
    });

    private static IActorRef<string> Watcher(ActorTestKit kit, IActorRef target, TestProbe<string> probe) => kit.System.Spawn(
        new Props<string>(() => new Scripted<string>((self, message) =>
        {
            if (message == "unwatch")
                self.Context.Unwatch(target);
            else if (message == "watch")
                self.Context.Watch(target);
            else if (message == "fail")
                throw new InvalidOperationException("on purpose");
        })
        {
            Ended = (_, actor) => probe.Tell(actor.Path),
        }), "watcher");

    [Fact]
    public void The_end_of_a_watched_actor_is_told_once() => ActorTestKit.ForSeeds(50, kit =>
    {
        var probe = kit.Probe<string>();
        var mortal = kit.System.Spawn(Mortal, "mortal");
        var watcher = Watcher(kit, mortal, probe);
        watcher.Tell("watch");
        watcher.Tell("watch");
        mortal.Tell("stop");

        Assert.Equal(["/user/mortal"], probe.Drain());
    });

    [Fact]
    public void Watching_an_actor_that_has_ended_tells_at_once()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var mortal = kit.System.Spawn(Mortal, "mortal");
        mortal.Tell("stop");
        kit.Run();
        Watcher(kit, mortal, probe).Tell("watch");

        Assert.Equal("/user/mortal", probe.Expect());
    }

    [Fact]
    public void Who_unwatches_is_not_told_even_if_the_notice_waits_in_the_mailbox_already()
    {
        var kit = new ActorTestKit(throughput: 1);
        var probe = kit.Probe<string>();
        var mortal = kit.System.Spawn(Mortal, "mortal");
        var watcher = Watcher(kit, mortal, probe);
        watcher.Tell("watch");
        kit.Run();
        watcher.Tell("unwatch");
        mortal.Tell("stop");

        Assert.Empty(probe.Drain());
    }

    [Fact]
    public void A_restart_of_the_watched_is_no_end_and_a_restart_of_the_watcher_forgets()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var mortal = kit.System.Spawn(Mortal, "mortal");
        var watcher = Watcher(kit, mortal, probe);
        watcher.Tell("watch");
        mortal.Tell("fail");
        kit.Advance(TimeSpan.FromSeconds(1));
        probe.ExpectNone();

        watcher.Tell("fail");
        kit.Advance(TimeSpan.FromSeconds(1));
        mortal.Tell("stop");
        probe.ExpectNone();
    }

    [Fact]
    public void A_successor_of_the_same_name_is_another_actor()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var first = kit.System.Spawn(Mortal, "mortal");
        first.Tell("stop");
        kit.Run();
        var second = kit.System.Spawn(Mortal, "mortal");
        Watcher(kit, second, probe).Tell("watch");
        kit.Run();
        first.Tell("to nobody");

        probe.ExpectNone();
        Assert.Equal(1, kit.System.Metrics.DeadLetters);
    }
}
