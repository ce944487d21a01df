using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Kernel;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

public sealed class RunSlotsActorTests
{
    private readonly ActorTestKit _kit = new();
    private readonly List<string> _granted = [];
    private readonly Dictionary<string, IActorRef<PipelineMessage>> _runs = [];
    private IActorRef<RunSlotsMessage> _slots = null!;

    [Fact, Conformance("K18", "New requests go ahead of periodic and restart work, and periodic work is never starved.")]
    public void What_users_wait_for_goes_first_and_every_fourth_slot_is_for_the_rest()
    {
        Slots(1, 100);
        Ask("holder", late: false);
        for (var i = 0; i < 4; i++)
            Ask($"late{i}", late: true);
        for (var i = 0; i < 8; i++)
            Ask($"new{i}", late: false);
        while (_granted.Count < 13)
            End(_granted[^1]);

        Assert.Equal(["holder", "new0", "new1", "late0", "new2", "new3", "new4", "late1", "new5", "new6", "new7", "late2", "late3"], _granted);
    }

    [Fact]
    public void Runs_in_flight_are_bounded()
    {
        Slots(3, 100);
        for (var i = 0; i < 10; i++)
            Ask($"r{i}", late: false);

        Assert.Equal(3, _granted.Count);
        End("r1");
        Assert.Equal(4, _granted.Count);
    }

    [Fact]
    public void Runs_of_one_Promise_are_bounded_and_do_not_hold_up_another()
    {
        Slots(10, 2);
        for (var i = 0; i < 5; i++)
            Ask($"r{i}", late: false, "redis");
        Ask("p", late: false, "postgres");

        Assert.Equal(["r0", "r1", "p"], _granted);
        End("r0");
        Assert.Equal(["r0", "r1", "p", "r2"], _granted);
    }

    [Fact]
    public void Run_that_asks_again_keeps_its_slot_and_takes_no_second()
    {
        Slots(1, 1);
        Ask("r", late: false);
        _slots.Tell(new RunSlotsMessage.Acquire("r", "redis", false, _runs["r"]));
        _kit.Run();
        Assert.Equal(["r", "r"], _granted);
        Ask("next", late: false);

        End("r");

        Assert.Equal("next", _granted[^1]);
    }

    [Fact]
    public void Run_that_ends_while_it_waits_leaves_the_queue()
    {
        Slots(1, 1);
        Ask("r", late: false);
        Ask("gone", late: false);
        Ask("next", late: false);
        End("gone");
        End("r");

        Assert.Equal(["r", "next"], _granted);
    }

    private void Slots(int max, int perPromise) => _slots = _kit.System.Spawn(new Props<RunSlotsMessage>(() => new RunSlotsActor(max, perPromise)), "slots");

    private void Ask(string run, bool late, string promise = "redis")
    {
        _runs[run] = _kit.System.Spawn(new Props<PipelineMessage>(() => new Runner(() => _granted.Add(run))), run);
        _slots.Tell(new RunSlotsMessage.Acquire(run, promise, late, _runs[run]));
        _kit.Run();
    }

    private void End(string run)
    {
        _kit.System.Stop(_runs[run]);
        _kit.Run();
    }

    private sealed class Runner(Action granted) : Actor<PipelineMessage>
    {
        protected override void Receive(PipelineMessage message) => granted();
    }
}
