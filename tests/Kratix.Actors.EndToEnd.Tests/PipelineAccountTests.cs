using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Pipelines that use the platform's own API with kubectl, under the ServiceAccount of their Promise.</summary>
public sealed class PipelineAccountTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    private const string Image = "localhost/kubectl:e2e";

    [Fact]
    [Conformance("R57", "A Pipeline reads a Secret with kubectl once its Promise's ServiceAccount is bound to a role that may; before, it is Forbidden.")]
    [Conformance("R60", "What nobody has allowed to it, such as to read Secrets, a Pipeline may not do by default.")]
    [Conformance("K13", "PROMISE-default-promise-pipeline is there from the Promise's installation; what is bound to it counts in its containers.")]
    public async Task A_pipeline_reads_a_secret_when_its_account_may_and_is_forbidden_when_not()
    {
        var corner = await Corner("secret-reader");
        var shell = new UserShell("kubectl", shared.Platform, shared.FolderFor("secret-reader-shell"));
        await corner.Install(corner.Promise([Manifests.PipelineOf("main", Manifests.Container(
            "read", "kubectl get secret promise-secret -o=jsonpath='{.data.apikey}' > /tmp/key\nbase64 -d < /tmp/key > /kratix/output/key.txt", Image))]));

        await shell.Expect([
            new("kubectl create secret generic promise-secret \\\n      --from-literal=apikey=topsecret", "^secret/promise-secret created\n$"),
            new("kubectl get serviceaccount secret-reader-default-promise-pipeline -n default -o name", "^serviceaccount/secret-reader-default-promise-pipeline\n$"),
        ]);
        await corner.Request("a");
        await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));
        await shell.Expect([
            new(
                "kubectl logs -l kratix.io/promise-name=secret-reader -c read",
                "secrets \"promise-secret\" is forbidden: User \"system:serviceaccount:default:secret-reader-default-promise-pipeline\" cannot get resource \"secrets\" in API group \"\" in the namespace \"default\""),
            new("kubectl create clusterrole promise-secret-cr \\\n      --verb=get \\\n      --resource=secrets \\\n      --resource-name=promise-secret", "created\n$"),
            new("kubectl create clusterrolebinding promise-secret \\\n      --clusterrole=promise-secret-cr \\\n      --serviceaccount=default:secret-reader-default-promise-pipeline", "created\n$"),
            new("kubectl auth can-i get secret/promise-secret --as=system:serviceaccount:default:secret-reader-default-promise-pipeline", "^yes\n$"),
        ]);
        await corner.Request("a", "two");
        await corner.Reconciled("a");

        Assert.Equal("topsecret", await corner.Repository.Read($"{corner.FilesOf("a")}/key.txt"));
    }

    [Fact]
    public async Task A_pipeline_makes_objects_of_its_own_and_its_account_goes_with_the_promise()
    {
        var corner = await Corner("secret-maker");
        await corner.Kubectl.Run("create", "clusterrole", "secret-maker", "--verb=create,get,patch,delete", "--resource=secrets");
        await corner.Kubectl.Run("create", "clusterrolebinding", "secret-maker", "--clusterrole=secret-maker", "--serviceaccount=default:secret-maker-default-promise-pipeline");
        await corner.Install(corner.Promise(
            [Manifests.PipelineOf("main", Manifests.Container("make", "kubectl create secret generic \"made-for-$KRATIX_OBJECT_NAME\" --from-literal=value=\"$(field spec value)\" --dry-run=client -o yaml > /tmp/s && kubectl apply -f /tmp/s", Image))],
            [Manifests.PipelineOf("clean", Manifests.Container("drop", "kubectl delete secret \"made-for-$KRATIX_OBJECT_NAME\"", Image))]));
        await corner.Request("a");
        await corner.Until("a", "has run", t => t.Has("ConfigureWorkflowCompleted"));

        Assert.Equal("b25l", (await corner.Kubectl.Get("secret", "made-for-a")).Text("data.value"));

        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
        Assert.NotEqual(0, (await corner.Kubectl.Try(null, "get", "secret", "made-for-a")).ExitCode);
        await corner.Kubectl.Run("delete", "promise", corner.Name, "--timeout=120s");
        Assert.NotEqual(0, (await corner.Kubectl.Try(null, "get", "serviceaccount", "secret-maker-default-promise-pipeline")).ExitCode);
    }

    [Fact]
    [Conformance("R56", "With an rbac section a Pipeline runs as the ServiceAccount PROMISE-TYPE-ACTION-PIPELINE.")]
    [Conformance("R59", "A ServiceAccount named in rbac.serviceAccount is used; one that a user made is not modified.")]
    public async Task A_pipeline_with_rights_has_an_account_of_its_own_or_the_one_it_names()
    {
        var corner = await shared.Corner("accounts");
        var (own, named) = (Manifests.Pipeline("own", "true"), Manifests.Pipeline("named", "true"));
        own["spec"]!["rbac"] = JsonNode.Parse("""{ "permissions": [{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"] }] }""");
        named["spec"]!["rbac"] = JsonNode.Parse("""{ "serviceAccount": "accounts-mine" }""");
        await corner.Kubectl.Run("create", "serviceaccount", "accounts-mine");
        var mine = await corner.Kubectl.Get("serviceaccount", "accounts-mine");
        await corner.Install(corner.Promise([own, named]));
        await corner.Request("a");
        await corner.Reconciled("a");

        var pods = await corner.Kubectl.List("pods", "-l", $"kratix.io/promise-name={corner.Name}");
        Assert.Equal(["accounts-mine", "accounts-resource-configure-own"], pods.Select(p => p.Text("spec.serviceAccountName")).Order(StringComparer.Ordinal));
        Assert.Equal(mine.ToJsonString(), (await corner.Kubectl.Get("serviceaccount", "accounts-mine")).ToJsonString());
    }

    private async Task<Corner> Corner(string name)
    {
        await KubectlPrograms.BuildImage(Image, shared.FolderFor($"image-{name}"));
        return await shared.Corner(name);
    }
}
