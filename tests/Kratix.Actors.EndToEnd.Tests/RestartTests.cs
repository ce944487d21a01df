using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What a start of the engine does to what had been done before it.</summary>
public sealed class RestartTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    [Fact]
    [Conformance("K16", "With reconcile.on-start = run every workflow runs again when the engine starts; with verify and off, nothing that is done does.")]
    [Conformance("K17", "What a restart runs again makes no commit when nothing has changed.")]
    [Conformance("R21", "A restart runs workflows again (reconcile.on-start = run), or only what is due (verify).")]
    public async Task A_start_runs_everything_again_or_nothing_as_the_setting_says()
    {
        var first = await PlatformProcess.Start(_folder.Data, "kratix.reconcile.on-start=run");
        var corner = await Corner.Make(first, _folder.In("restart.git"), "restart");
        await corner.Install(corner.Promise(
            [Manifests.Pipeline("main", "echo 'a: 1' > /kratix/output/a.yaml")], promiseConfigure: [Manifests.Pipeline("setup", "echo 'b: 1' > /kratix/output/b.yaml")]));
        await corner.Request("a");
        await corner.Reconciled("a");
        await corner.Kubectl.Until("promise", corner.Name, "is Reconciled", p => p.Has("Reconciled"));
        var commits = await corner.Repository.Commits();
        var ran = await Pods(corner);
        Assert.Equal(0, await first.Stop());

        foreach (var quiet in new[] { "off", "verify" })
        {
            await using var restarted = await PlatformProcess.Start(_folder.Data, $"kratix.reconcile.on-start={quiet}");
            corner = corner.On(restarted);
            // A run set off by the start would stand in line before this one.
            await corner.Request($"after-{quiet}");
            await corner.Reconciled($"after-{quiet}");
            Assert.Equal(ran, (await Pods(corner)).Where(pod => !pod.Contains("after-", StringComparison.Ordinal)));
            commits = await corner.Repository.Commits();
        }

        await using var again = await PlatformProcess.Start(_folder.Data, "kratix.reconcile.on-start=run");
        corner = corner.On(again);
        foreach (var (workflow, where) in new[] { ("resource", "kratix.io/resource-name=a"), ("promise", "kratix.io/workflow-type=promise") })
            await corner.Kubectl.UntilAny("pods", $"the {workflow} workflow runs again", p => p.Text("status.phase") == "Succeeded" && !ran.Contains(p.Text("metadata.name")), "-A", "-l", where);
        await corner.Reconciled("a");
        await corner.Kubectl.Until("promise", corner.Name, "is Reconciled", p => p.Has("Reconciled"));
        Assert.Equal(commits.Select(c => c.Id), (await corner.Repository.Commits()).Select(c => c.Id));
    }

    [Fact]
    [Conformance("K16", "With reconcile.on-start = verify a start compares the repository with what was written, and what somebody deleted meanwhile comes back without a run.")]
    [Conformance("R107", "What somebody deleted in the repository is restored by the next look at it.")]
    [Conformance("R114", "At the interval of the state stores what somebody deleted comes back without a run.")]
    public async Task Deleted_files_come_back_at_a_start_that_verifies_and_at_the_interval()
    {
        var first = await PlatformProcess.Start(_folder.Data, "kratix.reconcile.on-start=verify");
        var corner = await Corner.Make(first, _folder.In("deleted.git"), "deleted");
        await corner.Install("echo 'a: 1' > /kratix/output/a.yaml");
        await corner.Request("a");
        await corner.Request("b");
        await corner.Reconciled("a");
        await corner.Reconciled("b");
        var ran = await Pods(corner);
        Assert.Equal(0, await first.Stop());
        await corner.Repository.RemoveByHand(_folder.In("one"), $"{corner.FilesOf("a")}/a.yaml");

        await using var second = await PlatformProcess.Start(_folder.Data, "kratix.reconcile.on-start=verify", "kratix.reconcile.state-store-interval=1m");
        corner = corner.On(second);
        await corner.Repository.Until("whole again", files => files.Count == 2);
        await corner.Reconciled("a");
        Assert.Single((await corner.Repository.Commits())[0].Placements);

        await corner.Repository.RemoveByHand(_folder.In("two"), $"{corner.FilesOf("a")}/a.yaml", $"{corner.FilesOf("b")}/a.yaml");
        await corner.Repository.Until("whole again", files => files.Count == 2);
        Assert.Equal(2, (await corner.Repository.Commits())[0].Placements.Count());
        Assert.Equal(ran, await Pods(corner));
    }

    [Fact]
    [Conformance("R20", "At the interval (at least 1m, 10h unless set) the workflow runs again, and equal output makes no commit.")]
    public async Task At_the_interval_the_workflow_runs_again()
    {
        await using var platform = await PlatformProcess.Start(_folder.Data, "kratix.reconcile.interval=1m", "kratix.reconcile.jitter=0");
        var corner = await Corner.Make(platform, _folder.In("interval.git"), "interval");
        await corner.Install("echo 'a: 1' > /kratix/output/a.yaml");
        await corner.Request("a");
        await corner.Reconciled("a");
        var commits = await corner.Repository.Commits();
        var ran = await Pods(corner);
        await corner.Kubectl.UntilAny("pods", "the interval's run has ended", p => p.Text("status.phase") == "Succeeded" && !ran.Contains(p.Text("metadata.name")), "-l", "kratix.io/resource-name=a");
        await corner.Reconciled("a");
        Assert.Equal(commits.Select(c => c.Id), (await corner.Repository.Commits()).Select(c => c.Id));
    }

    [Fact]
    [Conformance("K7", "The containers of a Pod entry run once, also when the engine is killed while they do, and their output is handed in after it has started again.")]
    public async Task A_pod_whose_containers_run_while_the_engine_is_killed_hands_in_its_output()
    {
        var first = await PlatformProcess.Start(_folder.Data, "kratix.reconcile.on-start=verify");
        var corner = await Corner.Make(first, _folder.In("beside.git"), "beside");
        await corner.Install(corner.Promise(
        [
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["metadata"] = new JsonObject { ["name"] = "main" },
                ["spec"] = new JsonObject
                {
                    ["containers"] = new JsonArray(
                        Manifests.Container("left", $"echo {ContainerLog.Begin}; sleep 3; echo 'left: 1' > /kratix/output/left.yaml; echo {ContainerLog.End}"),
                        Manifests.Container("right", $"echo {ContainerLog.Begin}; echo 'right: 1' > /kratix/output/right.yaml; echo {ContainerLog.End}")),
                },
            },
        ]));
        await corner.Request("a");
        await corner.Kubectl.UntilAny(
            "pods", "left runs and right has ended", p => States(p).Contains("left running") && States(p).Contains("right terminated"), "-l", "kratix.io/resource-name=a");
        await first.KillHard();
        await first.DisposeAsync();

        await using var again = await PlatformProcess.Start(_folder.Data, "kratix.reconcile.on-start=verify");
        corner = corner.On(again);
        await corner.Reconciled("a");
        Assert.Equal([$"{corner.FilesOf("a")}/left.yaml", $"{corner.FilesOf("a")}/right.yaml"], await corner.Repository.Files());
        Assert.Equal(["left", "right"], ContainerLog.Lives(_folder.Data, "kratix-beside-a").Select(life => life.Container).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> States(JsonObject pod) =>
        (pod.At("status.containerStatuses") as JsonArray ?? []).Select(s => $"{s!["name"]} {s["state"]!.AsObject().First().Key}");

    private static async Task<IReadOnlyList<string>> Pods(Corner corner) =>
        [.. (await corner.Kubectl.List("pods", "-A", "-l", $"kratix.io/promise-name={corner.Name}")).Select(p => p.Text("metadata.name")!).Order(StringComparer.Ordinal)];
}
