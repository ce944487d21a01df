using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Host.Telemetry;
using Kratix.Actors.Journal;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kratix.Actors.Host.Tests.Audit;

/// <summary>The engine's HTTP tells what the command line tells.</summary>
public sealed class AuditHttpTests : HistoryTests
{
    private readonly HttpClient _client = new();
    private readonly MetricStore _metrics = new();
    private SqliteJournal _journal = null!;
    private EngineHttp _http = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = DataFolder.Journal(Folder), ReadOnly = true }, default);
        _http = await Listen(AuditAccess.Loopback);
    }

    public override async Task DisposeAsync()
    {
        _client.Dispose();
        _metrics.Dispose();
        await _http.DisposeAsync();
        await _journal.DisposeAsync();
        await base.DisposeAsync();
    }

    [Theory, Conformance("K29", "The audit is told over HTTP as on the command line: history, state at a time, difference, verification, replay.")]
    [InlineData("/audit/redis/default/example", "", "audit redis/default/example")]
    [InlineData("/audit/promise/redis", "application/yaml", "audit promise/redis -o yaml")]
    [InlineData("/audit/redis/default/example", "application/json", "audit redis/default/example -o json")]
    [InlineData("/audit/redis/default/example?at=3", "", "audit redis/default/example --at 3")]
    [InlineData("/audit/redis/default/example?at=2026-11-22T20:00:02Z", "application/json", "audit redis/default/example --at 2026-11-22T20:00:02Z -o json")]
    [InlineData("/audit/redis/default/example?diff=1..5", "", "audit redis/default/example --diff 1..5")]
    [InlineData("/audit/redis/default/example?diff=1..5", "application/json", "audit redis/default/example --diff 1..5 -o json")]
    [InlineData("/audit/redis/default/example?diff=1..5", "application/yaml", "audit redis/default/example --diff 1..5 -o yaml")]
    [InlineData("/audit/verify", "", "audit verify")]
    [InlineData("/audit/verify", "application/json", "audit verify -o json")]
    [InlineData("/audit/verify?object=promise/redis", "text/yaml", "audit verify promise/redis -o yaml")]
    [InlineData("/audit/export", "", "audit export")]
    [InlineData("/audit/export?object=promise/redis", "", "audit export promise/redis")]
    [InlineData("/replay?until=2026-11-22T20:00:02Z", "", "replay --until 2026-11-22T20:00:02Z")]
    [InlineData("/replay?until=2026-11-22T20:00:02Z", "application/yaml", "replay --until 2026-11-22T20:00:02Z -o yaml")]
    [InlineData("/replay?until=2026-11-22T20:00:02Z", "application/json", "replay --until 2026-11-22T20:00:02Z -o json")]
    [InlineData("/replay?until=2020-01-01", "application/json", "replay --until 2020-01-01 -o json")]
    [InlineData("/replay?until=2020-01-01", "application/yaml", "replay --until 2020-01-01 -o yaml")]
    public async Task Answer_is_that_of_the_command_line(string path, string accept, string command)
    {
        var answer = await Get(path, accept);
        var printed = await Run(command.Split(' '));

        Assert.Equal((HttpStatusCode.OK, ExitCode.Ok), (answer.Status, printed.ExitCode));
        Assert.Equal(printed.Out, answer.Body);
        Assert.NotEmpty(answer.Body);
    }

    [Theory]
    [InlineData("/audit/redis/default/exmaple", HttpStatusCode.NotFound, "did you mean redis/default/example?")]
    [InlineData("/audit/nonsense", HttpStatusCode.BadRequest, "'nonsense' does not name an object")]
    [InlineData("/audit/redis/default/example?at=teatime", HttpStatusCode.BadRequest, "'teatime' is no point in a history")]
    [InlineData("/audit/redis/default/example?at=2020-01-01T00:00:00Z", HttpStatusCode.NotFound, "was not known then")]
    [InlineData("/audit/redis/default/example?diff=3", HttpStatusCode.BadRequest, "write two points as A..B")]
    [InlineData("/audit/redis/default/example?at=6", HttpStatusCode.NotFound, "has no event 6; its last is 5")]
    [InlineData("/audit/redis/default/example?at=3&diff=1..2", HttpStatusCode.BadRequest, "not both")]
    [InlineData("/audit/redis/default/example?at=2026-11-22T20:00:02+02:00", HttpStatusCode.BadRequest, "write a time such as")]
    [InlineData("/audit", HttpStatusCode.BadRequest, "PROMISE/NAMESPACE/NAME")]
    [InlineData("/audit/", HttpStatusCode.BadRequest, "PROMISE/NAMESPACE/NAME")]
    [InlineData("/audit/verify?head=nonsense", HttpStatusCode.BadRequest, "write POSITION:HASH")]
    [InlineData("/audit/export?object=promise/nobody", HttpStatusCode.NotFound, "the journal knows no promise")]
    [InlineData("/replay", HttpStatusCode.BadRequest, "until is missing")]
    [InlineData("/replay?until=3", HttpStatusCode.BadRequest, "write a time such as")]
    public async Task What_cannot_be_answered_is_said(string path, HttpStatusCode status, string message)
    {
        var answer = await Get(path, "");

        Assert.Equal(status, answer.Status);
        Assert.Contains(message, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forged_history_is_named_and_not_told_as_if_it_were_right()
    {
        History.Meddle("UPDATE events SET payload = CAST('{}' AS BLOB) WHERE sequence = 2");

        var verified = JsonNode.Parse((await Get("/audit/verify", "application/json")).Body)!;
        var state = await Get("/audit/redis/default/example?at=4", "");

        Assert.Contains("changed: the content of event 2", (string?)verified["faults"]![0]!["problem"], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, state.Status);
        Assert.Contains("event 2", state.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_at_a_time_reads_the_whole_journal()
    {
        using var release = new ManualResetEventSlim();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var http = await Listen(AuditAccess.Loopback, new InMemoryJournal
        {
            Failing = (method, _) =>
            {
                if (method == nameof(IJournal.VerifyChain) && begun.TrySetResult())
                    release.Wait();
                return null;
            },
        });

        var first = _client.GetAsync(new Uri(http.Url, "/audit/verify"));
        await begun.Task;
        foreach (var path in new[] { "/audit/verify", "/replay?until=2026-11-22" })
        {
            using var refused = await _client.GetAsync(new Uri(http.Url, path));
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Contains("ask again when it has ended", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        release.Set();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(new Uri(http.Url, "/replay?until=2026-11-22"))).StatusCode);
    }

    [Theory]
    [InlineData("/audit/verify")]
    [InlineData("/audit/export")]
    [InlineData("/audit/promise/redis")]
    [InlineData("/replay?until=2026-11-22")]
    public async Task Journal_that_cannot_be_read_is_said_with_its_reason(string path)
    {
        await using var http = await Listen(AuditAccess.Loopback, new InMemoryJournal { Failing = (_, _) => new JournalException("journal: the file is damaged. Restore it.") });

        using var answer = await _client.GetAsync(new Uri(http.Url, path));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "journal: the file is damaged. Restore it.\n"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData(AuditAccess.Loopback, "127.0.0.1", "127.0.0.1:8086", true)]
    [InlineData(AuditAccess.Loopback, "::1", "localhost:8086", true)]
    [InlineData(AuditAccess.Loopback, "::1", "[::1]:8086", true)]
    [InlineData(AuditAccess.Loopback, "10.0.0.7", "127.0.0.1:8086", false)]
    [InlineData(AuditAccess.Loopback, "127.0.0.1", "attacker.example:8086", false)]
    [InlineData(AuditAccess.Loopback, "127.0.0.1", "10.0.0.5", false)]
    [InlineData(AuditAccess.Loopback, null, "localhost", false)]
    [InlineData(AuditAccess.Everyone, "10.0.0.7", "kratix.example", true)]
    [InlineData(AuditAccess.Off, "127.0.0.1", "localhost", false)]
    public void Audit_is_told_to_whom_the_setting_says(AuditAccess access, string? from, string host, bool admitted) =>
        Assert.Equal(admitted, AuditEndpoints.Admits(access, from is null ? null : IPAddress.Parse(from), new HostString(host)));

    [Fact]
    public async Task Web_page_that_gives_this_machine_a_name_of_its_own_is_not_answered()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_http.Url, "/audit/export"));
        request.Headers.Host = "attacker.example";

        using var answer = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("to this machine only", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_that_is_off_says_so()
    {
        await using var off = await Listen(AuditAccess.Off);

        using var answer = await _client.GetAsync(new Uri(off.Url, "/audit/verify"));

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("kratix.http.audit = off", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private Task<EngineHttp> Listen(AuditAccess access, IJournal? journal = null) => EngineHttp.Start(
        new HttpSettings("127.0.0.1", 0, null, access), journal ?? _journal, new HealthChecks(_journal, TimeProvider.System), _metrics, NullLoggerFactory.Instance, default);

    private async Task<(HttpStatusCode Status, string Body)> Get(string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_http.Url, path));
        if (accept.Length > 0)
            request.Headers.Accept.ParseAdd(accept);
        using var answer = await _client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
