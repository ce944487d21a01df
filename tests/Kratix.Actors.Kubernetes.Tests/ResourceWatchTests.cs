using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes.Tests;

public sealed class ResourceWatchTests : IAsyncLifetime
{
    private static readonly ResourceType Map = new("", "v1", "configmaps", "ConfigMap", true);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(97);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(3);

    private readonly ManualTime _time = new();
    private readonly ScriptedServer _server = new();
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private KubernetesClient _client = null!;
    private IAsyncEnumerator<WatchSignal> _signals = null!;

    public Task InitializeAsync()
    {
        _client = new KubernetesClient(new KubernetesAccess(_server.Url), new KubernetesClientOptions(), _time);
        var options = new ResourceWatchOptions { Silence = Silence, FirstDelay = FirstDelay, Jitter = () => 0, MaxEventBytes = 64 * 1024 };
        _signals = new ResourceWatch(_client, options, _time).Watch(Map, "default", "a=b", _stop.Token).GetAsyncEnumerator();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _signals.DisposeAsync();
        await _server.DisposeAsync();
        _client.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Watch_lists_all_pages_and_goes_on_from_the_version_of_the_first()
    {
        _server.Then(200, List("5", "next-page", "one", "two")).Then(200, List("5", null, "three")).ThenHang(Event("ADDED", "four", "6"));
        var listed = await Next<WatchSignal.Listed>();
        Assert.Equal(["one", "two", "three"], listed.Items.Select(NameOf));
        Assert.All(listed.Items, i => Assert.Equal("ConfigMap", (string?)i["kind"]));
        Assert.Equal("four", NameOf((await Next<WatchSignal.Changed>()).Item));
        var requests = _server.Requests.ToArray();
        Assert.Equal("next-page", requests[1].Query("continue"));
        Assert.Equal(
            ("/api/v1/namespaces/default/configmaps", "true", "true", "5", "a=b"),
            (requests[2].Path, requests[2].Query("watch"), requests[2].Query("allowWatchBookmarks"), requests[2].Query("resourceVersion"), requests[2].Query("labelSelector")));
        Assert.NotNull(requests[2].Query("timeoutSeconds"));
    }

    [Fact]
    public async Task Watch_after_a_bookmark_and_an_orderly_close_resumes_there_without_a_word()
    {
        _server.Then(200, List("5", null)).ThenStream(Bookmark("90")).ThenHang(Event("DELETED", "one", "91"));
        await Next<WatchSignal.Listed>();
        Assert.Equal("one", NameOf((await Next<WatchSignal.Removed>()).Item));
        Assert.Equal("90", _server.Requests.Last().Query("resourceVersion"));
    }

    [Fact]
    public async Task Watch_told_410_in_the_stream_lists_anew()
    {
        _server.Then(200, List("5", null, "old"))
            .ThenStream("""{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}}""")
            .Then(200, List("80", null, "new"))
            .ThenHang();
        Assert.Equal(["old"], (await Next<WatchSignal.Listed>()).Items.Select(NameOf));
        Assert.Equal(["new"], (await Next<WatchSignal.Listed>()).Items.Select(NameOf));
    }

    [Fact]
    public async Task Watch_told_410_as_status_lists_anew()
    {
        _server.Then(200, List("5", null, "old")).Then(410, Status(410, "Expired", "gone")).Then(200, List("80", null, "new")).ThenHang();
        await Next<WatchSignal.Listed>();
        Assert.Equal(["new"], (await Next<WatchSignal.Listed>()).Items.Select(NameOf));
    }

    [Fact]
    public async Task Watch_told_410_again_and_again_waits_between_its_listings()
    {
        _server.Then(200, List("5", null)).Then(410, Status(410, "Expired", "gone")).Then(200, List("6", null)).Then(410, Status(410, "Expired", "gone")).Then(200, List("7", null)).ThenHang();
        await Next<WatchSignal.Listed>();
        await Next<WatchSignal.Listed>();
        Assert.Contains("no longer knows the version", (await Next<WatchSignal.Interrupted>()).Reason, StringComparison.Ordinal);
        await Pass(FirstDelay * 2);
        await Next<WatchSignal.Listed>();
    }

    [Fact]
    public async Task List_whose_pages_expire_starts_from_the_first_page()
    {
        _server.Then(200, List("5", "next", "one")).Then(410, Status(410, "Expired", "continue is too old")).Then(200, List("9", null, "one", "two")).ThenHang();
        Assert.Equal(["one", "two"], (await Next<WatchSignal.Listed>()).Items.Select(NameOf));
        Assert.Null(_server.Requests.ElementAt(2).Query("continue"));
    }

    [Fact]
    public async Task Watch_that_reads_garbage_says_so_and_asks_for_the_event_again()
    {
        _server.Then(200, List("5", null)).ThenStream(Event("ADDED", "one", "6"), "<html>proxy</html>").ThenHang(Event("ADDED", "two", "7"));
        await Next<WatchSignal.Listed>();
        await Next<WatchSignal.Changed>();
        Assert.Contains("<html>proxy</html>", (await Next<WatchSignal.Interrupted>()).Reason, StringComparison.Ordinal);
        await Pass(FirstDelay);
        Assert.Equal("two", NameOf((await Next<WatchSignal.Changed>()).Item));
        Assert.Equal("6", _server.Requests.Last().Query("resourceVersion"));
    }

    [Fact]
    public async Task Watch_that_keeps_reading_garbage_lists_anew()
    {
        _server.Then(200, List("5", null)).ThenStream("[1]").ThenStream("{\"type\":\"ADDED\"}").ThenStream("{\"type\":\"NEWS\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\"}}}")
            .Then(200, List("8", null, "one")).ThenHang();
        await Next<WatchSignal.Listed>();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await Next<WatchSignal.Interrupted>();
            await Pass(FirstDelay * Math.Pow(2, attempt));
        }

        Assert.Equal(["one"], (await Next<WatchSignal.Listed>()).Items.Select(NameOf));
    }

    [Fact]
    public async Task Watch_on_a_half_closed_connection_drops_the_half_event_and_resumes()
    {
        _server.Then(200, List("5", null))
            .Then(async (_, reply) =>
            {
                await reply.BeginStream();
                await reply.Chunk(Event("ADDED", "one", "6") + "\n");
                await reply.Chunk(Event("ADDED", "two", "7")[..20]);
                reply.HalfClose();
            })
            .ThenHang(Event("ADDED", "two", "7"));
        await Next<WatchSignal.Listed>();
        Assert.Equal("one", NameOf((await Next<WatchSignal.Changed>()).Item));
        await Next<WatchSignal.Interrupted>();
        await Pass(FirstDelay);
        Assert.Equal("two", NameOf((await Next<WatchSignal.Changed>()).Item));
        Assert.Equal("6", _server.Requests.Last().Query("resourceVersion"));
    }

    [Fact]
    public async Task Watch_on_a_reset_connection_resumes()
    {
        _server.Then(200, List("5", null))
            .Then(async (_, reply) =>
            {
                await reply.BeginStream();
                reply.Reset();
            })
            .ThenHang(Event("MODIFIED", "one", "6"));
        await Next<WatchSignal.Listed>();
        await Next<WatchSignal.Interrupted>();
        await Pass(FirstDelay);
        await Next<WatchSignal.Changed>();
    }

    [Fact]
    public async Task Watch_on_which_nothing_arrives_connects_anew()
    {
        _server.Then(200, List("5", null)).ThenHang(Bookmark("50")).ThenHang(Event("ADDED", "one", "51"));
        await Next<WatchSignal.Listed>();
        await Pass(Silence);
        Assert.Contains("nothing arrived", (await Next<WatchSignal.Interrupted>()).Reason, StringComparison.Ordinal);
        await Next<WatchSignal.Changed>();
    }

    [Fact]
    public async Task Watch_of_a_slow_server_puts_the_pieces_of_an_event_together()
    {
        var line = Event("ADDED", "one", "6") + "\n";
        _server.Then(200, List("5", null))
            .Then(async (_, reply) =>
            {
                await reply.BeginStream();
                foreach (var piece in line.Chunk(7))
                    await reply.Chunk(new string(piece));
                await reply.Forever;
            });
        await Next<WatchSignal.Listed>();
        Assert.Equal("one", NameOf((await Next<WatchSignal.Changed>()).Item));
    }

    [Fact]
    public async Task Watch_refused_says_why_and_recovers_when_it_is_let_in()
    {
        _server.Then(401, Status(401, "Unauthorized", "token expired")).Then(200, List("5", null, "one"))
            .Then(403, Status(403, "Forbidden", "cannot watch")).Then(200, List("6", null, "one")).ThenHang();
        Assert.Equal(new WatchSignal.Interrupted("token expired", Refused: true), await Next<WatchSignal.Interrupted>());
        await Pass(FirstDelay);
        await Next<WatchSignal.Listed>();
        // What may be listed is seen, if late.
        Assert.Equal(new WatchSignal.Interrupted("cannot watch", Refused: false), await Next<WatchSignal.Interrupted>());
        await Pass(FirstDelay * 2);
        await Next<WatchSignal.Listed>();
    }

    [Fact]
    public async Task Watch_waits_as_long_as_the_server_asks()
    {
        _server.Then(429, Status(429, "TooManyRequests", "slow down"), "Retry-After: 77").Then(200, List("5", null)).ThenHang();
        await Next<WatchSignal.Interrupted>();
        await Pass(TimeSpan.FromSeconds(77));
        await Next<WatchSignal.Listed>();
    }

    [Fact]
    public async Task Watch_of_an_event_beyond_the_limit_says_so()
    {
        _server.Then(200, List("5", null)).ThenHang(Event("ADDED", new string('x', 200_000), "6"));
        await Next<WatchSignal.Listed>();
        Assert.Contains("longer than the 65536 bytes", (await Next<WatchSignal.Interrupted>()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_ends_with_its_token_and_without_an_exception()
    {
        _server.Then(200, List("5", null)).ThenHang();
        await Next<WatchSignal.Listed>();
        await _stop.CancelAsync();
        Assert.False(await _signals.MoveNextAsync());
    }

    private async Task<T> Next<T>() where T : WatchSignal
    {
        Assert.True(await _signals.MoveNextAsync());
        return Assert.IsType<T>(_signals.Current);
    }

    private async Task Pass(TimeSpan due)
    {
        await _time.Armed(due);
        _time.Advance(due);
    }

    private static string? NameOf(JsonObject item) => (string?)item["metadata"]!["name"];

    private static string List(string version, string? next, params string[] names) => new JsonObject
    {
        ["kind"] = "List",
        ["metadata"] = new JsonObject { ["resourceVersion"] = version, ["continue"] = next },
        ["items"] = new JsonArray([.. names.Select(n => (JsonNode)new JsonObject { ["metadata"] = new JsonObject { ["name"] = n } })]),
    }.ToJsonString();

    private static string Event(string type, string name, string version) => Line(type, new JsonObject { ["name"] = name, ["resourceVersion"] = version });

    private static string Bookmark(string version) => Line("BOOKMARK", new JsonObject { ["resourceVersion"] = version });

    private static string Line(string type, JsonObject metadata) =>
        new JsonObject { ["type"] = type, ["object"] = new JsonObject { ["kind"] = "ConfigMap", ["metadata"] = metadata } }.ToJsonString();

    private static string Status(int code, string reason, string message) =>
        $$"""{"kind":"Status","status":"Failure","code":{{code}},"reason":"{{reason}}","message":"{{message}}"}""";
}
