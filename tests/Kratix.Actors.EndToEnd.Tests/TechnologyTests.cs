using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Workflows written as Tekton Tasks and as plain Pods, alone and mixed with Pipelines.</summary>
public sealed class TechnologyTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("K7", "The Task of samples/task runs without Tekton: params, scripts, a workspace, a result, and a step whose failure the Task survives.")]
    public async Task The_sample_of_a_task_works_and_the_audit_shows_each_step()
    {
        var kubectl = shared.Kubectl;
        var corner = await shared.Corner("site");
        await kubectl.Run("apply", "-f", Checkout.File("samples", "task", "promise.yaml"));
        await kubectl.WaitFor("Available", "promise/site");
        await kubectl.Run("patch", "promise", "site", "--type=merge", "-p", new JsonObject { ["spec"] = new JsonObject { ["destinationSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = corner.Label }) } }.ToJsonString());
        await kubectl.Run("apply", "-f", Checkout.File("samples", "task", "request.yaml"));

        var site = await kubectl.Until("sites.samples.example", "hello", "is Reconciled", thing => thing.IsReconciled());
        Assert.Equal("at https://hello.samples.example", site.Text("status.message"));
        Assert.Equal(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hello\ndata:\n  imprint.html: \"<h1>A title of more than twenty characters</h1>\"\n  index.html: \"<h1>A title of more than twenty characters</h1>\"\n",
            await corner.Repository.Read($"{corner.FilesOf("hello", "publish")}/site.yaml"));
        var audit = string.Join('\n', Stories(await corner.Audit("hello")));
        Assert.Matches("publish succeeded .*\nrender: exit 0 .*\ncheck-title: exit 3 .*the Task continued, as onError says\nmanifest: exit 0 .*\nresult url: https://hello.samples.example", audit);
    }

    [Fact]
    [Conformance("K7", "Tasks, Pods and Pipelines run in one workflow, for requests and for Promises, for configure and for delete.")]
    [Conformance("R28", "The configure workflow of a Promise runs when it is installed, its delete workflow when it is deleted.")]
    public async Task A_workflow_may_mix_tasks_pods_and_pipelines()
    {
        var corner = await shared.Corner("mixed");
        var promise = corner.Promise(
            [
                Entry("tekton.dev/v1", "Task", "task", """{"steps": [{"name": "one", "image": "localhost/busybox:demo", "script": "echo \"task: $(field spec value)\" > /kratix/output/task.yaml"}]}"""),
                Manifests.Pipeline("pipeline", "echo \"pipeline: $(field spec value)\" > /kratix/output/pipeline.yaml"),
                Pod("pod"),
            ],
            [Pod("farewell"), Entry("tekton.dev/v1", "Task", "last", """{"steps": [{"image": "localhost/busybox:demo", "script": "test $KRATIX_WORKFLOW_ACTION = delete"}]}""")],
            [Entry("tekton.dev/v1", "Task", "setup", """{"steps": [{"name": "one", "image": "localhost/busybox:demo", "script": "echo 'of: promise' > /kratix/output/setup.yaml"}]}""")]);
        promise["spec"]!["workflows"]!["promise"]!["delete"] = new JsonArray(Pod("teardown"), Entry("tekton.dev/v1", "Task", "end", """{"steps": [{"image": "localhost/busybox:demo", "script": "true"}]}"""));
        await corner.Install(promise);
        await corner.Request("a");
        await corner.Reconciled("a");

        Assert.Equal("task: one\n", await corner.Repository.Read($"{corner.FilesOf("a", "task")}/task.yaml"));
        Assert.Equal("pipeline: one\n", await corner.Repository.Read($"{corner.FilesOf("a", "pipeline")}/pipeline.yaml"));
        Assert.Equal("left: one\nright: one\n", await corner.Repository.Read($"{corner.FilesOf("a", "pod")}/both.yaml"));
        Assert.Contains(await corner.Repository.Files(), f => f.EndsWith("/setup.yaml", StringComparison.Ordinal));

        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
        var stories = Stories(await corner.Audit("a")).ToList();
        Assert.Contains(stories, line => line.StartsWith("farewell succeeded", StringComparison.Ordinal));
        Assert.Contains(stories, line => line.StartsWith("unnamed-0: exit 0", StringComparison.Ordinal));

        await corner.Kubectl.Run("delete", "promise", "mixed", "--timeout=120s");
        var told = await corner.Platform.Cli("audit", "promise/mixed");
        Assert.Contains("teardown succeeded", told.Output, StringComparison.Ordinal);
        Assert.Contains("end succeeded", told.Output, StringComparison.Ordinal);
        Assert.Empty(await corner.Repository.Files());
    }

    [Fact]
    [Conformance("K7", "The containers of a Pod run at the same time; one that fails fails the run.")]
    public async Task A_pods_containers_run_side_by_side_and_one_that_fails_fails_the_run()
    {
        var corner = await shared.Corner("pod-fails");
        var pod = Pod("main");
        pod["spec"]!["containers"]![1]!["args"] = new JsonArray("touch /kratix/metadata/right; exit 4");
        await corner.Install(corner.Promise([pod]));
        await corner.Request("a");
        var thing = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));
        Assert.Contains("container right exited with code 4", thing.At("status")!.ToJsonString(), StringComparison.Ordinal);
        await corner.Kubectl.Apply(corner.Promise([Pod("main")]));
        await corner.Reconciled("a");
    }

    [Fact]
    [Conformance("K7", "A step that reaches its timeout fails its run and is named with it.")]
    public async Task A_step_that_reaches_its_timeout_is_named()
    {
        var corner = await shared.Corner("step-timeout");
        await corner.Install(corner.Promise([Entry("tekton.dev/v1", "Task", "main", """{"steps": [{"name": "slow", "image": "localhost/busybox:demo", "command": ["sleep", "600"], "timeout": "1s", "onError": "continue"}]}""")]));
        await corner.Request("a");
        var thing = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));
        Assert.Contains("container slow did not end within its timeout of 1 s", thing.At("status")!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    [Conformance("K7", "A step needs a shell in its image only for onError and timeout, and then says so.")]
    public async Task A_step_whose_image_has_no_shell_says_so_where_it_needs_one()
    {
        var corner = await shared.Corner("no-shell");
        var image = Directory.CreateDirectory(shared.FolderFor("shell-less")).FullName;
        File.Copy("/bin/busybox", Path.Combine(image, "true"));
        await File.WriteAllTextAsync(Path.Combine(image, "Containerfile"), "FROM scratch\nCOPY --chmod=755 true /bin/true\n");
        await Command.Run("bash", [Checkout.File("eng", "images.sh"), image]);
        JsonObject Task(string more) => Entry("tekton.dev/v1", "Task", "main", $$"""{"steps": [{"name": "bare", "image": "localhost/shell-less:demo", "command": ["/bin/true"]{{more}}}]}""");

        await corner.Install(corner.Promise([Task(", \"onError\": \"continue\"")]));
        await corner.Request("a");
        var thing = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));
        Assert.Matches("container bare .*/bin/sh", thing.At("status")!.ToJsonString());
        await corner.Kubectl.Apply(corner.Promise([Task("")]));
        await corner.Reconciled("a");
    }

    [Theory]
    [InlineData("batch/v1", "Job", "{}", "unsupported pipeline batch/v1/Job at spec.workflows.resource.configure[0]; accepted: platform.kratix.io/v1alpha1 Pipeline, v1 Pod, tekton.dev/v1 Task")]
    [InlineData("tekton.dev/v1beta1", "Task", "{}", "unsupported pipeline tekton.dev/v1beta1/Task")]
    [InlineData("tekton.dev/v1", "Task", """{"steps": [{"image": "i", "retries": 3}]}""", "unknown field \"spec.workflows.resource.configure[0].spec.steps[0].retries\"")]
    [InlineData("v1", "Pod", """{"containers": [{"name": "c", "image": "i", "script": "x"}]}""", "unknown field \"spec.workflows.resource.configure[0].spec.containers[0].script\"")]
    [Conformance("K7", "A workflow entry of any other kind is refused at admission, and the accepted kinds are named.")]
    public async Task An_entry_that_cannot_be_run_is_refused_when_it_is_applied(string apiVersion, string kind, string spec, string says)
    {
        var promise = Manifests.Promise("no-such-technology", null, new JsonObject { ["resource"] = new JsonObject { ["configure"] = new JsonArray(Entry(apiVersion, kind, "main", spec)) } }, null);
        var said = await shared.Kubectl.Try(promise.ToJsonString(), "apply", "-f", "-");
        Assert.NotEqual(0, said.ExitCode);
        Assert.Contains(says, said.All, StringComparison.Ordinal);
    }

    /// <summary>Two containers that each wait for the other, so that they only end side by side.</summary>
    private static JsonObject Pod(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject
        {
            ["initContainers"] = new JsonArray(Manifests.Container("first", "field spec value something > /kratix/metadata/value")),
            ["containers"] = new JsonArray(
                Manifests.Container("left", "touch /kratix/metadata/left; while [ ! -e /kratix/metadata/right ]; do sleep 0.1; done; echo \"left: $(cat /kratix/metadata/value)\" > /kratix/output/both.yaml; touch /kratix/metadata/written"),
                Manifests.Container("right", "touch /kratix/metadata/right; while [ ! -e /kratix/metadata/written ]; do sleep 0.1; done; echo \"right: $(cat /kratix/metadata/value)\" >> /kratix/output/both.yaml")),
        },
    };

    private static JsonObject Entry(string apiVersion, string kind, string name, string spec) => new()
    {
        ["apiVersion"] = apiVersion,
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = JsonNode.Parse(spec),
    };

    private static IEnumerable<string> Stories(IEnumerable<JsonObject> events) => events.SelectMany(e => e["story"]!.AsArray()).Select(line => line!.ToString());
}
