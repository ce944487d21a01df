using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Pipelines that ask their workflow to wait, by <c>/kratix/metadata/workflow-control.yaml</c>.</summary>
public sealed class SuspensionTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    private const string Suspended = "kratix.io/workflow-suspended";
    private const string KubectlImage = "localhost/kubectl:e2e";

    [Fact]
    [Conformance("R80", "suspend: true labels the object, marks the Pipeline Suspended with its message, writes nothing of it and starts no later Pipeline.")]
    [Conformance("R81", "kubectl label THING kratix.io/workflow-suspended- resumes at the suspended Pipeline, not at the first.")]
    [Conformance("R58", "rbac.permissions of a Pipeline let its containers use what they name.")]
    public async Task A_workflow_waits_for_a_config_map_and_goes_on_when_its_label_is_taken_off()
    {
        await KubectlPrograms.BuildImage(KubectlImage, shared.FolderFor("image-waits"));
        var corner = await shared.Corner("waits");
        var wait = Manifests.PipelineOf("wait", Manifests.Container(
            "look",
            """
            if kubectl get configmap "approval-$KRATIX_OBJECT_NAME" -o=jsonpath='{.data.by}' > /kratix/output/approval.txt; then exit 0; fi
            printf 'suspend: true\nmessage: nobody has approved it\n' > /kratix/metadata/workflow-control.yaml
            """,
            KubectlImage));
        wait["spec"]!["rbac"] = new JsonObject { ["permissions"] = JsonNode.Parse("""[{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"] }]""") };
        await corner.Install(corner.Promise([Manifests.Pipeline("first", "echo 'a: 1' > /kratix/output/a.yaml"), wait, Manifests.Pipeline("last", "echo 'b: 1' > /kratix/output/b.yaml")]));
        await corner.Request("a");

        var waiting = await corner.Until("a", "is suspended", t => t.Condition("Reconciled")?.Reason == "WorkflowSuspended" && IsMarked(t));
        Assert.Equal(["Succeeded", "Suspended", "Pending"], waiting.At("status.kratix.workflows.pipelines")!.AsArray().Select(p => p.Text("phase")));
        Assert.Equal("nobody has approved it", waiting.Text("status.kratix.workflows.pipelines.1.message"));
        Assert.Contains("nobody has approved it", waiting.Text("status.message"), StringComparison.Ordinal);
        await corner.Kubectl.UntilAny("events", "the suspension is an event", e => e.Text("reason") == "WorkflowSuspended", "--field-selector", "involvedObject.name=a,involvedObject.kind=Thing");
        Assert.DoesNotContain(await corner.Repository.Files(), file => file.Contains("approval", StringComparison.Ordinal));

        // What it waits for alone does not wake it: the label is the user's word.
        await corner.Kubectl.Run("create", "configmap", "approval-a", "--from-literal=by=grace");
        await corner.Kubectl.Run("label", corner.Things, "a", $"{Suspended}-");
        var done = await corner.Reconciled("a");

        Assert.False(IsMarked(done));
        Assert.Null(done.Text("status.kratix.workflows.pipelines.1.message"));
        Assert.Equal([corner.FilesOf("a", "first") + "/a.yaml", corner.FilesOf("a", "last") + "/b.yaml", corner.FilesOf("a", "wait") + "/approval.txt"], await corner.Repository.Files());
        Assert.Equal("grace", await corner.Repository.Read(corner.FilesOf("a", "wait") + "/approval.txt"));
        Assert.Equal(["first", "wait", "wait", "last"], await Runs(corner));
    }

    [Fact]
    [Conformance("R82", "retryAfter runs the Pipeline again after the time it names, shows attempts and the next time, and clears them on success.")]
    public async Task A_pipeline_tries_three_times_and_its_third_attempt_is_used()
    {
        var corner = await shared.Corner("third-time");
        await corner.Install(corner.Promise([
            Manifests.Pipeline("first", "true"),
            Manifests.Pipeline(
                "again",
                """
                attempts=$(sed -n 's/^ *attempts: *//p' /kratix/input/object.yaml)
                echo "before: ${attempts:-0}" > /kratix/output/attempts.yaml
                [ "${attempts:-0}" = 2 ] || printf 'retryAfter: 1s\nmaxAttempts: 3\nmessage: the database is not up\n' > /kratix/metadata/workflow-control.yaml
                """)]));
        await corner.Request("a");

        var seen = await corner.Kubectl.History(corner.Things, "a", "is Reconciled", t => t.IsReconciled());

        var waiting = seen.Select(t => t.At("status.kratix.workflows.pipelines")?.AsArray()[1]).Where(p => p.Text("phase") == "Suspended").ToList();
        Assert.Equal(["1", "2"], waiting.Select(p => p.Text("attempts")).Distinct());
        Assert.All(waiting, p => Assert.Equal("the database is not up", p.Text("message")));
        Assert.All(waiting, p => Assert.NotNull(p.Text("nextRetryAt")));
        Assert.All(new[] { "attempts", "nextRetryAt", "message" }, key => Assert.Null(seen[^1].Text($"status.kratix.workflows.pipelines.1.{key}")));
        Assert.Equal("before: 2\n", await corner.Repository.Read(corner.FilesOf("a", "again") + "/attempts.yaml"));
        Assert.Equal(["first", "again", "again", "again"], await Runs(corner));
    }

    [Fact]
    [Conformance("K12", "A Pipeline that asks for a retry beyond its maxAttempts has failed, says so, and starts again when the request changes.")]
    public async Task A_pipeline_that_is_never_content_fails_at_its_last_attempt_and_runs_again_when_changed()
    {
        var corner = await shared.Corner("never-content");
        await corner.Install(
            """
            echo 'a: 1' > /kratix/output/a.yaml
            [ "$(field spec value)" = two ] || printf 'retryAfter: 1s\nmaxAttempts: 3\nmessage: the database is not up\n' > /kratix/metadata/workflow-control.yaml
            """);
        await corner.Request("a");

        var failed = await corner.Until("a", "has failed", t => t.Condition("ConfigureWorkflowCompleted")?.Reason == "ConfigureWorkflowFailed" && t.Has("Reconciled", "False"));
        Assert.Equal(
            "Pipeline main failed: it asked to be tried again, but attempt 3 was its last (maxAttempts: 3 in workflow-control.yaml): the database is not up",
            failed.Text("status.message"));
        Assert.False(IsMarked(failed));
        Assert.Equal(["main", "main", "main"], await Runs(corner));
        Assert.Empty(await corner.Repository.Files());

        await corner.Request("a", "two");
        await corner.Reconciled("a");
        Assert.Equal([corner.FilesOf("a") + "/a.yaml"], await corner.Repository.Files());
    }

    [Fact]
    [Conformance("R83", "A change of the spec while suspended starts again from the first Pipeline.")]
    [Conformance("R84", "A suspended delete Pipeline keeps the files and shows DeleteWorkflowSuspended.")]
    public async Task A_change_starts_a_suspended_workflow_anew_and_a_suspended_deletion_keeps_the_files()
    {
        var corner = await shared.Corner("changes");
        const string Suspend = "echo 'suspend: true' > /kratix/metadata/workflow-control.yaml";
        await corner.Install(corner.Promise(
            [Manifests.Pipeline("first", "echo 'a: 1' > /kratix/output/a.yaml"), Manifests.Pipeline("second", $"[ \"$(field spec value)\" != one ] || {Suspend}")],
            [Manifests.Pipeline("bye", $"[ \"$(field spec value)\" != two ] || {Suspend}")]));
        await corner.Request("a");
        await corner.Until("a", "is suspended", IsMarked);

        await corner.Request("a", "two");
        Assert.False(IsMarked(await corner.Reconciled("a")));
        Assert.Equal(["first", "second", "first", "second"], await Runs(corner));

        await corner.Kubectl.Run("delete", corner.Things, "a", "--wait=false");
        await corner.Until("a", "has its deletion suspended", t => t.Condition("DeleteWorkflowCompleted")?.Reason == "DeleteWorkflowSuspended" && IsMarked(t));
        Assert.Equal([corner.FilesOf("a", "first") + "/a.yaml"], await corner.Repository.Files());

        await corner.Request("a", "three");
        await corner.Kubectl.WaitGone($"{corner.Things}/a");
        Assert.Empty(await corner.Repository.Files());
    }

    private static bool IsMarked(JsonObject thing) => thing.At("metadata.labels")?[Suspended]?.ToString() == "true";

    /// <summary>The Pipelines of request <c>a</c> that have ended, whichever way, in order.</summary>
    private static async Task<IEnumerable<string>> Runs(Corner corner) =>
        (await corner.Audit("a")).Select(e => e["story"]!.AsArray().Select(line => line!.ToString()).FirstOrDefault(IsRun)).OfType<string>().Select(line => line.Split(' ')[0]);

    private static bool IsRun(string line) => line.Contains("(run ", StringComparison.Ordinal);
}
