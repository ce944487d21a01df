using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Promises;

/// <summary>How a change of a Promise reaches its requests.</summary>
public sealed class RolloutTests
{
    [Fact, Conformance("R22", "A change of the Promise runs every request's workflow again, some at a time, and the Promise shows how far they are.")]
    public void Changed_Promise_is_followed_by_its_requests_a_few_at_a_time()
    {
        var bed = Settled(requests: 6, atOnce: 2);
        Change(bed);
        bed.Kit.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(2, bed.Plans.Count);
        Assert.Equal("0 of 6 requests on the new spec", Message(bed));
        Finish(bed);
        bed.Kit.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(2, bed.Plans.Count);
        Assert.Equal("2 of 6 requests on the new spec", Message(bed));
        Finish(bed);
        Finish(bed);

        Assert.Empty(bed.Plans);
        Assert.DoesNotContain("new spec", Message(bed), StringComparison.Ordinal);
        Assert.All(Enumerable.Range(0, 6), i => Assert.Equal("Settled", bed.Phase($"r{i}")));
    }

    [Fact]
    public void Request_that_waits_is_told_as_it_was_last_seen_also_when_older_news_come_late()
    {
        static JsonObject Request(string name, int version) => new() { ["metadata"] = new JsonObject { ["namespace"] = "default", ["name"] = name, ["resourceVersion"] = $"{version}" } };
        var rollout = new Rollout(1);
        rollout.Begin([Request("a", 1), Request("b", 5)], 2);

        rollout.Saw(Request("b", 7));
        rollout.Saw(Request("b", 6));

        Assert.Equal("7", rollout.Ended("default", "a")!["metadata"]!["resourceVersion"]!.ToString());
    }

    [Fact]
    public void Promise_that_runs_again_unchanged_runs_none_of_its_requests()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["promise"] = new JsonObject { ["configure"] = new JsonArray(Samples.Pipeline("setup")) };
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Complete(bed.TakePlan());
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Marks.ManualReconciliation] = "true" } } });
        bed.Complete(bed.TakePlan());
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Empty(bed.Plans);
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Rollout_goes_on_where_it_was_when_the_engine_starts_anew()
    {
        var bed = Settled(requests: 4, atOnce: 2);
        Change(bed);
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        Finish(bed);
        var next = bed.Restarted(OnStart.Off);
        next.Kit.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("2 of 4 requests on the new spec", Message(next));
        Finish(next);
        Assert.Empty(next.Plans);
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal("Settled", next.Phase($"r{i}")));
    }

    [Fact]
    public void Request_that_fails_or_goes_makes_room_for_the_next()
    {
        var bed = Settled(requests: 3, atOnce: 1, Samples.Settings.Retry with { Limit = 0 });
        Change(bed);
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        bed.Fail(bed.TakePlan());
        var second = bed.TakePlan();
        bed.Delete(EngineBed.Redis, "default", second.Labels[Marks.ResourceName]);
        bed.Complete(second, ("output/db.yaml", "x: 1\n"));

        Assert.NotEqual(second.Labels[Marks.ResourceName], bed.TakePlan().Labels[Marks.ResourceName]);
    }

    [Fact]
    public void New_request_does_not_wait_for_its_turn()
    {
        var bed = Settled(requests: 3, atOnce: 2);
        Change(bed);
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        bed.Complete(bed.Plans[0], ("output/db.yaml", "x: 1\n"));
        bed.Request("new");

        Assert.Equal("Running", bed.Phase("new"));
    }

    [Fact, Conformance("K19", "A listing that comes late does not bring back what has been changed since: a pause that was ended stays ended.")]
    public void Listing_that_comes_late_tells_no_request_its_past()
    {
        var bed = Settled(requests: 1, atOnce: 1);
        Pause(bed, "true");
        var arrives = new TaskCompletionSource();
        bed.Kubernetes.BeforeListed = type => type == EngineBed.Redis ? arrives.Task : Task.CompletedTask;
        Change(bed);
        bed.Kubernetes.BeforeListed = null;
        Pause(bed, null);
        Finish(bed);
        Assert.Equal("Settled", bed.Phase("r0"));
        bed.Kit.Advance(Samples.Settings.PassivateAfter * 2);

        bed.Kit.Dispatcher.InContext(arrives.SetResult);
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("Settled", bed.Phase("r0"));
        Assert.Empty(bed.Plans);
    }

    [Fact]
    public void Request_whose_turn_comes_late_is_told_as_the_newest_of_two_listings_has_it()
    {
        var seen = new SeenSince();
        seen.Begin();
        seen.Begin();
        seen.Saw(Versioned("a", 12));
        seen.Saw(Versioned("a", 11));
        Assert.Equal("12", seen.Newest(Versioned("a", 10))["metadata"]!["resourceVersion"]!.ToString());
        Assert.Equal("13", seen.Newest(Versioned("a", 13))["metadata"]!["resourceVersion"]!.ToString());

        seen.End();
        Assert.Equal("12", seen.Newest(Versioned("a", 10))["metadata"]!["resourceVersion"]!.ToString());
        seen.End();
        seen.Saw(Versioned("a", 12));
        Assert.Equal("10", seen.Newest(Versioned("a", 10))["metadata"]!["resourceVersion"]!.ToString());
    }

    [Fact]
    public void Turns_are_given_in_order_and_those_in_hand_first()
    {
        var rollout = new Rollout(2);
        Assert.Equal(["a", "b"], rollout.Begin([Named("a"), Named("b"), Named("c")], 5).Select(r => r["metadata"]!["name"]!.ToString()));
        Assert.Equal("2 of 5 requests on the new spec", rollout.Progress);
        Assert.Null(rollout.Ended("default", "c"));
        Assert.Equal("c", rollout.Ended("default", "a")!["metadata"]!["name"]!.ToString());
        Assert.Equal(["b", "c"], rollout.Begin([Named("a"), Named("b"), Named("c")], 5).Select(r => r["metadata"]!["name"]!.ToString()));
    }

    private static EngineBed Settled(int requests, int atOnce, Core.Workflows.RetrySchedule? retry = null)
    {
        var bed = EngineBed.WithPromise(Samples.Settings with { MaxRunsPerPromise = atOnce, Retry = retry ?? Samples.Settings.Retry });
        for (var i = 0; i < requests; i++)
        {
            bed.Request($"r{i}");
            bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        }

        return bed;
    }

    private static void Change(EngineBed bed)
    {
        var spec = Samples.Promise()["spec"]!.DeepClone();
        spec["workflows"]!["resource"]!["configure"]![0]!["spec"]!["containers"]![0]!["image"] = "example/work:2";
        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = spec });
    }

    private static void Pause(EngineBed bed, string? value) => bed.Patch(
        EngineBed.Redis, "default", "r0", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Marks.Paused] = value } } });

    private static JsonObject Versioned(string name, int version)
    {
        var item = Named(name);
        item["metadata"]!["resourceVersion"] = $"{version}";
        return item;
    }

    private static void Finish(EngineBed bed)
    {
        foreach (var plan in bed.TakeAll())
            bed.Complete(plan, ("output/db.yaml", "x: 1\n"));
    }

    private static string Message(EngineBed bed) => bed.Get(Kinds.Promise, null, "redis")!["status"]!["message"]!.ToString();

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" } };
}
