namespace Kratix.Actors.Standalone.Tests.Support;

/// <summary>A server that already knows the kind Website.</summary>
public sealed class WebsiteServer : IAsyncLifetime
{
    public TestServer Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Server = await TestServer.Start();
        var (code, body) = await Server.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Manifests.Json(Manifests.WebsiteDefinition));
        Assert.True(code == System.Net.HttpStatusCode.Created, body.ToJsonString());
    }

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
