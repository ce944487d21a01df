using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>What only real containers can show; each way to run them keeps all of it.</summary>
public abstract class RealContainerTests(string engine)
{
    [Fact]
    public async Task Container_that_runs_while_the_node_is_away_is_adopted_with_its_exit_code_and_log()
    {
        await using var fixture = new NodeFixture(engine);
        var node = await fixture.Start();
        fixture.Pods.Create("p", Spec([Shell("step", "echo begun; until [ -e /shared/go ]; do sleep 0.05; done; echo done; exit 3", SharedMount)], [Shell("main", "true")], SharedVolume));
        await fixture.Pods.Until("p", p => p["status"]?["initContainerStatuses"]?[0]?["state"]?["running"] is not null);
        await fixture.LogContains(node, "p", "step", "begun");
        await fixture.Abandon(node);
        await fixture.Go();

        node = await fixture.Start();
        var pod = await fixture.Pods.UntilPhase("p", "Failed");

        Assert.Equal(3, pod["status"]!["initContainerStatuses"]![0]!["state"]!["terminated"]!["exitCode"]!.GetValue<int>());
        Assert.Equal(0, pod["status"]!["initContainerStatuses"]![0]!["restartCount"]!.GetValue<int>());
        Assert.Equal("begun\ndone\n", await LogOf(node, "p", "step"));
    }

    [Fact]
    public async Task Container_that_ended_while_the_node_was_away_is_not_run_again()
    {
        await using var fixture = new NodeFixture(engine);
        var node = await fixture.Start(o => o with { StatusInterval = TimeSpan.FromHours(1) });
        fixture.Pods.Create("p", Spec([Shell("once", "mkdir /shared/ran", SharedMount), Shell("wait", "echo waiting; until [ -e /shared/go ]; do sleep 0.05; done", SharedMount)], [Shell("main", "true")], SharedVolume));
        await fixture.LogContains(node, "p", "wait", "waiting");
        await fixture.Abandon(node);
        await fixture.Go();

        await fixture.Start();

        await fixture.Pods.UntilPhase("p", "Succeeded");
    }

    [Fact]
    public async Task Secret_reaches_the_container_and_no_process_arguments()
    {
        await using var fixture = new NodeFixture(engine);
        fixture.Pods.Secrets["db"] = new JsonObject
        {
            ["data"] = new JsonObject { ["password"] = Convert.ToBase64String("hunter2-line1\nline2"u8), ["user"] = Convert.ToBase64String("hunter2-user"u8) },
        };
        var node = await fixture.Start();
        fixture.Pods.Create("p", Spec(
            [],
            [Shell("main", "echo \"$DB_user\"; echo \"$PASSWORD\"; cat /secret/user; until [ -e /shared/go ]; do sleep 0.05; done", """
                {"envFrom":[{"prefix":"DB_","secretRef":{"name":"db"}}],
                 "env":[{"name":"PASSWORD","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}],
                 "volumeMounts":[{"name":"secret","mountPath":"/secret"},{"name":"shared","mountPath":"/shared"}]}
                """)],
            """{"restartPolicy":"Never","volumes":[{"name":"shared","emptyDir":{}},{"name":"secret","secret":{"secretName":"db"}}]}"""));
        await fixture.LogContains(node, "p", "main", "hunter2-user");

        var seen = Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)).Select(CommandLine).Where(c => c.Contains("hunter2", StringComparison.Ordinal));
        Assert.Empty(seen);
        await fixture.Go();
        await fixture.Pods.UntilPhase("p", "Succeeded");
        Assert.Equal("hunter2-user\nhunter2-line1\nline2\nhunter2-user", await LogOf(node, "p", "main"));
    }

    [Fact]
    public async Task Volume_in_memory_is_shared_lies_in_no_folder_of_the_node_and_goes_with_its_pod()
    {
        await using var fixture = new NodeFixture(engine);
        var node = await fixture.Start();
        var pod = fixture.Pods.Create("p", Spec(
            [Shell("step", "echo s3cr3t > /cache/key; awk '$2 == \"/cache\" {print $3}' /proc/mounts", """{"volumeMounts":[{"name":"cache","mountPath":"/cache"}]}""")],
            [Shell("main", "cat /cache/key; echo up; until [ -e /shared/go ]; do sleep 0.05; done", """{"volumeMounts":[{"name":"cache","mountPath":"/cache"},{"name":"shared","mountPath":"/shared"}]}""")],
            """{"restartPolicy":"Never","volumes":[{"name":"cache","emptyDir":{"medium":"Memory"}},{"name":"shared","emptyDir":{}}]}"""));
        await fixture.LogContains(node, "p", "main", "s3cr3t\nup");

        Assert.Equal("tmpfs\n", await LogOf(node, "p", "step"));
        Assert.DoesNotContain(Directory.EnumerateFiles(fixture.Folder, "key", SearchOption.AllDirectories), f => f.EndsWith("/cache/key", StringComparison.Ordinal));
        var memory = new NodeFolders(fixture.Folder).Memory.OfPod(PodIdentity.Of(pod).Uid)!;
        Assert.Equal("drwx------\n", await Command("stat", "-c", "%A", Path.GetDirectoryName(memory)!));
        await fixture.Go();
        await fixture.Pods.UntilPhase("p", "Succeeded");
        await fixture.Pods.Delete("p", graceSeconds: 0);
        Assert.False(Directory.Exists(memory));
    }

    [Fact]
    public async Task Deleted_pod_is_stopped_and_its_containers_are_gone()
    {
        await using var fixture = new NodeFixture(engine);
        var node = await fixture.Start();
        fixture.Pods.Create("p", Spec([], [Shell("main", "echo up; trap 'echo asked to stop; exit 0' TERM; while :; do sleep 0.05; done")]));
        await fixture.LogContains(node, "p", "main", "up");

        await fixture.Pods.Delete("p", graceSeconds: 20);

        Assert.Empty(await fixture.Containers());
        Assert.Equal("up\nasked to stop\n", await LogOf(node, "p", "main"));
    }

    [Fact]
    public async Task Missing_image_is_an_error_that_names_it()
    {
        await using var fixture = new NodeFixture(engine);
        await fixture.Start();
        fixture.Pods.Create("p", Spec([Shell("step", "true", """{"image":"registry.invalid/team/tool:7"}""")], [Shell("main", "true")]));

        var pod = await fixture.Pods.Until("p", p => p["status"]?["initContainerStatuses"]?[0]?["state"]?["waiting"]?["reason"]?.GetValue<string>() == "ErrImagePull");

        Assert.Contains("registry.invalid/team/tool:7", pod["status"]!["initContainerStatuses"]![0]!["state"]!["waiting"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 125", 125, "Error")]
    [InlineData("exit 127", 127, "Error")]
    [InlineData("kill -9 $$; exit 4", 4, "Error")]
    [InlineData("tail -f /dev/zero", 137, "OOMKilled")]
    public async Task Exit_code_of_the_container_is_not_taken_for_the_engines(string script, int exitCode, string reason)
    {
        await using var fixture = new NodeFixture(engine);
        await fixture.Start();
        fixture.Pods.Create("p", Spec([], [Shell("main", script, """{"resources":{"limits":{"memory":"16Mi"}}}""")]));

        var ended = (await fixture.Pods.UntilPhase("p", "Failed"))["status"]!["containerStatuses"]![0]!["state"]!["terminated"]!;

        Assert.Equal((exitCode, reason), (ended["exitCode"]!.GetValue<int>(), ended["reason"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Last_words_of_a_container_are_its_termination_message_and_else_the_end_of_its_log()
    {
        await using var fixture = new NodeFixture(engine);
        await fixture.Start();
        fixture.Pods.Create("p", Spec([], [
            Shell("file", "echo noise; echo -n 'the disk is full' > /dev/termination-log; exit 1", """{"terminationMessagePolicy":"FallbackToLogsOnError"}"""),
            Shell("path", "echo -n fine > /tmp/message", """{"terminationMessagePath":"/tmp/message"}"""),
            Shell("log", "echo last line; exit 1", """{"terminationMessagePolicy":"FallbackToLogsOnError"}"""),
            Shell("silent", "echo noise; exit 1")]));

        var statuses = (await fixture.Pods.UntilPhase("p", "Failed"))["status"]!["containerStatuses"]!.AsArray();

        Assert.Equal(["the disk is full", "fine", "last line", null], statuses.Select(s => s!["state"]!["terminated"]!["message"]?.GetValue<string>()));
    }

    [Fact]
    public async Task Command_that_does_not_exist_ends_with_a_start_error_that_names_it()
    {
        await using var fixture = new NodeFixture(engine);
        await fixture.Start();
        fixture.Pods.Create("p", Spec([], [Json($$"""{"name":"main","image":"{{Busybox}}","command":["no-such-tool"]}""")]));

        var ended = (await fixture.Pods.UntilPhase("p", "Failed"))["status"]!["containerStatuses"]![0]!["state"]!["terminated"]!;

        Assert.Equal("StartError", ended["reason"]!.GetValue<string>());
        Assert.Contains("no-such-tool", ended["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sub_path_through_a_link_that_an_earlier_container_made_is_refused()
    {
        await using var fixture = new NodeFixture(engine);
        await fixture.Start();
        fixture.Pods.Create("p", Spec(
            [Shell("trap", "ln -s /etc /shared/way", SharedMount)],
            [Shell("main", "ls /out", """{"volumeMounts":[{"name":"shared","mountPath":"/out","subPath":"way/ssl"}]}""")],
            SharedVolume));

        var pod = await fixture.Pods.Until("p", p => p["status"]?["containerStatuses"]?[0]?["state"]?["waiting"]?["reason"]?.GetValue<string>() == "CreateContainerConfigError");

        Assert.Contains("symbolic link 'way'", pod["status"]!["containerStatuses"]![0]!["state"]!["waiting"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_config_maps_and_expansions_reach_the_container()
    {
        await using var fixture = new NodeFixture(engine);
        fixture.Pods.ConfigMaps["cm"] = Json("""{"data":{"colour":"green"}}""");
        var node = await fixture.Start();
        fixture.Pods.Create("p", Spec(
            [],
            [Json($$"""
                {"name":"main","image":"{{Busybox}}","command":["sh","-c","echo $(NAME) $COLOUR $0; cat /cm/c; cat /info/labels; pwd; id -u"],"args":["$(COLOUR)"],"workingDir":"/tmp",
                 "securityContext":{"runAsUser":1234,"runAsNonRoot":true},
                 "env":[{"name":"NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"} } },{"name":"COLOUR","valueFrom":{"configMapKeyRef":{"name":"cm","key":"colour"} } }],
                 "volumeMounts":[{"name":"cm","mountPath":"/cm"},{"name":"info","mountPath":"/info"}]}
                """)],
            """
            {"restartPolicy":"Never","volumes":[
              {"name":"cm","configMap":{"name":"cm","items":[{"key":"colour","path":"c"}]}},
              {"name":"info","downwardAPI":{"items":[{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}}]}}]}
            """));
        await fixture.Pods.UntilPhase("p", "Succeeded");

        Assert.Equal("p green green\ngreenteam=\"blue\"/tmp\n1234\n", await LogOf(node, "p", "main"));
    }

    [Fact]
    public async Task Log_is_followed_to_its_end_and_can_be_cut_to_its_tail()
    {
        await using var fixture = new NodeFixture(engine);
        var node = await fixture.Start();
        fixture.Pods.Create("p", Spec([], [Shell("main", "echo one; until [ -e /shared/go ]; do sleep 0.05; done; echo two; printf three", SharedMount)], SharedVolume));
        await fixture.LogContains(node, "p", "main", "one");
        var following = LogOf(node, "p", "main", follow: true);

        await fixture.Go();

        Assert.Equal("one\ntwo\nthree", await following);
        Assert.Equal("two\nthree", await LogOf(node, "p", "main", tail: 2));
    }

    internal const string SharedMount = """{"volumeMounts":[{"name":"shared","mountPath":"/shared"}]}""";
    internal const string SharedVolume = """{"restartPolicy":"Never","volumes":[{"name":"shared","emptyDir":{}}]}""";

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException) // it ended meanwhile
        {
            return "";
        }
    }
}
