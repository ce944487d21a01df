using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Testing;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>Images of registries that ask who is there, and logs of Pods that are gone.</summary>
public sealed class RegistryTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kratix-registry-").FullName;
    private readonly FakePodStore _pods = new();
    private readonly FakeEngine _engine = new();
    private Node _node = null!;

    public async Task InitializeAsync() =>
        _node = await Node.Start(new NodeOptions(_folder, "podman", "none", 4, TimeProvider.System, new FakeBuiltIns()), _pods, _engine, CancellationToken.None);

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    [Conformance("R50", "An image is pulled with the imagePullSecrets of the Pod and of its ServiceAccount.")]
    public async Task Image_is_pulled_with_the_secrets_of_pod_and_account_and_no_file_of_them_stays()
    {
        _pods.Secrets["mine"] = Secret("""{"auths":{"registry.example":{"auth":"bWU6c2VjcmV0"}}}""");
        _pods.Secrets["teams"] = Secret("""{"auths":{"other.example":{"auth":"dGVhbTpzZWNyZXQ="}}}""");
        _pods.ServiceAccounts["default"] = Json("""{"automountServiceAccountToken":false,"imagePullSecrets":[{"name":"teams"},{"name":"gone"}]}""");
        _pods.Create("p", Pod());
        await _engine.Began(FakeEngine.Key("p", "main"));

        Assert.Equal("""{"auths":{"registry.example":{"auth":"bWU6c2VjcmV0"},"other.example":{"auth":"dGVhbTpzZWNyZXQ="}}}""", _engine.PulledWith);
        Assert.Empty(Directory.EnumerateFiles(_folder, "config.json", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Pull_secret_of_another_form_is_named_without_its_contents()
    {
        _pods.Secrets["mine"] = Secret("hunter2");
        _pods.Create("p", Pod());

        var pod = await _pods.Until("p", p => p["status"]?["containerStatuses"]?[0]?["state"]?["waiting"]?["reason"]?.GetValue<string>() == "CreateContainerConfigError");

        var message = pod["status"]!["containerStatuses"]![0]!["state"]!["waiting"]!["message"]!.GetValue<string>();
        Assert.Contains("secret \"mine\"", message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_of_pods_that_are_gone_are_kept_for_a_time_and_up_to_a_number()
    {
        var folders = new NodeFolders(Path.Combine(_folder, "more"));
        folders.Create();
        var now = new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);
        foreach (var (name, hours) in new[] { ("old", 30), ("older", 40), ("new", 2), ("newer", 1), ("living", 50) })
        {
            var pod = new PodIdentity("default", name, name);
            Directory.CreateDirectory(folders.LogsOf(pod));
            folders.PodIsGone(pod, now.AddHours(-hours));
        }

        folders.RemoveLeftovers(new HashSet<string> { "living" }, keptLogs: 1, keptSince: now.AddHours(-24));

        Assert.Equal(["default_living_living", "default_newer_newer"], Directory.EnumerateDirectories(folders.Logs).Select(Path.GetFileName).Order());
    }

    private static JsonObject Secret(string config) => new() { ["data"] = new JsonObject { [".dockerconfigjson"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(config)) } };

    private static JsonObject Pod() => Spec([], [Shell("main", "true", """{"image":"registry.example/tool:1"}""")], """{"restartPolicy":"Never","imagePullSecrets":[{"name":"mine"}]}""");
}
