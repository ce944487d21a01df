using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Kubernetes.Tests;

public sealed class FakeKubernetesTests : KubernetesContract
{
    protected override Task<KubernetesUnderTest> Start()
    {
        var fake = new FakeKubernetes(TimeProvider.System);
        return Task.FromResult(new KubernetesUnderTest(fake, fake, new ResourceType("example.org", "v1", "widgets", "Widget", true)));
    }

    protected override Task Stop() => Task.CompletedTask;
}

public sealed class FakeRunnerTests : RunnerContract
{
    private readonly FakeRunner _runner = new();

    protected override Task<IRunner> Start() => Task.FromResult<IRunner>(_runner);

    protected override Task Stop() => Task.CompletedTask;

    protected override Task Finish(RunPlan plan, int exitCode)
    {
        _runner.Finish(plan.Namespace, plan.PodName, exitCode);
        return Task.CompletedTask;
    }

    protected override Task FailInPlace(RunPlan plan, int exitCode)
    {
        _runner.FailInPlace(plan.Namespace, plan.PodName, exitCode);
        _runner.StartAgain(plan.Namespace, plan.PodName);
        _runner.FailInPlace(plan.Namespace, plan.PodName, exitCode);
        return Task.CompletedTask;
    }

    protected override Task StartAgain(RunPlan plan)
    {
        _runner.StartAgain(plan.Namespace, plan.PodName);
        return Task.CompletedTask;
    }
}
