using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Nodes.Oci;

namespace Kratix.Actors.Standalone.Tests.Nodes;

public sealed class SandboxesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kratix-sandboxes-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Network_that_could_not_be_made_is_made_at_the_next_try()
    {
        var podman = new EngineProcess("podman", NodeFixture.EngineEnvironment);
        var options = new NodeOptions(_folder, "oci", "bridge", 4, TimeProvider.System, new FakeBuiltIns()) { EngineEnvironment = NodeFixture.EngineEnvironment };
        var info = JsonNode.Parse((await podman.Run(["info", "--format", "json"], default)).Output)!.AsObject();
        var tools = OciTools.Find(info, options).Tools!;
        await using var sandboxes = new Sandboxes(tools with { Netavark = FailsOnce(tools.Netavark) }, podman, ContainerLabels.NodeOf(_folder), Path.Combine(_folder, "network"), options);

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => sandboxes.Give("a", "main"));
        Assert.Contains("the firewall is busy", failed.Message, StringComparison.Ordinal);
        var sandbox = await sandboxes.Give("a", "main");

        Assert.True(File.Exists(sandbox.Path));
        await sandboxes.Take("a", "main", changed: false);
    }

    /// <summary>A netavark that says at its first call that it could not, and works from then on.</summary>
    private string FailsOnce(string netavark)
    {
        var script = Path.Combine(_folder, "netavark");
        File.WriteAllText(script, $"""
            #!/bin/sh
            [ -e "$0.failed" ] && exec {netavark} "$@"
            touch "$0.failed"
            echo the firewall is busy
            exit 1

            """);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return script;
    }
}
