using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

/// <summary>When an entity that should sleep must not. Turns are taken in the order in which they were asked for, so each race here is the one that is meant.</summary>
public sealed class PassivationTests
{
    private readonly InOrder _turns = new();
    private readonly ActorSystem _system;
    private readonly List<string> _told = [];
    private Action<IActorContext<string>, string> _also = (_, _) => { };
    private IActorRef<string>? _self;

    public PassivationTests() => _system = new ActorSystem("test", new ActorSystemOptions { Dispatcher = _turns, Time = Time, Throughput = 1 });

    private ManualTime Time { get; } = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Entity_in_whose_mailbox_a_message_waits_stays_awake(bool bounded)
    {
        _also = (context, message) => PassivateAt("sleep", context, message);
        var region = Region(bounded ? MailboxSettings.Bounded(10, OverflowPolicy.DropNewest) : MailboxSettings.Unbounded);
        region.Tell(new("a", "sleep"));
        _turns.RunUntil(() => _told.Contains("sleep"));
        _turns.RunOne();
        _self!.Tell("past the region");
        _turns.RunAll();

        Assert.Equal(["start", "sleep", "past the region"], _told);
    }

    [Fact]
    public void Entity_that_was_told_something_in_the_turn_in_which_it_should_sleep_stays_awake()
    {
        _also = (context, message) =>
        {
            PassivateAt("sleep", context, message);
            if (message == "talk")
                context.Self.Tell("to itself");
        };
        var region = Region(MailboxSettings.Unbounded);
        region.Tell(new("a", "sleep"));
        _turns.RunUntil(() => _told.Contains("sleep"));
        _self!.Tell("talk");
        _turns.RunAll();

        Assert.Equal(["start", "sleep", "talk", "to itself"], _told);
    }

    [Fact]
    public void Entity_with_something_in_its_stash_stays_awake()
    {
        _also = (context, message) =>
        {
            if (message == "later")
                context.Stash.StashCurrent();
            PassivateAt("sleep", context, message);
        };
        var region = Region(MailboxSettings.Unbounded);
        region.Tell(new("a", "later"));
        region.Tell(new("a", "sleep"));
        _turns.RunAll();

        Assert.Equal(["start", "later", "sleep"], _told);
    }

    [Fact]
    public void Entity_that_asks_twice_and_has_to_stay_is_not_put_to_sleep_by_its_second_request()
    {
        _also = (context, message) =>
        {
            PassivateAt("sleep", context, message);
            PassivateAt("sleep", context, message);
        };
        var region = Region(MailboxSettings.Unbounded);
        region.Tell(new("a", "sleep"));
        _turns.RunUntil(() => _told.Contains("sleep"));
        // The region hears the first request; then comes a message past it; then the region hears the second.
        _turns.RunOne();
        _self!.Tell("past the region");
        _turns.RunAll();

        Assert.Equal(["start", "sleep", "past the region"], _told);
    }

    [Fact]
    public void What_comes_for_an_entity_about_to_sleep_is_kept_for_its_next_instance_in_order()
    {
        _also = (context, message) => PassivateAt("sleep", context, message);
        var region = Region(MailboxSettings.Unbounded);
        region.Tell(new("a", "sleep"));
        _turns.RunUntil(() => _told.Contains("sleep"));
        _turns.RunOne();
        region.Tell(new("a", "one"));
        region.Tell(new("a", "two"));
        _turns.RunAll();

        Assert.Equal(["start", "sleep", "stop", "start", "one", "two"], _told);
    }

    private static void PassivateAt(string word, IActorContext<string> context, string message)
    {
        if (message == word)
            context.Passivate();
    }

    private IActorRef<ShardEnvelope<string>> Region(MailboxSettings mailbox) => _system.Spawn(ShardRegion.Props(new ShardRegionSettings<string>(
        1,
        (_, _) => new Props<string>(() => new Scripted<string>((self, message) =>
        {
            _told.Add(message);
            _also(self.Context, message);
        })
        {
            Starting = self =>
            {
                _told.Add("start");
                _self = self.Context.Self;
            },
            Stopped = () => _told.Add("stop"),
        }) { Mailbox = mailbox },
        shard => new ShardLease(shard, 1), null, 0)), "region");

    private sealed class InOrder : IDispatcher
    {
        private readonly Queue<IThreadPoolWorkItem> _waiting = new();

        public void Schedule(IThreadPoolWorkItem item) => _waiting.Enqueue(item);

        internal void RunOne() => _waiting.Dequeue().Execute();

        internal void RunUntil(Func<bool> hasCome)
        {
            while (!hasCome())
                RunOne();
        }

        internal void RunAll() => RunUntil(() => _waiting.Count == 0);
    }
}
