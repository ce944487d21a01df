using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What goes with what.</summary>
public sealed class DeletionOrderTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R125", "A Promise takes its requests, their files, Works and WorkPlacements with it.")]
    public async Task A_promise_first_takes_its_requests_and_their_files_with_it()
    {
        var corner = await shared.Corner("forwards");
        await corner.Install("field spec value > /kratix/output/value.txt");
        await corner.Request("a");
        await corner.Reconciled("a");
        await corner.Kubectl.Run("delete", "promise", corner.Name, "--wait=false");
        await corner.Kubectl.Run("delete", "destination", corner.Name, "--wait=false");
        await corner.Kubectl.WaitGone($"promise/{corner.Name}");
        await corner.Kubectl.WaitGone($"destination/{corner.Name}");
        await corner.Kubectl.WaitGone($"crd/{corner.Things}");
        Assert.Empty(await corner.Repository.Files());
        Assert.Empty(await corner.Kubectl.List("works,workplacements", "-A", "-l", $"kratix.io/promise-name={corner.Name}"));
    }

    [Fact]
    [Conformance("R125", "While a delete Pipeline fails, the finalizers show what a Promise and its requests wait for; they go in order when it is repaired.")]
    [Conformance("R85", "A failed delete Pipeline blocks the deletion of a Promise until its spec changes.")]
    public async Task Finalizers_show_what_a_deletion_waits_for()
    {
        var corner = await shared.Corner("step-by-step");
        await corner.Install(Promise("exit 1", "exit 0"));
        await corner.Request("a");
        await corner.Reconciled("a");
        Assert.Equal(
            ["api-crd-cleanup", "delete-workflows", "dependencies-cleanup", "dynamic-controller-dependant-resources-cleanup", "resource-request-cleanup", "revision-cleanup", "workflows-cleanup"],
            Finalizers(await corner.Kubectl.Get("promise", corner.Name)));
        Assert.Equal(["delete-workflows", "resource-binding-cleanup", "work-cleanup", "workflows-cleanup"], Finalizers(await corner.Get("a")));

        await corner.Kubectl.Run("delete", "promise", corner.Name, "--wait=false");
        var failed = await corner.Kubectl.Until("promise", corner.Name, "fails to be deleted", p => p.Condition("DeleteWorkflowCompleted")?.Reason == "DeleteWorkflowFailed");
        Assert.Equal("The Delete Pipeline has failed", failed.Condition("DeleteWorkflowCompleted")!.Message);
        Assert.Equal(7, Finalizers(failed).Length);
        await corner.Get("a");

        await corner.Kubectl.Apply(Promise("true", "exit 1"));
        await corner.Until("a", "fails to be deleted", a => a.Condition("DeleteWorkflowCompleted")?.Reason == "DeleteWorkflowFailed");
        var waiting = await corner.Kubectl.Until("promise", corner.Name, "waits for its requests", p => Finalizers(p).Length == 5);
        Assert.Equal(["api-crd-cleanup", "dependencies-cleanup", "dynamic-controller-dependant-resources-cleanup", "resource-request-cleanup", "revision-cleanup"], Finalizers(waiting));
        Assert.Single(await corner.Repository.Files());

        await corner.Kubectl.Apply(Promise("true", "exit 0"));
        await corner.Kubectl.WaitGone($"promise/{corner.Name}");
        Assert.Empty(await corner.Repository.Files());
        foreach (var kinds in new[] { "promiserevisions", "crd", "works", "workplacements", "serviceaccounts", "roles", "rolebindings", "clusterroles", "clusterrolebindings", "pods" })
            Assert.Empty(await corner.Kubectl.List(kinds, "-A", "-l", $"kratix.io/promise-name={corner.Name}"));

        JsonObject Promise(string teardown, string remove)
        {
            var promise = corner.Promise([Manifests.Pipeline("main", "field spec value > /kratix/output/value.txt")], [Once(Manifests.Pipeline("remove", remove))]);
            promise["spec"]!["workflows"]!["promise"] = new JsonObject { ["delete"] = new JsonArray(Once(Manifests.Pipeline("teardown", teardown))) };
            return promise;
        }

        static JsonObject Once(JsonObject pipeline)
        {
            pipeline["spec"]!["jobOptions"] = new JsonObject { ["backoffLimit"] = 0 };
            return pipeline;
        }

        static string[] Finalizers(JsonObject item) =>
            [.. item.At("metadata.finalizers")!.AsArray().Select(f => f!.ToString().Replace("kratix.io/", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    [Fact]
    [Conformance("R125", "Everything goes and nothing labelled with the Promise is left, whatever was told to go first.")]
    public async Task Everything_in_the_wrong_order_goes_and_leaves_nothing_behind()
    {
        var corner = await shared.Corner("backwards");
        await corner.Install(corner.Promise(
            [Manifests.Pipeline("main", "field spec value > /kratix/output/value.txt")], [Manifests.Pipeline("bye", "true")], [Manifests.Pipeline("setup", "echo 'a: 1' > /kratix/output/a.yaml")]));
        await corner.Request("a");
        await corner.Request("b");
        await corner.Reconciled("a");
        await corner.Reconciled("b");

        foreach (var subject in new[] { $"gitstatestore/{corner.Name}", $"destination/{corner.Name}", $"crd/{corner.Things}", $"promise/{corner.Name}" })
            await corner.Kubectl.Run("delete", subject, "--wait=false");
        // All of it may be gone by now, and with it the requests and their kind.
        var late = await corner.Kubectl.Try(null, "delete", corner.Things, "a", "b", "--wait=false", "--ignore-not-found");
        Assert.True(late.ExitCode == 0 || late.Error.Contains("doesn't have a resource type", StringComparison.Ordinal), late.All);

        foreach (var subject in new[] { $"promise/{corner.Name}", $"destination/{corner.Name}", $"gitstatestore/{corner.Name}", $"crd/{corner.Things}" })
            await corner.Kubectl.WaitGone(subject);
        Assert.Empty(await corner.Kubectl.List("works,workplacements,roles,rolebindings,pods", "-A", "-l", $"kratix.io/promise-name={corner.Name}"));
        Assert.Empty(await corner.Kubectl.List("clusterroles,clusterrolebindings", "-l", $"kratix.io/promise-name={corner.Name}"));
    }
}
