using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

public sealed class DestinationActorTests
{
    private static readonly Location Place = new("GitStateStore", "store", "worker", FilepathMode.NestedByMetadata, null);
    private readonly ActorTestKit _kit = new();
    private readonly FakeKubernetes _kubernetes;
    private readonly TestProbe<StateStoresMessage> _stores;
    private readonly IActorRef<DestinationMessage> _keeper;

    public DestinationActorTests()
    {
        _kubernetes = new FakeKubernetes(_kit.Time);
        var world = Samples.World(_kubernetes, _kubernetes, _kit.Time);
        _stores = _kit.Probe<StateStoresMessage>();
        _keeper = _kit.System.Spawn(new Props<DestinationMessage>(() => new DestinationActor(world, new StatusWriter(world), _stores)), "keeper");
    }

    [Fact]
    public void Destination_does_not_go_because_an_earlier_one_of_its_name_was_empty()
    {
        Hold(documents: true);
        _keeper.Tell(new DestinationMessage.Occupied("the uid of the earlier one", 0));
        _kit.Settle(() => _kubernetes.Delete(Kinds.Destination, null, "worker", default));
        _stores.Drain();
        See();

        Assert.DoesNotContain(_stores.Drain(), message => message is StateStoresMessage.Write);
        Look(0);
        Assert.Contains(_stores.Drain(), message => message is StateStoresMessage.Write);
    }

    [Fact, Conformance("R111", "A Destination with cleanup: all goes when nobody had files there twice: files placed while it was being deleted are taken back too.")]
    public void Destination_goes_when_it_was_empty_twice()
    {
        Hold(documents: false);
        var write = _stores.Drain().OfType<StateStoresMessage.Write>().Last();
        write.Request.Answer(new WriteAnswer.Written("c0ffee", true));
        _kit.Settle(() => _kubernetes.Delete(Kinds.Destination, null, "worker", default));
        See();

        foreach (var by in (int[])[0, 1, 0])
        {
            Look(by);
            Assert.True(Item().IsDeleting());
        }

        Look(0);
        Assert.IsNotType<Outcome<JsonObject>.Done>(_kit.Settle(() => _kubernetes.Get(Kinds.Destination, null, "worker", default)));
    }

    /// <summary>Afterwards there was time enough to patch what has changed since, its status.</summary>
    private void Look(int occupiedBy)
    {
        _keeper.Tell(new DestinationMessage.Occupied(Item().Uid(), occupiedBy));
        _kit.Run();
        if (_kit.Settle(() => _kubernetes.Get(Kinds.Destination, null, "worker", default)) is Outcome<JsonObject>.Done)
            See();
        _kit.Advance(TimeSpan.FromMinutes(1));
    }

    /// <summary>There is a Destination that takes its files along, and the keeper has put its finalizer on.</summary>
    private void Hold(bool documents)
    {
        var item = Samples.Destination("worker");
        (item["spec"]!["cleanup"], item["spec"]!["initWorkloads"]) = ("all", new JsonObject { ["enabled"] = documents });
        _kit.Settle(() => _kubernetes.Create(Kinds.Destination, null, item, default));
        See();
        See();
    }

    private void See()
    {
        _keeper.Tell(new DestinationMessage.Seen(Item(), Place, StoreStanding.Ready));
        _kit.Run();
    }

    private JsonObject Item() => Assert.IsType<Outcome<JsonObject>.Done>(_kit.Settle(() => _kubernetes.Get(Kinds.Destination, null, "worker", default))).Value;
}
