using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Kernel;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

public sealed class RunSlotsActorTests
{
    private readonly ActorTestKit _kit = new();
    private readonly List<string> _granted = [];
    private IActorRef<RunSlotsMessage> _slots;

    public RunSlotsActorTests() => _slots = Slots("slots", maxInFlight: 3, maxPerPromise: 2);

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

    [Fact, Conformance("K18", "What users wait for goes ahead of periodic work, which gets every fourth slot and so is never starved.")]
    public void Periodic_work_gets_every_fourth_slot_and_no_more_while_users_wait()
    {
        _slots = Slots("one", maxInFlight: 1, maxPerPromise: 1);
        var runs = Acquire("redis", "first");
        runs.AddRange(AcquireLate("redis", "late1", "late2", "late3"));
        runs.AddRange(Acquire("redis", "s1", "s2", "s3", "s4", "s5", "s6"));

        while (_granted.Count < 10)
            End(runs.Single(run => run.Path == $"/user/{_granted[^1]}"));
        Assert.Equal(["first", "s1", "s2", "late1", "s3", "s4", "s5", "late2", "s6", "late3"], _granted);
    }

    [Fact, Conformance("K18", "A slot is never kept free for the other kind of work.")]
    public void Slot_goes_to_whoever_waits_whosever_turn_it_is()
    {
        _slots = Slots("one", maxInFlight: 1, maxPerPromise: 1);
        var runs = Acquire("redis", "s1", "s2", "s3", "s4", "s5");
        while (_granted.Count < 5)
            End(runs.Single(run => run.Path == $"/user/{_granted[^1]}"));
        Assert.Equal(["s1", "s2", "s3", "s4", "s5"], _granted);

        End(runs[4]);
        AcquireLate("redis", "late1");
        Assert.Equal("late1", _granted[^1]);
    }

    private IActorRef<RunSlotsMessage> Slots(string name, int maxInFlight, int maxPerPromise) =>
        _kit.System.Spawn(new Props<RunSlotsMessage>(() => new RunSlotsActor(maxInFlight, maxPerPromise)), name);

    private List<IActorRef<PipelineMessage>> Acquire(string promise, params string[] names) => Acquire(promise, late: false, names);

    private List<IActorRef<PipelineMessage>> AcquireLate(string promise, params string[] names) => Acquire(promise, late: true, names);

    private List<IActorRef<PipelineMessage>> Acquire(string promise, bool late, string[] names)
    {
        var runs = names.Select(name => _kit.System.Spawn(new Props<PipelineMessage>(() => new Run(() => _granted.Add(name))), name)).ToList();
        runs.ForEach(run => Ask(promise, run, late));
        return runs;
    }

    private void Ask(string promise, IActorRef<PipelineMessage> run, bool late = false)
    {
        _slots.Tell(new RunSlotsMessage.Acquire(run.Path, promise, late, run));
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
