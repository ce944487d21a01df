using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Api;

/// <summary>Tokens of ServiceAccounts: how they are had, what they prove, and what ends them.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private const string Tokens = "/api/v1/namespaces/default/serviceaccounts/default/token";
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.Start();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_token_says_who_asks()
    {
        var (code, issued) = await _server.Post(Tokens, Request("{expirationSeconds: 1200}"));

        Assert.Equal(HttpStatusCode.Created, code);
        Assert.Equal("TokenRequest", issued.Text("kind"));
        Assert.Equal("1200", issued.At("spec", "expirationSeconds").AsText());
        var me = await WhoAmI(issued.At("status", "token").AsText());
        Assert.NotNull(me);
        Assert.Equal("system:serviceaccount:default:default", me.Text("username"));
        Assert.Equal(["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"], me["groups"]!.AsArray().Select(g => g.AsText()));
    }

    [Fact]
    public async Task Create_token_prints_one_that_works()
    {
        if (await _server.Kubectl.MinorVersion() < 24) return;

        var token = (await _server.Kubectl.Run("create token default --duration=20m")).Succeeded().Out.Trim();

        Assert.NotNull(await WhoAmI(token));
    }

    [Fact]
    public async Task A_token_ends_with_the_pod_it_was_made_for()
    {
        var (_, pod) = await _server.Post("/api/v1/namespaces/default/pods", Pod("bound"));
        var (_, issued) = await _server.Post(Tokens, Request($"{{boundObjectRef: {{kind: Pod, apiVersion: v1, name: bound, uid: {pod.At("metadata", "uid").AsText()}}}}}"));
        var token = issued.At("status", "token").AsText();
        Assert.NotNull(await WhoAmI(token));

        await _server.Send(HttpMethod.Delete, "/api/v1/namespaces/default/pods/bound");

        Assert.Null(await WhoAmI(token));
    }

    [Fact]
    public async Task A_token_ends_with_its_account_even_if_one_of_the_same_name_follows()
    {
        await _server.Post("/api/v1/namespaces/default/serviceaccounts", Manifests.Json("{apiVersion: v1, kind: ServiceAccount, metadata: {name: short}}"));
        var token = _server.Server.Tokens.Issue("default", "short", [], TimeSpan.FromHours(1), null)!.Text;
        Assert.NotNull(await WhoAmI(token));

        await _server.Send(HttpMethod.Delete, "/api/v1/namespaces/default/serviceaccounts/short");
        await _server.Post("/api/v1/namespaces/default/serviceaccounts", Manifests.Json("{apiVersion: v1, kind: ServiceAccount, metadata: {name: short}}"));

        Assert.Null(await WhoAmI(token));
    }

    [Fact]
    public async Task A_token_whose_time_is_over_or_that_is_for_somebody_else_is_no_token_here()
    {
        var (over, foreign) = (
            _server.Server.Tokens.Issue("default", "default", [], TimeSpan.Zero, null)!.Text,
            _server.Server.Tokens.Issue("default", "default", ["vault"], TimeSpan.FromHours(1), null)!.Text);

        Assert.Null(await WhoAmI(over));
        Assert.Null(await WhoAmI(foreign));
        var (_, review) = await _server.Post(
            "/apis/authentication.k8s.io/v1/tokenreviews",
            new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenReview", ["spec"] = new JsonObject { ["token"] = foreign, ["audiences"] = new JsonArray("vault") } });
        Assert.True(review.At("status", "authenticated").IsTrue());
        Assert.Equal("[\"vault\"]", review.At("status", "audiences")!.ToJsonString());
    }

    [Fact]
    public async Task A_token_that_was_tampered_with_is_no_token()
    {
        var token = _server.Server.Tokens.Issue("default", "default", [], TimeSpan.FromHours(1), null)!.Text.Split('.');
        var claims = System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes("{\"iss\":\"https://kubernetes.default.svc.cluster.local\",\"sub\":\"system:admin\"}"));
        var none = System.Buffers.Text.Base64Url.EncodeToString("{\"alg\":\"none\"}"u8);

        Assert.Null(await WhoAmI($"{token[0]}.{claims}.{token[2]}"));
        Assert.Null(await WhoAmI($"{none}.{token[1]}."));
        Assert.Null(await WhoAmI("not.a.token"));
    }

    [Theory]
    [InlineData("{expirationSeconds: 60}", HttpStatusCode.UnprocessableEntity, "spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes")]
    [InlineData("{expirationSeconds: soon}", HttpStatusCode.UnprocessableEntity, "spec.expirationSeconds: Invalid value: \"soon\": must be a whole number of seconds")]
    [InlineData("{boundObjectRef: {kind: Pod, apiVersion: v1, name: nobody}}", HttpStatusCode.NotFound, "pods \"nobody\" not found")]
    [InlineData("{boundObjectRef: {kind: Node, apiVersion: v1, name: n}}", HttpStatusCode.BadRequest, "cannot bind token to object of type v1 Node")]
    public async Task A_token_that_cannot_be_is_refused_with_the_reason(string spec, HttpStatusCode expected, string message)
    {
        var (code, status) = await _server.Post(Tokens, Request(spec));

        Assert.Equal(expected, code);
        Assert.Contains(message, status.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_bound_only_to_a_pod_that_runs_as_its_account()
    {
        await _server.Post("/api/v1/namespaces/default/serviceaccounts", Manifests.Json("{apiVersion: v1, kind: ServiceAccount, metadata: {name: other}}"));
        var pod = Pod("others");
        pod["spec"]!["serviceAccountName"] = "other";
        await _server.Post("/api/v1/namespaces/default/pods", pod);

        var (code, status) = await _server.Post(Tokens, Request("{boundObjectRef: {kind: Pod, apiVersion: v1, name: others}}"));

        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Equal("cannot bind token for serviceaccount \"default\" to pod running with different serviceaccount name.", status.Text("message"));
    }

    [Fact]
    public async Task Anybody_with_the_published_key_can_check_a_token()
    {
        var token = _server.Server.Tokens.Issue("default", "default", [], TimeSpan.FromHours(1), null)!.Text.Split('.');
        var (_, issuer) = await _server.Get("/.well-known/openid-configuration");
        var (_, keys) = await _server.Get(new Uri(issuer.Text("jwks_uri")).AbsolutePath);
        var key = keys["keys"]![0]!.AsObject();
        using var ec = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = { X = System.Buffers.Text.Base64Url.DecodeFromChars(key.Text("x")), Y = System.Buffers.Text.Base64Url.DecodeFromChars(key.Text("y")) },
        });

        Assert.True(ec.VerifyData(System.Text.Encoding.ASCII.GetBytes($"{token[0]}.{token[1]}"), System.Buffers.Text.Base64Url.DecodeFromChars(token[2]), HashAlgorithmName.SHA256));
    }

    [Fact]
    public async Task Tokens_outlive_a_restart_and_their_key_is_private()
    {
        var token = _server.Server.Tokens.Issue("default", "default", [], TimeSpan.FromHours(1), null)!.Text;

        await _server.Restart();

        Assert.NotNull(await WhoAmI(token));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_server.Folder, "service-account.key")));
    }

    [Fact]
    public async Task Every_namespace_has_an_account_and_the_authority_and_gets_them_back()
    {
        await _server.Post("/api/v1/namespaces", Manifests.Json("{apiVersion: v1, kind: Namespace, metadata: {name: fresh}}"));
        var authority = BuiltIn.ConfigMaps.Key("fresh", "kube-root-ca.crt");
        await _server.Present(BuiltIn.ServiceAccounts.Key("fresh", "default"));
        await _server.Present(authority);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(_server.Folder, "ca.crt")), _server.Server.Store.Get(authority)!.Parse().At("data", "ca.crt").AsText());

        await _server.Send(HttpMethod.Delete, "/api/v1/namespaces/fresh/configmaps/kube-root-ca.crt");

        await _server.Present(authority);
    }

    private static JsonObject Request(string spec) => new()
    {
        ["apiVersion"] = "authentication.k8s.io/v1",
        ["kind"] = "TokenRequest",
        ["spec"] = Manifests.Json(spec),
    };

    private static JsonObject Pod(string name) =>
        Manifests.Json($"{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{{name: main, image: 'one:1'}}]}}}}");

    /// <summary>Null when the server does not know the bearer.</summary>
    private async Task<JsonObject?> WhoAmI(string token)
    {
        using var http = TestServer.Client(_server.Server, _server.Folder, token);
        using var response = await http.PostAsync("/apis/authentication.k8s.io/v1/selfsubjectreviews", new StringContent("{\"kind\":\"SelfSubjectReview\",\"apiVersion\":\"authentication.k8s.io/v1\"}", System.Text.Encoding.UTF8, "application/json"));
        if (response.StatusCode == HttpStatusCode.Unauthorized) return null;
        return JsonNode.Parse(await response.Content.ReadAsStringAsync()).At("status", "userInfo")!.AsObject();
    }
}
