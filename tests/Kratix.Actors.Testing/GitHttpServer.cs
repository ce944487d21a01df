using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Testing;

/// <summary>Real git over HTTP(S) on a loopback port: <c>git http-backend</c> for the repositories of a folder, behind basic authentication.</summary>
public sealed class GitHttpServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;
    private readonly string _authorization;
    private int _requests;

    private GitHttpServer(WebApplication app, string folder, string user, string password, string? certificate)
    {
        (_app, _folder, CertificatePem) = (app, folder, certificate);
        _authorization = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
    }

    /// <summary>Without a slash at the end.</summary>
    public string Url => _app.Urls.Single();

    /// <summary>The certificate of an HTTPS server, signed by itself.</summary>
    public string? CertificatePem { get; }

    public int Requests => _requests;

    /// <summary>May answer a request itself (true), to be a server that fails, redirects or never answers.</summary>
    public Func<HttpContext, Task<bool>> Intercept { get; set; } = _ => Task.FromResult(false);

    /// <param name="folder">Holds bare repositories; <c>folder/x.git</c> is served as <c>URL/x.git</c>.</param>
    public static async Task<GitHttpServer> Start(string folder, string user, string password, bool tls = false)
    {
        var certificate = tls ? SelfSigned() : null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (certificate is not null)
                    listen.UseHttps(certificate);
            });
        });
        var server = new GitHttpServer(builder.Build(), folder, user, password, certificate?.ExportCertificatePem());
        server._app.Run(server.Serve);
        await server._app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        // A client that hangs on a request is not waited for.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task Serve(HttpContext http)
    {
        Interlocked.Increment(ref _requests);
        if (await Intercept(http))
            return;
        if (http.Request.Headers.Authorization == _authorization)
        {
            await ServeUnseen(http);
            return;
        }

        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        http.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
    }

    /// <summary>Serves a request without asking who it is and without <see cref="Intercept"/>.</summary>
    public async Task ServeUnseen(HttpContext http)
    {
        using var backend = Process.Start(Backend(http.Request))!;
        using var aborted = http.RequestAborted.Register(() => backend.Kill(entireProcessTree: true));
        var complaints = backend.StandardError.ReadToEndAsync();
        var sending = Send(http.Request.Body, backend.StandardInput.BaseStream);
        await Answer(backend.StandardOutput.BaseStream, http.Response);
        await sending;
        await backend.WaitForExitAsync();
        await complaints;
    }

    private ProcessStartInfo Backend(HttpRequest request)
    {
        var start = new ProcessStartInfo("git", ["http-backend"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        var variables = new Dictionary<string, string?>
        {
            ["GIT_PROJECT_ROOT"] = _folder,
            ["GIT_HTTP_EXPORT_ALL"] = "1",
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["PATH_INFO"] = request.Path.Value,
            ["QUERY_STRING"] = request.QueryString.Value?.TrimStart('?'),
            ["REQUEST_METHOD"] = request.Method,
            ["CONTENT_TYPE"] = request.ContentType,
            ["HTTP_CONTENT_ENCODING"] = request.Headers.ContentEncoding,
            ["GIT_PROTOCOL"] = request.Headers["Git-Protocol"],
            ["REMOTE_USER"] = "tester",
            ["REMOTE_ADDR"] = "127.0.0.1",
        };
        if (request.ContentLength is { } length)
            variables["CONTENT_LENGTH"] = length.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in variables)
            start.Environment[name] = value ?? "";
        return start;
    }

    private static async Task Send(Stream body, Stream backend)
    {
        try
        {
            await body.CopyToAsync(backend);
            await backend.DisposeAsync();
        }
        catch (IOException)
        {
            // The backend answered before it had read everything, as it does when it refuses.
        }
    }

    private static async Task Answer(Stream backend, HttpResponse response)
    {
        foreach (var line in await Headers(backend))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
            if (name.Equals("Status", StringComparison.OrdinalIgnoreCase))
                response.StatusCode = int.Parse(value[..3], CultureInfo.InvariantCulture);
            else
                response.Headers[name] = value;
        }

        await backend.CopyToAsync(response.Body);
    }

    private static async Task<List<string>> Headers(Stream backend)
    {
        var lines = new List<string>();
        var line = new StringBuilder();
        var one = new byte[1];
        while (await backend.ReadAsync(one) == 1)
        {
            if (one[0] != '\n')
            {
                line.Append((char)one[0]);
                continue;
            }

            var text = line.ToString().TrimEnd('\r');
            if (text.Length == 0)
                return lines;
            lines.Add(text);
            line.Clear();
        }

        return lines;
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        var today = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(today.AddDays(-1), today.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
