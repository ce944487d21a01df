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
    public async Task Engine_that_does_not_answer_stops_the_start_with_its_reason()
    {
        await using var fixture = new NodeFixture();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => fixture.Start(o => o with { Engine = "docker", EngineEnvironment = o.EngineEnvironment.SetItem("DOCKER_HOST", "unix:///nowhere") }));

        Assert.Contains("no container engine answers", refused.Message, StringComparison.Ordinal);
    }
}
