using System.Text;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Kubectl;

/// <summary>The built-in kinds as people handle them: what the platform's own tutorial types.</summary>
public sealed class EveryDayTests : IAsyncLifetime
{
    private readonly RecordedLogs _logs = new();
    private TestServer _server = null!;

    private Support.Kubectl Kubectl => _server.Kubectl;

    public async Task InitializeAsync() => _server = await TestServer.Start(o => o with { PodLogs = _logs });

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Create_makes_secrets_config_maps_namespaces_and_accounts()
    {
        Assert.Equal("secret/s created\n", (await Kubectl.Run("create secret generic s --from-literal=password=hunter2")).Succeeded().Out);
        Assert.Equal("configmap/c created\n", (await Kubectl.Run("create configmap c --from-literal=a=1")).Succeeded().Out);
        Assert.Equal("namespace/n created\n", (await Kubectl.Run("create namespace n")).Succeeded().Out);
        Assert.Equal("serviceaccount/a created\n", (await Kubectl.Run("create serviceaccount a -n n")).Succeeded().Out);

        Assert.Equal("aHVudGVyMg==", (await Kubectl.Run("get secret s -o jsonpath={.data.password}")).Succeeded().Out);
        Assert.Equal("1", (await Kubectl.Run("get cm c -o jsonpath={.data.a}")).Succeeded().Out);
        Assert.Matches(@"s\s+Opaque\s+1\s+", (await Kubectl.Run("get secret s --no-headers")).Succeeded().Out);
        Assert.Matches(@"NAME\s+SECRETS\s+AGE", (await Kubectl.Run("get sa -n n")).Succeeded().Out);
    }

    [Fact]
    public async Task Create_makes_roles_and_bindings_as_in_the_tutorial()
    {
        (await Kubectl.Run("create clusterrole secret-reader --verb=get,list --resource=secrets")).Succeeded();
        (await Kubectl.Run("create clusterrolebinding reads --clusterrole=secret-reader --serviceaccount=default:jenkins-default-promise-pipeline")).Succeeded();

        Assert.Equal("[\"get\",\"list\"]", (await Kubectl.Run("get clusterrole secret-reader -o jsonpath={.rules[0].verbs}")).Succeeded().Out);
        Assert.Matches(@"reads\s+ClusterRole/secret-reader\s+.*default/jenkins-default-promise-pipeline", (await Kubectl.Run("get clusterrolebinding reads -o wide")).Succeeded().Out);
    }

    [Fact]
    public async Task Apply_merges_the_lists_of_built_in_kinds_by_their_keys()
    {
        (await Kubectl.Apply(Pod("two", "image: one:1"))).Succeeded();
        await _server.Send(
            HttpMethod.Patch, "/api/v1/namespaces/default/pods/two",
            Manifests.Json("{spec: {containers: [{name: extra, image: 'extra:1'}]}}"), "application/strategic-merge-patch+json");

        (await Kubectl.Apply(Pod("two", "image: one:2"))).Succeeded();

        Assert.Equal("main=one:2 extra=extra:1 ", (await Kubectl.Run("get pod two -o 'jsonpath={range .spec.containers[*]}{.name}={.image} {end}'")).Succeeded().Out.Replace("extra=extra:1 main=one:2 ", "main=one:2 extra=extra:1 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_pods_shows_the_word_that_matters()
    {
        (await Kubectl.Apply(Pod("stuck", "image: none:1"))).Succeeded();
        await _server.Merge(
            "/api/v1/namespaces/default/pods/stuck/status",
            Manifests.Json("{status: {containerStatuses: [{name: main, ready: false, restartCount: 2, state: {waiting: {reason: ImagePullBackOff}}}]}}"));

        Assert.Matches(@"NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\s+stuck\s+0/1\s+ImagePullBackOff\s+2\s+", (await Kubectl.Run("get pods")).Succeeded().Out);
    }

    [Fact]
    public async Task Logs_come_from_the_node_and_ask_for_a_container_when_there_are_several()
    {
        (await Kubectl.Apply(Pod("talks", "image: one:1"))).Succeeded();
        _logs.Text = "hello\n";

        Assert.Equal("hello\n", (await Kubectl.Run("logs talks --tail=5")).Succeeded().Out);
        Assert.Equal(("talks", "main", 5), (_logs.Asked!.Pod, _logs.Asked.Container, _logs.Asked.TailLines));
        Assert.Contains("container nobody is not valid for pod talks", (await Kubectl.Run("logs talks -c nobody")).Failed().Error, StringComparison.Ordinal);
        _logs.Text = null;
        Assert.Contains("container \"main\" in pod \"talks\" is waiting to start: ContainerCreating", (await Kubectl.Run("logs talks")).Failed().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Describe_shows_the_events_of_an_object()
    {
        (await Kubectl.Run("create configmap watched")).Succeeded();
        var uid = (await Kubectl.Run("get cm watched -o jsonpath={.metadata.uid}")).Succeeded().Out;
        await _server.Post("/api/v1/namespaces/default/events", Manifests.Json(
            $$"""
            apiVersion: v1
            kind: Event
            metadata: {name: watched.1}
            involvedObject: {apiVersion: v1, kind: ConfigMap, name: watched, namespace: default, uid: {{uid}}}
            reason: PipelineStarted
            message: it began
            type: Normal
            source: {component: test}
            firstTimestamp: "2026-01-01T00:00:00Z"
            lastTimestamp: "2026-01-01T00:00:00Z"
            count: 1
            """));

        Assert.Matches(@"Normal\s+PipelineStarted\s+.*it began", (await Kubectl.Run("describe cm watched")).Succeeded().Out);
        Assert.Matches(@"Normal\s+PipelineStarted\s+configmap/watched\s+it began", (await Kubectl.Run("get events")).Succeeded().Out);
        Assert.Equal("it began", (await _server.Get("/apis/events.k8s.io/v1/namespaces/default/events/watched.1")).Body.Text("note"));
    }

    [Fact]
    public async Task Dry_run_on_the_server_stores_nothing()
    {
        Assert.Equal("configmap/dry created (server dry run)\n", (await Kubectl.Run("create configmap dry --dry-run=server")).Succeeded().Out);

        Assert.Contains("NotFound", (await Kubectl.Run("get cm dry")).Failed().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_by_label_all_and_ignore_not_found_do_what_they_say()
    {
        await _server.Post("/api/v1/namespaces/default/configmaps", Manifests.ConfigMap("x1", labels: new() { ["set"] = "x" }));
        await _server.Post("/api/v1/namespaces/default/configmaps", Manifests.ConfigMap("x2", labels: new() { ["set"] = "x" }));
        await _server.Post("/api/v1/namespaces/default/configmaps", Manifests.ConfigMap("y"));

        Assert.Equal("configmap \"x1\" deleted\nconfigmap \"x2\" deleted\n", (await Kubectl.Run("delete cm -l set=x")).Succeeded().Out);
        (await Kubectl.Run("delete cm --all")).Succeeded();
        Assert.Equal("", (await Kubectl.Run("get cm y --ignore-not-found")).Succeeded().Out);
    }

    [Fact]
    public async Task Wait_for_deletion_returns_when_the_last_finalizer_goes()
    {
        var held = Manifests.ConfigMap("held");
        held.Made("metadata")["finalizers"] = new System.Text.Json.Nodes.JsonArray("example.com/hold");
        await _server.Post("/api/v1/namespaces/default/configmaps", held);
        (await Kubectl.Run("delete cm held --wait=false")).Succeeded();
        var waiting = Kubectl.Run("wait --for=delete cm/held --timeout=30s");

        (await Kubectl.Run("patch cm held --type merge -p '{\"metadata\":{\"finalizers\":null}}'")).Succeeded();

        (await waiting).Succeeded();
    }

    [Fact]
    public async Task Server_side_apply_reports_a_conflict_and_can_be_forced()
    {
        const string Mine = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {a: mine, b: mine}\n";
        const string Theirs = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {a: theirs}\n";
        Assert.Equal("configmap/shared serverside-applied\n", (await Kubectl.Run("apply --server-side --field-manager=me -f -", Mine)).Succeeded().Out);

        var conflict = (await Kubectl.Run("apply --server-side --field-manager=them -f -", Theirs)).Failed().Error;
        Assert.Contains("Apply failed with 1 conflict: conflict with \"me\" using v1: .data.a", conflict, StringComparison.Ordinal);
        (await Kubectl.Run("apply --server-side --field-manager=them --force-conflicts -f -", Theirs)).Succeeded();

        Assert.Equal("theirs mine", (await Kubectl.Run("get cm shared -o 'jsonpath={.data.a} {.data.b}'")).Succeeded().Out);
    }

    [Fact]
    public async Task Server_side_apply_removes_what_its_manager_no_longer_applies()
    {
        (await Kubectl.Run("apply --server-side -f -", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shrinks}\ndata: {a: '1', b: '1'}\n")).Succeeded();

        (await Kubectl.Run("apply --server-side -f -", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shrinks}\ndata: {a: '1'}\n")).Succeeded();

        Assert.Equal("{\"a\":\"1\"}", (await Kubectl.Run("get cm shrinks -o jsonpath={.data}")).Succeeded().Out);
    }

    [Fact]
    public async Task Auth_can_i_answers_for_the_administrator()
    {
        Assert.Equal("yes\n", (await Kubectl.Run("auth can-i create pods")).Succeeded().Out);
    }

    private static string Pod(string name, string container) =>
        $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{name}}}
        spec:
          containers:
          - name: main
            {{container}}
        """;

    private sealed class RecordedLogs : IPodLogs
    {
        public string? Text { get; set; } = "";

        public PodLogQuery? Asked { get; private set; }

        public Task<Stream?> Open(PodLogQuery query, CancellationToken ct)
        {
            Asked = query;
            return Task.FromResult<Stream?>(Text is { } text ? new MemoryStream(Encoding.UTF8.GetBytes(text)) : null);
        }
    }
}
