using System.Text.Json.Nodes;
using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Kubernetes.Tests;

/// <summary>Runs as Pods of Kubernetes' own API server. There is no kubelet; the test says what one would.</summary>
[Collection(ClusterTests.Name)]
public sealed class PodRunnerOnAClusterTests(ClusterFixture server) : RunnerContract
{
    private static readonly ResourceType ServiceAccount = new("", "v1", "serviceaccounts", "ServiceAccount", true);

    protected override async Task<IRunner> Start()
    {
        // A controller makes it in each namespace of a cluster, and the server takes no Pod without.
        var account = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ServiceAccount", ["metadata"] = new JsonObject { ["name"] = "default" } };
        Assert.True(await server.Client.Create(ServiceAccount, "default", account, default) is Outcome<JsonObject>.Done or Outcome<JsonObject>.Terminal { Code: Refusal.AlreadyExists });
        return new PodRunner(server.Client, server.Watch, new PodRunnerOptions { AdapterImage = "adapter:v1" });
    }

    protected override async Task Stop()
    {
        foreach (var pod in (string[])["pod-1", "pod-2"])
            await server.Client.Delete(KnownTypes.Pod, "default", pod, default);
    }

    protected override Task Finish(RunPlan plan, int exitCode) => Say(plan, KubeletWords.Ended(exitCode));

    protected override Task FailInPlace(RunPlan plan, int exitCode) => Say(plan, KubeletWords.FailsInPlace(exitCode));

    protected override Task StartAgain(RunPlan plan) => Say(plan, KubeletWords.StartedAgain());

    private async Task Say(RunPlan plan, JsonObject status) =>
        Assert.Null((await server.Client.Patch(KnownTypes.Pod, plan.Namespace, plan.PodName, PatchKind.Merge, status, "status", default)).Failure);
}
