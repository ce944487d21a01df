using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes.Tests;

public sealed class KubernetesClientTests : IAsyncLifetime
{
    private static readonly ResourceType Map = new("", "v1", "configmaps", "ConfigMap", true);
    private static readonly ResourceType Promise = new("platform.kratix.io", "v1alpha1", "promises", "Promise", false);

    private readonly ManualTime _time = new();
    private readonly ScriptedServer _server = new();
    private KubernetesClient _client = null!;

    public Task InitializeAsync()
    {
        _client = Client(new KubernetesAccess(_server.Url, Token: "s3cret"));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(400, "BadRequest", Refusal.Invalid)]
    [InlineData(401, "Unauthorized", Refusal.Unauthorized)]
    [InlineData(403, "Forbidden", Refusal.Forbidden)]
    [InlineData(404, "NotFound", Refusal.NotFound)]
    [InlineData(405, "MethodNotAllowed", Refusal.Invalid)]
    [InlineData(409, "AlreadyExists", Refusal.AlreadyExists)]
    [InlineData(409, "Conflict", Refusal.Conflict)]
    [InlineData(413, "RequestEntityTooLarge", Refusal.TooLarge)]
    [InlineData(422, "Invalid", Refusal.Invalid)]
    public async Task Answer_that_asking_again_cannot_change_is_terminal_with_the_servers_words(int status, string reason, Refusal code)
    {
        _server.Then(status, $$"""{"kind":"Status","reason":"{{reason}}","message":"because"}""");
        var answer = Assert.IsType<Outcome<JsonObject>.Terminal>(await _client.Create(Map, "default", [], default));
        Assert.Equal((code, "because"), (answer.Code, answer.Reason));
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Answer_of_a_busy_server_is_transient_with_its_wish(int status)
    {
        _server.Then(status, """{"kind":"Status","message":"later"}""", "Retry-After: 9");
        var answer = Assert.IsType<Outcome<JsonObject>.Transient>(await _client.Get(Map, "default", "x", default));
        Assert.Equal(("later", TimeSpan.FromSeconds(9)), (answer.Reason, answer.After));
    }

    [Fact]
    public async Task Answer_may_ask_for_patience_until_a_date_or_in_its_status()
    {
        var until = _time.GetUtcNow().AddSeconds(40).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        _server.Then(503, "", $"Retry-After: {until}").Then(429, """{"kind":"Status","message":"m","details":{"retryAfterSeconds":3}}""");
        Assert.Equal(TimeSpan.FromSeconds(40), Assert.IsType<Outcome<JsonObject>.Transient>(await _client.Get(Map, "default", "x", default)).After);
        Assert.Equal(TimeSpan.FromSeconds(3), Assert.IsType<Outcome<JsonObject>.Transient>(await _client.Get(Map, "default", "x", default)).After);
    }

    [Fact]
    public async Task Answer_of_something_in_between_is_quoted()
    {
        _server.Then(502, "<h1>Bad\nGateway</h1>");
        var answer = Assert.IsType<Outcome<JsonObject>.Transient>(await _client.Get(Promise, null, "x", default));
        Assert.Equal("GET /apis/platform.kratix.io/v1alpha1/promises/x: the server answered 502 Scripted: <h1>Bad Gateway</h1>", answer.Reason);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{\"a\":1,\"a\":2}")]
    public async Task Answer_that_is_not_an_object_is_transient(string body)
    {
        _server.Then(200, body);
        Assert.IsType<Outcome<JsonObject>.Transient>(await _client.Get(Map, "default", "x", default));
    }

    [Fact]
    public async Task Redirect_is_refused_so_that_the_token_goes_nowhere_else()
    {
        _server.Then(302, "", "Location: http://elsewhere.example/");
        Assert.Equal(Refusal.Invalid, Assert.IsType<Outcome<JsonObject>.Terminal>(await _client.Get(Map, "default", "x", default)).Code);
        Assert.Equal("Bearer s3cret", Assert.Single(_server.Requests).Headers["Authorization"]);
    }

    [Fact]
    public async Task Silence_of_the_server_is_transient_after_the_time_limit()
    {
        _server.Then((_, reply) => reply.Forever);
        var call = _client.Get(Map, "default", "x", default);
        await _time.Armed(TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("GET /api/v1/namespaces/default/configmaps/x: no answer within 30 s", Assert.IsType<Outcome<JsonObject>.Transient>(await call).Reason);
    }

    [Fact]
    public async Task Cancelling_a_call_is_not_an_outcome()
    {
        using var stop = new CancellationTokenSource();
        _server.Then(async (_, reply) =>
        {
            await stop.CancelAsync();
            await reply.Forever;
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.Get(Map, "default", "x", stop.Token));
    }

    [Fact]
    public async Task Nobody_listening_is_transient_and_says_where()
    {
        await _server.DisposeAsync();
        Assert.Contains("Connection refused", Assert.IsType<Outcome<JsonObject>.Transient>(await _client.Get(Map, "default", "x", default)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PatchKind.Merge, "application/merge-patch+json", null)]
    [InlineData(PatchKind.Json, "application/json-patch+json", null)]
    [InlineData(PatchKind.Apply, "application/apply-patch+yaml", "true")]
    public async Task Patch_says_what_it_is_and_who_makes_it(PatchKind kind, string media, string? force)
    {
        _server.Then(200, "{}");
        await _client.Patch(Promise, null, "redis", kind, new JsonObject { ["status"] = 1 }, "status", default);
        var request = Assert.Single(_server.Requests);
        Assert.Equal(("PATCH", "/apis/platform.kratix.io/v1alpha1/promises/redis/status", """{"status":1}"""), (request.Method, request.Path, request.Body));
        Assert.Equal((media, "kratix-actors", force), (request.Headers["Content-Type"], request.Query("fieldManager"), request.Query("force")));
    }

    [Fact]
    public async Task Delete_works_in_the_background_and_is_done_when_nothing_is_there()
    {
        _server.Then(200, "{}").Then(404, """{"kind":"Status","message":"not found"}""");
        Assert.IsType<Outcome<Nothing>.Done>(await _client.Delete(Map, "default", "x", default));
        Assert.IsType<Outcome<Nothing>.Done>(await _client.Delete(Map, "default", "x", default));
        Assert.Contains("\"propagationPolicy\":\"Background\"", _server.Requests.First().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writes_are_counted_and_reads_are_not()
    {
        _server.Then(200, "{}").Then(200, "{}").Then(500, "").Then(200, "{}");
        await _client.Create(Map, "default", [], default);
        await _client.Get(Map, "default", "x", default);
        await _client.Patch(Map, "default", "x", PatchKind.Merge, new JsonObject(), null, default);
        await _client.Delete(Map, "default", "x", default);
        Assert.Equal(3, _client.Writes);
    }

    [Fact]
    public async Task PodLog_keeps_the_end_of_a_log_that_is_too_long()
    {
        using var small = Client(new KubernetesAccess(_server.Url), new KubernetesClientOptions { MaxLogBytes = 10 });
        _server.Then(200, string.Concat(Enumerable.Range(0, 100).Select(i => $"{i:000}\n")));
        Assert.Equal("7\n098\n099\n", Assert.IsType<Outcome<string>.Done>(await small.PodLog("ns", "pod", "step", 5, default)).Value);
        var request = Assert.Single(_server.Requests);
        Assert.Equal(("/api/v1/namespaces/ns/pods/pod/log", "step", "5"), (request.Path, request.Query("container"), request.Query("tailLines")));
    }

    [Fact]
    public async Task Calls_beyond_the_limit_wait_for_those_under_way()
    {
        using var narrow = Client(new KubernetesAccess(_server.Url), new KubernetesClientOptions { MaxInFlight = 1 });
        var release = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        _server.Then(async (_, reply) =>
        {
            arrived.SetResult();
            await release.Task;
            await reply.Answer(200, "{}");
        }).Then(200, "{}");
        var first = narrow.Get(Map, "default", "x", default);
        await arrived.Task;
        var second = narrow.Get(Map, "default", "y", default);
        Assert.Single(_server.Requests);
        release.SetResult();
        await Task.WhenAll(first, second);
        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task Token_file_is_read_again_when_it_may_have_been_rotated()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "first\n");
        using var client = Client(new KubernetesAccess(_server.Url, TokenFile: file));
        _server.Then(200, "{}").Then(200, "{}");
        await client.Get(Map, "default", "x", default);
        await File.WriteAllTextAsync(file, "second\n");
        _time.Advance(TimeSpan.FromMinutes(2));
        await client.Get(Map, "default", "x", default);
        File.Delete(file);
        Assert.Equal(["Bearer first", "Bearer second"], _server.Requests.Select(r => r.Headers["Authorization"]));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Contains(file, Assert.IsType<Outcome<JsonObject>.Transient>(await client.Get(Map, "default", "x", default)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    public async Task Name_that_would_address_something_else_is_a_bug(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => _client.Delete(Map, "default", name, default));

    [Fact]
    public async Task Server_behind_a_path_is_asked_below_that_path()
    {
        using var client = Client(new KubernetesAccess(new Uri(_server.Url, "/k8s/clusters/one")));
        _server.Then(200, "{}");
        await client.Get(Promise, null, "x", default);
        Assert.Equal("/k8s/clusters/one/apis/platform.kratix.io/v1alpha1/promises/x", Assert.Single(_server.Requests).Path);
    }

    private KubernetesClient Client(KubernetesAccess access, KubernetesClientOptions? options = null) => new(access, options ?? new KubernetesClientOptions(), _time);
}
