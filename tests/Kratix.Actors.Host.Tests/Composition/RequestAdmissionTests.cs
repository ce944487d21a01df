using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Standalone;

namespace Kratix.Actors.Host.Tests.Composition;

public sealed class RequestAdmissionTests : IAsyncLifetime
{
    private static readonly ResourceType Thing = new("example.org", "v1", "things", "Thing", true);

    private readonly TemporaryFolder _folder = new();
    private StandaloneApiServer _server = null!;
    private KubernetesClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await StandaloneApiServer.Start(new StandaloneOptions(_folder.Path, IPAddress.Loopback, 0, TimeProvider.System), default);
        RequestAdmission.AddTo(_server);
        _client = new KubernetesClient(KubeConfig.Load(_server.KubeconfigPath), new KubernetesClientOptions(), TimeProvider.System, _server.CreateHandler());
        foreach (var crd in CrdFiles.All.Where(c => c["metadata"]!["name"]!.ToString() == "promises.platform.kratix.io"))
            await Done(_client.Create(Kinds.Crd, null, crd, default));
        await Done(_client.Create(Kinds.Crd, null, Definition(), default));
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Request_of_a_Promise_is_the_engines_from_its_first_version()
    {
        await Done(_client.Create(Kinds.Promise, null, Promise(), default));
        var metadata = (await Done(_client.Create(Thing, "default", Request("""{"name":"a","finalizers":["others.io/f"],"labels":{"team":"x"}}"""), default)))["metadata"]!;

        Assert.Equal(["others.io/f", .. ResourceFinalizers.All], metadata["finalizers"]!.AsArray().Select(f => f!.ToString()));
        Assert.Equal(("x", "thing"), (metadata["labels"]!["team"]!.ToString(), metadata["labels"]![Marks.PromiseName]!.ToString()));
    }

    [Fact]
    public async Task Object_whose_Promise_is_not_there_or_going_is_nobodys()
    {
        Assert.Null((await Done(_client.Create(Thing, "default", Request("""{"name":"a"}"""), default)))["metadata"]!["finalizers"]);
        var promise = Promise();
        promise["metadata"]!["finalizers"] = new JsonArray("others.io/f");
        await Done(_client.Create(Kinds.Promise, null, promise, default));
        Assert.Null((await _client.Delete(Kinds.Promise, null, "thing", default)).Failure);
        Assert.Null((await Done(_client.Create(Thing, "default", Request("""{"name":"b"}"""), default)))["metadata"]!["finalizers"]);
    }

    private static async Task<JsonObject> Done(Task<Outcome<JsonObject>> call) =>
        await call is Outcome<JsonObject>.Done done ? done.Value : throw new Xunit.Sdk.XunitException((await call).Failure);

    private static JsonObject Promise() => JsonNode.Parse("""{"apiVersion":"platform.kratix.io/v1alpha1","kind":"Promise","metadata":{"name":"thing"},"spec":{}}""")!.AsObject();

    private static JsonObject Request(string metadata) => new()
    {
        ["apiVersion"] = "example.org/v1", ["kind"] = "Thing", ["metadata"] = JsonNode.Parse(metadata), ["spec"] = new JsonObject { ["size"] = "small" },
    };

    private static JsonObject Definition() => JsonNode.Parse("""
        {
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
          "metadata": {"name": "things.example.org", "labels": {"kratix.io/promise-name": "thing"}},
          "spec": {
            "group": "example.org", "scope": "Namespaced", "names": {"kind": "Thing", "listKind": "ThingList", "plural": "things", "singular": "thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]
          }
        }
        """)!.AsObject();
}
