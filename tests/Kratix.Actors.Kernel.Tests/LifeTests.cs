using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class LifeTests
{
    [Fact]
    public void Children_stop_before_their_parents_and_the_system_last() => ActorTestKit.ForSeeds(50, kit =>
    {
        var order = new List<string>();
        Props<int> Node(string name, int depth) => new(() => new Scripted<int>((_, _) => { })
        {
            Stopped = () => order.Add(name),
            Starting = self =>
            {
                for (var child = 0; depth > 0 && child < 2; child++)
                    self.Context.Spawn(Node($"{name}{child}", depth - 1), $"{name}{child}");
            },
        });
        kit.System.Spawn(Node("r", 2), "r");
        kit.Run();

        Assert.True(kit.Settle(() => kit.System.Stop(TimeSpan.FromSeconds(5))));
        Assert.Equal(7, order.Count);
        Assert.All(order, name => Assert.All(order.Skip(order.IndexOf(name) + 1), later => Assert.False(later.StartsWith(name, StringComparison.Ordinal))));
        Assert.Equal(0, kit.System.Metrics.ByType.Sum(type => type.Active));
    });

    [Fact]
    public async Task A_system_whose_actor_does_not_come_back_misses_its_deadline_and_names_it()
    {
        var time = new ManualTime();
        var log = new System.Collections.Concurrent.ConcurrentQueue<KernelLogEvent>();
        var system = new ActorSystem("stuck", new ActorSystemOptions { Time = time, Log = log.Enqueue });
        using var release = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        var blocker = Scripted<int>.Props((_, _) =>
        {
            entered.SetResult();
            release.Wait();
        });
        system.Spawn(Scripted<int>.Props((self, _) => self.Context.Spawn(blocker, "blocker").Tell(0)), "parent").Tell(0);
        await entered.Task;

        var stop = system.Stop(TimeSpan.FromSeconds(3));
        time.Advance(TimeSpan.FromSeconds(3));

        Assert.False(await stop);
        Assert.Contains(log, entry => entry is { Kind: KernelEventKind.StopDeadlineMissed, Path: "/user/parent/blocker" });
        release.Set();
        await system.WhenStopped;
    }

    [Fact]
    public void A_stopping_system_starts_no_actor()
    {
        var kit = new ActorTestKit();
        kit.Settle(() => kit.System.Stop(TimeSpan.FromSeconds(1)));

        Assert.Throws<InvalidOperationException>(() => kit.System.Spawn(Scripted<int>.Props((_, _) => { }), "late"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("taken")]
    public void A_name_that_is_taken_or_none_is_refused(string name)
    {
        var kit = new ActorTestKit();
        kit.System.Spawn(Scripted<int>.Props((_, _) => { }), "taken");

        Assert.Throws<InvalidActorNameException>(() => kit.System.Spawn(Scripted<int>.Props((_, _) => { }), name));
    }

    [Fact]
    public void A_name_is_free_again_when_the_parent_hears_of_the_end()
    {
        var kit = new ActorTestKit();
        var starts = 0;
        var child = new Props<int>(() => new Scripted<int>((self, _) => self.Context.StopSelf()) { Starting = _ => starts++ });
        var parent = kit.System.Spawn(new Props<int>(() => new Scripted<int>((self, _) => ((IActorRef<int>)self.Context.Child("c")!).Tell(0))
        {
            Starting = self => self.Context.Watch(self.Context.Spawn(child, "c")),
            Ended = (self, _) => self.Context.Spawn(child, "c"),
        }), "parent");
        parent.Tell(0);
        kit.Run();

        Assert.Equal(2, starts);
    }

    [Fact]
    public void Only_itself_and_its_children_may_be_stopped_by_an_actor()
    {
        var kit = new ActorTestKit();
        var stranger = kit.System.Spawn(Scripted<int>.Props((_, _) => { }), "stranger");
        kit.System.Spawn(Scripted<int>.Props((self, _) => self.Context.Stop(stranger)), "bold").Tell(0);
        kit.Run();

        var failed = Assert.Single(kit.Log, entry => entry.Kind == KernelEventKind.ActorFailed);
        Assert.Contains("/user/stranger", failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_child_stopped_by_its_parent_runs_PostStop_and_its_waiting_messages_become_dead_letters()
    {
        var kit = new ActorTestKit(throughput: 1);
        var stopped = false;
        var handled = 0;
        var parent = kit.System.Spawn(Scripted<int>.Props((self, _) =>
        {
            var child = self.Context.Spawn(new Props<int>(() => new Scripted<int>((_, _) => handled++) { Stopped = () => stopped = true }), "child");
            child.Tell(1);
            child.Tell(2);
            self.Context.Stop(child);
        }), "parent");
        parent.Tell(0);
        kit.Run();

        Assert.True(stopped);
        Assert.Equal(2, handled + kit.System.Metrics.DeadLetters);
    }
}
