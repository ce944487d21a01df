using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>What the node decides, with an engine and a clock of the test's own.</summary>
public sealed class PodLifeTests : IAsyncLifetime
{
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);
    private readonly string _folder = Directory.CreateTempSubdirectory("kratix-node-").FullName;
    private readonly FakePodStore _pods = new();
    private readonly FakeEngine _engine = new();
    private readonly FakeBuiltIns _builtIns = new();
    private readonly SignallingTime _time = new();
    private readonly List<Node> _nodes = [];

    [Fact]
    public async Task Image_that_cannot_be_pulled_is_named_and_tried_again_later()
    {
        _engine.PullError = "no such host";
        await Start();
        _pods.Create("p", Spec([], [Shell("main", "true", """{"image":"registry.example/app:1"}""")]));

        var waiting = State(await _pods.Until("p", p => Reason(p) == "ErrImagePull"), "main")["waiting"]!;
        Assert.Equal("Failed to pull image \"registry.example/app:1\": no such host", waiting["message"]!.GetValue<string>());
        await _time.PassAfterWaitSet(Ten);
        await _pods.Until("p", p => Reason(p) == "ImagePullBackOff");
        _engine.PullError = null;
        await _time.PassAfterWaitSet(Ten * 2);
        await _engine.Began(FakeEngine.Key("p", "main"));
        _engine.End(FakeEngine.Key("p", "main"));

        await _pods.UntilPhase("p", "Succeeded");
    }

    [Fact]
    public async Task Missing_secret_is_named_and_creating_it_is_enough()
    {
        await Start();
        _pods.Create("p", Spec([], [Shell("main", "true", """{"env":[{"name":"PASSWORD","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}]}""")]));

        var waiting = State(await _pods.Until("p", p => Reason(p) == "CreateContainerConfigError"), "main")["waiting"]!;
        Assert.Equal("secret \"db\" not found", waiting["message"]!.GetValue<string>());
        _pods.Secrets["db"] = Json("""{"data":{"password":"c2VjcmV0"}}""");
        await _time.PassAfterWaitSet(Ten);

        await _engine.Began(FakeEngine.Key("p", "main"));
    }

    [Theory]
    [InlineData("""{"name":"data","hostPath":{"path":"/etc"}}""", "hostPath")]
    [InlineData("""{"name":"data","configMap":{"name":"cm"}}""", "configmap \"cm\" not found")]
    public async Task Volume_the_node_cannot_make_is_named(string volume, string named)
    {
        await Start();
        _pods.Create("p", Spec([], [Shell("main", "true")], $$"""{"restartPolicy":"Never","volumes":[{{volume}}]}"""));

        var pod = await _pods.Until("p", p => Reason(p) == "CreateContainerConfigError");

        Assert.Contains(named, State(pod, "main")["waiting"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnFailure_container_restarts_at_once_and_then_after_growing_pauses()
    {
        await Start();
        _pods.Create("p", Spec([], [Shell("main", "true")], """{"restartPolicy":"OnFailure"}"""));

        _engine.End(FakeEngine.Key("p", "main", 0), 1);
        _engine.End(FakeEngine.Key("p", "main", 1), 2);
        var resting = await _pods.Until("p", p => Reason(p) == "CrashLoopBackOff");
        Assert.Equal(2, Status(resting, "main")["lastState"]!["terminated"]!["exitCode"]!.GetValue<int>());
        await _time.PassAfterWaitSet(Ten);
        _engine.End(FakeEngine.Key("p", "main", 2), 3);
        await _time.PassAfterWaitSet(Ten * 2);
        _engine.End(FakeEngine.Key("p", "main", 3));

        var pod = await _pods.UntilPhase("p", "Succeeded");
        Assert.Equal(3, Status(pod, "main")["restartCount"]!.GetValue<int>());
    }

    [Fact]
    public async Task Init_container_restarts_on_failure_and_the_next_waits_for_its_success()
    {
        await Start();
        _pods.Create("p", Spec([Shell("first", "true")], [Shell("main", "true")], """{"restartPolicy":"OnFailure"}"""));

        _engine.End(FakeEngine.Key("p", "first", 0), 1);
        await _engine.Began(FakeEngine.Key("p", "first", 1));
        Assert.DoesNotContain(FakeEngine.Key("p", "main"), _engine.Ran);
        _engine.End(FakeEngine.Key("p", "first", 1));

        await _engine.Began(FakeEngine.Key("p", "main"));
    }

    [Fact]
    public async Task More_pods_than_places_wait_and_go_first_come_first_served()
    {
        await Start(o => o with { MaxRunningPods = 1 });
        foreach (var name in new[] { "a", "b", "c" })
        {
            _pods.Create(name, Spec([], [Shell("main", "true")]));
            if (name == "a") await _engine.Began(FakeEngine.Key("a", "main"));
        }

        _engine.End(FakeEngine.Key("a", "main"));
        await Task.WhenAny(_engine.Began(FakeEngine.Key("b", "main")), _engine.Began(FakeEngine.Key("c", "main")));
        Assert.Equal(2, _engine.Ran.Count);
        _engine.End(FakeEngine.Key("b", "main"));
        _engine.End(FakeEngine.Key("c", "main"));

        await _pods.UntilPhase("b", "Succeeded");
        await _pods.UntilPhase("c", "Succeeded");
    }

    [Fact]
    public async Task Pod_that_waits_for_its_image_gives_its_place_to_another()
    {
        _engine.PullError = "no such host";
        await Start(o => o with { MaxRunningPods = 1 });
        _pods.Create("stuck", Spec([], [Shell("main", "true", """{"image":"registry.example/app:1"}""")]));
        await _pods.Until("stuck", p => Reason(p) == "ErrImagePull");

        _pods.Create("other", Spec([], [Shell("main", "true")]));

        await _engine.Began(FakeEngine.Key("other", "main"));
    }

    [Fact]
    public async Task Pod_past_its_deadline_is_stopped_and_failed()
    {
        _engine.StopsAsIfOutOfMemory = true;
        await Start();
        _pods.Create("p", Spec([Shell("first", "true")], [Shell("main", "true")], """{"restartPolicy":"Never","activeDeadlineSeconds":42}"""));
        await _engine.Began(FakeEngine.Key("p", "first"));

        await _time.PassAfterWaitSet(TimeSpan.FromSeconds(42));

        var pod = await _pods.UntilPhase("p", "Failed");
        Assert.Equal("DeadlineExceeded", pod["status"]!["reason"]!.GetValue<string>());
        Assert.Equal("Error", State(pod, "first")["terminated"]!["reason"]!.GetValue<string>());
        Assert.Equal(137, State(pod, "first")["terminated"]!["exitCode"]!.GetValue<int>());
        Assert.DoesNotContain(FakeEngine.Key("p", "main"), _engine.Ran);
    }

    [Fact]
    public async Task Node_started_again_runs_no_finished_step_a_second_time()
    {
        _builtIns.Functions["reader"] = (_, _) => Task.FromResult(0);
        await Start();
        var spec = Spec([Json("""{"name":"reader","image":"built-in/reader"}"""), Shell("first", "true"), Shell("second", "true")], [Shell("main", "true")]);
        var uid = _pods.Create("p", spec)["metadata"]!["uid"]!.GetValue<string>();
        _engine.End(FakeEngine.Key("p", "first"));
        await _engine.Began(FakeEngine.Key("p", "second"));
        await Abandon();
        _engine.Ran.Clear();
        _engine.Kept.Add(Kept(uid, "first", KeptState.Exited));
        _engine.Kept.Add(Kept(uid, "second", KeptState.Running));

        await Start();
        await _engine.Began(_engine.Kept[1].Name);
        _engine.End(_engine.Kept[1].Name);
        _engine.End(FakeEngine.Key("p", "main"));
        await _pods.UntilPhase("p", "Succeeded");

        Assert.Equal(["reader"], _builtIns.Ran);
        Assert.Equal([_engine.Kept[1].Name, FakeEngine.Key("p", "main")], _engine.Ran);
    }

    [Fact]
    public async Task Built_in_container_that_fails_because_the_node_goes_runs_again_at_the_next_start()
    {
        var begun = new TaskCompletionSource();
        var runs = 0;
        _builtIns.Functions["writer"] = async (_, ct) =>
        {
            if (++runs > 1) return 0;
            begun.SetResult();
            var stopped = new TaskCompletionSource<int>();
            await using var stopping = ct.Register(() => stopped.SetResult(143));
            return await stopped.Task;
        };
        await Start();
        _pods.Create("p", Spec([], [Json("""{"name":"writer","image":"built-in/writer"}""")]));
        await begun.Task;
        await Abandon();

        await Start();

        await _pods.UntilPhase("p", "Succeeded");
    }

    [Theory]
    [InlineData(0, "Succeeded")]
    [InlineData(4, "Failed")]
    public async Task Node_started_again_writes_nothing_for_finished_pods(int exitCode, string phase)
    {
        await Start();
        _pods.Create("p", Spec([Shell("first", "true")], [Shell("main", "true")]));
        _engine.End(FakeEngine.Key("p", "first"));
        _engine.End(FakeEngine.Key("p", "main"), exitCode);
        await _pods.UntilPhase("p", phase);
        await Abandon();
        _pods.Writes.Clear();

        await Start();
        await _pods.Delete("p", 0);

        Assert.Empty(_pods.Writes);
    }

    [Fact]
    public async Task Node_started_again_removes_what_deleted_pods_left()
    {
        await Start();
        var uid = _pods.Create("p", Spec([], [Shell("main", "true")]))["metadata"]!["uid"]!.GetValue<string>();
        await _engine.Began(FakeEngine.Key("p", "main"));
        await Abandon();
        _pods.Remove("p", tell: false);
        _engine.Kept.Add(Kept(uid, "main", KeptState.Running));

        await _pods.Listings.WaitAsync();
        await Start();
        await _pods.Listings.WaitAsync();

        Assert.Equal([_engine.Kept[0].Name], _engine.Removed);
        Assert.False(Directory.Exists(Path.Combine(_folder, "node", "pods", uid)));
    }

    [Fact]
    public async Task Containers_of_a_finished_pod_are_removed_only_after_its_status_is_stored()
    {
        _pods.FailingWrites = 1;
        await Start();
        _pods.Create("p", Spec([], [Shell("main", "true")]));
        _engine.End(FakeEngine.Key("p", "main"));

        await _time.WaitSet(TimeSpan.FromMilliseconds(100));
        Assert.Empty(_engine.Removed);
        await _time.PassAfterWaitSet(TimeSpan.FromMilliseconds(100));
        await _pods.UntilPhase("p", "Succeeded");
        await _pods.Delete("p", 0);

        Assert.Single(_engine.Removed);
    }

    [Fact]
    public async Task Built_in_container_that_throws_fails_with_the_message_in_status_and_log()
    {
        _builtIns.Functions["writer"] = (_, _) => throw new InvalidOperationException("the engine does not answer");
        var node = await Start();
        _pods.Create("p", Spec([], [Json("""{"name":"writer","image":"built-in/writer"}""")]));

        var pod = await _pods.UntilPhase("p", "Failed");

        Assert.Equal("the engine does not answer", State(pod, "writer")["terminated"]!["message"]!.GetValue<string>());
        Assert.Equal("the engine does not answer\n", await LogOf(node, "p", "writer"));
    }

    [Fact]
    public async Task Command_that_cannot_be_started_ends_the_container_with_the_engines_reason()
    {
        await Start();
        _pods.Create("p", Spec([], [Shell("main", "true")]));
        _engine.End(FakeEngine.Key("p", "main"), new RunResult.NotStarted("executable file not found"));

        var ended = State(await _pods.UntilPhase("p", "Failed"), "main")["terminated"]!;

        Assert.Equal("StartError", ended["reason"]!.GetValue<string>());
        Assert.Equal("executable file not found", ended["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task Container_that_the_engine_refuses_shows_why_and_its_image()
    {
        await Start();
        _pods.Create("p", Spec([], [Shell("main", "true")]));
        _engine.End(FakeEngine.Key("p", "main"), new RunResult.NotCreated("invalid mount"));

        var pod = await _pods.Until("p", p => Reason(p) == "CreateContainerError");

        Assert.Equal($"invalid mount (image \"{Busybox}\")", State(pod, "main")["waiting"]!["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task Root_image_of_a_container_that_must_not_be_root_is_refused()
    {
        await Start();
        _pods.Create("p", Spec([], [Shell("main", "true", """{"securityContext":{"runAsNonRoot":true}}""")]));

        var pod = await _pods.Until("p", p => Reason(p) == "CreateContainerConfigError");

        Assert.Contains("runAsNonRoot", State(pod, "main")["waiting"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MaxRunningPods")]
    [InlineData("Network")]
    [InlineData("Engine")]
    public async Task Option_out_of_range_stops_the_start_and_is_named(string option)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => Node.Start(
            option switch { "Network" => Options() with { Network = "--privileged" }, "Engine" => Options() with { Engine = "lxc" }, _ => Options() with { MaxRunningPods = 0 } },
            _pods,
            CancellationToken.None));

        Assert.StartsWith(option, refused.Message, StringComparison.Ordinal);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Abandon();
        Directory.Delete(_folder, recursive: true);
    }

    private static KeptContainer Kept(string uid, string container, KeptState state) =>
        new(ContainerLabels.NameOf(new PodIdentity("default", "p", uid), container, 0), uid, container, 0, state, 0, false, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

    private NodeOptions Options() => new(_folder, "podman", "none", 4, _time, _builtIns);

    private async Task<Node> Start(Func<NodeOptions, NodeOptions>? change = null)
    {
        var node = await Node.Start(change?.Invoke(Options()) ?? Options(), _pods, _engine, CancellationToken.None);
        _nodes.Add(node);
        return node;
    }

    private async Task Abandon()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        _nodes.Clear();
    }

    private static JsonObject Status(JsonObject pod, string container) =>
        ((JsonArray?)pod["status"]?["initContainerStatuses"] ?? []).Concat((JsonArray?)pod["status"]?["containerStatuses"] ?? []).Single(s => s!["name"]!.GetValue<string>() == container)!.AsObject();

    private static JsonObject State(JsonObject pod, string container) => Status(pod, container)["state"]!.AsObject();

    private static string? Reason(JsonObject pod) => pod["status"]?["containerStatuses"]?[0]?["state"]?["waiting"]?["reason"]?.GetValue<string>();
}
