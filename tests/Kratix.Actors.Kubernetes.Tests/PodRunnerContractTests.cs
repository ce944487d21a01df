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

    protected override async Task Finish(RunPlan plan, int exitCode)
    {
        var patched = await _kubernetes.Patch(
            KnownTypes.Pod, plan.Namespace, plan.PodName, PatchKind.Merge, EndedPod.Status(exitCode), "status", default);
        Assert.Null(patched.Failure);
    }
}

/// <summary>What a kubelet says of the Pod of <see cref="RunnerContract"/>'s plan when its containers have ended.</summary>
internal static class EndedPod
{
    internal static JsonObject Status(int exitCode) => new()
    {
        ["status"] = new JsonObject
        {
            ["phase"] = exitCode == 0 ? "Succeeded" : "Failed",
            ["initContainerStatuses"] = new JsonArray(Ended("reader", 0), Ended("one", 0), Ended("two", exitCode)),
        },
    };

    // Name, image, imageID, ready and restartCount are what the type requires.
    private static JsonObject Ended(string name, int code) => new()
    {
        ["name"] = name,
        ["image"] = "",
        ["imageID"] = "",
        ["ready"] = false,
        ["restartCount"] = 0,
        ["state"] = new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = code, ["reason"] = code == 0 ? "Completed" : "Error" } },
    };
}
