using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports;

namespace Kratix.Actors.Kubernetes.Tests;

/// <summary>What a server does beyond that, because it knows namespaces and what a name may be.</summary>
public abstract class ServerContract : KubernetesContract
{
    [Fact]
    public async Task Create_where_there_is_no_such_namespace_is_not_found() => Refused(Refusal.NotFound, await Create([], ns: "nowhere"));

    [Fact]
    public async Task Create_of_what_may_not_be_is_invalid() => Refused(Refusal.Invalid, await Create([], name: "Not_A_Name"));
}

public sealed class StandaloneContractTests(StandaloneFixture server) : ServerContract, IClassFixture<StandaloneFixture>
{
    protected override Task<KubernetesUnderTest> Start() => Task.FromResult(new KubernetesUnderTest(server.Client, server.Watch, ServerFixture.Widget));

    protected override Task Stop() => Task.CompletedTask;
}

/// <summary>The same, as the engine speaks with the server of its own process.</summary>
public sealed class InProcessContractTests(StandaloneFixture server) : ServerContract, IClassFixture<StandaloneFixture>
{
    protected override Task<KubernetesUnderTest> Start() =>
        Task.FromResult(new KubernetesUnderTest(server.InProcess, new ResourceWatch(server.InProcess, new ResourceWatchOptions(), TimeProvider.System), ServerFixture.Widget));

    protected override Task Stop() => Task.CompletedTask;
}

[Collection(ClusterTests.Name)]
public sealed class ClusterContractTests(ClusterFixture server) : ServerContract
{
    protected override Task<KubernetesUnderTest> Start() => Task.FromResult(new KubernetesUnderTest(server.Client, server.Watch, ServerFixture.Widget));

    protected override Task Stop() => Task.CompletedTask;
}
