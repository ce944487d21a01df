using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports;

namespace Kratix.Actors.StateStores.Git;

/// <summary>
/// A GitHub App's installation: its private key signs a short statement of who asks (a JWT), for which GitHub gives a token that is good for an hour. The token is kept
/// and asked for anew shortly before it ends.
/// </summary>
internal sealed class GitHubApp : IDisposable
{
    // GitHub takes statements of at most ten minutes, and its clock may be behind ours.
    private static readonly TimeSpan StatementLasts = TimeSpan.FromMinutes(9);
    private static readonly TimeSpan ClockMayDiffer = TimeSpan.FromMinutes(1);

    // Long enough for one batch with all its repetitions.
    private static readonly TimeSpan NewBefore = TimeSpan.FromMinutes(10);

    private readonly string _app;
    private readonly string _installation;
    private readonly RSA _key;
    private readonly GitStateStoresOptions _options;
    private readonly HttpClient _client;
    private (string Token, DateTimeOffset Ends)? _known;

    private GitHubApp(string app, string installation, RSA key, GitStateStoresOptions options) =>
        (_app, _installation, _key, _options, _client) = (app, installation, key, options, new HttpClient(Handler(options)) { Timeout = options.CommandTimeout });

    /// <summary>Null, and what is wrong, when the Secret does not hold an App's three keys.</summary>
    public static GitHubApp? Of(string? app, string? installation, string? privateKey, GitStateStoresOptions options, out string? problem)
    {
        problem = app is null ? "the Secret has no key 'appID'" : installation is null ? "the Secret has no key 'installationID'" : privateKey is null ? "the Secret has no key 'privateKey'" : null;
        if (problem is null && !installation!.All(char.IsAsciiDigit))
            problem = "'installationID' in the Secret is not a number";
        if (problem is not null)
            return null;
        var key = RSA.Create();
        try
        {
            key.ImportFromPem(privateKey);
            return new GitHubApp(app!, installation!, key, options);
        }
        catch (ArgumentException)
        {
            key.Dispose();
            problem = "'privateKey' in the Secret is not an RSA key in PEM, as GitHub hands it out";
            return null;
        }
    }

    /// <summary>A token that is good for a while yet.</summary>
    public async Task<Outcome<string>> Token(CancellationToken cancellation)
    {
        if (_known is { } known && known.Ends - _options.TimeProvider.GetUtcNow() > NewBefore)
            return new Outcome<string>.Done(known.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{_options.GitHubApi.TrimEnd('/')}/app/installations/{_installation}/access_tokens");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Statement(_options.TimeProvider.GetUtcNow()));
        request.Headers.Accept.ParseAdd("application/vnd.github+json");
        request.Headers.UserAgent.ParseAdd("kratix-actors");
        try
        {
            using var answer = await _client.SendAsync(request, cancellation);
            var text = await answer.Content.ReadAsStringAsync(cancellation);
            return answer.IsSuccessStatusCode ? Read(text) : Refused(answer.StatusCode, text);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return new Outcome<string>.Transient($"{_options.GitHubApi} gave no token for the App: {(e.InnerException ?? e).Message}");
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _key.Dispose();
    }

    private Outcome<string> Read(string text)
    {
        if (Json(text) is { } json && json["token"]?.ToString() is { Length: > 0 } token
            && DateTimeOffset.TryParse(json["expires_at"]?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var ends))
        {
            _known = (token, ends);
            return new Outcome<string>.Done(token);
        }

        return new Outcome<string>.Transient($"{_options.GitHubApi} answered something else than a token for the App");
    }

    private Outcome<string> Refused(HttpStatusCode status, string text)
    {
        var reason = $"{_options.GitHubApi} gave no token for the App: {(int)status} {Json(text)?["message"]?.ToString() ?? status.ToString()}";
        return status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound
            ? new Outcome<string>.Terminal(Refusal.Unauthorized, $"{reason}; check appID, installationID and privateKey in the Secret, and that the App is installed")
            : new Outcome<string>.Transient(reason);
    }

    /// <summary>Header, claims and their RS256 signature, each in base64 for URLs.</summary>
    private string Statement(DateTimeOffset now)
    {
        var claims = new JsonObject { ["iat"] = (now - ClockMayDiffer).ToUnixTimeSeconds(), ["exp"] = (now + StatementLasts).ToUnixTimeSeconds(), ["iss"] = _app };
        var said = $"{Base64("""{"alg":"RS256","typ":"JWT"}""")}.{Base64(claims.ToJsonString())}";
        return $"{said}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(said), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string Base64(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static JsonNode? Json(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static SocketsHttpHandler Handler(GitStateStoresOptions options)
    {
        // As git: no redirects, and the authorities of the settings where there are any.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        if (options.CertificateAuthorityFile is { } file)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(file);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        return handler;
    }
}
