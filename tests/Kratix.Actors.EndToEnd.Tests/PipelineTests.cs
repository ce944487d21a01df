using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What a container of a Pipeline finds, and what order it can rely on.</summary>
public sealed class PipelineTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R36", "The environment tells configure from delete: KRATIX_OPERATION and KRATIX_WORKFLOW_ACTION.")]
    [Conformance("R37", "KRATIX_WORKFLOW_TYPE, KRATIX_PROMISE_NAME, KRATIX_PIPELINE_NAME, the five KRATIX_OBJECT_*, KRATIX_CRD_PLURAL and KRATIX_CLUSTER_SCOPED are set.")]
    [Conformance("K4", "Containers see the variables of both generations, in configure and in delete.")]
    public async Task Environment_names_the_workflow_and_its_object_in_configure_and_delete()
    {
        var corner = await shared.Corner("environment");
        // A delete Pipeline can say nothing that outlives its request, so it judges for itself: a wrong value would hold the deletion up.
        const string JudgedInDelete =
            """
            [ "$KRATIX_OPERATION $KRATIX_WORKFLOW_ACTION $KRATIX_WORKFLOW_TYPE" = "delete delete resource" ]
            [ "$KRATIX_PIPELINE_NAME $KRATIX_OBJECT_NAME $KRATIX_OBJECT_NAMESPACE" = "bye a default" ]
            """;
        await corner.Install(corner.Promise(
            [Manifests.Pipeline("main", "env | grep ^KRATIX_ | sort > /kratix/output/env.txt")],
            [Manifests.Pipeline("bye", JudgedInDelete)],
            [Manifests.Pipeline("setup", "env | grep ^KRATIX_ | sort > /kratix/output/env.txt")]));
        await corner.Request("a");
        await corner.Reconciled("a");

        Assert.Equal(
            [
                "KRATIX_CLUSTER_SCOPED=false", "KRATIX_CRD_PLURAL=things", $"KRATIX_OBJECT_GROUP={corner.Group}", "KRATIX_OBJECT_KIND=Thing", "KRATIX_OBJECT_NAME=a",
                "KRATIX_OBJECT_NAMESPACE=default", "KRATIX_OBJECT_VERSION=v1", "KRATIX_OPERATION=configure", "KRATIX_PIPELINE_NAME=main", "KRATIX_PROMISE_NAME=environment",
                "KRATIX_WORKFLOW_ACTION=configure", "KRATIX_WORKFLOW_TYPE=resource",
            ],
            Lines(await corner.Repository.Read($"{corner.FilesOf("a")}/env.txt")));
        await shared.Kubectl.UntilAny("workplacements", "the Promise's own output is written", w => w.Text("spec.promiseName") == corner.Name && w.Text("spec.resourceName") is null && w.Has("WriteSucceeded"), "-A");
        Assert.Equal(
            [
                "KRATIX_CLUSTER_SCOPED=true", "KRATIX_CRD_PLURAL=promises", "KRATIX_OBJECT_GROUP=platform.kratix.io", "KRATIX_OBJECT_KIND=Promise", "KRATIX_OBJECT_NAME=environment",
                "KRATIX_OBJECT_NAMESPACE=", "KRATIX_OBJECT_VERSION=v1alpha1", "KRATIX_OPERATION=configure", "KRATIX_PIPELINE_NAME=setup", "KRATIX_PROMISE_NAME=environment",
                "KRATIX_WORKFLOW_ACTION=configure", "KRATIX_WORKFLOW_TYPE=promise",
            ],
            Lines(await corner.Repository.Read($"{corner.Name}/dependencies/{corner.Name}/setup/5058f/env.txt")));
        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
    }

    [Fact]
    [Conformance("R38", "/kratix/input/object.yaml holds the request in every container, of configure and of delete.")]
    [Conformance("R41", "/kratix/output starts empty and is shared by all containers of a Pipeline, who may add, change and remove.")]
    [Conformance("R47", "Other files in /kratix/metadata are ignored, and later containers see them.")]
    [Conformance("K5", "/kratix/input is shared and writable, object.yaml in it read-only and the same for all; /kratix/output and /kratix/metadata start empty in each Pipeline.")]
    [Conformance("R34", "Several configure Pipelines run one after the other, each with directories of its own; all their output is written.")]
    [Conformance("R35", "All Pipelines of a delete workflow run, where Kratix runs the first only.")]
    [Conformance("K6", "Several Pipelines in configure and in delete run in order.")]
    [Conformance("R46", "/kratix/metadata is shared by the containers of a Pipeline.")]
    [Conformance("R48", "Nothing in /kratix/input, /kratix/output or /kratix/metadata survives into the next Pipeline.")]
    [Conformance("R44", "Sub-directories in /kratix/output are kept.")]
    [Conformance("R45", "Files of any kind are written byte for byte.")]
    [Conformance("R40", "object.yaml in /kratix/input cannot be changed by containers.")]
    public async Task Directories_are_shared_by_containers_and_fresh_for_each_pipeline()
    {
        var corner = await shared.Corner("directories");
        const string StartsFresh =
            """
            [ -z "$(ls -A /kratix/output)" ] && [ -z "$(ls -A /kratix/metadata)" ] && [ "$(ls /kratix/input)" = object.yaml ]
            [ "$(field metadata name)" = a ]
            """;
        const string First = StartsFresh +
            """

            echo 'kept: 1' > /kratix/output/kept.yaml
            echo 'gone: 1' > /kratix/output/gone.yaml
            echo 'changed: 1' > /kratix/output/changed.yaml
            echo for the next > /kratix/metadata/note.txt
            echo handed on > /kratix/input/handed.txt
            ! (echo '# changed' >> /kratix/input/object.yaml) 2>/dev/null
            md5sum < /kratix/input/object.yaml > /kratix/metadata/object.md5
            """;
        const string Second =
            """
            [ "$(cat /kratix/metadata/note.txt)" = "for the next" ]
            [ "$(cat /kratix/input/handed.txt)" = "handed on" ]
            [ "$(md5sum < /kratix/input/object.yaml)" = "$(cat /kratix/metadata/object.md5)" ]
            rm /kratix/output/gone.yaml
            echo 'changed: 2' > /kratix/output/changed.yaml
            mkdir -p /kratix/output/deep && printf '\001\r\n\377' > /kratix/output/deep/raw.bin
            """;
        await corner.Install(corner.Promise(
            [Manifests.Pipeline("first", First, Second), Manifests.Pipeline("second", StartsFresh + "\necho 'from: second' > /kratix/output/second.yaml")],
            [Manifests.Pipeline("bye", StartsFresh, "[ \"$(field metadata name)\" = a ]"), Manifests.Pipeline("farewell", StartsFresh)]));
        await corner.Request("a");
        await corner.Reconciled("a");

        Assert.Equal(
            [$"{corner.FilesOf("a", "first")}/changed.yaml", $"{corner.FilesOf("a", "first")}/deep/raw.bin", $"{corner.FilesOf("a", "first")}/kept.yaml", $"{corner.FilesOf("a", "second")}/second.yaml"],
            await corner.Repository.Files());
        Assert.Equal("changed: 2\n", await corner.Repository.Read($"{corner.FilesOf("a", "first")}/changed.yaml"));
        Assert.Equal(
            await Command.Run("sh", ["-c", "printf '\\001\\r\\n\\377' | git hash-object --stdin"]),
            await corner.Repository.Git("rev-parse", $"main:{corner.FilesOf("a", "first")}/deep/raw.bin"));
        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
        Assert.Equal(
            ["first", "second", "bye", "farewell"],
            (await corner.Audit("a")).SelectMany(e => e["story"]!.AsArray()).Select(line => line!.ToString()).Where(line => line.Contains(" succeeded (run ", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    [Conformance("R33", "Containers run in the order listed, and the next starts only when the one before exited with 0.")]
    [Conformance("R123", "A failed workflow is an Event with the reference's reason that names the Pipeline.")]
    [Conformance("R61", "A failed Pipeline shows as ConfigureWorkflowFailed in condition and event, and later Pipelines do not start.")]
    public async Task After_a_failing_container_nothing_starts_and_the_request_says_so()
    {
        var corner = await shared.Corner("failing");
        await corner.Install(corner.Promise(
            [
                Manifests.Pipeline("sound", "echo 1 >> /kratix/metadata/order", "echo 2 >> /kratix/metadata/order", "[ \"$(tr -d '\\n' < /kratix/metadata/order)\" = 12 ]"),
                Manifests.Pipeline("broken", "echo about to fail; exit 3", "echo never"),
                Manifests.Pipeline("later", "echo never"),
            ]));
        await corner.Request("a");
        var thing = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));

        Assert.Equal(("False", "ConfigureWorkflowFailed"), (thing.Condition("ConfigureWorkflowCompleted")!.Status, thing.Condition("ConfigureWorkflowCompleted")!.Reason));
        Assert.Contains("broken", thing.Condition("ConfigureWorkflowCompleted")!.Message, StringComparison.Ordinal);
        Assert.Equal(["Succeeded", "Failed", "Pending"], thing.At("status.kratix.workflows.pipelines")!.AsArray().Select(p => p.Text("phase")));
        Assert.Equal((3, 1, 1), (thing.Number("status.workflows"), thing.Number("status.workflowsSucceeded"), thing.Number("status.workflowsFailed")));
        var told = await corner.Kubectl.UntilAny("events", "the failure is an event", e => e.Text("reason") == "ConfigureWorkflowFailed", "--field-selector", $"involvedObject.name=a,involvedObject.apiVersion={corner.Group}/v1");
        Assert.Contains("broken", told.Text("message"), StringComparison.Ordinal);

        Assert.NotEmpty(await StartedContainers(corner, "broken", "step-1"));
        Assert.Empty(await StartedContainers(corner, "broken", "step-2"));
        Assert.Empty(await StartedContainers(corner, "later", "step-1"));
    }

    [Fact]
    [Conformance("R39", "object.yaml holds the Promise in a Promise's workflow, and the object's latest status.")]
    [Conformance("R68", "Keys that an earlier run left in the status are kept.")]
    public async Task The_object_is_the_promise_in_its_own_workflow_and_has_its_latest_status()
    {
        var corner = await shared.Corner("latest");
        await corner.Install(corner.Promise(
            [Manifests.Pipeline("main", "field status count none > /kratix/output/before.txt; echo \"count: $(field spec value)\" > /kratix/metadata/status.yaml")],
            promiseConfigure: [Manifests.Pipeline("setup", "grep -E '^kind:|^  name:' /kratix/input/object.yaml > /kratix/output/promise.txt")]));
        await corner.Request("a", "first");
        await corner.Reconciled("a");
        Assert.Equal("none\n", await corner.Repository.Read($"{corner.FilesOf("a")}/before.txt"));

        await corner.Request("a", "second");
        await corner.Until("a", "has run again", t => t.IsReconciled() && t.Text("status.count") == "second");

        Assert.Equal("first\n", await corner.Repository.Read($"{corner.FilesOf("a")}/before.txt"));
        var promise = await corner.Repository.Read($"{corner.Name}/dependencies/{corner.Name}/setup/5058f/promise.txt");
        Assert.Contains("kind: Promise\n", promise, StringComparison.Ordinal);
        Assert.Contains("  name: latest\n", promise, StringComparison.Ordinal);
    }

    [Fact]
    [Conformance("R62", "The output of earlier Pipelines stays when a later one fails.")]
    [Conformance("R66", "A Pipeline that is taken out of the workflow takes its files with it after the next successful run.")]
    public async Task Output_of_earlier_pipelines_stays_and_that_of_a_removed_one_goes()
    {
        var corner = await shared.Corner("earlier");
        var first = Manifests.Pipeline("first", "field spec value > /kratix/output/first.txt");
        await corner.Install(corner.Promise([first.DeepClone().AsObject(), Manifests.Pipeline("second", "[ \"$(field spec value)\" != bad ]; field spec value > /kratix/output/second.txt")]));
        await corner.Request("a");
        await corner.Reconciled("a");
        await corner.Request("a", "bad");
        await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));
        Assert.Equal(("bad\n", "one\n"), (await corner.Repository.Read($"{corner.FilesOf("a", "first")}/first.txt"), await corner.Repository.Read($"{corner.FilesOf("a", "second")}/second.txt")));

        await corner.Install(corner.Promise([first.DeepClone().AsObject()]));
        await corner.Reconciled("a");

        Assert.Equal([$"{corner.FilesOf("a", "first")}/first.txt"], await corner.Repository.Files());
    }

    private static async Task<IReadOnlyList<string>> StartedContainers(Corner corner, string pipeline, string container) =>
        [.. (await corner.Kubectl.List("pods", "-l", $"kratix.io/promise-name={corner.Name},kratix.io/pipeline-name={pipeline}"))
            .SelectMany(pod => (pod.At("status.initContainerStatuses")?.AsArray() ?? []).Where(c => c.Text("name") == container && (c.At("state.running") ?? c.At("state.terminated")) is not null))
            .Select(c => c!.ToJsonString())];

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("KRATIX_RUN_", StringComparison.Ordinal));
}
