using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes.Tests;

public abstract class AccessToAServerTests(ServerFixture server)
{
    private static readonly ResourceType Namespace = new("", "v1", "namespaces", "Namespace", false);

    [Fact]
    public async Task Server_whose_certificate_nobody_vouches_for_is_told_nothing()
    {
        var answer = Assert.IsType<Outcome<JsonObject>.Transient>(await Get(server.Access with { CertificateAuthorities = null }));
        Assert.Contains("certificate", answer.Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Server_under_a_name_its_certificate_does_not_hold_is_told_nothing() =>
        Assert.IsType<Outcome<JsonObject>.Transient>(await Get(server.Access with { TlsServerName = "elsewhere.example" }));

    [Fact]
    public async Task Verification_can_be_turned_off() =>
        Assert.IsType<Outcome<JsonObject>.Done>(await Get(server.Access with { CertificateAuthorities = null, SkipTlsVerify = true }));

    [Fact]
    public async Task Wrong_token_is_unauthorized() =>
        Assert.Equal(Refusal.Unauthorized, Assert.IsType<Outcome<JsonObject>.Terminal>(await Get(server.Access with { Token = "wrong", ClientCertificate = null })).Code);

    private static async Task<Outcome<JsonObject>> Get(KubernetesAccess access)
    {
        using var client = new KubernetesClient(access, new KubernetesClientOptions(), TimeProvider.System);
        return await client.Get(Namespace, null, "default", default);
    }
}

public sealed class StandaloneAccessToAServerTests(StandaloneFixture server) : AccessToAServerTests(server), IClassFixture<StandaloneFixture>;

[Collection(ClusterTests.Name)]
public sealed class ClusterAccessToAServerTests(ClusterFixture server) : AccessToAServerTests(server);
