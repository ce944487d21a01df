using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Kernel;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

public sealed class RunSlotsActorTests
{
    private readonly ActorTestKit _kit = new();
    private readonly List<string> _granted = [];
    private readonly IActorRef<RunSlotsMessage> _slots;

    public RunSlotsActorTests() =>
        _slots = _kit.System.Spawn(new Props<RunSlotsMessage>(() => new RunSlotsActor(maxInFlight: 3, maxPerPromise: 2)), "slots");

    [Fact]
    public void Promise_at_its_bound_leaves_room_for_others_and_nobody_overtakes_within_it()
    {
        var runs = Acquire("redis", "r1", "r2", "r3", "r4");
        Acquire("kafka", "k1");
        Assert.Equal(["r1", "r2", "k1"], _granted);

        End(runs[0]);
        Assert.Equal(["r1", "r2", "k1", "r3"], _granted);
    }

    [Fact]
    public void Whoever_came_first_goes_first_whatever_its_Promise()
    {
        var holders = Acquire("redis", "r1", "r2").Concat(Acquire("kafka", "k1")).ToList();
        Acquire("kafka", "k2");
        Acquire("redis", "r3");
        Acquire("minio", "m1");

        End(holders[0]);
        End(holders[1]);
        Assert.Equal(["r1", "r2", "k1", "k2", "r3"], _granted);
    }

    [Fact]
    public void Run_that_asks_again_keeps_its_slot_or_its_place_and_takes_no_second_one()
    {
        var runs = Acquire("redis", "r1", "r2", "r3");
        Ask("redis", runs[0]);
        Ask("redis", runs[2]);
        Assert.Equal(["r1", "r2", "r1"], _granted);

        End(runs[0]);
        End(runs[2]);
        Acquire("redis", "r4");
        Assert.Equal(["r1", "r2", "r1", "r3", "r4"], _granted);
    }

    [Fact]
    public void Run_that_ends_while_it_waits_leaves_the_queue()
    {
        var runs = Acquire("redis", "r1", "r2", "r3", "r4");
        End(runs[2]);
        End(runs[0]);
        Assert.Equal(["r1", "r2", "r4"], _granted);
    }

    private List<IActorRef<PipelineMessage>> Acquire(string promise, params string[] names)
    {
        var runs = names.Select(name => _kit.System.Spawn(new Props<PipelineMessage>(() => new Run(() => _granted.Add(name))), name)).ToList();
        runs.ForEach(run => Ask(promise, run));
        return runs;
    }

    private void Ask(string promise, IActorRef<PipelineMessage> run)
    {
        _slots.Tell(new RunSlotsMessage.Acquire(run.Path, promise, Late: false, run));
        _kit.Run();
    }

    private void End(IActorRef run)
    {
        _kit.System.Stop(run);
        _kit.Run();
    }

    private sealed class Run(Action granted) : Actor<PipelineMessage>
    {
        protected override void Receive(PipelineMessage message) => granted();
    }
}
