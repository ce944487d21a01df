using System.Net;
using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Standalone.Tests.Nodes;
using Kratix.Actors.Standalone.Tests.Support;
using Kratix.Actors.Testing;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;

namespace Kratix.Actors.Standalone.Tests.Kubectl;

/// <summary>Containers that ask the API server as their Pod's ServiceAccount, with the real kubectl inside.</summary>
public sealed class AccountInPodTests : IAsyncLifetime
{
    private NodeFixture _fixture = new();
    private TestServer _server = null!;
    private Node _node = null!;

    private Support.Kubectl Kubectl => _server.Kubectl;

    public async Task InitializeAsync() => _server = await TestServer.Start();

    public async Task DisposeAsync()
    {
        await _fixture.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("oci", "bridge")]
    [InlineData("oci", "host")]
    [InlineData("podman", "bridge")]
    [Conformance("R57", "A Secret is Forbidden to what runs in a Pod, until its ServiceAccount is bound to it.")]
    public async Task Container_reads_a_secret_when_its_account_is_bound_to_it_and_is_forbidden_before(string engine, string network)
    {
        await StartNode(engine, network);
        (await Kubectl.Run("create serviceaccount reader")).Succeeded();
        (await Kubectl.Run("create secret generic db --from-literal=password=hunter2")).Succeeded();
        (await Kubectl.Run("create role secrets --verb=get --resource=secrets --resource-name=db")).Succeeded();

        Assert.Contains("secrets \"db\" is forbidden: User \"system:serviceaccount:default:reader\" cannot get resource \"secrets\"", await Ask("before", "reader", "1"), StringComparison.Ordinal);
        (await Kubectl.Run("create rolebinding reader --role=secrets --serviceaccount=default:reader")).Succeeded();

        Assert.Equal("aHVudGVyMg==", await Ask("after", "reader", "0"));
    }

    [Fact]
    public async Task Account_that_does_not_want_its_token_mounted_has_none_in_the_container()
    {
        await StartNode("oci", "none");
        (await Kubectl.Apply("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: shy}\nautomountServiceAccountToken: false")).Succeeded();

        Assert.Contains("No such file", await Run("shy", "shy", $"ls {Standalone.Nodes.Pods.ServiceAccountVolume.MountPath}", "1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Account_that_is_missing_keeps_the_pod_waiting_and_is_named_until_it_is_made()
    {
        await StartNode("oci", "none");
        await Create("late", "late", "echo ran");
        (await Kubectl.Run("wait pod/late --for=jsonpath={.status.initContainerStatuses[0].state.waiting.reason}=CreateContainerConfigError --timeout=50s")).Succeeded();
        Assert.Contains("serviceaccount \"late\" not found", (await Kubectl.Run("get pod late -o yaml")).Succeeded().Out, StringComparison.Ordinal);

        (await Kubectl.Run("create serviceaccount late")).Succeeded();

        (await Kubectl.Run("wait pod/late --for=jsonpath={.status.phase}=Succeeded --timeout=50s")).Succeeded();
    }

    private async Task StartNode(string engine, string network)
    {
        _fixture = new NodeFixture(engine);
        _fixture.BuiltIns.Functions["kubectl"] = (container, _) =>
        {
            File.Copy(StaticKubectl, container.HostPath("/tools/kubectl"));
            return Task.FromResult(0);
        };
        _node = await _fixture.Start(
            o => o with { Network = network, ApiServer = new IPEndPoint(IPAddress.Loopback, _server.Server.Url.Port) },
            new ObjectStorePods(_server.Server.Store, _server.Server.Tokens, "here"));
    }

    private Task<string> Ask(string pod, string account, string exitCode) => Run(pod, account, "/tools/kubectl get secret db -o jsonpath={.data.password}", exitCode);

    private async Task<string> Run(string pod, string account, string script, string exitCode)
    {
        await Create(pod, account, script);
        (await Kubectl.Run($"wait pod/{pod} --for=jsonpath={{.status.containerStatuses[0].state.terminated.exitCode}}={exitCode} --timeout=50s")).Succeeded();
        return await LogOf(_node, pod, "main");
    }

    private async Task Create(string pod, string account, string script) => (await Kubectl.Apply($$"""
        apiVersion: v1
        kind: Pod
        metadata: { name: {{pod}} }
        spec:
          restartPolicy: Never
          serviceAccountName: {{account}}
          volumes: [{ name: tools, emptyDir: {} }]
          initContainers:
            - { name: kubectl, image: built-in/kubectl, volumeMounts: [{ name: tools, mountPath: /tools }] }
          containers:
            - { name: main, image: "{{Busybox}}", command: [sh, -c, "{{script}}"], volumeMounts: [{ name: tools, mountPath: /tools }] }
        """)).Succeeded();

    private static string StaticKubectl => Environment.GetEnvironmentVariable("KRATIX_ACTORS_STATIC_KUBECTL") ?? Support.Kubectl.OnPath;
}
