using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class StashTests
{
    [Fact]
    public void Stashed_messages_return_in_order_and_ahead_of_what_waits()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var open = false;
        var actor = kit.System.Spawn(Scripted<string>.Props((self, message) =>
        {
            if (message == "open")
            {
                open = true;
                self.Context.Stash.UnstashAll();
            }
            else if (open)
            {
                probe.Tell(message);
            }
            else
            {
                self.Context.Stash.StashCurrent();
            }
        }), "door");
        foreach (var message in new[] { "a", "b", "open", "c" })
            actor.Tell(message);

        Assert.Equal(["a", "b", "c"], probe.Drain());
    }

    [Fact]
    public void A_stash_beyond_its_capacity_fails_the_actor_and_its_content_returns_to_the_mailbox()
    {
        var kit = new ActorTestKit();
        var handled = new List<int>();
        var instances = 0;
        var props = new Props<int>(() =>
        {
            var first = ++instances == 1;
            return new Scripted<int>((self, message) =>
            {
                if (first)
                    self.Context.Stash.StashCurrent();
                else
                    handled.Add(message);
            });
        })
        { Mailbox = new MailboxSettings { StashCapacity = 2 } };
        var actor = kit.System.Spawn(props, "full");
        foreach (var message in new[] { 1, 2, 3, 4 })
            actor.Tell(message);
        kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([1, 2, 4], handled);
        Assert.Contains(kit.Log, entry => entry.Cause is StashOverflowException);
    }

    [Fact]
    public void A_message_can_be_stashed_once()
    {
        var kit = new ActorTestKit();
        var actor = kit.System.Spawn(Scripted<int>.Props((self, _) =>
        {
            self.Context.Stash.StashCurrent();
            self.Context.Stash.StashCurrent();
        }) with { SupervisorStrategy = new SupervisorStrategy.Stop() }, "twice");
        actor.Tell(1);
        kit.Run();

        Assert.Contains(kit.Log, entry => entry.Kind == KernelEventKind.ActorFailed);
        Assert.Equal(1, kit.System.Metrics.DeadLetters);
    }
}
