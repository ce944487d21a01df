using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

/// <summary>Region and persistence together: entities that sleep and wake over a journal that is slow or breaks.</summary>
public sealed class PersistentEntityTests
{
    private sealed class Tally(string id, ShardLease lease, IEventStore<string, int> store, Func<bool> isSleepy)
        : PersistentActor<int, string, int>(id, lease, store, "")
    {
        protected override string Evolve(string state, int @event) => $"{state}{@event},";

        protected override void OnRecovered()
        {
        }

        protected override void OnMessage(int message)
        {
            Persist(message, "told");
            if (isSleepy())
                Context.Passivate();
        }
    }

    private static IActorRef<ShardEnvelope<int>> Region(ActorTestKit kit, FakeEventStore<string, int> store, Func<int, ShardLease?> leaseOf, bool sleepy = true) =>
        kit.System.Spawn(ShardRegion.Props(new ShardRegionSettings<int>(
            4,
            (id, lease) => new Props<int>(() => new Tally(id, lease, store, () => sleepy && kit.Random.OneIn(3))),
            leaseOf,
            TimeSpan.FromSeconds(2),
            2)), "region");

    [Fact]
    public void An_entity_that_wakes_never_overtakes_its_own_last_append() => ActorTestKit.ForSeeds(200, kit =>
    {
        var store = new FakeEventStore<string, int> { Hold = true };
        var region = Region(kit, store, shard => new ShardLease(shard, 1));
        for (var message = 0; message < 60; message++)
        {
            region.Tell(new($"{message % 3}", message));
            for (var steps = kit.Random.Next(8); steps > 0; steps--)
                kit.Dispatcher.RunNext();
            if (store.Waiting > 0 && kit.Random.OneIn(2))
                store.Release();
        }

        do
        {
            kit.Run();
            while (store.Waiting > 0)
                store.Release();
        }
        while (kit.Dispatcher.RunNext());

        Assert.Equal(0, kit.System.Metrics.Failures);
        Assert.Equal(0, kit.System.Metrics.DeadLetters);
        foreach (var entity in store.Events.GroupBy(append => append.EntityId))
            Assert.Equal(Enumerable.Range(0, 20).Select(n => (n * 3) + int.Parse(entity.Key)), entity.Select(append => append.Event));
        Assert.Equal(60, store.Events.Count);
    });

    [Fact]
    public void A_journal_that_breaks_now_and_then_loses_only_counted_messages() => ActorTestKit.ForSeeds(100, kit =>
    {
        var store = new FakeEventStore<string, int> { Fault = _ => kit.Random.OneIn(5) ? new IOException("now and then") : null };
        var region = Region(kit, store, shard => new ShardLease(shard, 1));
        for (var message = 0; message < 60; message++)
        {
            region.Tell(new($"{message % 3}", message));
            if (kit.Random.OneIn(4))
                kit.Advance(TimeSpan.FromMilliseconds(kit.Random.Next(3000)));
        }

        kit.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(60, store.Events.Count + kit.System.Metrics.MessagesFailed);
        Assert.Equal(0, kit.System.Metrics.DeadLetters);
        Assert.All(store.Events.GroupBy(append => append.EntityId), of => Assert.Equal(of.Select(append => append.Event).Order(), of.Select(append => append.Event)));
    });

    [Fact]
    public void A_shard_is_handed_over_only_when_its_last_append_has_ended()
    {
        var kit = new ActorTestKit();
        var store = new FakeEventStore<string, int>();
        var shard = ShardRegion.ShardOf("a", 4);
        var mine = true;
        var region = Region(kit, store, of => mine ? new ShardLease(of, 1) : null, sleepy: false);
        region.Tell(new("a", 0));
        kit.Run();
        store.Hold = true;
        region.Tell(new("a", 1));
        kit.Run();
        mine = false;
        var handedOver = region.StopShard(shard);
        kit.Run();
        Assert.False(handedOver.IsCompleted);
        store.Release();
        kit.Run();

        Assert.True(handedOver.IsCompletedSuccessfully);
        Assert.Equal([0, 1], store.Events.Select(append => append.Event));
    }

    [Fact]
    public void An_owner_that_was_replaced_writes_nothing_and_wakes_with_its_next_lease()
    {
        var kit = new ActorTestKit();
        var store = new FakeEventStore<string, int>();
        var epoch = 1L;
        var region = Region(kit, store, shard => new ShardLease(shard, epoch));
        region.Tell(new("a", 0));
        kit.Run();
        store.Epoch = 2;
        region.Tell(new("a", 1));
        kit.Run();
        epoch = 2;
        region.Tell(new("a", 2));
        kit.Run();

        Assert.Equal([0, 2], store.Events.Select(append => append.Event));
        Assert.Equal([1L, 2L], store.Events.Select(append => append.Epoch));
    }
}
