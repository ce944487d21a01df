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
        var status = new JsonObject
        {
            ["phase"] = exitCode == 0 ? "Succeeded" : "Failed",
            ["initContainerStatuses"] = new JsonArray(Ended("reader", 0), Ended("one", 0), Ended("two", exitCode)),
        };
        var patched = await _kubernetes.Patch(
            KnownTypes.Pod, plan.Namespace, plan.PodName, PatchKind.Merge, new JsonObject { ["status"] = status }, "status", default);
        Assert.Null(patched.Failure);
    }

    private static JsonObject Ended(string name, int code) =>
        new() { ["name"] = name, ["state"] = new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = code, ["reason"] = code == 0 ? "Completed" : "Error" } } };
}
