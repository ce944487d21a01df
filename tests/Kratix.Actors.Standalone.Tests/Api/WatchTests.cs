using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Api;

public sealed class WatchTests : IAsyncLifetime
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.Start(o => o with { Store = new StoreBounds(WatchHistory: 5) });

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Watch_from_a_version_tells_everything_since_in_order()
    {
        var (_, list) = await _server.Get(ConfigMaps);
        await _server.Post(ConfigMaps, Manifests.ConfigMap("a"));
        using var watch = await Open($"resourceVersion={list.At("metadata", "resourceVersion").AsText()}");
        await _server.Merge($"{ConfigMaps}/a", Manifests.Json("{data: {x: '1'}}"));
        await _server.Send(HttpMethod.Delete, $"{ConfigMaps}/a");

        Assert.Equal(["ADDED a", "MODIFIED a", "DELETED a"], [await watch.Next(), await watch.Next(), await watch.Next()]);
    }

    [Fact]
    public async Task Watch_without_a_version_begins_with_what_there_is()
    {
        await _server.Post(ConfigMaps, Manifests.ConfigMap("present"));

        using var watch = await Open("");

        Assert.Equal("ADDED kube-root-ca.crt", await watch.Next());
        Assert.Equal("ADDED present", await watch.Next());
    }

    [Fact]
    public async Task Watch_list_ends_its_beginning_with_a_marked_bookmark()
    {
        await _server.Post(ConfigMaps, Manifests.ConfigMap("present"));

        using var watch = await Open("sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name%3Dpresent");

        Assert.Equal("ADDED present", await watch.Next());
        Assert.Equal("true", (await watch.NextEvent()).At("object", "metadata", "annotations", "k8s.io/initial-events-end").AsText());
    }

    [Fact]
    public async Task An_object_that_leaves_the_selection_is_deleted_from_the_watch_s_view()
    {
        await _server.Post(ConfigMaps, Manifests.ConfigMap("moves", labels: new JsonObject { ["in"] = "yes" }));
        using var watch = await Open("labelSelector=in%3Dyes");
        Assert.Equal("ADDED moves", await watch.Next());

        await _server.Merge($"{ConfigMaps}/moves", Manifests.Json("{metadata: {labels: {in: 'no'}}}"));
        await _server.Merge($"{ConfigMaps}/moves", Manifests.Json("{metadata: {labels: {in: 'yes'}}}"));

        Assert.Equal(["DELETED moves", "ADDED moves"], [await watch.Next(), await watch.Next()]);
    }

    [Fact]
    public async Task Watch_from_a_forgotten_version_is_gone()
    {
        var (_, list) = await _server.Get(ConfigMaps);
        for (var i = 0; i < 10; i++) await _server.Post(ConfigMaps, Manifests.ConfigMap($"many-{i}"));

        var (code, status) = await _server.Get($"{ConfigMaps}?watch=true&resourceVersion={list.At("metadata", "resourceVersion").AsText()}");

        Assert.Equal(HttpStatusCode.Gone, code);
        Assert.Equal("Expired", status.Text("reason"));
        Assert.Contains("too old resource version", status.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_after_the_history_is_gone()
    {
        for (var i = 0; i < 3; i++) await _server.Post(ConfigMaps, Manifests.ConfigMap($"page-{i}"));
        var (_, page) = await _server.Get($"{ConfigMaps}?limit=1");
        for (var i = 0; i < 10; i++) await _server.Post(ConfigMaps, Manifests.ConfigMap($"later-{i}"));

        var (code, status) = await _server.Get($"{ConfigMaps}?limit=1&continue={Uri.EscapeDataString(page.At("metadata", "continue").AsText())}");

        Assert.Equal(HttpStatusCode.Gone, code);
        Assert.Contains("continue parameter is too old", status.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_ends_after_the_time_its_client_gave()
    {
        using var watch = await Open("timeoutSeconds=1&resourceVersion=" + _server.Server.Store.Version);

        Assert.Null(await watch.Line());
    }

    [Fact]
    public async Task An_idle_watch_hears_bookmarks()
    {
        await using var server = await TestServer.Start(o => o with { BookmarkInterval = TimeSpan.FromMilliseconds(50) });
        using var watch = await LineReader.Open(server, $"{ConfigMaps}?watch=true&allowWatchBookmarks=true&resourceVersion={server.Server.Store.Version}");

        Assert.Equal("BOOKMARK", (await watch.NextEvent()).Text("type"));
    }

    [Fact]
    public async Task Kubectl_get_w_prints_a_line_per_change()
    {
        using var process = _server.Kubectl.Start(["get", "cm", "-w", "--no-headers", "--field-selector=metadata.name=live"]);
        await _server.Post(ConfigMaps, Manifests.ConfigMap("live"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Assert.Matches(@"^live\s+0\s+", await process.StandardOutput.ReadLineAsync(limit.Token));

        await _server.Merge($"{ConfigMaps}/live", Manifests.Json("{data: {x: '1'}}"));

        Assert.Matches(@"^live\s+1\s+", await process.StandardOutput.ReadLineAsync(limit.Token));
        process.Kill();
    }

    private Task<LineReader> Open(string query) => LineReader.Open(_server, $"{ConfigMaps}?watch=true&{query}");

    private sealed class LineReader(HttpResponseMessage response, StreamReader reader) : IDisposable
    {
        public static async Task<LineReader> Open(TestServer server, string path)
        {
            var response = await server.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return new LineReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        }

        public async Task<string?> Line()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            return await reader.ReadLineAsync(limit.Token);
        }

        public async Task<JsonObject> NextEvent() => JsonNode.Parse(await Line() ?? throw new EndOfStreamException("the watch ended"))!.AsObject();

        public async Task<string> Next()
        {
            var e = await NextEvent();
            return $"{e.Text("type")} {e.At("object", "metadata", "name").AsText()}";
        }

        public void Dispose()
        {
            reader.Dispose();
            response.Dispose();
        }
    }
}
