using System.Text.Json.Nodes;
using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Kubernetes.Tests;

public sealed class PodRunnerContractTests : RunnerContract
{
    private readonly FakeKubernetes _kubernetes = new(TimeProvider.System);

    protected override Task<IRunner> Start() =>
        Task.FromResult<IRunner>(new PodRunner(_kubernetes, _kubernetes, new PodRunnerOptions { AdapterImage = "adapter:v1" }));

    protected override Task Stop() => Task.CompletedTask;

    protected override Task Finish(RunPlan plan, int exitCode) => Say(plan, KubeletWords.Ended(exitCode));

    protected override Task FailInPlace(RunPlan plan, int exitCode) => Say(plan, KubeletWords.FailsInPlace(exitCode));

    protected override Task StartAgain(RunPlan plan) => Say(plan, KubeletWords.StartedAgain());

    [Fact]
    public async Task Whoever_may_not_see_the_Pods_is_told()
    {
        await using var signals = (await Start()).Observe(default).GetAsyncEnumerator();
        Assert.True(await signals.MoveNextAsync());
        _kubernetes.Refuse(KnownTypes.Pod, "pods is forbidden");

        Assert.True(await signals.MoveNextAsync());
        Assert.Equal(new RunSignal.Refused("pods is forbidden"), signals.Current);
    }

    private async Task Say(RunPlan plan, JsonObject status) =>
        Assert.Null((await _kubernetes.Patch(KnownTypes.Pod, plan.Namespace, plan.PodName, PatchKind.Merge, status, "status", default)).Failure);
}

/// <summary>What a kubelet says of the Pod of <see cref="RunnerContract"/>'s plan.</summary>
internal static class KubeletWords
{
    internal static JsonObject Ended(int exitCode) => Status(exitCode == 0 ? "Succeeded" : "Failed", Container("two", Terminated(exitCode)));

    /// <summary>Between two starts the container waits, and how it ended is its last state.</summary>
    internal static JsonObject FailsInPlace(int exitCode)
    {
        var two = Container("two", new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "CrashLoopBackOff" } }, restarts: 1);
        two["lastState"] = Terminated(exitCode);
        return Status("Pending", two);
    }

    internal static JsonObject StartedAgain() => Status("Pending", Container("two", new JsonObject { ["running"] = new JsonObject { ["startedAt"] = "2026-01-01T00:00:00Z" } }, restarts: 2));

    private static JsonObject Status(string phase, JsonObject two) => new()
    {
        ["status"] = new JsonObject
        {
            ["phase"] = phase, ["initContainerStatuses"] = new JsonArray(Container("reader", Terminated(0)), Container("one", Terminated(0)), two),
        },
    };

    private static JsonObject Terminated(int code) => new() { ["terminated"] = new JsonObject { ["exitCode"] = code, ["reason"] = code == 0 ? "Completed" : "Error" } };

    // Name, image, imageID, ready and restartCount are what the type requires.
    private static JsonObject Container(string name, JsonObject state, int restarts = 0) => new()
    {
        ["name"] = name, ["image"] = "", ["imageID"] = "", ["ready"] = false, ["restartCount"] = restarts, ["state"] = state,
    };
}
