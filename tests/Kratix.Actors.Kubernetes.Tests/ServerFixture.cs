using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Standalone;
using Kratix.Actors.Testing.Cluster;

namespace Kratix.Actors.Kubernetes.Tests;

/// <summary>The real client, over TLS, against an API server that has our definitions and <see cref="Widget"/>.</summary>
public abstract class ServerFixture : IAsyncLifetime
{
    public static readonly ResourceType Widget = new("example.org", "v1", "widgets", "Widget", true);

    public KubernetesAccess Access { get; private set; } = null!;

    public KubernetesClient Client { get; private set; } = null!;

    public ResourceWatch Watch { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Access = KubeConfig.Load(await StartServer());
        Client = new KubernetesClient(Access, new KubernetesClientOptions { PageSize = 2 }, TimeProvider.System);
        Watch = new ResourceWatch(Client, new ResourceWatchOptions(), TimeProvider.System);
        var definitions = CrdFiles.All.Append(WidgetDefinition()).ToList();
        foreach (var definition in definitions)
            Assert.Null((await Client.Create(KnownTypes.CustomResourceDefinition, null, definition, default)).Failure);
        foreach (var definition in definitions)
            await Established((string)definition["metadata"]!["name"]!);
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await StopServer();
    }

    /// <summary>Answers with the kubeconfig of somebody who may do everything.</summary>
    protected abstract Task<string> StartServer();

    protected abstract Task StopServer();

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
}

/// <summary>The server that the program itself offers.</summary>
public sealed class StandaloneFixture : ServerFixture
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kubernetes-tests").FullName;
    private StandaloneApiServer _server = null!;

    /// <summary>To the same server without a socket.</summary>
    public KubernetesClient InProcess { get; private set; } = null!;

    protected override async Task<string> StartServer()
    {
        _server = await StandaloneApiServer.Start(new StandaloneOptions(_folder, IPAddress.Loopback, 0, TimeProvider.System), default);
        InProcess = new KubernetesClient(KubeConfig.Load(_server.KubeconfigPath), new KubernetesClientOptions { PageSize = 2 }, TimeProvider.System, _server.CreateHandler());
        return _server.KubeconfigPath;
    }

    protected override async Task StopServer()
    {
        InProcess.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, true);
    }
}

/// <summary>
/// Kubernetes' own API server, one for all tests that ask it; with <c>KRATIX_TEST_KUBECONFIG</c>, that of the cluster which the file leads to, in which the tests
/// may create what they like.
/// </summary>
public sealed class ClusterFixture : ServerFixture
{
    private KubeApiServer? _server;

    protected override async Task<string> StartServer()
    {
        var kubeconfig = Environment.GetEnvironmentVariable("KRATIX_TEST_KUBECONFIG");
        if (!string.IsNullOrEmpty(kubeconfig))
            return kubeconfig;
        _server = await KubeApiServer.Start();
        return _server.AdminKubeconfig;
    }

    protected override async Task StopServer()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class ClusterTests : ICollectionFixture<ClusterFixture>
{
    internal const string Name = "cluster";
}
