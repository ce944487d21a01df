using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>A Promise made of another: its output contains requests, the platform is one of its own Destinations, and an agent applies what is written for it.</summary>
public sealed class CompoundPromiseTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R121", "Requests that a Promise emits for the platform's own Destination are fulfilled by other Promises, and go with the request they came from.")]
    public async Task A_compound_promise_installs_its_parts_and_its_requests_are_fulfilled_by_them()
    {
        var inner = await shared.Corner("inner");
        var outer = await shared.Corner("outer");
        var app = outer.Promise(
            [
                Manifests.Pipeline(
                    "main",
                    """
                    name=$(field metadata name)
                    printf 'apiVersion: inner.e2e.test/v1\nkind: Thing\nmetadata: { name: %s-db, namespace: default }\nspec: { value: for-%s }\n' $name $name > /kratix/output/request.yaml
                    """),
            ]);
        app["spec"]!["dependencies"] = new JsonArray(inner.Promise([Manifests.Pipeline("main", "field spec value > /kratix/output/value.txt")]));
        await outer.Install(app);
        await outer.Request("shop");
        await outer.Reconciled("shop");

        Assert.Contains("objects applied", await Pass(outer, until: "inner.e2e.test"));
        await inner.Kubectl.WaitFor("Available", "promise/inner");
        await outer.Kubectl.Until("configmap", "gitops-outer", "shows the commit", map => map.Text("data.lastAppliedRevision") is { Length: 40 }, "kratix-platform-system");
        await inner.Reconciled("shop-db");
        Assert.Equal("for-shop\n", await inner.Repository.Read($"{inner.FilesOf("shop-db")}/value.txt"));

        await outer.Kubectl.Run("delete", outer.Things, "shop");
        Assert.Contains("deleted inner.e2e.test/v1 Thing default/shop-db", await Pass(outer, until: null));
        await inner.Kubectl.WaitGone($"{inner.Things}/shop-db");
        Assert.DoesNotContain(await inner.Repository.Files(), file => file.StartsWith(inner.FilesOf("shop-db"), StringComparison.Ordinal));
        await outer.Kubectl.Run("delete", "promise", "outer");
        Assert.Contains("deleted platform.kratix.io/v1alpha1 Promise inner", await Pass(outer, until: null));
        await inner.Kubectl.WaitGone("promise/inner");
    }

    [Fact]
    public async Task A_file_that_is_no_manifest_is_named_and_takes_nothing_away()
    {
        var corner = await shared.Corner("untidy");
        await corner.Install(corner.Promise([Manifests.Pipeline("main", "cp /dev/stdin /kratix/output/a.yaml <<END\n$(field spec value)\nEND")]));
        await corner.Request("a", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: untidy-a }, data: { x: y } }");
        await corner.Reconciled("a");
        await Pass(corner, until: null);
        Assert.Equal("y", (await corner.Kubectl.Get("configmap", "untidy-a")).Text("data.x"));

        await corner.Request("a", "{ apiVersion: v1, metadata: { name: untidy-a } }");
        await corner.Until("a", "shows the new value", thing => thing.IsReconciled() && thing.Text("spec.value")!.Contains("v1, metadata", StringComparison.Ordinal));
        var said = await GitOps(corner);
        Assert.Equal(1, said.ExitCode);
        Assert.Contains($"{corner.FilesOf("a")}/a.yaml: an object needs apiVersion, kind and metadata.name; this one has apiVersion 'v1', kind '', name 'untidy-a'", said.Error, StringComparison.Ordinal);
        Assert.Equal("y", (await corner.Kubectl.Get("configmap", "untidy-a")).Text("data.x"));
        Assert.Contains("an object needs", (await corner.Kubectl.Get("configmap", "gitops-untidy", "kratix-platform-system")).Text("data.problems"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_destination_that_is_not_there_is_named()
    {
        var corner = await shared.Corner("unserved");
        var said = await corner.Platform.Cli("gitops", "no-such-one", "--once", "--kubeconfig", Path.Combine(corner.Platform.DataFolder, "kubeconfig"));
        Assert.Equal(4, said.ExitCode);
        Assert.Contains("there is no Destination no-such-one", said.Error, StringComparison.Ordinal);
    }

    /// <summary>Passes until one is whole. While a Promise that a pass brought is being installed, the requests beside it are refused; the agent names their kind and looks again.</summary>
    /// <param name="until">What unfinished passes may complain about; null: the first must be whole.</param>
    private static async Task<string> Pass(Corner corner, string? until)
    {
        while (true)
        {
            var said = await GitOps(corner);
            if (said.ExitCode == 0)
                return said.Output;
            Assert.True(until is not null && said.Error.Contains($"serves no kind 'Thing' of '{until}/v1'", StringComparison.Ordinal), said.All);
            await corner.Kubectl.WaitFor("Available", "promise/inner");
        }
    }

    private static Task<Said> GitOps(Corner corner) =>
        corner.Platform.Cli("gitops", corner.Name, "--once", "--kubeconfig", Path.Combine(corner.Platform.DataFolder, "kubeconfig"), "--config", Checkout.TestSettings);
}
