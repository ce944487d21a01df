using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>The engine beside Kubernetes' own API server, as <c>deploy</c> says and with the rights that it gives.</summary>
public sealed class ClusterTests(DeployedEngine cluster) : IClassFixture<DeployedEngine>
{
    private const string Group = "cluster.e2e.test", Things = $"things.{Group}";

    [Fact]
    [Conformance("K1", "Beside Kubernetes' own API server, with the rights of deploy/rbac.yaml, the kinds install themselves, a request settles, and nothing is left of its Promise.")]
    public async Task A_request_is_settled_with_the_rights_of_the_engines_account_and_nothing_is_left_of_its_promise()
    {
        var repository = await GitRepository.Make(cluster.FolderFor("repo.git"));
        await using var server = await GitHttpServer.Start(Path.GetDirectoryName(repository.Path)!, "robot", "password");
        await repository.Git("config", "http.receivepack", "true");
        var store = Manifests.GitStateStore("cluster", $"{server.Url}/repo.git");
        store["spec"]!["authMethod"] = "basicAuth";
        store["spec"]!["secretRef"] = new JsonObject { ["name"] = "cluster", ["namespace"] = "default" };
        var destination = Manifests.Destination("cluster", "cluster", "cluster", []);
        destination["spec"]!["cleanup"] = "all";
        await cluster.Kubectl.Run("create", "secret", "generic", "cluster", "--from-literal=username=robot", "--from-literal=password=password");
        await cluster.Kubectl.Apply(Manifests.List(store, destination));

        await cluster.Kubectl.Apply(Promise());
        await cluster.Kubectl.WaitFor("Available", "promise/cluster");
        await cluster.Kubectl.Apply(Manifests.List(Thing("a"), Thing("b")));
        var thing = await cluster.Kubectl.Until(Things, "a", "is Reconciled", t => t.IsReconciled());

        Assert.Equal("large", thing.Text("status.size"));
        Assert.Equal("one\n", await repository.Read("cluster/resources/default/cluster/a/main/5058f/value.txt"));
        Assert.Contains(await repository.Commits(), commit => thing.Text("status.kratix.commit")!.Contains(commit.Id[..10], StringComparison.Ordinal));
        using var http = new HttpClient();
        Assert.Equal("ok", await http.GetStringAsync($"http://{cluster.Address}:8086/readyz"));
        Assert.Empty(cluster.Forbidden);

        await cluster.Kubectl.Run("delete", Things, "a", "--timeout=120s");
        await cluster.Kubectl.Until(Things, "b", "is Reconciled", t => t.IsReconciled());
        await cluster.Kubectl.Run("delete", "promise", "cluster", "--timeout=120s");
        Assert.Empty(await repository.Files());
        await cluster.Kubectl.Run("delete", "destination/cluster", "gitstatestore/cluster", "--timeout=120s");
        const string kinds = "pods,serviceaccounts,roles,rolebindings,works,workplacements,promiserevisions,crds,clusterroles,clusterrolebindings";
        Assert.Empty((await cluster.Kubectl.List(kinds, "--all-namespaces")).Where(IsLeft).Select(left => $"{left.Text("kind")} {left.Text("metadata.name")}"));
        // Who comes late to an API that is gone may be told that it is forbidden.
        Assert.DoesNotContain(cluster.Forbidden, f => !f.Contains(Group, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("spec.workflows.resource.configure.0.kind", "Deployment", "unsupported pipeline platform.kratix.io/v1alpha1/Deployment at spec.workflows.resource.configure[0]; accepted: ")]
    [InlineData("spec.api.spec.scope", "Cluster", "promise api needs to be namespace scoped; spec.api.spec.scope cannot be: Cluster")]
    public async Task A_promise_that_cannot_work_is_refused_in_the_words_of_one_machine(string path, string value, string says)
    {
        var bad = Promise();
        var (parent, field) = (path[..path.LastIndexOf('.')], path[(path.LastIndexOf('.') + 1)..]);
        bad.At(parent)![field] = value;

        var applied = await cluster.Kubectl.Try(bad.ToJsonString(), "apply", "-f", "-");

        Assert.NotEqual(0, applied.ExitCode);
        Assert.Contains($"admission webhook \"vpromise.kb.io\" denied the request: {says}", applied.Error, StringComparison.Ordinal);
    }

    /// <summary>Of the Promise, by its label or name. What is owned by something that is gone is the garbage collector's to take, which nobody plays.</summary>
    private static bool IsLeft(JsonObject item) => item["metadata"]!["ownerReferences"] is null
        && (item["metadata"]!["labels"]?["kratix.io/promise-name"]?.ToString() == "cluster" || item.Text("metadata.name") is "cluster-promise-controller" or Things);

    private static JsonObject Thing(string name) => new()
    {
        ["apiVersion"] = $"{Group}/v1", ["kind"] = "Thing", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" }, ["spec"] = new JsonObject { ["value"] = "one" },
    };

    /// <summary>Each kind of right a Promise can need: of Pipelines that ask for none, of one that asks for its own, before the first request and after the last.</summary>
    private static JsonObject Promise()
    {
        var asking = Manifests.Pipeline("asking", "echo 'a: 1' > /kratix/output/a.yaml");
        asking["spec"]!["rbac"] = new JsonObject
        {
            ["permissions"] = new JsonArray(
                new JsonObject { ["apiGroups"] = new JsonArray(""), ["resources"] = new JsonArray("configmaps"), ["verbs"] = new JsonArray("*") },
                new JsonObject { ["apiGroups"] = new JsonArray("apps"), ["resources"] = new JsonArray("deployments"), ["verbs"] = new JsonArray("get"), ["resourceNamespace"] = "*" }),
        };
        return Manifests.Promise("cluster", Manifests.Api(Group), new JsonObject
        {
            ["promise"] = new JsonObject { ["configure"] = new JsonArray(Manifests.Pipeline("once", "echo 'b: 1' > /kratix/output/b.yaml")) },
            ["resource"] = new JsonObject
            {
                ["configure"] = new JsonArray(Manifests.Pipeline("main", "field spec value > /kratix/output/value.txt; echo 'size: large' > /kratix/metadata/status.yaml"), asking),
                ["delete"] = new JsonArray(Manifests.Pipeline("bye", "true")),
            },
        }, null);
    }
}
