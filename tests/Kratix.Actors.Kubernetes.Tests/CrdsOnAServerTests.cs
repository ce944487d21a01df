using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes.Tests;

/// <summary>The definitions of <c>deploy/crds</c>, as a server understands them.</summary>
public abstract class CrdsOnAServerTests(ServerFixture server)
{
    protected ServerFixture Server => server;

    protected static readonly ResourceType Destination = new("platform.kratix.io", "v1alpha1", "destinations", "Destination", false);
    private static readonly ResourceType Work = new("platform.kratix.io", "v1alpha1", "works", "Work", true);
    private static readonly ResourceType GitStateStore = new("platform.kratix.io", "v1alpha1", "gitstatestores", "GitStateStore", false);
    protected string Name { get; } = $"crds-{Guid.NewGuid():N}"[..20];

    private static readonly ResourceType Promise = new("platform.kratix.io", "v1alpha1", "promises", "Promise", false);

    [Fact]
    public async Task Destination_gets_its_defaults()
    {
        var spec = (await Made(Destination, null, Name, """{"path":"a","stateStoreRef":{"kind":"GitStateStore","name":"g"}}"""))["spec"]!;
        Assert.Equal(
            ("nestedByMetadata", "none", true, false),
            ((string?)spec["filepath"]!["mode"], (string?)spec["cleanup"], (bool?)spec["initWorkloads"]!["enabled"], (bool?)spec["strictMatchLabels"]));
    }

    [Theory]
    [InlineData("""{"stateStoreRef":{"kind":"GitStateStore","name":"g"}}""", "spec.path")]
    [InlineData("""{"path":"a","cleanup":"some"}""", "spec.cleanup")]
    [InlineData("""{"path":"a","stateStoreRef":{"kind":"Ftp","name":"g"}}""", "spec.stateStoreRef.kind")]
    public async Task Destination_that_is_wrong_is_refused_with_the_field(string spec, string field)
    {
        var refused = Assert.IsType<Outcome<JsonObject>.Terminal>(await Create(Destination, null, Name, spec));
        Assert.Equal(Refusal.Invalid, refused.Code);
        Assert.Contains(field, refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GitStateStore_gets_its_defaults()
    {
        var spec = (await Made(GitStateStore, null, Name, """{"url":"https://x/y.git","secretRef":{"name":"s"}}"""))["spec"]!;
        Assert.Equal(
            ("main", "basicAuth", "kratix", "default"),
            ((string?)spec["branch"], (string?)spec["authMethod"], (string?)spec["gitAuthor"]!["name"], (string?)spec["secretRef"]!["namespace"]));
    }

    [Fact]
    public async Task Promise_without_an_api_and_with_any_manifest_is_kept_as_written()
    {
        var spec = (await Made(Promise, null, Name, """
            {"api":{},"dependencies":[{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x"},"anything":[1]}],
             "workflows":{"resource":{"configure":[{"kind":"Pipeline","spec":{"containers":[{"name":"a","unknown":true}]}}]}}}
            """))["spec"]!;
        Assert.Equal("[1]", spec["dependencies"]![0]!["anything"]!.ToJsonString());
        Assert.True((bool?)spec["workflows"]!["resource"]!["configure"]![0]!["spec"]!["containers"]![0]!["unknown"]);
    }

    [Fact]
    public async Task Work_takes_lists_of_files_and_also_objects_of_the_older_shape()
    {
        var files = """{"workloadGroups":[{"id":"5058f","directory":".","workloads":[{"filepath":"a.yaml","size":3,"sha256":"SHA"},{"filepath":"b","content":"H4sI"}]}]}""";
        var spec = (await Made(Work, "default", Name, files.Replace("SHA", new string('a', 64), StringComparison.Ordinal)))["spec"]!;
        Assert.Equal(3, (int?)spec["workloadGroups"]![0]!["workloads"]![0]!["size"]);
        Assert.Equal("H4sI", (string?)spec["workloadGroups"]![0]!["workloads"]![1]!["content"]);
    }

    protected async Task<JsonObject> Made(ResourceType type, string? ns, string name, string spec)
    {
        var outcome = await Create(type, ns, name, spec);
        return outcome is Outcome<JsonObject>.Done done ? done.Value : throw new Xunit.Sdk.XunitException(outcome.Failure);
    }

    private Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, string name, string spec) => Server.Client.Create(
        type, ns,
        new JsonObject { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = JsonNode.Parse(spec) },
        default);
}

public sealed class StandaloneCrdsOnAServerTests(StandaloneFixture server) : CrdsOnAServerTests(server), IClassFixture<StandaloneFixture>
{
    // A cluster's server keeps this rule of the definition from Kubernetes 1.25 on.
    [Fact]
    public async Task Destination_keeps_its_mode()
    {
        await Made(Destination, null, Name, """{"path":"a","filepath":{"mode":"none"}}""");
        var refused = Assert.IsType<Outcome<JsonObject>.Terminal>(await Server.Client.Patch(
            Destination, null, Name, PatchKind.Merge, JsonNode.Parse("""{"spec":{"filepath":{"mode":"aggregatedYAML"}}}""")!, null, default));
        Assert.Equal(Refusal.Invalid, refused.Code);
        Assert.Contains("filepath.mode is immutable", refused.Reason, StringComparison.Ordinal);
    }
}

[Collection(ClusterTests.Name)]
public sealed class ClusterCrdsOnAServerTests(ClusterFixture server) : CrdsOnAServerTests(server);
