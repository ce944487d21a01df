using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Testing.Cluster;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>
/// The engine, deployed by the files of <c>deploy</c> to Kubernetes' own API server. What else a cluster has is played: the standalone node is its kubelet, on the network of the machine;
/// this class is the controllers that make a Deployment's Pod and each namespace's account.
/// </summary>
public sealed class DeployedEngine : IAsyncLifetime
{
    private const string Namespace = "kratix-platform-system", PodName = "kratix-actors-played";
    private readonly TempFolder _folder = new();
    private readonly ProgramImage _image = new();
    private KubeApiServer _server = null!;
    private KubernetesClient _client = null!;
    private Node _node = null!;

    internal Kubectl Kubectl { get; private set; } = null!;

    /// <summary>The address of its Service, which in this cluster is one of the machine's own.</summary>
    internal string Address { get; private set; } = "";

    /// <summary>What the engine wrote to its log.</summary>
    internal string Words => string.Join('\n', Directory.Exists(Logs) ? Directory.EnumerateFiles(Logs, "*.log", SearchOption.AllDirectories)
        .Where(f => f.Contains($"{Namespace}_{PodName}", StringComparison.Ordinal)).Select(ReadShared) : []);

    /// <summary>What the API server has forbidden the engine's account.</summary>
    internal IReadOnlyList<string> Forbidden => _server.ForbiddenTo(Namespace, "kratix-actors");

    private string Logs => Path.Combine(_folder.Data, "node", "logs");

    public async Task InitializeAsync()
    {
        await _image.InitializeAsync();
        _server = await KubeApiServer.Start();
        Kubectl = new Kubectl(_server.AdminKubeconfig, _folder.In("kubectl-cache"), () => Words);
        _client = new KubernetesClient(KubeConfig.Load(_server.AdminKubeconfig), new KubernetesClientOptions(), TimeProvider.System);
        await Kubectl.Apply(await Deployed("rbac.yaml"));
        var (certificate, authority) = _server.CertificateFor($"kratix-actors.{Namespace}.svc");
        foreach (var ns in (string[])["default", Namespace])
            await Kubectl.Apply(ControllersMake(ns, authority));
        certificate.WriteTo(_folder.In("tls.crt"), _folder.In("tls.key"));
        await Kubectl.Run("create", "secret", "tls", "kratix-actors-admission", "-n", Namespace, $"--cert={_folder.In("tls.crt")}", $"--key={_folder.In("tls.key")}");
        await Kubectl.Apply((await Deployed("engine.yaml")).Replace("registry.example/kratix-actors:1", ProgramImage.Name, StringComparison.Ordinal));
        Address = (await Kubectl.Get("service", "kratix-actors", Namespace)).Text("spec.clusterIP")!;
        await Kubectl.Apply(PodOf(await Kubectl.Get("deployment", "kratix-actors", Namespace)));
        _node = await Node.Start(
            new NodeOptions(_folder.Data, "auto", "host", 16, TimeProvider.System, new NoBuiltInContainers())
            {
                ApiServer = new IPEndPoint(IPAddress.Loopback, _server.Url.Port),
                EngineEnvironment = Checkout.Environment.ToImmutableSortedDictionary(),
            },
            new ClusterPods(_client, Kubectl), default);
        await Kubectl.Until("crd", "workplacements.platform.kratix.io", "is established", crd => crd.Has("Established"));
        var bundle = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(authority));
        await Kubectl.Apply((await Deployed("admission.yaml")).Replace("caBundle: \"\"", $"caBundle: {bundle}", StringComparison.Ordinal));
    }

    public async Task DisposeAsync()
    {
        if (_node is not null)
            await _node.DisposeAsync();
        _client?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        await _folder.DisposeAsync();
    }

    internal string FolderFor(string name) => _folder.In(name);

    private static Task<string> Deployed(string file) => File.ReadAllTextAsync(Checkout.File("deploy", file));

    /// <summary>As the controller manager does it in each namespace: the account of whoever names none, and whom to trust.</summary>
    private static JsonObject ControllersMake(string ns, string authority) => Manifests.List(
        new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ServiceAccount", ["metadata"] = new JsonObject { ["name"] = "default", ["namespace"] = ns } },
        new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = "kube-root-ca.crt", ["namespace"] = ns },
            ["data"] = new JsonObject { ["ca.crt"] = authority },
        });

    /// <summary>As the controllers of Deployments make it, but for what depends on a network of Pods and on volumes that outlive them, which there are none of here.</summary>
    private JsonObject PodOf(JsonObject deployment)
    {
        var template = deployment["spec"]!["template"]!.DeepClone();
        var pod = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = template["metadata"]!.DeepClone(), ["spec"] = template["spec"]!.DeepClone() };
        (pod["metadata"]!["name"], pod["metadata"]!["namespace"]) = (PodName, Namespace);
        pod["spec"]!["volumes"]!.AsArray().Single(v => v.Text("name") == "data")!.AsObject().Remove("persistentVolumeClaim");
        var environment = pod["spec"]!["containers"]![0]!["env"]!.AsArray();
        foreach (var (name, value) in new[]
        {
            ("KRATIX_HTTP_ADDRESS", Address), ("KRATIX_ADMISSION_ADDRESS", Address), ("KRATIX_HTTP_ADVERTISED_URL", $"http://{Address}:8086"), ("KRATIX_GIT_ALLOW_HTTP_URLS", "true"),
        })
        {
            environment.Add(new JsonObject { ["name"] = name, ["value"] = value });
        }

        return pod;
    }

    private static string ReadShared(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }
}
