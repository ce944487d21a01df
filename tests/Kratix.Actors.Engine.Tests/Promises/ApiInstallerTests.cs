using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Promises;

public sealed class ApiInstallerTests
{
    private const string Name = "redises.example.com";
    private readonly ManualTime _time = new();
    private readonly FakeKubernetes _kubernetes;
    private readonly World _world;

    public ApiInstallerTests()
    {
        _kubernetes = new FakeKubernetes(_time);
        _world = Samples.World(_kubernetes, _kubernetes, _time);
    }

    [Fact]
    public async Task Install_of_what_belongs_to_another_promise_is_refused_and_names_it()
    {
        await _kubernetes.Create(Kinds.Crd, null, Crd("other"), CancellationToken.None);
        var refused = Assert.IsType<Outcome<Nothing>.Terminal>(await new ApiInstaller(_world, "redis", null).Install(Crd("redis"), Name));
        Assert.Contains("belongs to Promise other", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_leaves_what_belongs_to_another_promise()
    {
        await _kubernetes.Create(Kinds.Crd, null, Crd("other"), CancellationToken.None);
        Assert.IsType<Outcome<Nothing>.Done>(await new ApiInstaller(_world, "redis", null).Remove(Name));
        Assert.IsType<Outcome<JsonObject>.Done>(await _kubernetes.Get(Kinds.Crd, null, Name, CancellationToken.None));
    }

    [Fact]
    public async Task Removal_asked_for_during_an_installation_comes_after_it()
    {
        var installer = new ApiInstaller(_world, "redis", null);
        var install = installer.Install(Crd("redis"), Name);
        var remove = installer.Remove(Name);
        Assert.False(install.IsCompleted);
        var status = new JsonObject { ["status"] = Crd("redis")["status"]!.DeepClone() };
        await _kubernetes.Patch(Kinds.Crd, null, Name, PatchKind.Merge, status, "status", CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(install, remove);
        Assert.IsType<Outcome<JsonObject>.Terminal>(await _kubernetes.Get(Kinds.Crd, null, Name, CancellationToken.None));
    }

    [Fact]
    public async Task Removal_of_what_is_not_there_is_done() =>
        Assert.IsType<Outcome<Nothing>.Done>(await new ApiInstaller(_world, "redis", null).Remove(Name));

    [Fact]
    public async Task The_engines_account_may_use_the_api_as_long_as_there_is_one()
    {
        var installer = new ApiInstaller(_world, "redis", new AccountName("platform", "engine"));
        var install = installer.Install(Crd("redis"), Name);
        await _kubernetes.Patch(Kinds.Crd, null, Name, PatchKind.Merge, new JsonObject { ["status"] = Crd("redis")["status"]!.DeepClone() }, "status", CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<Outcome<Nothing>.Done>(await install);

        var role = Assert.IsType<Outcome<JsonObject>.Done>(await _kubernetes.Get(Kinds.ClusterRole, null, "redis-promise-controller", CancellationToken.None)).Value;
        Assert.Equal("""{"apiGroups":["example.com"],"resources":["redises/status"],"verbs":["patch"]}""", role["rules"]![1]!.ToJsonString());
        var binding = Assert.IsType<Outcome<JsonObject>.Done>(await _kubernetes.Get(Kinds.ClusterRoleBinding, null, "redis-promise-controller", CancellationToken.None)).Value;
        Assert.Equal("""[{"kind":"ServiceAccount","name":"engine","namespace":"platform"}]""", binding["subjects"]!.ToJsonString());

        Assert.IsType<Outcome<Nothing>.Done>(await installer.Remove(Name));
        foreach (var type in (ResourceType[])[Kinds.ClusterRole, Kinds.ClusterRoleBinding])
            Assert.IsType<Outcome<JsonObject>.Terminal>(await _kubernetes.Get(type, null, "redis-promise-controller", CancellationToken.None));
    }

    private static JsonObject Crd(string promise) => JsonNode.Parse($$$"""
        {
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
          "metadata": {"name": "{{{Name}}}", "labels": {"kratix.io/promise-name": "{{{promise}}}"}},
          "spec": {"group": "example.com", "names": {"plural": "redises"}, "versions": [{"name": "v1"}]},
          "status": {"conditions": [{"type": "Established", "status": "True"}]}
        }
        """)!.AsObject();
}
