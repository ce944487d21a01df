using System.Collections.Concurrent;
using System.Diagnostics;
using System.Formats.Tar;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kratix.Actors.Kubernetes.Tests;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class PipelineAdapterTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adapter").FullName;
    private readonly HttpListener _engine = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly ConcurrentQueue<(int Status, string Body)> _answers = [];
    private readonly ConcurrentQueue<(string Method, string Path, string? Authorization, byte[] Body)> _requests = [];
    private readonly ConcurrentQueue<string> _log = [];
    private readonly ManualTime _time = new();
    private string _url = "";
    private Task _serving = Task.CompletedTask;

    private string Output => Path.Combine(_folder, "output");

    private string Metadata => Path.Combine(_folder, "metadata");

    public Task InitializeAsync()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            _url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        }

        _engine.Prefixes.Add(_url);
        _engine.Start();
        _serving = Serve();
        Directory.CreateDirectory(Output);
        Directory.CreateDirectory(Metadata);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _engine.Stop();
        await _serving;
        _http.Dispose();
        // Not by .NET, which cannot name every file that these tests make.
        using var rm = Process.Start("rm", ["-rf", _folder]);
        await rm.WaitForExitAsync();
    }

    [Fact]
    public async Task Read_saves_the_object_read_only()
    {
        _answers.Enqueue((200, "kind: Redis\n"));
        Assert.Equal(0, await Run("read"));
        var file = Path.Combine(_folder, "object.yaml");
        Assert.Equal("kind: Redis\n", await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(file));
        Assert.Equal(("GET", "/runs/1/object.yaml", "Bearer t0ken"), _requests.Select(r => (r.Method, r.Path, r.Authorization)).Single());
        Assert.Equal(["object.yaml"], Directory.GetFiles(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Read_again_replaces_what_an_earlier_attempt_left()
    {
        _answers.Enqueue((200, "first"));
        _answers.Enqueue((200, "second"));
        await Run("read");
        Assert.Equal(0, await Run("read"));
        Assert.Equal("second", await File.ReadAllTextAsync(Path.Combine(_folder, "object.yaml")));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Engine_that_is_not_ready_is_asked_again(int status)
    {
        _answers.Enqueue((status, "not yet"));
        _answers.Enqueue((status, "not yet"));
        _answers.Enqueue((200, "x"));
        var run = Run("read");
        await WaitThrough(run);
        Assert.Equal(0, await run);
        Assert.Equal(3, _requests.Count);
        Assert.Single(_log, l => l.Contains("not yet; asking again", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(413)]
    public async Task Refusal_is_final_and_in_the_log_without_the_token(int status)
    {
        _answers.Enqueue((status, "no such run"));
        Assert.Equal(PipelineAdapter.Refused, await Run("write"));
        Assert.Contains($"the engine refused: {status}", Assert.Single(_log), StringComparison.Ordinal);
        Assert.DoesNotContain("t0ken", string.Join('\n', _log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Engine_that_is_away_too_long_ends_the_run()
    {
        _engine.Stop();
        var run = Run("read");
        await WaitThrough(run);
        Assert.Equal(PipelineAdapter.Unreachable, await run);
        Assert.Contains("gave up after 30 minutes", _log.Last(), StringComparison.Ordinal);
        Assert.Contains("Connection refused", _log.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_it_as_a_signal_would()
    {
        using var stop = new CancellationTokenSource();
        _answers.Enqueue((503, ""));
        var run = PipelineAdapter.Run(["read"], Variables(), Folders(), _log.Enqueue, _http, _time, stop.Token);
        await stop.CancelAsync();
        Assert.Equal(PipelineAdapter.Stopped, await run);
    }

    [Theory]
    [InlineData("", "t", "KRATIX_RUN_URL")]
    [InlineData("file:///x", "t", "KRATIX_RUN_URL")]
    [InlineData("http://x", "", "KRATIX_RUN_TOKEN")]
    public async Task Missing_environment_is_named(string url, string token, string expected)
    {
        var environment = new Dictionary<string, string> { ["KRATIX_RUN_URL"] = url, ["KRATIX_RUN_TOKEN"] = token };
        Assert.Equal(PipelineAdapter.Misused, await PipelineAdapter.Run(["read"], environment, Folders(), _log.Enqueue, _http, _time, default));
        Assert.Contains(expected, Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_verb_tells_the_right_ones()
    {
        Assert.Equal(PipelineAdapter.Misused, await Run("juggle"));
        Assert.Contains("read|write", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Object_folder_that_is_not_there_is_local_trouble()
    {
        _answers.Enqueue((200, "x"));
        Assert.Equal(PipelineAdapter.LocalTrouble, await PipelineAdapter.Read(Variables(), Path.Combine(_folder, "missing"), _log.Enqueue, _http, _time, default));
        Assert.Contains("missing/object.yaml cannot be written", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_hands_in_both_directories_byte_for_byte_and_sorted()
    {
        var bytes = new byte[300_000];
        new Random(1).NextBytes(bytes);
        Directory.CreateDirectory(Path.Combine(Output, "b", "empty"));
        await File.WriteAllBytesAsync(Path.Combine(Output, "b", "data.bin"), bytes);
        await File.WriteAllTextAsync(Path.Combine(Output, "a ümläut\n.yaml"), "x");
        await File.WriteAllTextAsync(Path.Combine(Output, ".hidden"), "");
        await File.WriteAllTextAsync(Path.Combine(Output, new string('n', 200)), "long");
        await File.WriteAllTextAsync(Path.Combine(Metadata, "status.yaml"), "message: hi");
        _answers.Enqueue((204, ""));
        Assert.Equal(0, await Run("write"));
        var request = Assert.Single(_requests);
        Assert.Equal(("PUT", "/runs/1/output", "Bearer t0ken"), (request.Method, request.Path, request.Authorization));
        var entries = Entries(request.Body);
        Assert.Equal(
            ["output/", "output/.hidden", "output/a ümläut\n.yaml", "output/b/", "output/b/data.bin", "output/b/empty/", $"output/{new string('n', 200)}", "metadata/", "metadata/status.yaml"],
            entries.Select(e => e.Name));
        Assert.Equal(bytes, entries.Single(e => e.Name == "output/b/data.bin").Content);
    }

    [Fact]
    public async Task Write_sends_links_and_special_files_as_what_they_are_and_follows_nothing()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "secret"), "do not leak");
        Directory.CreateDirectory(Path.Combine(_folder, "elsewhere"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "elsewhere", "inside"), "do not leak");
        File.CreateSymbolicLink(Path.Combine(Output, "link"), Path.Combine(_folder, "secret"));
        File.CreateSymbolicLink(Path.Combine(Output, "dangling"), "../../nowhere");
        Directory.CreateSymbolicLink(Path.Combine(Output, "tree"), Path.Combine(_folder, "elsewhere"));
        using (var mkfifo = Process.Start("mkfifo", [Path.Combine(Output, "pipe")]))
            await mkfifo.WaitForExitAsync();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(Output, "socket")));
        _answers.Enqueue((200, ""));
        Assert.Equal(0, await Run("write"));
        var body = Assert.Single(_requests).Body;
        Assert.Equal(
            [
                ("output/dangling", TarEntryType.SymbolicLink), ("output/link", TarEntryType.SymbolicLink), ("output/pipe", TarEntryType.Fifo),
                ("output/socket", TarEntryType.Fifo), ("output/tree", TarEntryType.SymbolicLink),
            ],
            Entries(body).Where(e => e.Type != TarEntryType.Directory).Select(e => (e.Name, e.Type)));
        Assert.DoesNotContain("do not leak", Encoding.Latin1.GetString(body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_sends_everything_again_when_it_must_ask_again()
    {
        await File.WriteAllTextAsync(Path.Combine(Output, "a"), "x");
        _answers.Enqueue((503, ""));
        _answers.Enqueue((200, ""));
        var run = Run("write");
        await WaitThrough(run);
        Assert.Equal(0, await run);
        Assert.Contains(Entries(_requests.Last().Body), e => e.Name == "output/a");
    }

    [Fact]
    public async Task Write_takes_files_of_users_this_machine_does_not_know()
    {
        var file = Path.Combine(Output, "theirs");
        await File.WriteAllTextAsync(file, "x");
        // Only root can give a file away; for others this is the plain case once more.
        using (var chown = Process.Start(new ProcessStartInfo("chown", ["54321:54321", file]) { RedirectStandardError = true })!)
            await chown.WaitForExitAsync();
        _answers.Enqueue((200, ""));
        Assert.Equal(0, await Run("write"));
        Assert.Contains(Entries(Assert.Single(_requests).Body), e => e.Name == "output/theirs");
    }

    [Fact]
    public async Task Write_of_a_file_it_may_not_read_names_it_and_says_what_to_do()
    {
        var file = Path.Combine(Output, "private");
        await File.WriteAllTextAsync(file, "x");
        File.SetUnixFileMode(file, UnixFileMode.None);
        _answers.Enqueue((200, ""));
        // Root may read everything; then there is nothing to complain about.
        Assert.Equal(Environment.IsPrivilegedProcess ? 0 : PipelineAdapter.LocalTrouble, await Run("write"));
        if (!Environment.IsPrivilegedProcess)
            Assert.Contains("output/private cannot be read (permission denied); a step must leave its files readable", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_of_nothing_is_two_empty_directories()
    {
        _answers.Enqueue((200, ""));
        Assert.Equal(0, await Run("write"));
        Assert.Equal(["output/", "metadata/"], Entries(Assert.Single(_requests).Body).Select(e => e.Name));
    }

    [Fact]
    public async Task Write_hands_in_results_where_there_are_some()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "results"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "results", "url"), "x");
        _answers.Enqueue((204, ""));
        Assert.Equal(0, await Run("write"));
        Assert.Equal(["output/", "metadata/", "results/", "results/url"], Entries(Assert.Single(_requests).Body).Select(e => e.Name));
    }

    [Fact]
    public async Task Write_last_asks_until_its_turn_has_come_and_hands_in_what_is_there_then()
    {
        _answers.Enqueue((202, ""));
        _answers.Enqueue((503, ""));
        _answers.Enqueue((202, ""));
        _answers.Enqueue((204, ""));
        _answers.Enqueue((204, ""));
        var run = Run("write-last");
        await WaitThrough(run);
        Assert.Equal(0, await run);
        Assert.Equal(
            [("GET", "/runs/1/turn"), ("GET", "/runs/1/turn"), ("GET", "/runs/1/turn"), ("GET", "/runs/1/turn"), ("PUT", "/runs/1/output")],
            _requests.Select(r => (r.Method, r.Path)));
    }

    [Fact]
    public async Task Write_last_beside_a_container_that_failed_hands_nothing_in()
    {
        _answers.Enqueue((400, "container left failed, so nothing is handed in"));
        Assert.Equal(PipelineAdapter.Refused, await Run("write-last"));
        Assert.Single(_requests);
        Assert.Contains("container left failed", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_of_a_name_that_is_not_text_names_it()
    {
        using (var sh = Process.Start("sh", ["-c", "touch \"$1/$(printf 'bad\\377')\"", "sh", Output]))
            await sh.WaitForExitAsync();
        _answers.Enqueue((200, ""));
        Assert.Equal(PipelineAdapter.LocalTrouble, await Run("write"));
        Assert.Contains("output/bad\uFFFD: the name of this file is not valid UTF-8", Assert.Single(_log), StringComparison.Ordinal);
    }

    private Task<int> Run(string verb) => PipelineAdapter.Run([verb], Variables(), Folders(), _log.Enqueue, _http, _time, default);

    private AdapterFolders Folders() => new(_folder, Output, Metadata, Path.Combine(_folder, "results"));

    private Dictionary<string, string> Variables() => new() { ["KRATIX_RUN_URL"] = $"{_url}runs/1", ["KRATIX_RUN_TOKEN"] = "t0ken" };

    /// <summary>Lets virtual time pass whenever the adapter waits, until it has ended.</summary>
    private async Task WaitThrough(Task run)
    {
        while (!run.IsCompleted)
        {
            if (await Task.WhenAny(run, _time.ArmedWithin(TimeSpan.FromSeconds(5))) != run)
                _time.Advance(TimeSpan.FromSeconds(5));
        }
    }

    private static List<(string Name, TarEntryType Type, byte[] Content)> Entries(byte[] tar)
    {
        var result = new List<(string, TarEntryType, byte[])>();
        using var reader = new TarReader(new MemoryStream(tar));
        while (reader.GetNextEntry(true) is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            result.Add((entry.Name, entry.EntryType, content.ToArray()));
        }

        return result;
    }

    private async Task Serve()
    {
        try
        {
            while (true)
            {
                var context = await _engine.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                _requests.Enqueue((context.Request.HttpMethod, context.Request.Url!.AbsolutePath, context.Request.Headers["Authorization"], body.ToArray()));
                var (status, text) = _answers.TryDequeue(out var answer) ? answer : (500, "no answer prepared");
                context.Response.StatusCode = status;
                if (status != 204)
                    await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(text));
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }
}
