using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kratix.Actors.Kubernetes.Tests;

/// <summary>One request as it came over the wire.</summary>
internal sealed record Request(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string Path => Target.Split('?')[0];

    public string? Query(string name) => Target.Split('?').ElementAtOrDefault(1)?.Split('&').Select(p => p.Split('=', 2))
        .Where(p => p[0] == name).Select(p => Uri.UnescapeDataString(p[1])).FirstOrDefault();
}

/// <summary>
/// A server that says, byte for byte, what the test tells it to: each request takes the next script. Written on the socket, because what is
/// tested are the ways in which HTTP breaks.
/// </summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly BlockingCollection<Func<Request, Reply, Task>> _scripts = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _disposed;

    public ScriptedServer()
    {
        _listener.Start();
        _accepting = Accept();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public ConcurrentQueue<Request> Requests { get; } = [];

    public ScriptedServer Then(Func<Request, Reply, Task> script)
    {
        _scripts.Add(script);
        return this;
    }

    public ScriptedServer Then(int status, string body, params string[] headers) => Then((_, reply) => reply.Answer(status, body, headers));

    /// <summary>A watch stream with these lines, closed by the server in good order.</summary>
    public ScriptedServer ThenStream(params string[] lines) => Then(async (_, reply) =>
    {
        await reply.BeginStream();
        foreach (var line in lines)
            await reply.Chunk(line + "\n");
        await reply.EndStream();
    });

    /// <summary>A watch stream with these lines that then stays open and silent.</summary>
    public ScriptedServer ThenHang(params string[] lines) => Then(async (_, reply) =>
    {
        await reply.BeginStream();
        foreach (var line in lines)
            await reply.Chunk(line + "\n");
        await reply.Forever;
    });

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _scripts.Dispose();
        _stop.Dispose();
    }

    private async Task Accept()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(Serve(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task Serve(TcpClient client)
    {
        using var owned = client;
        try
        {
            var stream = client.GetStream();
            while (await Read(stream) is { } request)
            {
                Requests.Enqueue(request);
                if (!_scripts.TryTake(out var script))
                    script = (_, r) => r.Answer(500, "the script has come to its end", []);
                var reply = new Reply(client, stream, _stop.Token);
                await script(request, reply);
                if (reply.Closed)
                    return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The client went away, or the test is over.
        }
    }

    private async Task<Request?> Read(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (head.Count < 4 || !(head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n'))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
                return null;
            head.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(l => l.Split(": ", 2)).ToDictionary(p => p[0], p => p[1], StringComparer.OrdinalIgnoreCase);
        var body = await Body(stream, headers);
        var start = lines[0].Split(' ');
        return new Request(start[0], start[1], headers, body);
    }

    private async Task<string> Body(NetworkStream stream, Dictionary<string, string> headers)
    {
        if (headers.TryGetValue("Content-Length", out var length))
        {
            var bytes = new byte[int.Parse(length, System.Globalization.CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(bytes, _stop.Token);
            return Encoding.UTF8.GetString(bytes);
        }

        return "";
    }
}

/// <summary>The answering half of one request.</summary>
internal sealed class Reply(TcpClient client, NetworkStream stream, CancellationToken stop)
{
    public bool Closed { get; private set; }

    public Task Forever => Task.Delay(Timeout.Infinite, stop);

    public Task Answer(int status, string body, params string[] headers)
    {
        var head = new StringBuilder($"HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        foreach (var header in headers)
            head.Append(header).Append("\r\n");
        return Raw($"{head}\r\n{body}");
    }

    public Task BeginStream() => Raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");

    public Task Chunk(string text) => Raw($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

    public Task EndStream() => Raw("0\r\n\r\n");

    public async Task Raw(string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text), stop);

    /// <summary>Says that nothing more will come, in the middle of the answer.</summary>
    public void HalfClose()
    {
        Closed = true;
        client.Client.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Drops the connection as a crashed machine does.</summary>
    public void Reset()
    {
        Closed = true;
        client.Client.LingerState = new LingerOption(true, 0);
        client.Close();
    }
}
