using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Git;
using Kratix.Actors.Testing;
using Microsoft.AspNetCore.Http;

namespace Kratix.Actors.StateStores.Tests;

/// <summary>A GitHub App's credentials, against a server that is repository and GitHub's API at once.</summary>
public sealed class GitHubAppTests : IAsyncLifetime
{
    private const string Token = "ghs_token-of-the-installation";

    private readonly RSA _key = RSA.Create(2048);
    private readonly Clock _clock = new();
    private readonly List<string> _statements = [];
    private GitHttpServer _server = null!;
    private GitWorld _world = null!;
    private (int Status, string Body)? _answer;

    public async Task InitializeAsync()
    {
        var root = Directory.CreateTempSubdirectory("kratix-app-").FullName;
        _server = await GitHttpServer.Start(root, "x-access-token", Token, tls: true);
        _server.Intercept = Api;
        var authorities = Path.Combine(root, "authorities.pem");
        await File.WriteAllTextAsync(authorities, _server.CertificatePem);
        _world = new GitWorld(o => o with { CertificateAuthorityFile = authorities, GitHubApi = _server.Url, TimeProvider = _clock }, root);
        _world.Address = _world.Address with { Url = $"{_server.Url}/remote.git", AuthMethod = "githubApp", Credentials = Credentials("42") };
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _world.DisposeAsync();
        _key.Dispose();
    }

    [Fact, Conformance("R106", "A GitHub App writes with a token for its installation, which it gets for a statement signed with its key.")]
    public async Task App_writes_with_a_token_it_got_for_a_signed_statement()
    {
        Assert.True((await _world.Write("a")).IsWritten);

        var parts = Assert.Single(_statements).Split('.');
        Assert.True(_key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Bytes(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        Assert.Equal("RS256", (string?)JsonNode.Parse(Bytes(parts[0]))!["alg"]);
        var claims = JsonNode.Parse(Bytes(parts[1]))!;
        Assert.Equal("7", (string?)claims["iss"]);
        var now = _clock.Now.ToUnixTimeSeconds();
        Assert.InRange((long)claims["iat"]!, now - 120, now);
        Assert.InRange((long)claims["exp"]!, now, now + 600);
    }

    [Fact, Conformance("R106", "The token of a GitHub App is kept while it is good, and asked for anew before it ends.")]
    public async Task Token_is_kept_while_it_is_good_and_asked_for_anew_before_it_ends()
    {
        await using var store = _world.Open();
        foreach (var (minutes, asked) in new[] { (0, 1), (30, 1), (25, 2), (5, 2) })
        {
            _clock.Now += TimeSpan.FromMinutes(minutes);
            Assert.Null((await store.Write([_world.Update("a", $"{_clock.Now:O}")], CancellationToken.None)).Failure);
            Assert.Equal(asked, _statements.Count);
        }
    }

    [Theory]
    [InlineData(401, """{"message":"A JSON web token could not be decoded"}""", "401 A JSON web token could not be decoded", true)]
    [InlineData(404, "", "404 NotFound", true)]
    [InlineData(502, "<html>", "502 BadGateway", false)]
    [InlineData(201, "{}", "something else", false)]
    public async Task Refusal_of_GitHub_is_told_in_its_words(int status, string body, string words, bool final)
    {
        _answer = (status, body);
        var refused = await _world.Write("a");
        Assert.Equal(final ? Refusal.Unauthorized : null, refused.Code);
        Assert.Contains(words, refused.Failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("appID")]
    [InlineData("installationID")]
    [InlineData("privateKey")]
    public void Secret_without_one_of_its_keys_is_refused_by_name(string key)
    {
        var address = _world.Address with { Credentials = new StoreCredentials(Credentials("42").Data.Remove(key)) };
        Assert.Contains($"'{key}'", _world.Stores.Open(address).Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_that_is_none_is_refused_and_not_repeated()
    {
        var address = _world.Address with { Credentials = new StoreCredentials(Credentials("42").Data.SetItem("privateKey", "not a key"u8.ToArray())) };
        var failure = _world.Stores.Open(address).Failure!;
        Assert.Contains("'privateKey'", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("not a key", failure, StringComparison.Ordinal);
        Assert.Contains("'installationID'", _world.Stores.Open(_world.Address with { Credentials = Credentials("42/../1") }).Failure, StringComparison.Ordinal);
    }

    private async Task<bool> Api(HttpContext context)
    {
        if (context.Request.Path != "/app/installations/42/access_tokens" || context.Request.Method != "POST")
            return false;
        _statements.Add(context.Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal));
        var (status, body) = _answer ?? (201, new JsonObject { ["token"] = Token, ["expires_at"] = (_clock.Now + TimeSpan.FromHours(1)).ToString("O", CultureInfo.InvariantCulture) }.ToJsonString());
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(body);
        return true;
    }

    private StoreCredentials Credentials(string installation) => new(ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal,
    [
        KeyValuePair.Create("appID", "7\n"u8.ToArray()), KeyValuePair.Create("installationID", Encoding.UTF8.GetBytes(installation)),
        KeyValuePair.Create("privateKey", Encoding.UTF8.GetBytes(_key.ExportRSAPrivateKeyPem())),
    ]));

    private static byte[] Bytes(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
