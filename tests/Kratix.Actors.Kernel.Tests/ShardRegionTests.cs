using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class ShardRegionTests
{
    private sealed class World
    {
        public Dictionary<string, List<int>> Handled { get; } = [];

        public List<string> Starts { get; } = [];

        public List<string> Stops { get; } = [];

        public HashSet<int> Foreign { get; } = [];

        public Func<string, bool> MayPassivate { get; set; } = _ => true;

        public Action<IActorContext<int>, string, int> Also { get; set; } = (_, _, _) => { };

        public ShardRegionSettings<int> Settings { get; init; } = new(16, (_, _) => null!, _ => null, null, 0);

        public Props<ShardEnvelope<int>> Region() => ShardRegion.Props(Settings with
        {
            EntityProps = (id, lease) => id == "cannot be made"
                ? throw new InvalidOperationException("no such thing")
                : new Props<int>(() => new Entity(this, id)) { SupervisorStrategy = new SupervisorStrategy.Stop() },
            LeaseOf = shard => Foreign.Contains(shard) ? null : new ShardLease(shard, 1),
        });
    }

    private sealed class Entity(World world, string id) : Actor<int>
    {
        protected override void PreStart() => world.Starts.Add(id);

        protected override void PostStop() => world.Stops.Add(id);

        protected override bool MayPassivate() => base.MayPassivate() && world.MayPassivate(id);

        protected internal override void Receive(int message)
        {
            if (!world.Handled.TryGetValue(id, out var handled))
                world.Handled[id] = handled = [];
            handled.Add(message);
            world.Also(Context, id, message);
        }
    }

    private static ShardRegionState StateOf(ActorTestKit kit, IActorRef<ShardEnvelope<int>> region) =>
        kit.Settle(() => region.AskState(TimeSpan.FromSeconds(1), kit.Time));

    [Fact]
    public void An_entity_starts_with_its_first_message_under_an_escaped_name()
    {
        var kit = new ActorTestKit();
        var world = new World { Also = (context, _, _) => Assert.Equal("/user/region/default%2Fmy%20app", context.Self.Path) };
        var region = kit.System.Spawn(world.Region(), "region");
        Assert.Equal(new ShardRegionState(0, 0, 0), StateOf(kit, region));
        region.Tell(new("default/my app", 1));
        region.Tell(new("default/my app", 2));
        kit.Run();

        Assert.Equal([1, 2], world.Handled["default/my app"]);
        Assert.Equal(new ShardRegionState(1, 0, 0), StateOf(kit, region));
        Assert.DoesNotContain(kit.Log, entry => entry.Kind == KernelEventKind.ActorFailed);
    }

    [Fact]
    public void An_idle_entity_is_put_to_sleep_and_woken_by_the_next_message()
    {
        var kit = new ActorTestKit();
        var world = new World { Settings = new(16, (_, _) => null!, _ => null, TimeSpan.FromMinutes(2), 0) };
        var region = kit.System.Spawn(world.Region(), "region");
        region.Tell(new("a", 1));
        kit.Advance(TimeSpan.FromMinutes(1));
        region.Tell(new("b", 1));
        kit.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(world.Stops);
        kit.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["a"], world.Stops);
        kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["a", "b"], world.Stops);
        Assert.Null(kit.Time.NextTimerIn);

        region.Tell(new("a", 2));
        kit.Run();
        Assert.Equal([1, 2], world.Handled["a"]);
        Assert.Equal(1, StateOf(kit, region).Active);
    }

    [Fact]
    public void An_entity_that_is_written_to_stays_awake()
    {
        var kit = new ActorTestKit();
        var world = new World { Settings = new(16, (_, _) => null!, _ => null, TimeSpan.FromMinutes(2), 0) };
        var region = kit.System.Spawn(world.Region(), "region");
        for (var message = 0; message < 10; message++)
        {
            region.Tell(new("a", message));
            kit.Advance(TimeSpan.FromMinutes(1.5));
        }

        Assert.Empty(world.Stops);
    }

    [Fact]
    public void An_entity_at_work_is_not_put_to_sleep_until_it_is_done()
    {
        var kit = new ActorTestKit();
        var working = true;
        var world = new World
        {
            Settings = new(16, (_, _) => null!, _ => null, TimeSpan.FromMinutes(2), 0),
            MayPassivate = _ => !working,
        };
        var region = kit.System.Spawn(world.Region(), "region");
        region.Tell(new("a", 1));
        kit.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(world.Stops);
        working = false;
        kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["a"], world.Stops);
    }

    [Fact]
    public void An_entity_with_a_timer_counts_as_at_work()
    {
        var kit = new ActorTestKit();
        var world = new World
        {
            Settings = new(16, (_, _) => null!, _ => null, TimeSpan.FromMinutes(1), 0),
            Also = (context, _, message) =>
            {
                if (message == 1)
                    context.Timers.StartSingle("t", 2, TimeSpan.FromMinutes(5));
            },
        };
        var region = kit.System.Spawn(world.Region(), "region");
        region.Tell(new("a", 1));
        kit.Advance(TimeSpan.FromMinutes(4.5));
        Assert.Empty(world.Stops);
        kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal([1, 2], world.Handled["a"]);
        Assert.Equal(["a"], world.Stops);
    }

    [Fact]
    public void One_entity_more_than_MaxActive_puts_the_least_recently_used_to_sleep()
    {
        var kit = new ActorTestKit();
        var world = new World { Settings = new(16, (_, _) => null!, _ => null, null, 2) };
        var region = kit.System.Spawn(world.Region(), "region");
        foreach (var id in new[] { "a", "b", "a", "c" })
        {
            region.Tell(new(id, 0));
            kit.Run();
        }

        Assert.Equal(["b"], world.Stops);
        Assert.Equal(new ShardRegionState(2, 0, 0), StateOf(kit, region));
    }

    [Fact]
    public void No_message_is_lost_or_reordered_when_entities_fall_asleep_under_any_seed() => ActorTestKit.ForSeeds(400, kit =>
    {
        var world = new World
        {
            Settings = new(4, (_, _) => null!, _ => null, TimeSpan.FromSeconds(5), 3),
            MayPassivate = _ => !kit.Random.OneIn(4),
            Also = (context, _, _) =>
            {
                if (kit.Random.OneIn(3))
                    context.Passivate();
                if (kit.Random.OneIn(5))
                    context.Stash.StashCurrent();
                else if (context.Stash.Count > 0)
                    context.Stash.UnstashAll();
            },
        };

        // Whatever is stashed is handled twice and the second time counts; so count what left the hands of the entity for good.
        var settled = new Dictionary<string, List<int>>();
        var also = world.Also;
        world.Also = (context, id, message) =>
        {
            var before = context.Stash.Count;
            also(context, id, message);
            if (context.Stash.Count > before)
                return;
            if (!settled.TryGetValue(id, out var list))
                settled[id] = list = [];
            list.Add(message);
        };
        var region = kit.System.Spawn(world.Region(), "region");
        var sent = new Dictionary<string, int>();
        for (var step = 0; step < 150; step++)
        {
            var id = $"{kit.Random.Next(6)}";
            sent[id] = sent.GetValueOrDefault(id) + 1;
            region.Tell(new(id, sent[id]));
            for (var steps = kit.Random.Next(6); steps > 0; steps--)
                kit.Dispatcher.RunNext();
            if (kit.Random.OneIn(20))
                kit.Advance(TimeSpan.FromSeconds(kit.Random.Next(8)));
        }

        // A last message may still be in a stash; each entity gets messages until it has handled all.
        for (var round = 0; round < 40 && sent.Any(of => settled.GetValueOrDefault(of.Key)?.Count != of.Value); round++)
        {
            foreach (var id in sent.Keys.ToList())
            {
                sent[id]++;
                region.Tell(new(id, sent[id]));
            }

            kit.Run();
        }

        foreach (var (id, count) in sent)
            Assert.Equal(Enumerable.Range(1, count), settled[id].Order());
        Assert.Equal(0, kit.System.Metrics.DeadLetters);
        Assert.True(world.Stops.Count > 5);
    });

    [Fact]
    public void Messages_keep_their_order_across_sleep_under_any_seed() => ActorTestKit.ForSeeds(300, kit =>
    {
        var world = new World
        {
            Settings = new(4, (_, _) => null!, _ => null, TimeSpan.FromSeconds(5), 2),
            MayPassivate = _ => !kit.Random.OneIn(4),
            Also = (context, _, _) =>
            {
                if (kit.Random.OneIn(2))
                    context.Passivate();
            },
        };
        var region = kit.System.Spawn(world.Region(), "region");
        for (var message = 0; message < 200; message++)
        {
            region.Tell(new($"{message % 4}", message));
            for (var steps = kit.Random.Next(4); steps > 0; steps--)
                kit.Dispatcher.RunNext();
        }

        kit.Run();
        Assert.All(world.Handled, of => Assert.Equal(Enumerable.Range(0, 50).Select(n => (n * 4) + int.Parse(of.Key)), of.Value));
        Assert.Equal(4, world.Handled.Count);
        Assert.Equal(0, kit.System.Metrics.DeadLetters);
    });

    [Fact]
    public async Task No_message_is_lost_when_entities_fall_asleep_on_real_threads()
    {
        const int Entities = 50;
        const int Each = 400;
        await using var system = new ActorSystem("region");
        var left = Entities * Each;
        var outOfOrder = 0;
        var starts = 0;
        var done = new TaskCompletionSource();
        var next = new int[Entities];
        var region = system.Spawn(ShardRegion.Props(new ShardRegionSettings<int>(
            8,
            (id, _) => new Props<int>(() => new Scripted<int>((self, message) =>
            {
                if (next[int.Parse(id)]++ != message)
                    Interlocked.Increment(ref outOfOrder);
                if (message % 3 == 0)
                    self.Context.Passivate();
                if (Interlocked.Decrement(ref left) == 0)
                    done.SetResult();
            })
            { Starting = _ => Interlocked.Increment(ref starts) }),
            shard => new ShardLease(shard, 1),
            TimeSpan.FromMilliseconds(1),
            20)), "region");
        await Task.WhenAll(Enumerable.Range(0, 2).Select(half => Task.Run(() =>
        {
            for (var message = 0; message < Each; message++)
            {
                for (var entity = half; entity < Entities; entity += 2)
                    region.Tell(new($"{entity}", message));
            }
        })));

        await done.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, outOfOrder);
        Assert.Equal(0, system.Metrics.DeadLetters);
        Assert.True(starts > Entities);
    }

    [Fact]
    public void A_message_for_a_shard_of_another_node_is_a_dead_letter_that_says_so()
    {
        var kit = new ActorTestKit();
        var world = new World();
        world.Foreign.Add(ShardRegion.ShardOf("a", 16));
        kit.System.Spawn(world.Region(), "region").Tell(new("a", 1));
        kit.Run();

        Assert.Contains("is not this node's", Assert.Single(kit.Log).Detail, StringComparison.Ordinal);
        Assert.Empty(world.Starts);
    }

    [Theory]
    [InlineData("cannot be made")]
    [InlineData("")]
    public void An_entity_that_cannot_be_made_disturbs_no_other(string id)
    {
        var kit = new ActorTestKit();
        var world = new World();
        var region = kit.System.Spawn(world.Region(), "region");
        region.Tell(new("a", 1));
        region.Tell(new(id, 1));
        region.Tell(new("a", 2));
        kit.Run();

        Assert.Equal([1, 2], world.Handled["a"]);
        Assert.Empty(world.Stops);
        var dead = Assert.Single(kit.Log, entry => entry.Kind == KernelEventKind.DeadLetter);
        Assert.True(dead.Cause is InvalidOperationException or InvalidActorNameException);
        Assert.Equal(new ShardRegionState(1, 0, 0), StateOf(kit, region));
    }

    [Fact]
    public void An_entity_that_failed_is_started_again_by_the_next_message()
    {
        var kit = new ActorTestKit();
        var world = new World { Also = (_, _, message) => _ = message == 1 ? throw new InvalidOperationException("on purpose") : 0 };
        var region = kit.System.Spawn(world.Region(), "region");
        region.Tell(new("a", 1));
        kit.Run();
        region.Tell(new("a", 2));
        kit.Run();

        Assert.Equal(["a", "a"], world.Starts);
        Assert.Equal([1, 2], world.Handled["a"]);
    }

    [Fact]
    public void A_shard_that_is_stopped_ends_its_entities_and_no_others()
    {
        var kit = new ActorTestKit();
        var world = new World();
        var region = kit.System.Spawn(world.Region(), "region");
        var ids = Enumerable.Range(0, 40).Select(number => $"e{number}").ToList();
        foreach (var id in ids)
            region.Tell(new(id, 1));
        kit.Run();
        world.Foreign.Add(3);
        kit.Settle(() => region.StopShard(3));

        var inShard = ids.Where(id => ShardRegion.ShardOf(id, 16) == 3).ToList();
        Assert.NotEmpty(inShard);
        Assert.Equal(inShard.Order(), world.Stops.Order());
        region.Tell(new(inShard[0], 2));
        kit.Run();
        Assert.Equal(1, kit.System.Metrics.DeadLetters);
        kit.Settle(() => region.StopShard(3));
    }

    [Fact]
    public void Passivate_without_a_region_just_stops()
    {
        var kit = new ActorTestKit();
        var actor = kit.System.Spawn(Scripted<int>.Props((self, _) => self.Context.Passivate()), "lonely");
        var stopped = kit.Watch(actor);
        actor.Tell(0);
        kit.Run();

        Assert.True(stopped.IsCompletedSuccessfully);
    }

    [Fact]
    public void Shards_are_stable_and_even()
    {
        Assert.Equal([51, 63, 42], new[] { "default/a", "default/b", "" }.Select(id => ShardRegion.ShardOf(id, 100)));
        var sizes = Enumerable.Range(0, 64_000).GroupBy(number => ShardRegion.ShardOf($"default/app-{number}", 64)).Select(shard => shard.Count()).ToList();
        Assert.Equal(64, sizes.Count);
        Assert.All(sizes, size => Assert.InRange(size, 850, 1150));
    }

    [Theory]
    [InlineData(0, 0, 1.0)]
    [InlineData(1, -1, 1.0)]
    [InlineData(1, 0, 0.0)]
    public void Settings_that_make_no_sense_are_refused(int shards, int maxActive, double minutes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ShardRegion.Props(new ShardRegionSettings<int>(
            shards, (_, _) => null!, _ => null, TimeSpan.FromMinutes(minutes), maxActive)));
}
