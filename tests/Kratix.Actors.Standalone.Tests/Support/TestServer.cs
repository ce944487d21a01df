using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Tests.Support;

/// <summary>A started server in a temporary folder, with a kubectl and an HTTP client that trust it.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly StandaloneOptions _options;

    private TestServer(StandaloneOptions options, StandaloneApiServer server)
    {
        _options = options;
        Server = server;
        Http = Client(server, _options.DataFolder, Token(_options.DataFolder));
    }

    internal StandaloneApiServer Server { get; private set; }

    internal HttpClient Http { get; private set; }

    internal string Folder => _options.DataFolder;

    internal Kubectl Kubectl => new(Support.Kubectl.OnPath, Server.KubeconfigPath, Path.Combine(Folder, "home"));

    internal static async Task<TestServer> Start(Func<StandaloneOptions, StandaloneOptions>? adjust = null)
    {
        var folder = Path.Combine(Path.GetTempPath(), "kratix-actors-tests", Guid.NewGuid().ToString("N"));
        var options = new StandaloneOptions(folder, IPAddress.Loopback, 0, TimeProvider.System);
        options = adjust?.Invoke(options) ?? options;
        return new TestServer(options, await StandaloneApiServer.Start(options, CancellationToken.None));
    }

    /// <summary>Ends the server and starts it again on the same folder.</summary>
    internal async Task Restart(Action? meanwhile = null)
    {
        Http.Dispose();
        await Server.DisposeAsync();
        meanwhile?.Invoke();
        Server = await StandaloneApiServer.Start(_options, CancellationToken.None);
        Http = Client(Server, Folder, Token(Folder));
    }

    internal async Task<(HttpStatusCode Code, JsonObject Body)> Send(
        HttpMethod method, string path, JsonNode? body = null, string contentType = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), new MediaTypeHeaderValue(contentType));
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await Http.SendAsync(request);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject());
    }

    internal Task<(HttpStatusCode Code, JsonObject Body)> Get(string path) => Send(HttpMethod.Get, path);

    internal Task<(HttpStatusCode Code, JsonObject Body)> Post(string path, JsonNode body) => Send(HttpMethod.Post, path, body);

    internal Task<(HttpStatusCode Code, JsonObject Body)> Merge(string path, JsonNode patch) => Send(HttpMethod.Patch, path, patch, "application/merge-patch+json");

    /// <summary>Waits for the moment an object is removed, by watching, not by asking again.</summary>
    internal async Task Gone(ObjectKey key)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var from = Server.Store.Version;
        if (Server.Store.Get(key) is null) return;
        await foreach (var e in Server.Store.Watch(key.Resource, from, limit.Token))
            if (e.Type == WatchEventType.Deleted && e.Object.Key == key) return;
    }

    /// <summary>Waits for an object to be there.</summary>
    internal Task Present(ObjectKey key) => Changed(key, 0);

    /// <summary>Waits for a state of an object that is newer than a version.</summary>
    internal async Task Changed(ObjectKey key, long after)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var from = Server.Store.Version;
        if (Server.Store.Get(key) is { } found && found.Version > after) return;
        await foreach (var e in Server.Store.Watch(key.Resource, from, limit.Token))
            if (e.Type != WatchEventType.Deleted && e.Object.Key == key) return;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    internal static HttpClient Client(StandaloneApiServer server, string folder, string? token)
    {
        var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "ca.crt"));
        var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        };
        var client = new HttpClient(handler) { BaseAddress = server.Url };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    private static string Token(string folder) => File.ReadAllText(Path.Combine(folder, "admin.token"), Encoding.UTF8);
}
