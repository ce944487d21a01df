using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;
using static Kratix.Actors.Standalone.Tests.Nodes.RealContainerTests;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>Fields of Pods as a kubelet reads them, with real containers.</summary>
public sealed class PodFieldTests : IAsyncLifetime
{
    private readonly NodeFixture _fixture = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task Resource_fields_reach_the_container_in_the_divisors_units_rounded_up()
    {
        var node = await _fixture.Start();
        _fixture.Pods.Create("p", Spec(
            [],
            [Shell("main", "echo $CPU $MEMORY $ASKED $OTHERS $(cat /info/memory)", """
                {"resources":{"limits":{"cpu":"1500m","memory":"64Mi"},"requests":{"memory":"5M"}},
                 "env":[{"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}},
                        {"name":"MEMORY","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1Mi"}}},
                        {"name":"ASKED","valueFrom":{"resourceFieldRef":{"resource":"requests.memory"}}},
                        {"name":"OTHERS","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","containerName":"other","divisor":"1m"}}}],
                 "volumeMounts":[{"name":"info","mountPath":"/info"}]}
                """),
             Shell("other", "true", """{"resources":{"limits":{"cpu":"250m"}}}""")],
            """{"restartPolicy":"Never","volumes":[{"name":"info","downwardAPI":{"items":[{"path":"memory","resourceFieldRef":{"containerName":"main","resource":"limits.memory"}}]}}]}"""));

        await _fixture.Pods.UntilPhase("p", "Succeeded");

        Assert.Equal("2 64 5000000 250 67108864\n", await LogOf(node, "p", "main"));
    }

    [Theory]
    [InlineData("""{"env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"limits.gpu"}}}]}""", "'limits.gpu'")]
    [InlineData("""{"env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","containerName":"who"}}}]}""", "no container 'who'")]
    [InlineData("""{"env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","divisor":"lots"}}}]}""", "'lots' is not a quantity")]
    [InlineData("""{"env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"cm","key":"colour"}}}]}""", "couldn't find key colour in ConfigMap default/cm")]
    [InlineData("""{"envFrom":[{"secretRef":{"name":"gone"}}]}""", "secret \"gone\" not found")]
    [InlineData("""{"securityContext":{"privileged":true}}""", "kratix.standalone.node.allow-privileged")]
    [InlineData("""{"securityContext":{"seccompProfile":{"type":"Localhost","localhostProfile":"mine.json"}}}""", "seccompProfile.type 'Localhost'")]
    [InlineData("""{"volumeMounts":[{"name":"shared","mountPath":"/a","subPathExpr":"$(A)"}]}""", "subPathExpr of volume shared")]
    public async Task Field_this_node_cannot_follow_keeps_the_container_waiting_and_is_named(string container, string named)
    {
        _fixture.Pods.ConfigMaps["cm"] = Json("""{"data":{"size":"small"}}""");
        await _fixture.Start();
        _fixture.Pods.Create("p", Spec([], [Shell("main", "true", container)], SharedVolume));

        Assert.Contains(named, await WaitingMessage("p"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "BestEffort")]
    [InlineData("""{"resources":{"requests":{"memory":"16Mi"}}}""", "Burstable")]
    [InlineData("""{"resources":{"limits":{"cpu":"1","memory":"16Mi"}}}""", "Guaranteed")]
    [InlineData("""{"resources":{"limits":{"cpu":"1","memory":"16Mi"},"requests":{"cpu":"500m"}}}""", "Burstable")]
    public async Task Quality_of_service_follows_from_limits_and_requests(string container, string quality)
    {
        await _fixture.Start();
        _fixture.Pods.Create("p", Spec([], [Shell("main", "true", container)]));

        Assert.Equal(quality, (await _fixture.Pods.UntilPhase("p", "Succeeded"))["status"]!["qosClass"]!.GetValue<string>());
    }

    [Fact]
    public async Task Namespaces_of_the_machine_are_refused_by_the_fields_name()
    {
        await _fixture.Start();
        _fixture.Pods.Create("p", Spec([], [Shell("main", "true")], """{"restartPolicy":"Never","hostPID":true}"""));

        Assert.Contains("spec.hostPID", await WaitingMessage("p"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Privileged_container_runs_where_the_setting_allows_it()
    {
        await _fixture.Start(o => o with { AllowPrivileged = true });
        _fixture.Pods.Create("p", Spec([], [Shell("main", "mount -t tmpfs none /tmp", """{"securityContext":{"privileged":true}}""")]));

        await _fixture.Pods.UntilPhase("p", "Succeeded");
    }

    [Fact]
    public async Task References_that_may_be_missing_are_left_out()
    {
        _fixture.Pods.Secrets["db"] = Json("""{"data":{}}""");
        var node = await _fixture.Start();
        _fixture.Pods.Create("p", Spec(
            [],
            [Shell("main", "echo ${A-unset} ${B-unset}; ls /cm | wc -l", """
                {"envFrom":[{"configMapRef":{"name":"gone","optional":true}}],
                 "env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"gone","key":"a","optional":true}}},{"name":"B","valueFrom":{"secretKeyRef":{"name":"db","key":"b","optional":true}}}],
                 "volumeMounts":[{"name":"cm","mountPath":"/cm"}]}
                """)],
            """{"restartPolicy":"Never","volumes":[{"name":"cm","configMap":{"name":"gone","optional":true}}]}"""));

        await _fixture.Pods.UntilPhase("p", "Succeeded");

        Assert.Equal("unset unset\n0\n", await LogOf(node, "p", "main"));
    }

    [Fact]
    public async Task Volume_that_outgrows_its_limit_ends_the_pod_as_evicted_before_the_next_container()
    {
        await _fixture.Start();
        _fixture.Pods.Create("p", Spec(
            [Shell("fill", "head -c 300000 /dev/zero > /shared/big", SharedMount)], [Shell("main", "true", SharedMount)],
            """{"restartPolicy":"Never","volumes":[{"name":"shared","emptyDir":{"sizeLimit":"200Ki"}}]}"""));

        var pod = await _fixture.Pods.UntilPhase("p", "Failed");

        Assert.Equal("Evicted", pod["status"]!["reason"]!.GetValue<string>());
        Assert.Contains("\"shared\" exceeds the limit \"200Ki\"", pod["status"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.NotNull(pod["status"]!["containerStatuses"]![0]!["state"]!["waiting"]);
    }

    [Fact]
    public async Task Medium_that_the_node_does_not_know_is_named_with_what_it_knows()
    {
        await _fixture.Start();
        _fixture.Pods.Create("p", Spec([], [Shell("main", "true", SharedMount)], """{"restartPolicy":"Never","volumes":[{"name":"shared","emptyDir":{"medium":"HugePages"}}]}"""));

        var pod = await _fixture.Pods.Until("p", p => p["status"]?["containerStatuses"]?[0]?["state"]?["waiting"]?["reason"]?.GetValue<string>() == "CreateContainerConfigError");

        Assert.Contains("emptyDir.medium 'HugePages' is not known to this node; known is Memory", pod["status"]!["containerStatuses"]![0]!["state"]!["waiting"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Volumes_belong_to_the_pods_fsGroup()
    {
        _fixture.Pods.Secrets["db"] = Json("""{"data":{"password":"aHVudGVyMg=="}}""");
        var node = await _fixture.Start();
        _fixture.Pods.Create("p", Spec(
            [],
            [Shell("main", "cat /secret/password; echo; touch /shared/file; stat -c %g /shared/file", """{"volumeMounts":[{"name":"secret","mountPath":"/secret"},{"name":"shared","mountPath":"/shared"}]}""")],
            """
            {"restartPolicy":"Never","securityContext":{"runAsUser":1000,"runAsGroup":1000,"fsGroup":3000},
             "volumes":[{"name":"secret","secret":{"secretName":"db","defaultMode":256}},{"name":"shared","emptyDir":{}}]}
            """));

        await _fixture.Pods.UntilPhase("p", "Succeeded");

        Assert.Equal("hunter2\n3000\n", await LogOf(node, "p", "main"));
    }

    [Fact]
    public async Task Projected_volume_joins_its_sources_in_one_folder()
    {
        _fixture.Pods.ServiceAccounts["robot"] = [];
        _fixture.Pods.ConfigMaps["kube-root-ca.crt"] = Json("""{"data":{"ca.crt":"trust"}}""");
        _fixture.Pods.Secrets["db"] = Json("""{"data":{"password":"aHVudGVyMg=="}}""");
        var node = await _fixture.Start();
        _fixture.Pods.Create("p", Spec(
            [],
            [Shell("main", "cd /all; for f in token ca pass ns; do cat $f; echo; done; cat /var/run/secrets/kubernetes.io/serviceaccount/token", """{"volumeMounts":[{"name":"all","mountPath":"/all"}]}""")],
            """
            {"restartPolicy":"Never","serviceAccountName":"robot","volumes":[{"name":"all","projected":{"sources":[
              {"serviceAccountToken":{"path":"token","audience":"vault"}},
              {"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca"}]}},
              {"secret":{"name":"db","items":[{"key":"password","path":"pass"}]}},
              {"downwardAPI":{"items":[{"path":"ns","fieldRef":{"fieldPath":"metadata.namespace"}}]}}]}}]}
            """));

        await _fixture.Pods.UntilPhase("p", "Succeeded");

        Assert.Equal("token of robot for default/p and vault\ntrust\nhunter2\ndefault\ntoken of robot for default/p and the API", await LogOf(node, "p", "main"));
    }

    private async Task<string> WaitingMessage(string pod)
    {
        var shown = await _fixture.Pods.Until(pod, p => p["status"]?["containerStatuses"]?[0]?["state"]?["waiting"]?["reason"]?.GetValue<string>() == "CreateContainerConfigError");
        return shown["status"]!["containerStatuses"]![0]!["state"]!["waiting"]!["message"]!.GetValue<string>();
    }
}
