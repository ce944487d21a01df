using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Kratix.Actors.Kubernetes;

/// <summary>Connections to one API server: TLS, credentials, pooling. It sends; what an answer means is decided by its callers.</summary>
internal sealed class ApiTransport : IDisposable
{
    private static readonly TimeSpan TokenReread = TimeSpan.FromMinutes(1);

    private readonly KubernetesAccess _access;
    private readonly TimeProvider _time;
    private readonly Uri _root;
    private readonly AuthenticationHeaderValue? _fixed;
    private readonly HttpMessageInvoker _http;
    private volatile ReadToken? _token;

    public ApiTransport(KubernetesAccess access, TimeProvider time, HttpMessageHandler? handler = null)
    {
        (_access, _time) = (access, time);
        // Base addresses may have a path (a proxy in front of several clusters); without the closing slash its last part would be replaced.
        _root = access.Server.AbsoluteUri.EndsWith('/') ? access.Server : new Uri(access.Server.AbsoluteUri + "/");
        _fixed = access switch
        {
            { Token: { } token } => new AuthenticationHeaderValue("Bearer", token),
            { TokenFile: null, Username: { } user } => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{access.Password}"))),
            _ => null,
        };
        // No client around it: what that adds to each call (a time limit, default headers) calls bring along themselves.
        _http = new HttpMessageInvoker(handler ?? Handler(access));
    }

    /// <summary>The answer with its headers read; its body is the caller's to read and dispose.</summary>
    public async Task<HttpResponseMessage> Send(HttpMethod method, string path, HttpContent? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(_root, path)) { Content = body };
        request.Headers.TryAddWithoutValidation("User-Agent", "kratix-actors");
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        if (_access.TlsServerName is { } name)
            request.Headers.Host = name;
        request.Headers.Authorization = _fixed ?? (_access.TokenFile is { } file ? new AuthenticationHeaderValue("Bearer", await FromFile(file, cancellation)) : null);
        return await _http.SendAsync(request, cancellation);
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> FromFile(string file, CancellationToken cancellation)
    {
        if (_token is { } known && _time.GetElapsedTime(known.At) < TokenReread)
            return known.Value;
        var value = (await File.ReadAllTextAsync(file, cancellation)).Trim();
        _token = new ReadToken(value, _time.GetTimestamp());
        return value;
    }

    private static SocketsHttpHandler Handler(KubernetesAccess access) => new()
    {
        // A redirect would carry the credentials to wherever it points.
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.GZip,
        // Connections are renewed so that a server behind a changed address, or a rebalanced one, is found again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        SslOptions = Tls(access),
    };

    private static SslClientAuthenticationOptions Tls(KubernetesAccess access)
    {
        var options = new SslClientAuthenticationOptions();
        if (access.ClientCertificate is { } own)
            options.ClientCertificates = [own];
        if (access.SkipTlsVerify)
        {
#pragma warning disable CA5359 // The user asked for it in the kubeconfig, by name.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (access.CertificateAuthorities is { } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return options;
    }

    private sealed record ReadToken(string Value, long At);
}
