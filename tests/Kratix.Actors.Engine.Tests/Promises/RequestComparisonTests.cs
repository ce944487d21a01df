using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Promises;

public sealed class RequestComparisonTests
{
    [Fact]
    public void Listing_of_requests_at_rest_wakes_none_and_one_that_changed_is_told()
    {
        var bed = EngineBed.WithPromise(Samples.Settings with { MaxRunsInFlight = 1000, MaxRunsPerPromise = 1000 });
        for (var i = 0; i < 200; i++)
            bed.Create(EngineBed.Redis, "default", Samples.Request($"r{i}"));
        bed.Kit.Run();
        foreach (var plan in bed.Plans.ToList())
            bed.Kit.Settle(() => bed.Engine.Exchange.Submit(plan.RunId, plan.ExchangeToken, Samples.Tar(("output/a.yaml", "x: 1\n")), default));
        bed.Kit.Dispatcher.InContext(() => bed.Plans.ToList().ForEach(p => bed.Runner.Finish(p.Namespace, p.PodName, 0)));
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal("Settled", bed.Phase($"r{i}")));
        // All of them asleep: whoever is read from the journal now was woken.
        bed.Kit.Advance(TimeSpan.FromMinutes(10));
        var woken = new HashSet<string>();
        bed.Journal.Failing = (method, key) =>
        {
            if (method == "Read")
                woken.Add(key);
            return null;
        };

        bed.Kubernetes.Interrupt("the server went away");
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(woken, k => k.StartsWith("resource/", StringComparison.Ordinal));

        bed.Patch(EngineBed.Redis, "default", "r7", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        Assert.Equal(["resource/redis/default/r7"], woken.Where(k => k.StartsWith("resource/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Request_that_came_while_the_engine_was_away_is_told_apart_from_those_that_changed()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("old");
        bed.Complete(bed.TakePlan(), ("output/a.yaml", "x: 1\n"));
        var definition = new PromiseDefinition(bed.State("old").Revision!, null, null!, null);
        var newer = bed.Redis1("old");
        newer["metadata"]!["name"] = "newer";
        List<JsonObject> items = [bed.Redis1("old"), newer];
        var unknown = new List<string>();

        List<string> Compare(bool serves) =>
        [
            .. bed.Kit.Settle(() => RequestComparison.Differing(
                bed.Journal, "redis", definition, serves, items, fresh => unknown.AddRange(fresh.Select(f => f.Name())))).Select(i => i.Name()),
        ];

        Assert.Empty(Compare(serves: true));
        Assert.Equal(["newer"], unknown);
        Assert.Equal(["old"], Compare(serves: false));
    }
}
