using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;

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
        var journal = new InMemoryJournal(_kit.Time);
        var world = new World(journal, journal, _kubernetes, _kubernetes, new FakeRunner(), new InMemoryStateStores(journal), _kit.Time, NullLogger.Instance);
        _stores = _kit.Probe<StateStoresMessage>();
        _keeper = _kit.System.Spawn(new Props<DestinationMessage>(() => new DestinationActor(world, new StatusWriter(world), _stores)), "keeper");
    }

    [Fact]
    public void Destination_does_not_go_because_an_earlier_one_of_its_name_was_empty()
    {
        var item = Samples.Destination("worker");
        (item["spec"]!["cleanup"], item["spec"]!["initWorkloads"]) = ("all", new JsonObject { ["enabled"] = true });
        _kit.Settle(() => _kubernetes.Create(Kinds.Destination, null, item, default));
        See();
        See();
        _keeper.Tell(new DestinationMessage.Occupied("the earlier one's uid", 0));
        _kit.Settle(() => _kubernetes.Delete(Kinds.Destination, null, "worker", default));
        _stores.Drain();
        See();

        Assert.DoesNotContain(_stores.Drain(), message => message is StateStoresMessage.Write);
        _keeper.Tell(new DestinationMessage.Occupied(Item()["metadata"]!["uid"]!.ToString(), 0));
        _kit.Run();
        Assert.Contains(_stores.Drain(), message => message is StateStoresMessage.Write);
    }

    private void See()
    {
        _keeper.Tell(new DestinationMessage.Seen(Item(), Place, StoreStanding.Ready));
        _kit.Run();
    }

    private JsonObject Item() => Assert.IsType<Outcome<JsonObject>.Done>(_kit.Settle(() => _kubernetes.Get(Kinds.Destination, null, "worker", default))).Value;
}
