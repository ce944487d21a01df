using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Admission;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kratix.Actors.Host.Tests.Composition;

/// <summary>The webhook as an API server calls it: HTTPS, an AdmissionReview in, one out.</summary>
public sealed class AdmissionWebhookTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private AdmissionWebhook _webhook = null!;

    public async Task InitializeAsync()
    {
        var settings = new AdmissionSettings("127.0.0.1", 0, Path.Combine(_folder.Path, "tls.crt"), Path.Combine(_folder.Path, "tls.key"));
        Issue(settings, "first");
        var rules = new AdmissionRules(await AdmissionTable.World(TimeProvider.System), new AdmissionTable.DryRuns(), EngineSettingsFrom.Map(SettingsLoader.Load(new SettingsSources([], [], new Dictionary<string, string>())).Settings, "http://engine", [1]));
        _webhook = await AdmissionWebhook.Start(settings, rules, NullLoggerFactory.Instance, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _webhook.DisposeAsync();
        _folder.Dispose();
    }

    public static TheoryData<int> Rows => [.. Enumerable.Range(0, AdmissionTable.Rows.Count)];

    [Theory, MemberData(nameof(Rows))]
    public async Task A_write_is_answered_as_the_table_says(int number)
    {
        var row = AdmissionTable.Rows[number];
        var response = await Ask("validate", row.Operation, row.Kind, row.Name, row.Object, row.Before);

        Assert.True((row.Refusal is null) == (bool)response["allowed"]!, $"{row}: {response.ToJsonString()}");
        Assert.Contains(row.Refusal ?? "", (string?)response["status"]?["message"] ?? "", StringComparison.Ordinal);
        var warnings = (response["warnings"] as JsonArray ?? []).Select(w => w!.ToString()).ToList();
        Assert.True(row.Warning is null ? warnings.Count == 0 : warnings.Any(w => w.Contains(row.Warning, StringComparison.Ordinal)), $"{row}: {response.ToJsonString()}");
    }

    [Fact]
    public async Task A_refusal_carries_the_uid_the_code_and_the_reason()
    {
        var response = await Ask("validate", "Destination", "{\"path\": \"\"}");

        Assert.Equal("""{"allowed":false,"status":{"code":403,"reason":"Forbidden","message":"path field is required"},"uid":"7"}""", response.ToJsonString());
    }

    [Fact]
    public async Task What_passes_may_carry_warnings()
    {
        var response = await Ask("validate", "Destination", "{\"path\": \"dev\", \"stateStoreRef\": {\"kind\": \"GitStateStore\", \"name\": \"none\"}}");

        Assert.True((bool)response["allowed"]!);
        Assert.Contains("GitStateStore \"none\" does not exist", (string?)response["warnings"]![0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_left_out_is_filled_in_by_a_patch()
    {
        var response = await Ask("mutate", "Destination", "{\"filepath\": {\"mode\": \"aggregatedYAML\"}}");

        Assert.Equal("JSONPatch", (string?)response["patchType"]);
        Assert.Equal(
            """[{"op":"replace","path":"/spec","value":{"filepath":{"mode":"aggregatedYAML","filename":"aggregated.yaml"}}}]""",
            Encoding.UTF8.GetString(Convert.FromBase64String((string)response["patch"]!)));
        Assert.Equal("""{"allowed":true,"uid":"7"}""", (await Ask("mutate", "Promise", "{}")).ToJsonString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"request\": {}}")]
    public async Task Anything_but_a_review_is_a_bad_request(string body)
    {
        using var http = Client(out _);
        using var answer = await http.PostAsync("validate", new StringContent(body));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("must be an AdmissionReview", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renewed_certificate_is_used_without_a_restart()
    {
        Assert.Equal("CN=first", await Subject());

        Issue(new AdmissionSettings("", 0, Path.Combine(_folder.Path, "tls.crt"), Path.Combine(_folder.Path, "tls.key")), "second");
        File.SetLastWriteTimeUtc(Path.Combine(_folder.Path, "tls.crt"), DateTime.UnixEpoch);

        Assert.Equal("CN=second", await Subject());
    }

    [Fact]
    public async Task A_certificate_of_a_mounted_secret_is_renewed_as_a_kubelet_does_it()
    {
        var (certificate, key) = (Path.Combine(_folder.Path, "tls.crt"), Path.Combine(_folder.Path, "tls.key"));
        Directory.CreateDirectory(Path.Combine(_folder.Path, "newer"));
        Issue(new AdmissionSettings("", 0, Path.Combine(_folder.Path, "newer", "tls.crt"), Path.Combine(_folder.Path, "newer", "tls.key")), "second");
        File.Delete(certificate);
        File.Delete(key);
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "..data"), "newer");
        File.CreateSymbolicLink(certificate, "..data/tls.crt");
        File.CreateSymbolicLink(key, "..data/tls.key");
        Assert.Equal("CN=second", await Subject());

        Directory.CreateDirectory(Path.Combine(_folder.Path, "newest"));
        Issue(new AdmissionSettings("", 0, Path.Combine(_folder.Path, "newest", "tls.crt"), Path.Combine(_folder.Path, "newest", "tls.key")), "third");
        File.SetLastWriteTimeUtc(Path.Combine(_folder.Path, "newest", "tls.crt"), DateTime.UnixEpoch);
        File.Delete(Path.Combine(_folder.Path, "..data"));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "..data"), "newest");

        Assert.Equal("CN=third", await Subject());
    }

    private Task<JsonObject> Ask(string path, string kind, string spec) => Ask(
        path, "CREATE", kind, "x", new JsonObject { ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = "x" }, ["spec"] = JsonNode.Parse(spec) }, null);

    private async Task<JsonObject> Ask(string path, string operation, string kind, string name, JsonObject? item, JsonObject? before)
    {
        var review = new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["request"] = new JsonObject
            {
                ["uid"] = "7",
                ["operation"] = operation,
                ["kind"] = new JsonObject { ["group"] = "platform.kratix.io", ["version"] = "v1alpha1", ["kind"] = kind },
                ["name"] = name,
                ["object"] = item?.DeepClone(),
                ["oldObject"] = before?.DeepClone(),
            },
        };
        using var http = Client(out _);
        using var answer = await http.PostAsync(path, new StringContent(review.ToJsonString(), Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["response"]!.AsObject();
    }

    private async Task<string?> Subject()
    {
        using var http = Client(out var seen);
        using var answer = await http.PostAsync("validate", new StringContent(""));
        return seen[0];
    }

    private HttpClient Client(out List<string> subjects)
    {
        var seen = subjects = [];
        var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                {
                    seen.Add(certificate!.Subject);
                    return certificate.Issuer == certificate.Subject;
                },
            },
        };
        return new HttpClient(handler) { BaseAddress = _webhook.Url };
    }

    private static void Issue(AdmissionSettings settings, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(settings.KeyFile!, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(settings.CertificateFile!, certificate.ExportCertificatePem());
    }
}
