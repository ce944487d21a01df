using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Host.Telemetry;
using Kratix.Actors.Journal;
using Kratix.Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kratix.Actors.Host.Tests.Telemetry;

/// <summary>/healthz and /readyz try what they speak of, and name the part that fails.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new();
    private readonly MetricStore _metrics = new();
    private readonly ManualTime _time = new();
    private SqliteJournal _journal = null!;
    private HealthChecks _checks = null!;
    private EngineHttp _http = null!;

    public async Task InitializeAsync()
    {
        _journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = DataFolder.Journal(_folder.Path) }, default);
        _checks = new HealthChecks(_journal, _time);
        _http = await EngineHttp.Start(new HttpSettings("127.0.0.1", 0, null, AuditAccess.Off), _journal, _checks, _metrics, NullLoggerFactory.Instance, default);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _http.DisposeAsync();
        await _journal.DisposeAsync();
        _metrics.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Process_that_starts_is_alive_and_not_ready()
    {
        Assert.Equal((HttpStatusCode.OK, "ok"), await Get("/healthz"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "engine: it is starting\n"), await Get("/readyz"));
    }

    [Fact]
    public async Task Engine_that_is_caught_up_is_ready()
    {
        _checks.Started(new EngineHealth(), await Api());

        Assert.Equal((HttpStatusCode.OK, "ok"), await Get("/readyz"));
    }

    [Fact]
    public async Task Journal_that_cannot_be_written_is_named_until_it_can()
    {
        _checks.Started(new EngineHealth(), await Api());
        var file = DataFolder.Journal(_folder.Path);
        File.Move(file, file + ".away");

        var (status, body) = await Get("/healthz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.StartsWith("journal: ", body, StringComparison.Ordinal);
        Assert.Contains("was removed or moved", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Get("/readyz")).Status);
        // What a liveness probe asks: to begin anew would not mend it.
        Assert.Equal((HttpStatusCode.OK, "ok"), await Get("/healthz?exclude=journal"));
        Assert.Equal((HttpStatusCode.OK, "ok"), await Get("/readyz?exclude=api-server&exclude=journal"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Get("/healthz?exclude=other")).Status);

        File.Move(file + ".away", file);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((HttpStatusCode.OK, "ok"), await Get("/healthz"));
    }

    [Fact]
    public async Task API_server_that_does_not_answer_is_named_and_does_not_end_the_process()
    {
        // Nothing is in it, so the namespace is not found.
        _checks.Started(new EngineHealth(), new FakeKubernetes(_time));

        Assert.StartsWith("api-server: ", (await Get("/readyz")).Body, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "ok"), await Get("/healthz"));
    }

    [Fact]
    public async Task Metrics_are_told_without_a_password()
    {
        var (status, body) = await Get("/metrics");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("# TYPE dotnet_gc_collections_total counter\n", body, StringComparison.Ordinal);
    }

    private static async Task<FakeKubernetes> Api()
    {
        var api = new FakeKubernetes(TimeProvider.System);
        await api.Create(Kinds.Namespace, null, new JsonObject { ["metadata"] = new JsonObject { ["name"] = Kinds.SystemNamespace } }, default);
        return api;
    }

    private async Task<(HttpStatusCode Status, string Body)> Get(string path)
    {
        using var answer = await _client.GetAsync(new Uri(_http.Url, path));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
