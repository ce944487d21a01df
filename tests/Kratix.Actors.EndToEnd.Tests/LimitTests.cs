using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Containers that take too much or take too long: each is said by the request and mended by changing it.</summary>
public sealed class LimitTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    private const string Script = "case $(field spec value) in greedy) tail -f /dev/zero ;; slow) exec sleep 1000 ;; esac; echo 'a: 1' > /kratix/output/a.yaml";

    [Theory]
    [InlineData("greedy", "step-1", "OOMKilled", "memory")]
    [InlineData("slow", "DeadlineExceeded")]
    [Conformance("R61", "A container that is killed for its memory, and a run past its time limit, are said by the request and mended by changing it.")]
    public async Task A_run_beyond_its_limits_is_named_by_its_request_and_repaired_by_changing_it(string value, params string[] says)
    {
        var corner = await shared.Corner($"limit-{value}");
        var pipeline = Manifests.Pipeline("main", Script);
        var spec = pipeline["spec"]!.AsObject();
        spec["containers"]![0]!["resources"] = new JsonObject { ["limits"] = new JsonObject { ["memory"] = "16Mi" } };
        if (value == "slow")
            spec["jobOptions"] = new JsonObject { ["activeDeadlineSeconds"] = 8 };
        await corner.Install(corner.Promise([pipeline]));
        await corner.Request("a", value);

        var thing = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));

        var told = Told(thing);
        Assert.True(says.All(word => told.Contains(word, StringComparison.Ordinal)), told);
        await corner.Request("a");
        await corner.Reconciled("a");
    }

    private static string Told(JsonObject thing) => string.Join(
        " | ", thing.Condition("ConfigureWorkflowCompleted")!.Message, thing.Text("status.kratix.workflows.pipelines.0.message"), thing.Text("status.message"));
}
