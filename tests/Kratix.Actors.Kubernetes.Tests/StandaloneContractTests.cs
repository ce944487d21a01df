using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Standalone;

namespace Kratix.Actors.Kubernetes.Tests;

/// <summary>
/// The real client, over TLS, against the server that the program itself offers; with <c>KRATIX_TEST_KUBECONFIG</c>, against the cluster that file
/// leads to, in which it may create what it likes.
/// </summary>
public sealed class StandaloneFixture : IAsyncLifetime
{
    public static readonly ResourceType Widget = new("example.org", "v1", "widgets", "Widget", true);

    private readonly string _folder = Directory.CreateTempSubdirectory("kubernetes-tests").FullName;
    private StandaloneApiServer? _server;

    public KubernetesAccess Access { get; private set; } = null!;

    public KubernetesClient Client { get; private set; } = null!;

    public ResourceWatch Watch { get; private set; } = null!;

    /// <summary>To the same server without a socket; null where the server is a cluster's.</summary>
    public KubernetesClient? InProcess { get; private set; }

    public async Task InitializeAsync()
    {
        var kubeconfig = Environment.GetEnvironmentVariable("KRATIX_TEST_KUBECONFIG");
        if (string.IsNullOrEmpty(kubeconfig))
        {
            _server = await StandaloneApiServer.Start(new StandaloneOptions(_folder, IPAddress.Loopback, 0, TimeProvider.System), default);
            kubeconfig = _server.KubeconfigPath;
        }

        Access = KubeConfig.Load(kubeconfig);
        Client = new KubernetesClient(Access, new KubernetesClientOptions { PageSize = 2 }, TimeProvider.System);
        Watch = new ResourceWatch(Client, new ResourceWatchOptions(), TimeProvider.System);
        InProcess = _server is null ? null : new KubernetesClient(Access, new KubernetesClientOptions { PageSize = 2 }, TimeProvider.System, _server.CreateHandler());
        var definitions = CrdFiles.All.Append(WidgetDefinition()).ToList();
        foreach (var definition in definitions)
            Assert.Null((await Client.Patch(KnownTypes.CustomResourceDefinition, null, (string)definition["metadata"]!["name"]!, PatchKind.Apply, definition, null, default)).Failure);
        foreach (var definition in definitions)
            await Established((string)definition["metadata"]!["name"]!);
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        InProcess?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    private async Task Established(string name)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var signal in Watch.Watch(KnownTypes.CustomResourceDefinition, null, null, limit.Token))
        {
            var items = signal switch
            {
                WatchSignal.Listed listed => listed.Items,
                WatchSignal.Changed changed => [changed.Item],
                _ => [],
            };
            if (items.Any(i => (string?)i["metadata"]!["name"] == name && (i["status"]?["conditions"] as JsonArray ?? [])
                .Any(c => (string?)c!["type"] == "Established" && (string?)c["status"] == "True")))
                return;
        }

        Assert.Fail($"{name} was not established");
    }

    internal static JsonObject WidgetDefinition() => JsonNode.Parse("""
        {
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.org"},
          "spec": {
            "group": "example.org", "scope": "Namespaced", "names": {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"},
            "versions": [{
              "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
              "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
            }]
          }
        }
        """)!.AsObject();
}

public sealed class StandaloneContractTests(StandaloneFixture server) : KubernetesContract, IClassFixture<StandaloneFixture>
{
    protected override Task<KubernetesUnderTest> Start() => Task.FromResult(new KubernetesUnderTest(server.Client, server.Watch, StandaloneFixture.Widget));

    protected override Task Stop() => Task.CompletedTask;
}

/// <summary>The same, as the engine speaks with the server of its own process.</summary>
public sealed class InProcessContractTests(StandaloneFixture server) : KubernetesContract, IClassFixture<StandaloneFixture>
{
    private KubernetesClient Client => server.InProcess ?? server.Client;

    protected override Task<KubernetesUnderTest> Start() =>
        Task.FromResult(new KubernetesUnderTest(Client, new ResourceWatch(Client, new ResourceWatchOptions(), TimeProvider.System), StandaloneFixture.Widget));

    protected override Task Stop() => Task.CompletedTask;
}

/// <summary>What a server says to a write that is not made.</summary>
public sealed class DryRunTests(StandaloneFixture server) : IClassFixture<StandaloneFixture>
{
    private readonly IDryRuns _dryRuns = server.Client;

    [Fact]
    public async Task Apply_that_would_succeed_writes_nothing()
    {
        var widget = new JsonObject { ["apiVersion"] = "example.org/v1", ["kind"] = "Widget", ["metadata"] = new JsonObject { ["name"] = "dry" }, ["spec"] = new JsonObject { ["size"] = 1 } };

        Assert.Null((await _dryRuns.Apply(StandaloneFixture.Widget, "default", "dry", widget, default)).Failure);

        Assert.Equal(Refusal.NotFound, Assert.IsType<Outcome<JsonObject>.Terminal>(await server.Client.Get(StandaloneFixture.Widget, "default", "dry", default)).Code);
    }

    [Theory]
    [InlineData("widgets.example.org", "group", "elsewhere.org", "widgets.elsewhere.org|spec.group")]
    [InlineData("gadgets.example.org", "scope", "Everywhere", "spec.scope: Unsupported value: \"Everywhere\"")]
    public async Task Apply_of_a_definition_the_server_would_not_take_says_why(string name, string field, string value, string why)
    {
        var definition = StandaloneFixture.WidgetDefinition();
        definition["metadata"]!["name"] = name;
        definition["spec"]!["names"]!["plural"] = name.Split('.')[0];
        definition["spec"]![field] = value;

        var refused = Assert.IsType<Outcome<JsonObject>.Terminal>(await _dryRuns.Apply(KnownTypes.CustomResourceDefinition, null, name, definition, default));

        Assert.Equal(Refusal.Invalid, refused.Code);
        Assert.Matches(why, refused.Reason);
    }
}

/// <summary>The definitions of <c>deploy/crds</c>, as a server understands them.</summary>
public sealed class CrdsOnAServerTests(StandaloneFixture server) : IClassFixture<StandaloneFixture>
{
    private static readonly ResourceType Destination = new("platform.kratix.io", "v1alpha1", "destinations", "Destination", false);
    private static readonly ResourceType Work = new("platform.kratix.io", "v1alpha1", "works", "Work", true);
    private static readonly ResourceType GitStateStore = new("platform.kratix.io", "v1alpha1", "gitstatestores", "GitStateStore", false);
    private readonly string _name = $"crds-{Guid.NewGuid():N}"[..20];

    private static readonly ResourceType Promise = new("platform.kratix.io", "v1alpha1", "promises", "Promise", false);

    [Fact]
    public async Task Destination_gets_its_defaults()
    {
        var spec = (await Made(Destination, null, _name, """{"path":"a","stateStoreRef":{"kind":"GitStateStore","name":"g"}}"""))["spec"]!;
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
        var refused = Assert.IsType<Outcome<JsonObject>.Terminal>(await Create(Destination, null, _name, spec));
        Assert.Equal(Refusal.Invalid, refused.Code);
        Assert.Contains(field, refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_keeps_its_mode()
    {
        await Made(Destination, null, _name, """{"path":"a","filepath":{"mode":"none"}}""");
        var refused = Assert.IsType<Outcome<JsonObject>.Terminal>(await server.Client.Patch(
            Destination, null, _name, PatchKind.Merge, JsonNode.Parse("""{"spec":{"filepath":{"mode":"aggregatedYAML"}}}""")!, null, default));
        Assert.Equal(Refusal.Invalid, refused.Code);
        Assert.Contains("filepath.mode is immutable", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GitStateStore_gets_its_defaults()
    {
        var spec = (await Made(GitStateStore, null, _name, """{"url":"https://x/y.git","secretRef":{"name":"s"}}"""))["spec"]!;
        Assert.Equal(
            ("main", "basicAuth", "kratix", "default"),
            ((string?)spec["branch"], (string?)spec["authMethod"], (string?)spec["gitAuthor"]!["name"], (string?)spec["secretRef"]!["namespace"]));
    }

    [Fact]
    public async Task Promise_without_an_api_and_with_any_manifest_is_kept_as_written()
    {
        var spec = (await Made(Promise, null, _name, """
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
        var spec = (await Made(Work, "default", _name, files.Replace("SHA", new string('a', 64), StringComparison.Ordinal)))["spec"]!;
        Assert.Equal(3, (int?)spec["workloadGroups"]![0]!["workloads"]![0]!["size"]);
        Assert.Equal("H4sI", (string?)spec["workloadGroups"]![0]!["workloads"]![1]!["content"]);
    }

    private async Task<JsonObject> Made(ResourceType type, string? ns, string name, string spec)
    {
        var outcome = await Create(type, ns, name, spec);
        return outcome is Outcome<JsonObject>.Done done ? done.Value : throw new Xunit.Sdk.XunitException(outcome.Failure);
    }

    private Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, string name, string spec) => server.Client.Create(
        type, ns,
        new JsonObject { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = JsonNode.Parse(spec) },
        default);
}

public sealed class AccessToAServerTests(StandaloneFixture server) : IClassFixture<StandaloneFixture>
{
    private static readonly ResourceType Namespace = new("", "v1", "namespaces", "Namespace", false);

    [Fact]
    public async Task Server_whose_certificate_nobody_vouches_for_is_told_nothing()
    {
        var answer = Assert.IsType<Outcome<JsonObject>.Transient>(await Get(server.Access with { CertificateAuthorities = null }));
        Assert.Contains("certificate", answer.Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Server_under_a_name_its_certificate_does_not_hold_is_told_nothing() =>
        Assert.IsType<Outcome<JsonObject>.Transient>(await Get(server.Access with { TlsServerName = "elsewhere.example" }));

    [Fact]
    public async Task Verification_can_be_turned_off() =>
        Assert.IsType<Outcome<JsonObject>.Done>(await Get(server.Access with { CertificateAuthorities = null, SkipTlsVerify = true }));

    [Fact]
    public async Task Wrong_token_is_unauthorized() =>
        Assert.Equal(Refusal.Unauthorized, Assert.IsType<Outcome<JsonObject>.Terminal>(await Get(server.Access with { Token = "wrong", ClientCertificate = null })).Code);

    private static async Task<Outcome<JsonObject>> Get(KubernetesAccess access)
    {
        using var client = new KubernetesClient(access, new KubernetesClientOptions(), TimeProvider.System);
        return await client.Get(Namespace, null, "default", default);
    }
}
