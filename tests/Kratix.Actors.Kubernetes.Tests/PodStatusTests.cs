using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Kubernetes.Tests;

public sealed class PodStatusTests
{
    private const string Done = """{"terminated":{"exitCode":0,"reason":"Completed","startedAt":"2026-01-01T10:00:00Z","finishedAt":"2026-01-01T10:00:05Z"}}""";
    private const string Running = """{"running":{"startedAt":"2026-01-01T10:00:06Z"}}""";
    private const string Initializing = """{"waiting":{"reason":"PodInitializing"}}""";

    [Theory]
    [InlineData("OnFailure", true)]
    [InlineData("Never", false)]
    public void Whether_it_is_started_again_in_place_is_the_Pods_policy(string policy, bool inPlace)
    {
        var pod = Pod("Pending");
        pod["spec"]!["restartPolicy"] = policy;
        Assert.Equal(inPlace, PodStatus.Read(pod)!.RestartsInPlace);
    }

    [Fact]
    public void New_pod_is_pending_with_all_steps_waiting()
    {
        var report = Read("Pending");
        Assert.Equal((RunPhase.Pending, null), (report.Phase, report.Reason));
        Assert.Equal([StepPhase.Waiting, StepPhase.Waiting], report.Steps.Select(s => s.Phase));
    }

    [Fact]
    public void Pod_whose_init_containers_run_is_running_with_times()
    {
        var report = Read("Pending", Done, Done, Running);
        Assert.Equal(RunPhase.Running, report.Phase);
        Assert.Equal(
            new StepReport("one", "img-one", StepPhase.Succeeded, 0, At("10:00:00"), At("10:00:05")),
            report.Steps[0]);
        Assert.Equal(new StepReport("two", "img-two", StepPhase.Running, StartedAt: At("10:00:06")), report.Steps[1]);
    }

    [Fact]
    public void Step_whose_turn_it_is_and_that_has_not_started_is_fetching_its_image()
    {
        var report = Read("Pending", Done, Initializing, Initializing);
        Assert.Equal([StepPhase.Pulling, StepPhase.Waiting], report.Steps.Select(s => s.Phase));
        Assert.Null(report.Reason);
    }

    [Theory]
    [InlineData("ErrImagePull")]
    [InlineData("ImagePullBackOff")]
    [InlineData("InvalidImageName")]
    public void Image_that_cannot_be_had_is_named_in_the_reason(string reason)
    {
        var report = Read("Pending", Done, $$$"""{"waiting":{"reason":"{{{reason}}}","message":"manifest unknown"}}""");
        Assert.Equal(StepPhase.Pulling, report.Steps[0].Phase);
        Assert.Equal($"image \"img-one\": {reason}: manifest unknown", report.Reason);
    }

    [Fact]
    public void Failed_step_gives_its_exit_code_as_the_reason()
    {
        var report = Read("Failed", Done, """{"terminated":{"exitCode":3,"reason":"Error"}}""");
        Assert.Equal((RunPhase.Failed, StepPhase.Failed, 3), (report.Phase, report.Steps[0].Phase, report.Steps[0].ExitCode));
        Assert.Equal("container \"one\" exited with code 3", report.Reason);
        Assert.Equal(StepPhase.Waiting, report.Steps[1].Phase);
    }

    [Fact]
    public void Step_killed_for_its_memory_says_so() =>
        Assert.Contains("used more memory than its limit", Read("Failed", Done, """{"terminated":{"exitCode":137,"reason":"OOMKilled"}}""").Reason, StringComparison.Ordinal);

    [Fact]
    public void Step_that_could_not_be_started_says_why() =>
        Assert.Equal(
            "container \"one\" ended with StartError, exit code 128: exec: \"nosuch\": not found",
            Read("Failed", Done, """{"terminated":{"exitCode":128,"reason":"StartError","message":"exec: \"nosuch\": not found"}}""").Reason);

    [Theory]
    [InlineData("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")]
    [InlineData("Evicted", "The node was low on resource: memory.")]
    public void What_ended_the_whole_pod_comes_before_exit_codes(string reason, string message)
    {
        var pod = Pod("Failed", Done, """{"terminated":{"exitCode":137,"reason":"Error"}}""");
        pod["status"]!["reason"] = reason;
        pod["status"]!["message"] = message;
        Assert.Equal($"{reason}: {message}", PodStatus.Read(pod)!.Reason);
    }

    [Fact]
    public void Built_in_container_that_failed_is_the_reason_and_not_a_step()
    {
        var report = Read("Failed", """{"terminated":{"exitCode":1,"reason":"Error","message":"the object: the engine refused: 403"}}""");
        Assert.Equal("built-in container \"reader\" exited with code 1: the object: the engine refused: 403", report.Reason);
        Assert.Equal(["one", "two"], report.Steps.Select(s => s.Name));
        var pod = Pod("Failed", Done, Done, Done);
        pod["status"]!["containerStatuses"] = JsonNode.Parse("""[{"name":"writer","state":{"terminated":{"exitCode":4,"message":"output/x cannot be read"}}}]""");
        Assert.Equal("built-in container \"writer\" exited with code 4: output/x cannot be read", PodStatus.Read(pod)!.Reason);
    }

    [Fact]
    public void Built_in_image_that_cannot_be_had_is_named()
    {
        var report = Read("Pending", """{"waiting":{"reason":"ErrImagePull"}}""");
        Assert.Equal("built-in container \"reader\": image \"img-reader\": ErrImagePull", report.Reason);
    }

    [Fact]
    public void Pod_that_finds_no_node_says_why()
    {
        var pod = Pod("Pending");
        pod["status"]!["conditions"] = JsonNode.Parse("""[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes"}]""");
        Assert.Equal("Unschedulable: 0/3 nodes", PodStatus.Read(pod)!.Reason);
    }

    [Fact]
    public void Step_that_waits_to_be_started_again_in_place_shows_how_it_ended_last_and_how_often()
    {
        var pod = Pod("Pending", Done, """{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 10s"}}""");
        var status = pod["status"]!["initContainerStatuses"]![1]!.AsObject();
        status["restartCount"] = 2;
        status["lastState"] = JsonNode.Parse("""{"terminated":{"exitCode":3,"reason":"Error"}}""");
        var report = PodStatus.Read(pod)!;

        Assert.Equal((RunPhase.Running, 2), (report.Phase, report.Restarts));
        Assert.Equal((StepPhase.Failed, 3, 2), (report.Steps[0].Phase, report.Steps[0].ExitCode, report.Steps[0].Restarts));
        Assert.Equal("container \"one\" exited with code 3", report.Reason);
    }

    [Fact]
    public void Restarts_of_built_in_containers_count_too()
    {
        var pod = Pod("Running", Done, Done, Done);
        pod["status"]!["containerStatuses"] = JsonNode.Parse($$$"""[{"name":"writer","restartCount":1,"state":{{{Running}}} }]""");
        Assert.Equal(1, PodStatus.Read(pod)!.Restarts);
    }

    [Fact]
    public void Containers_side_by_side_are_steps_and_their_failure_comes_before_the_writers()
    {
        var pod = Pod("Failed", Done, Done, Done);
        pod["spec"]!["containers"] = JsonNode.Parse("""[{"name":"left","image":"l"},{"name":"right","image":"r"},{"name":"writer"}]""");
        pod["status"]!["containerStatuses"] = JsonNode.Parse(
            $$$"""
            [
              {"name":"left","state":{{{Done}}} }, {"name":"right","state":{"terminated":{"exitCode":3,"reason":"Error"} } },
              {"name":"writer","state":{"terminated":{"exitCode":1,"reason":"Error"} } }
            ]
            """);
        var report = PodStatus.Read(pod)!;
        Assert.Equal(["one", "two", "left", "right"], report.Steps.Select(s => s.Name));
        Assert.Equal([StepPhase.Succeeded, StepPhase.Succeeded, StepPhase.Succeeded, StepPhase.Failed], report.Steps.Select(s => s.Phase));
        Assert.Equal("container \"right\" exited with code 3", report.Reason);
    }

    [Fact]
    public void Containers_side_by_side_wait_for_the_init_containers()
    {
        var pod = Pod("Pending", Done, Done, Running);
        pod["spec"]!["containers"] = JsonNode.Parse("""[{"name":"left","image":"l"},{"name":"writer"}]""");
        Assert.Equal(StepPhase.Waiting, PodStatus.Read(pod)!.Steps[2].Phase);
    }

    [Fact]
    public void Pod_on_a_node_that_does_not_answer_counts_as_running() => Assert.Equal(RunPhase.Running, Read("Unknown", Done, Running).Phase);

    [Fact]
    public void Pod_being_deleted_says_so()
    {
        var pod = Pod("Running", Done, Running);
        pod["metadata"]!["deletionTimestamp"] = "2026-01-01T10:00:00Z";
        Assert.Equal("the Pod is being deleted", PodStatus.Read(pod)!.Reason);
    }

    [Fact]
    public void Succeeded_pod_has_no_reason() => Assert.Equal((RunPhase.Succeeded, null), (Read("Succeeded", Done, Done, Done).Phase, Read("Succeeded", Done, Done, Done).Reason));

    [Theory]
    [InlineData("""{"metadata":{"name":"x"}}""")]
    [InlineData("""{"metadata":{"annotations":{"kratix.io/run-id":"r"}},"spec":{"containers":[]}}""")]
    public void Pod_that_is_no_run_is_passed_over(string pod) => Assert.Null(PodStatus.Read(JsonNode.Parse(pod)!.AsObject()));

    private static RunReport Read(string phase, params string[] states) => PodStatus.Read(Pod(phase, states))!;

    private static JsonObject Pod(string phase, params string[] states)
    {
        string[] names = ["reader", "one", "two"];
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "pod", ["namespace"] = "ns", ["annotations"] = new JsonObject { ["kratix.io/run-id"] = "run" } },
            ["spec"] = new JsonObject
            {
                ["initContainers"] = new JsonArray([.. names.Select(n => (JsonNode)new JsonObject { ["name"] = n, ["image"] = $"img-{n}" })]),
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "writer" }),
            },
            ["status"] = JsonNode.Parse(new JsonObject
            {
                ["phase"] = phase,
                ["initContainerStatuses"] = new JsonArray(
                    [.. states.Select((s, i) => (JsonNode)new JsonObject { ["name"] = names[i], ["image"] = $"img-{names[i]}", ["state"] = JsonNode.Parse(s) })]),
            }.ToJsonString()),
        };
    }

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-01-01T{time}Z", System.Globalization.CultureInfo.InvariantCulture);
}
