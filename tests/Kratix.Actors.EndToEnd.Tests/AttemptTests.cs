using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>How a failing Pipeline is tried again, and how long its Pods can be looked at.</summary>
public sealed class AttemptTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    // What an attempt finds of the one before decides: in place the file is there, in a new Pod it is not.
    private const string SucceedsOnItsSecondTry = "echo try | tee -a /kratix/output/tries.txt; [ $(wc -l < /kratix/output/tries.txt) = 2 ] || exit 3";

    [Fact]
    [Conformance("R50", "restartPolicy OnFailure starts a failing container again in place: it finds what it left, and its Pod is the same.")]
    public async Task OnFailure_starts_the_container_again_where_it_left_off()
    {
        var corner = await Installed("in-place", SucceedsOnItsSecondTry, "OnFailure");
        await corner.Request("a");
        await corner.Reconciled("a");

        Assert.Equal("try\ntry\n", await corner.Repository.Read($"{corner.FilesOf("a")}/tries.txt"));
        var pod = Assert.Single(await Pods(corner));
        Assert.Equal(1, pod.At("status.initContainerStatuses")!.AsArray().Single(c => c.Text("name") == "step-1").Number("restartCount"));
        Assert.Equal("try\n", await corner.Kubectl.Run("logs", pod.Text("metadata.name")!, "-c", "step-1", "--previous"));
        Assert.Contains("started again 1 time in place", (await corner.Audit("a")).Select(e => e["story"]!.ToJsonString()).Aggregate("", (all, story) => all + story), StringComparison.Ordinal);
    }

    [Fact]
    [Conformance("R50", "What is tried in place counts towards backoffLimit; at its end the request says how often.")]
    public async Task OnFailure_ends_at_the_limit_and_the_request_says_so()
    {
        var corner = await Installed("in-place-ends", "echo trying; exit 3", "OnFailure");
        await corner.Request("a");
        var thing = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));

        Assert.Contains("container step-1 exited with code 3", thing.Text("status.message"), StringComparison.Ordinal);
        Assert.Contains("the last of 2 times in place", thing.Text("status.message"), StringComparison.Ordinal);
        Assert.Empty(await Pods(corner));
        await corner.Install(corner.Promise([Pipeline("echo 'a: 1' > /kratix/output/a.yaml", "OnFailure")]));
        await corner.Reconciled("a");
    }

    [Fact]
    [Conformance("K7", "A container of a Pod with restartPolicy OnFailure is started again in place, beside the others, and then the output is handed in.")]
    public async Task OnFailure_of_a_Pod_starts_its_container_again_beside_the_others()
    {
        var corner = await shared.Corner("in-place-pod");
        var entry = Pipeline(SucceedsOnItsSecondTry, "OnFailure");
        (entry["apiVersion"], entry["kind"]) = ("v1", "Pod");
        entry["spec"]!["containers"]!.AsArray().Add(Manifests.Container("beside", "echo once >> /kratix/output/beside.txt"));
        await corner.Install(corner.Promise([entry]));
        await corner.Request("a");
        await corner.Reconciled("a");

        Assert.Equal(("try\ntry\n", "once\n"), (await corner.Repository.Read($"{corner.FilesOf("a")}/tries.txt"), await corner.Repository.Read($"{corner.FilesOf("a")}/beside.txt")));
        Assert.Equal(1, Assert.Single(await Pods(corner)).At("status.containerStatuses")!.AsArray().Single(c => c.Text("name") == "step-1").Number("restartCount"));
    }

    [Theory]
    [InlineData("Never")]
    [InlineData(null)]
    [Conformance("R50", "With restartPolicy Never, or none, each attempt is a Pod of its own with empty directories, and the failed ones stay for their logs.")]
    [Conformance("K14", "A failing Pipeline is retried with back-off, up to its limit.")]
    public async Task Otherwise_each_attempt_is_a_Pod_of_its_own(string? policy)
    {
        var corner = await Installed(policy is null ? "anew" : "anew-never", SucceedsOnItsSecondTry, policy);
        await corner.Request("a");
        var thing = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));

        Assert.Contains("kubectl logs -n default", thing.Text("status.message"), StringComparison.Ordinal);
        Assert.Equal(2, (await Pods(corner)).Count);
        Assert.Equal([1, 2], (await corner.Audit("a")).Where(e => e.Text("event") == "run-failed").Select(e => e.Number("data.attempt")));
    }

    [Fact]
    [Conformance("R64", "Pods of finished runs go after the configured time; progress stays, and on one machine their logs.")]
    public async Task Finished_Pods_go_after_their_time_and_nothing_depends_on_them()
    {
        await using var folder = new TempFolder();
        await using var platform = await PlatformProcess.Start(folder.Data, "kratix.workflows.pod-ttl=15s");
        var corner = await Corner.Make(platform, folder.In("repo.git"), "expiry");
        await corner.Install("echo said by its container; echo 'a: 1' > /kratix/output/a.yaml");
        await corner.Request("a");
        await corner.Reconciled("a");
        var pod = Assert.Single(await Pods(corner)).Text("metadata.name");

        await corner.Kubectl.Run("wait", "pod", "--for=delete", "-l", $"kratix.io/promise-name={corner.Name}", "--timeout=60s");

        Assert.True((await corner.Get("a")).IsReconciled());
        Assert.Single(await corner.Audit("a"), e => e.Text("event") == "run-succeeded");
        Assert.Equal("said by its container\n", await corner.Kubectl.Run("get", "--raw", $"/api/v1/namespaces/default/pods/{pod}/log?container=step-1"));
    }

    private async Task<Corner> Installed(string name, string script, string? policy)
    {
        var corner = await shared.Corner(name);
        await corner.Install(corner.Promise([Pipeline(script, policy)]));
        return corner;
    }

    private static JsonObject Pipeline(string script, string? policy)
    {
        var pipeline = Manifests.Pipeline("main", script);
        if (policy is not null)
            pipeline["spec"]!["restartPolicy"] = policy;
        return pipeline;
    }

    private static Task<IReadOnlyList<JsonObject>> Pods(Corner corner) => corner.Kubectl.List("pods", "-l", $"kratix.io/promise-name={corner.Name}");
}
