using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class PipeTests
{
    private static IActorRef<string> Piper(ActorTestKit kit, TestProbe<string> probe, Func<Task<int>> work) =>
        kit.System.Spawn(Scripted<string>.Props((self, message) =>
        {
            if (message == "go")
                self.Context.PipeToSelf(work(), number => $"got {number}", cause => $"failed {cause.GetType().Name} {cause.Message}");
            else
                probe.Tell(message);
        }), "piper");

    [Fact]
    public void A_result_comes_back_as_a_message()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var work = new TaskCompletionSource<int>();
        Piper(kit, probe, () => work.Task).Tell("go");
        probe.ExpectNone();
        work.SetResult(5);

        Assert.Equal("got 5", probe.Expect());
    }

    [Fact]
    public void A_failure_comes_back_unwrapped_and_a_cancellation_is_one()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var outcomes = new Queue<Task<int>>([
            Task.FromException<int>(new InvalidDataException("bad")),
            Task.FromCanceled<int>(new CancellationToken(canceled: true)),
        ]);
        var actor = Piper(kit, probe, outcomes.Dequeue);
        actor.Tell("go");
        Assert.Equal("failed InvalidDataException bad", probe.Expect());
        actor.Tell("go");
        Assert.StartsWith("failed TaskCanceledException", probe.Expect(), StringComparison.Ordinal);
    }

    [Fact]
    public void Awaits_inside_piped_work_are_steps_of_the_dispatcher() => ActorTestKit.ForSeeds(20, kit =>
    {
        var thread = Environment.CurrentManagedThreadId;
        var probe = kit.Probe<string>();
        async Task<int> Work()
        {
            for (var step = 0; step < 5; step++)
                await Task.Yield();
            return Environment.CurrentManagedThreadId == thread ? 1 : 0;
        }

        Piper(kit, probe, Work).Tell("go");
        Assert.Equal("got 1", probe.Expect());
    });

    [Fact]
    public void A_result_for_an_actor_that_ended_is_a_dead_letter()
    {
        var kit = new ActorTestKit();
        var work = new TaskCompletionSource<int>();
        var actor = Piper(kit, kit.Probe<string>(), () => work.Task);
        actor.Tell("go");
        kit.Run();
        kit.System.Stop(actor);
        kit.Run();
        work.SetResult(1);
        kit.Run();

        Assert.Equal(1, kit.System.Metrics.DeadLetters);
    }

    [Fact]
    public void A_piped_result_can_be_stashed()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var stashed = false;
        kit.System.Spawn(Scripted<string>.Props((self, message) =>
        {
            if (message == "go")
            {
                self.Context.PipeToSelf(Task.FromResult(1), _ => "result", _ => "failure");
            }
            else if (!stashed)
            {
                stashed = true;
                self.Context.Stash.StashCurrent();
                self.Context.Stash.UnstashAll();
            }
            else
            {
                probe.Tell(message);
            }
        }), "stasher").Tell("go");

        Assert.Equal("result", probe.Expect());
    }
}
