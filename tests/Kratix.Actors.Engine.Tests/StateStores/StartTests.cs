using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

/// <summary>Where files go that are placed while an engine that has just started finds out what its Destinations can take.</summary>
public sealed class StartTests
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "f"];

    private readonly TaskCompletionSource _answered = new();

    [Fact, Conformance("K21", "A request that is placed just after a start goes where it would go at any other time, whichever state store answers first.")]
    public void Placing_waits_until_the_Destinations_that_were_there_have_been_judged()
    {
        var bed = Restarted();
        Assert.All(Names, name => Assert.Equal("Writing", bed.Phase(name)));

        bed.Kit.Dispatcher.InContext(_answered.SetResult);
        bed.Kit.Advance(TimeSpan.FromSeconds(5));

        var chosen = Names.Select(name => (Name: name, Own(name), bed.State(name).Works.Placements.Single().Destination)).ToList();
        Assert.All(chosen, c => Assert.Equal((c.Name, c.Item2), (c.Name, c.Destination)));
        Assert.Equal(2, chosen.Select(c => c.Destination).Distinct().Count());
        Assert.All(Names, name => Assert.Equal("Settled", bed.Phase(name)));
    }

    [Fact]
    public void State_store_that_does_not_answer_holds_up_nobody_for_long()
    {
        var bed = Restarted();
        bed.Kit.Advance(TimeSpan.FromSeconds(30));

        Assert.All(Names, name => Assert.Equal("Settled", bed.Phase(name)));
        Assert.All(Names, name => Assert.Equal("worker", bed.State(name).Works.Placements.Single().Destination));
    }

    /// <summary>The Destination of all that the request's files go to when all are ready.</summary>
    private static string Own(string name)
    {
        var work = new WorkOwner("redis", "default", name, EveryMatch: false).WorkName("configure");
        var location = new Location("", "", "", FilepathMode.None, null);
        Destination Ready(string destination) => new(destination, System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty, false, true, location);
        return Scheduler.ChooseOne($"{work}/{WorkloadGroup.IdOf(".")}", [Ready("worker"), Ready("second")])!.Name;
    }

    /// <summary>An engine that was started again while the requests' runs were at work. They have ended, one of its two state stores has answered.</summary>
    private EngineBed Restarted()
    {
        var before = EngineBed.WithPromise();
        var other = Samples.Store("https://git.example.org/other");
        other["metadata"]!["name"] = "other";
        before.Create(Kinds.GitStateStore, null, other);
        var second = Samples.Destination("second", ("environment", "dev"));
        second["spec"]!["stateStoreRef"]!["name"] = "other";
        before.Create(Kinds.Destination, null, second);
        before.Kit.Advance(TimeSpan.FromSeconds(2));
        foreach (var name in Names)
            before.Request(name);
        before.Stores.Store("https://git.example.org/other#main").BeforeChecked = () => _answered.Task;
        var bed = before.Restarted(OnStart.Off);
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        bed.CompleteAll(bed.TakeAll(), ("output/db.yaml", "x: 1\n"));
        return bed;
    }
}
