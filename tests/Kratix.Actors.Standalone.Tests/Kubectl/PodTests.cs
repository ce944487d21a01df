using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Standalone.Tests.Nodes;
using Kratix.Actors.Standalone.Tests.Support;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;

namespace Kratix.Actors.Standalone.Tests.Kubectl;

/// <summary>API server and node together: Pods with the real kubectl and real containers.</summary>
public sealed class PodTests : IAsyncLifetime
{
    private readonly NodeFixture _fixture = new();
    private TestServer _server = null!;
    private Node _node = null!;

    private Support.Kubectl Kubectl => _server.Kubectl;

    public async Task InitializeAsync()
    {
        var logs = new PodLogs(_fixture.Folder, TimeProvider.System);
        _server = await TestServer.Start(o => o with { PodLogs = logs });
        _node = await _fixture.Start(o => o with { Logs = logs }, new ObjectStorePods(_server.Server.Store, _server.Server.Tokens, "here"));
    }

    public async Task DisposeAsync()
    {
        await _fixture.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Pod_runs_to_completion_and_its_log_can_be_read()
    {
        await Apply("once", "echo hello from $NAME");

        (await Kubectl.Run("wait pod/once --for=jsonpath={.status.phase}=Succeeded --timeout=50s")).Succeeded();

        Assert.Matches(@"once\s+0/1\s+Completed\s+0\s", (await Kubectl.Run("get pod once")).Succeeded().Out);
        Assert.Equal("hello from once\n", (await Kubectl.Run("logs once")).Succeeded().Out);
        Assert.Equal("here", (await Kubectl.Run("get pod once -o jsonpath={.spec.nodeName}")).Succeeded().Out);
    }

    [Fact]
    public async Task Deleting_a_running_pod_waits_for_its_containers_to_end()
    {
        await Apply("long", "echo up; trap 'echo asked to stop; exit 0' TERM; while :; do sleep 0.05; done");
        (await Kubectl.Run("wait pod/long --for=condition=Ready --timeout=50s")).Succeeded();
        await _fixture.LogContains(_node, "long", "main", "up");

        (await Kubectl.Run("delete pod long --timeout=50s")).Succeeded();

        Assert.Equal("up\nasked to stop\n", await LogOf(_node, "long", "main"));
        Assert.Contains("NotFound", (await Kubectl.Run("get pod long")).Failed().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_of_a_pod_that_is_gone_can_be_had_by_its_path()
    {
        await Apply("past", "echo last words");
        (await Kubectl.Run("wait pod/past --for=jsonpath={.status.phase}=Succeeded --timeout=50s")).Succeeded();
        (await Kubectl.Run("delete pod past")).Succeeded();

        Assert.Equal("last words\n", (await Kubectl.Run("get --raw /api/v1/namespaces/default/pods/past/log?container=main")).Succeeded().Out);
        Assert.Contains("NotFound", (await Kubectl.Run("get --raw /api/v1/namespaces/default/pods/past/log?container=other")).Failed().Error, StringComparison.Ordinal);
        Assert.Contains("NotFound", (await Kubectl.Run("get --raw /api/v1/namespaces/default/pods/past/log")).Failed().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pod_deleted_and_made_again_under_its_name_runs_again()
    {
        await Apply("again", "echo first");
        (await Kubectl.Run("wait pod/again --for=jsonpath={.status.phase}=Succeeded --timeout=50s")).Succeeded();
        (await Kubectl.Run("delete pod again")).Succeeded();

        await Apply("again", "echo second");
        (await Kubectl.Run("wait pod/again --for=jsonpath={.status.phase}=Succeeded --timeout=50s")).Succeeded();

        Assert.Equal("second\n", (await Kubectl.Run("logs again")).Succeeded().Out);
    }

    private async Task Apply(string name, string script) => (await Kubectl.Apply($$"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: {{name}}
        spec:
          restartPolicy: Never
          containers:
            - name: main
              image: {{Busybox}}
              command: [sh, -c, "{{script}}"]
              env: [{ name: NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]
        """)).Succeeded();
}
