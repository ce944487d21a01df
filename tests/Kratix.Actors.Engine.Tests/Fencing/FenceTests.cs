using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Fencing;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Fencing;

public sealed class FenceTests
{
    private readonly ActorTestKit _kit = new();
    private readonly InMemoryJournal _journal = new();
    private readonly Fence _fence;
    private int _questions;
    private int _deeds;

    public FenceTests()
    {
        _fence = _kit.Settle(() => Fence.Take(_journal, _kit.Time, 2, "node-a", default));
        _journal.Failing = (method, _) =>
        {
            _questions += method == nameof(IJournal.Epochs) ? 1 : 0;
            return null;
        };
    }

    [Fact]
    public void Owner_does_what_it_wants_and_asks_the_journal_once_in_a_while()
    {
        for (var i = 0; i < 10; i++)
            Assert.IsType<Outcome<Nothing>.Done>(Pass());
        Assert.Equal((10, 0), (_deeds, _questions));

        _kit.Advance(Fence.GoodFor);
        for (var i = 0; i < 10; i++)
            Assert.IsType<Outcome<Nothing>.Done>(Pass());
        Assert.Equal((20, 1), (_deeds, _questions));
    }

    [Fact]
    public void Owner_of_which_another_took_a_shard_does_nothing_any_more_and_knows_it()
    {
        _kit.Settle(() => _journal.TakeShards([1], "node-b", default));
        _kit.Advance(Fence.GoodFor);

        Assert.Contains("another engine", Assert.IsType<Outcome<Nothing>.Transient>(Pass()).Reason, StringComparison.Ordinal);
        Assert.Equal(0, _deeds);
        Assert.True(_fence.Lost.IsCompleted);
        Pass();
        Assert.Equal(1, _questions);
    }

    [Fact]
    public void Owner_that_was_paused_before_it_heard_the_answer_asks_again()
    {
        _kit.Advance(Fence.GoodFor);
        _journal.Failing = (method, _) =>
        {
            if (method == nameof(IJournal.Epochs) && _questions++ == 0)
                _kit.Time.Advance(Fence.GoodFor);
            return null;
        };

        Assert.IsType<Outcome<Nothing>.Done>(Pass());
        Assert.Equal(2, _questions);
    }

    [Fact]
    public void Journal_that_cannot_say_holds_everything_back_until_it_can()
    {
        _kit.Advance(Fence.GoodFor);
        _journal.Failing = (_, _) => new JournalException("the disk is away");
        Assert.Contains("the disk is away", Assert.IsType<Outcome<Nothing>.Transient>(Pass()).Reason, StringComparison.Ordinal);
        Assert.Equal(0, _deeds);
        Assert.False(_fence.Lost.IsCompleted);

        _journal.Failing = null;
        Assert.IsType<Outcome<Nothing>.Done>(Pass());
    }

    [Fact]
    public void Engine_that_was_replaced_writes_nothing_more_anywhere()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        bed.Kit.Settle(() => bed.Journal.TakeShards([.. Enumerable.Range(0, bed.Settings.Shards)], "another", default));
        bed.Kit.Advance(Fence.GoodFor);
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        var (writes, commits, events) = (bed.Kubernetes.Writes, bed.Git.Commits.Count, bed.EventTypes("a").Count);
        bed.Create(EngineBed.Redis, "default", Samples.Request("b", "small"));

        bed.Kit.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal((writes + 1, commits, events), (bed.Kubernetes.Writes, bed.Git.Commits.Count, bed.EventTypes("a").Count));
        Assert.Empty(bed.Plans);
        Assert.True(bed.Engine.Replaced.IsCompleted);
    }

    [Fact]
    public void Engine_that_was_replaced_lets_no_container_begin()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        var plan = bed.TakePlan();
        Assert.IsType<Outcome<ReadOnlyMemory<byte>>.Done>(Fetch(bed, plan));
        bed.Kit.Settle(() => bed.Journal.TakeShards([.. Enumerable.Range(0, bed.Settings.Shards)], "another", default));
        bed.Kit.Advance(Fence.GoodFor);

        Assert.Contains("another engine", Assert.IsType<Outcome<ReadOnlyMemory<byte>>.Transient>(Fetch(bed, plan)).Reason, StringComparison.Ordinal);
    }

    [Fact, Conformance("K19", "Of a Pod that a replaced engine makes late, of a run that is over, no container of the Pipeline begins.")]
    public void Pod_that_a_replaced_engine_makes_late_is_given_no_object_by_its_successor()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        var late = bed.TakePlan();
        bed.Complete(late, ("output/db.yaml", "size: small\n"));
        var successor = bed.Restarted(OnStart.Verify);
        successor.Kit.Settle(() => successor.Runner.Remove(late.Namespace, late.PodName, default));
        successor.Kit.Settle(() => successor.Runner.CreateOrAdopt(late, default));
        successor.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(Refusal.NotFound, Assert.IsType<Outcome<ReadOnlyMemory<byte>>.Terminal>(Fetch(successor, late)).Code);
        Assert.Equal("Settled", successor.Phase("a"));
    }

    private static Outcome<ReadOnlyMemory<byte>> Fetch(EngineBed bed, RunPlan plan) =>
        bed.Kit.Settle(() => bed.Engine.Exchange.Object(plan.RunId, plan.ExchangeToken, default));

    private Outcome<Nothing> Pass() => _kit.Settle(() => _fence.Pass(() =>
    {
        _deeds++;
        return Task.FromResult<Outcome<Nothing>>(new Outcome<Nothing>.Done(default));
    }));
}
