using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;
using static Kratix.Actors.Standalone.Tests.Nodes.RealContainerTests;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>Podman, each container by one of its commands.</summary>
public sealed class PodmanTests() : RealContainerTests("podman");

/// <summary>Docker's dialect, and engines that are not there.</summary>
public sealed class EngineTests
{
    [Fact]
    public async Task Dockers_dialect_runs_and_adopts_containers_and_takes_their_logs_from_the_client()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.StartAsDocker();
        fixture.Pods.Create("p", Spec([Shell("step", "echo begun; echo also >&2; until [ -e /shared/go ]; do sleep 0.05; done; echo done", SharedMount)], [Shell("main", "exit 3")], SharedVolume));
        await fixture.LogContains(node, "p", "step", "begun");
        await fixture.Abandon(node);
        await fixture.Go();

        node = await fixture.StartAsDocker();
        var pod = await fixture.Pods.UntilPhase("p", "Failed");

        Assert.Equal(3, pod["status"]!["containerStatuses"]![0]!["state"]!["terminated"]!["exitCode"]!.GetValue<int>());
        Assert.Equal(["also", "begun", "done"], (await LogOf(node, "p", "step")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
    }

    [Fact]
    public async Task Container_that_podman_lost_sight_of_while_making_it_is_ended_and_made_again()
    {
        await using var fixture = new NodeFixture("podman");
        var pod = PodIdentity.Of(fixture.Pods.Create("p", Spec([], [Shell("main", "echo ran")])));
        string[] labels = [$"node={ContainerLabels.NodeOf(fixture.Folder)}", $"pod-uid={pod.Uid}", "container=main", "attempt=0"];
        var id = (await Podman(["create", "--name", ContainerLabels.NameOf(pod, "main", 0), .. labels.SelectMany(l => new[] { "--label", $"kratix-actors.{l}" }), Busybox, "true"])).Trim();
        var bundle = Directory.CreateDirectory(Path.Combine(fixture.Folder, "half")).FullName;
        await Command("runc", "spec", "--bundle", bundle);
        await Command("sh", "-c", $"cd {bundle}; mkdir -p rootfs/bin; cp /bin/busybox rootfs/bin/sh; sed -i 's/\"terminal\": true/\"terminal\": false/' config.json; runc create --bundle . {id} </dev/null >/dev/null 2>&1");
        Assert.Contains("\"status\": \"created\"", await Command("runc", "state", id), StringComparison.Ordinal);

        var node = await fixture.Start();
        await fixture.Pods.UntilPhase("p", "Succeeded");

        Assert.Equal("ran\n", await LogOf(node, "p", "main"));
        Assert.Contains("does not exist", await Command("runc", "state", id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Engine_that_does_not_answer_stops_the_start_with_its_reason()
    {
        await using var fixture = new NodeFixture();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => fixture.Start(o => o with { Engine = "docker", EngineEnvironment = o.EngineEnvironment.SetItem("DOCKER_HOST", "unix:///nowhere") }));

        Assert.Contains("no container engine answers", refused.Message, StringComparison.Ordinal);
    }
}
