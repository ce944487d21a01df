using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>When workflows run, and what their results become.</summary>
public sealed class WorkflowTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R18", "Creating a request runs the configure workflow.")]
    [Conformance("R19", "Changing a request's spec runs the configure workflow again from its first Pipeline.")]
    [Conformance("R27", "Deleting a request runs the delete workflow.")]
    [Conformance("R42", "What lies in /kratix/output after the last container of a configure Pipeline is written to the state store.")]
    [Conformance("R43", "What a delete Pipeline leaves in /kratix/output goes nowhere.")]
    [Conformance("R98", "Output lands in a Git repository.")]
    [Conformance("R103", "Files that an update no longer makes are removed.")]
    [Conformance("R104", "Deleting a request removes its files.")]
    [Conformance("K23", "A request that is gone has no file left in the store.")]
    public async Task A_request_is_created_changed_and_deleted()
    {
        var corner = await shared.Corner("walk");
        await corner.Install(corner.Promise(
            [Manifests.Pipeline("main", "value=$(field spec value); echo \"value: $value\" > /kratix/output/$value.yaml")],
            [Manifests.Pipeline("bye", "echo 'left: behind' > /kratix/output/farewell.yaml; echo 'message: leaving' > /kratix/metadata/status.yaml")]));

        await corner.Request("a", "one");
        await corner.Reconciled("a");
        Assert.Equal([$"{corner.FilesOf("a")}/one.yaml"], await corner.Repository.Files());
        Assert.Equal("value: one\n", await corner.Repository.Read($"{corner.FilesOf("a")}/one.yaml"));

        await corner.Request("a", "two");
        await corner.Reconciled("a");
        Assert.Equal([$"{corner.FilesOf("a")}/two.yaml"], await corner.Repository.Files());

        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
        Assert.Empty(await corner.Repository.Files());
        var steps = (await corner.Audit("a")).SelectMany(e => e["story"]!.AsArray()).Select(line => line!.ToString()).ToList();
        Assert.Contains(steps, line => line.StartsWith("bye succeeded", StringComparison.Ordinal));
    }

    [Fact]
    [Conformance("R26", "A change during a run waits for the run to end; then the workflow starts again.")]
    [Conformance("R29", "A delete Pipeline waits for the configure run that is under way.")]
    [Conformance("R65", "pipelineNamespace moves the runs there, and one that is not there is rejected; requests and their files stay where they are.")]
    public async Task What_happens_during_a_run_waits_for_its_end()
    {
        const string Image = "localhost/kubectl:e2e", Elsewhere = "runs-here";
        await KubectlPrograms.BuildImage(Image, shared.FolderFor("image-gates"));
        var corner = await shared.Corner("gates");
        var main = Manifests.PipelineOf("main", Manifests.Container(
            "step-1", "value=$(field spec value); until kubectl get configmap \"gate-$value\"; do sleep 0.1; done; echo \"$value\" > /kratix/output/value.txt", Image));
        main["spec"]!["rbac"] = new JsonObject { ["permissions"] = JsonNode.Parse("""[{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"] }]""") };
        var promise = corner.Promise([main], [Manifests.Pipeline("bye", "true")]);
        promise["spec"]!["workflows"]!["config"] = new JsonObject { ["pipelineNamespace"] = Elsewhere };
        Assert.Contains($"pipelineNamespace is \"{Elsewhere}\", and there is no such namespace", (await corner.Kubectl.Try(promise.ToJsonString(), "apply", "-f", "-")).Error, StringComparison.Ordinal);
        await corner.Kubectl.Run("create", "namespace", Elsewhere);
        await corner.Install(promise);

        await corner.Request("a");
        await Running();
        await corner.Request("a", "two");
        await Open("one");
        await Open("two");
        await corner.Reconciled("a");
        Assert.Equal("two\n", await corner.Repository.Read($"{corner.FilesOf("a")}/value.txt"));
        var pods = await corner.Kubectl.List("pods", "-A", "-l", $"kratix.io/promise-name={corner.Name}");
        Assert.Equal([(Elsewhere, "Succeeded"), (Elsewhere, "Succeeded")], pods.Select(p => (p.Text("metadata.namespace"), p.Text("status.phase"))));

        await corner.Request("a", "three");
        await Running();
        await corner.Kubectl.Run("delete", corner.Things, "a", "--wait=false");
        await Open("three");
        await corner.Kubectl.WaitGone($"{corner.Things}/a");
        Assert.Empty(await corner.Repository.Files());
        Assert.Equal(
            ["main", "main", "main", "bye"],
            (await corner.Audit("a")).SelectMany(e => e["story"]!.AsArray()).Select(line => line!.ToString()).Where(line => line.Contains("(run ", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]));

        Task Running() => corner.Until("a", "runs", t => t.Text("status.kratix.workflows.pipelines.0.phase") == "Running");

        // Which namespace a container's kubectl takes is that of its Pod.
        Task Open(string gate) => corner.Kubectl.Run("create", "configmap", $"gate-{gate}", "-n", Elsewhere);
    }
}
