using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Admission;
using Kratix.Actors.Host.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Host.Composition;

/// <summary>The engine's rules as an admission webhook: <c>POST /validate</c> and <c>POST /mutate</c>, an <c>AdmissionReview</c> (v1) in, one out.</summary>
internal sealed class AdmissionWebhook : IAsyncDisposable
{
    private const long MostBytes = 16 * 1024 * 1024; // an object, and the one it replaces

    private readonly WebApplication _app;

    private AdmissionWebhook(WebApplication app) => _app = app;

    /// <summary>The kinds there are rules for, and the name a refusal of each appears under.</summary>
    internal static IReadOnlyList<(string Kind, string Name)> Names { get; } =
    [
        ("Promise", "vpromise.kb.io"), ("Destination", "vdestination.kb.io"), ("BucketStateStore", "vbucketstatestore.kb.io"),
        ("PromiseRelease", "vpromiserelease.kb.io"), ("PromiseRevision", "vpromiserevision.kb.io"),
    ];

    internal Uri Url => new(_app.Urls.First());

    internal static async Task<AdmissionWebhook> Start(AdmissionSettings settings, AdmissionRules rules, ILoggerFactory log, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(log);
        var certificate = new RenewedCertificate(settings.CertificateFile!, settings.KeyFile!);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MostBytes;
            kestrel.Listen(IPAddress.Parse(settings.Address), settings.Port, listen => listen.UseHttps(https => https.ServerCertificateSelector = (_, _) => certificate.Current()));
        });
        var app = builder.Build();
        app.UseRouting();
        app.MapPost("/validate", (RequestDelegate)Validate);
        app.MapPost("/mutate", (RequestDelegate)Mutate);
        await app.StartAsync(cancellation);
        return new AdmissionWebhook(app);

        Task Validate(HttpContext http) => Answer(http, request => Judge(rules, request, http.RequestAborted));
        Task Mutate(HttpContext http) => Answer(http, request => Task.FromResult(FillIn(request)));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private static async Task Answer(HttpContext http, Func<JsonObject, Task<JsonObject>> answer)
    {
        JsonObject? request = null;
        try
        {
            request = (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))?["request"] as JsonObject;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Told below, as any body that is no AdmissionReview.
        }

        if (request?["uid"] is not { } uid)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await http.Response.WriteAsync("the body must be an AdmissionReview (admission.k8s.io/v1) with a request and its uid", http.RequestAborted);
            return;
        }

        var response = await answer(request);
        response["uid"] = uid.DeepClone();
        var review = new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response };
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(review.ToJsonString(), http.RequestAborted);
    }

    private static async Task<JsonObject> Judge(AdmissionRules rules, JsonObject request, CancellationToken cancellation)
    {
        var verdict = await rules.Review(Question(request), cancellation);
        var response = new JsonObject { ["allowed"] = verdict.Refusal is null };
        if (verdict.Refusal is { } why)
            response["status"] = new JsonObject { ["code"] = 403, ["reason"] = "Forbidden", ["message"] = why };
        if (!verdict.Warnings.IsEmpty)
            response["warnings"] = new JsonArray([.. verdict.Warnings.Select(w => (JsonNode?)JsonValue.Create(w))]);
        return response;
    }

    private static JsonObject FillIn(JsonObject request)
    {
        var question = Question(request);
        var response = new JsonObject { ["allowed"] = true };
        if (!AdmissionRules.FillIn(question))
            return response;
        var patch = new JsonArray(new JsonObject { ["op"] = "replace", ["path"] = "/spec", ["value"] = question.Object!["spec"]!.DeepClone() });
        response["patchType"] = "JSONPatch";
        response["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch.ToJsonString()));
        return response;
    }

    private static AdmissionQuestion Question(JsonObject request) => new(
        request["operation"]?.ToString() ?? "", (request["kind"] as JsonObject)?["kind"]?.ToString() ?? "", request["name"]?.ToString() ?? "",
        request["object"] as JsonObject, request["oldObject"] as JsonObject);

    /// <summary>Certificates are renewed under the feet of a running process: files that are newer than what is in use are read again.</summary>
    private sealed class RenewedCertificate
    {
        private readonly Lock _gate = new();
        private readonly string _file;
        private readonly string _key;
        private X509Certificate2 _current;
        private DateTime _written;

        public RenewedCertificate(string file, string key)
        {
            (_file, _key) = (file, key);
            _written = Written();
            _current = Load();
        }

        public X509Certificate2 Current()
        {
            lock (_gate)
            {
                var written = Written();
                if (written == _written)
                    return _current;
                _current = Load();
                _written = written;
                return _current;
            }
        }

        // A mounted Secret is renewed behind a link, which itself never changes.
        private DateTime Written() => (File.ResolveLinkTarget(_file, returnFinalTarget: true) ?? new FileInfo(_file)).LastWriteTimeUtc;

        private X509Certificate2 Load()
        {
            using var pem = X509Certificate2.CreateFromPemFile(_file, _key);
            // Through PKCS#12, because TLS cannot use a key that exists only in memory beside its certificate.
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        }
    }
}
