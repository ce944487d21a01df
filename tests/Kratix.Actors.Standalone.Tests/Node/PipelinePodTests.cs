using System.Text.Json.Nodes;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>Pods of the shape the engine makes, with real containers.</summary>
public sealed class PipelinePodTests
{
    private const string Mounts = """
        {"volumeMounts":[
          {"name":"shared-input","mountPath":"/kratix/input"},
          {"name":"shared-output","mountPath":"/kratix/output"},
          {"name":"shared-metadata","mountPath":"/kratix/metadata"},
          {"name":"object","mountPath":"/kratix/input/object.yaml","subPath":"object.yaml","readOnly":true}]}
        """;

    private static readonly string[] Order = ["reader", "first", "second", "writer"];

    [Fact]
    public async Task Pipeline_pod_runs_reader_then_the_users_containers_then_writer_in_order()
    {
        await using var fixture = new NodeFixture();
        var output = "";
        fixture.BuiltIns.Functions["reader"] = async (c, ct) =>
        {
            await File.WriteAllTextAsync(c.HostPath("/object/object.yaml"), "kind: Database\n", ct);
            return 0;
        };
        fixture.BuiltIns.Functions["writer"] = async (c, ct) =>
        {
            output = await File.ReadAllTextAsync(c.HostPath("/kratix/output/result.txt"), ct);
            c.Log("wrote it");
            return 0;
        };
        await fixture.Start();

        fixture.Pods.Create("run", PipelineSpec("cat /kratix/input/object.yaml > /kratix/output/result.txt; echo from-first > /kratix/input/extra", "cat /kratix/input/extra >> /kratix/output/result.txt"));
        var pod = await fixture.Pods.UntilPhase("run", "Succeeded");

        Assert.Equal("kind: Database\nfrom-first\n", output);
        var statuses = pod["status"]!["initContainerStatuses"]!.AsArray().Concat(pod["status"]!["containerStatuses"]!.AsArray()).ToList();
        Assert.Equal(Order, statuses.Select(s => s!["name"]!.GetValue<string>()));
        Assert.All(statuses, s => Assert.Equal("Completed", s!["state"]!["terminated"]!["reason"]!.GetValue<string>()));
        var finished = statuses.Select(s => s!["state"]!["terminated"]!["finishedAt"]!.GetValue<string>()).ToList();
        Assert.Equal(finished.Order(StringComparer.Ordinal), finished);
    }

    [Fact]
    public async Task Container_cannot_change_a_file_mounted_read_only_by_subPath()
    {
        await using var fixture = WithReader(new NodeFixture());
        await fixture.Start();

        fixture.Pods.Create("run", PipelineSpec("! echo changed > /kratix/input/object.yaml", "grep -q 'kind: Database' /kratix/input/object.yaml"));

        await fixture.Pods.UntilPhase("run", "Succeeded");
    }

    [Fact]
    public async Task Failing_init_container_fails_the_pod_with_its_exit_code_and_starts_nothing_after_it()
    {
        await using var fixture = WithReader(new NodeFixture());
        var node = await fixture.Start();

        fixture.Pods.Create("run", PipelineSpec("echo no disk >&2; exit 7", "true"));
        var pod = await fixture.Pods.UntilPhase("run", "Failed");

        var states = pod["status"]!["initContainerStatuses"]!.AsArray().Select(s => s!["state"]!.AsObject().Single()).ToList();
        Assert.Equal(7, states[1].Value!["exitCode"]!.GetValue<int>());
        Assert.Equal("Error", states[1].Value!["reason"]!.GetValue<string>());
        Assert.Equal("waiting", states[2].Key);
        Assert.DoesNotContain("writer", fixture.BuiltIns.Ran);
        Assert.Equal("no disk\n", await LogOf(node, "run", "first"));
    }

    [Fact]
    public async Task Finished_pod_leaves_no_container_and_no_volume_but_its_logs()
    {
        await using var fixture = WithReader(new NodeFixture());
        var node = await fixture.Start();
        fixture.Pods.Create("run", PipelineSpec("echo hello", "true"));
        await fixture.Pods.UntilPhase("run", "Succeeded");

        await fixture.Pods.Delete("run", graceSeconds: 0);

        Assert.Empty(await fixture.Containers());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(fixture.Folder, "node", "pods")));
        Assert.Equal("hello\n", await LogOf(node, "run", "first"));
    }

    [Fact]
    public async Task Short_pod_costs_few_status_writes()
    {
        await using var fixture = WithReader(new NodeFixture());
        await fixture.Start(o => o with { StatusInterval = TimeSpan.FromSeconds(5) });

        fixture.Pods.Create("run", PipelineSpec("true", "true"));
        await fixture.Pods.UntilPhase("run", "Succeeded");

        Assert.InRange(fixture.Pods.Writes.Count, 1, 2);
    }

    [Fact]
    public async Task Status_that_cannot_be_written_is_written_later_and_runs_nothing_twice()
    {
        await using var fixture = WithReader(new NodeFixture());
        fixture.Pods.FailingWrites = 3;
        await fixture.Start();

        fixture.Pods.Create("run", PipelineSpec("test ! -e /kratix/input/ran && touch /kratix/input/ran", "true"));

        await fixture.Pods.UntilPhase("run", "Succeeded");
    }

    private static NodeFixture WithReader(NodeFixture fixture)
    {
        fixture.BuiltIns.Functions["reader"] = async (c, ct) =>
        {
            await File.WriteAllTextAsync(c.HostPath("/object/object.yaml"), "kind: Database\n", ct);
            return 0;
        };
        fixture.BuiltIns.Functions["writer"] = (_, _) => Task.FromResult(0);
        return fixture;
    }

    private static JsonObject PipelineSpec(string first, string second) => Spec(
        [
            Json("""{"name":"reader","image":"built-in/reader","volumeMounts":[{"name":"object","mountPath":"/object"}]}"""),
            Shell("first", first, Mounts),
            Shell("second", second, Mounts),
        ],
        [Json("""{"name":"writer","image":"built-in/writer","volumeMounts":[{"name":"shared-output","mountPath":"/kratix/output"},{"name":"shared-metadata","mountPath":"/kratix/metadata"}]}""")],
        """{"restartPolicy":"Never","volumes":[{"name":"shared-input","emptyDir":{}},{"name":"shared-output","emptyDir":{}},{"name":"shared-metadata","emptyDir":{}},{"name":"object","emptyDir":{}}]}""");
}
