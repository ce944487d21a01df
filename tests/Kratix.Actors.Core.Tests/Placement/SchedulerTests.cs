using FsCheck;
using FsCheck.Fluent;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Placement;

public sealed class SchedulerTests
{
    [Theory]
    [Conformance("K20", "Selectors match Destinations as the table of the contract says: Promise first, keys added and never overridden.")]
    [Conformance("R90", "On a conflict of keys the Promise's selectors win over those of a workflow.")]
    [InlineData("-", "-", "-", true)]
    [InlineData("env:dev", "-", "-", true)]
    [InlineData("env:dev", "env:dev", "-", true)]
    [InlineData("env:dev,zone:eu", "env:dev", "zone:eu", true)]
    [InlineData("env:dev,zone:eu", "-", "zone:eu", true)]
    [InlineData("env:dev", "env:dev", "env:prod", true)]
    [InlineData("env:dev", "env:prod", "env:dev", false)]
    [InlineData("env:dev", "env:dev,zone:eu", "-", false)]
    [InlineData("-", "-", "env:dev", false)]
    public void Match_follows_the_table(string labels, string promise, string workflow, bool matches)
    {
        var selectors = new[] { Given.Selector(workflow, SelectorSource.ResourceWorkflow), Given.Selector(promise) };
        Assert.Equal(matches, !Scheduler.Matching(Scheduler.Merge(selectors), [Given.Destination("d", labels)]).IsEmpty);
    }

    [Fact]
    public void Merge_prefers_the_promise_then_its_workflow_then_the_request_s_and_the_first_entry_of_each()
    {
        var merged = Scheduler.Merge(
        [
            Given.Selector("a:request,b:request,c:request,d:request", SelectorSource.ResourceWorkflow),
            Given.Selector("a:workflow,b:workflow", SelectorSource.PromiseWorkflow),
            Given.Selector("a:promise,c:promise"),
            Given.Selector("a:second,e:second"),
        ]);
        Assert.Equal("a:promise,b:workflow,c:promise,d:request,e:second", string.Join(",", merged.Select(l => $"{l.Key}:{l.Value}")));
    }

    [Theory]
    [Conformance("R94", "A strict Destination with labels takes nothing that selects nothing.")]
    [InlineData("env:dev", "-", false)]
    [InlineData("env:dev", "env:dev", true)]
    [InlineData("-", "-", true)]
    public void Strict_destination_wants_to_be_selected(string labels, string selector, bool matches) =>
        Assert.Equal(matches, !Scheduler.Matching(Given.Labels(selector), [Given.Destination("d", labels, strict: true)]).IsEmpty);

    [Fact]
    public void Choice_is_among_ready_destinations_only()
    {
        Assert.Equal("up", Scheduler.ChooseOne("k", [Given.Destination("down", ready: false), Given.Destination("up")])?.Name);
        Assert.Null(Scheduler.ChooseOne("k", [Given.Destination("down", ready: false)]));
        Assert.Null(Scheduler.ChooseOne("k", []));
    }

    [Fact]
    public void Choice_does_not_depend_on_the_order_of_destinations() => Check.One(
        Config.QuickThrowOnFailure,
        Prop.ForAll<int, NonNegativeInt>((key, turn) =>
        {
            var all = Enumerable.Range(0, 7).Select(i => Given.Destination($"d{i}")).ToList();
            var turned = all.Skip(turn.Get % 7).Concat(all.Take(turn.Get % 7));
            return Scheduler.ChooseOne($"{key}", all)!.Name == Scheduler.ChooseOne($"{key}", turned)!.Name;
        }));

    [Fact]
    [Conformance("K21", "A group goes to one ready match, spread evenly over them.")]
    public void Choice_is_uniform_over_many_keys()
    {
        var counts = Choices(Destinations(8)).CountBy(c => c.Value).Select(c => c.Value).ToList();
        Assert.Equal(8, counts.Count);
        // 1000 expected of each; five standard deviations are 150.
        Assert.All(counts, c => Assert.InRange(c, 850, 1150));
    }

    [Fact]
    [Conformance("K21", "A Destination that comes or goes moves only what it wins or loses.")]
    public void Choice_moves_only_what_a_new_destination_wins()
    {
        var before = Choices(Destinations(8));
        var after = Choices(Destinations(9));
        Assert.All(before.Where(c => after[c.Key] != c.Value), c => Assert.Equal("d8", after[c.Key]));
        Assert.InRange(before.Count(c => after[c.Key] != c.Value), 700, 1080);
    }

    private static List<Destination> Destinations(int count) => [.. Enumerable.Range(0, count).Select(i => Given.Destination($"d{i}"))];

    private static Dictionary<int, string> Choices(List<Destination> destinations) =>
        Enumerable.Range(0, 8_000).ToDictionary(i => i, i => Scheduler.ChooseOne($"redis-example-{i}-configure/5058f", destinations)!.Name);
}
