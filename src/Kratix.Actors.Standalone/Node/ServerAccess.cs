using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>How containers find the API server: by the name and variables a cluster has for it.</summary>
internal static class ServerAccess
{
    /// <summary>The server's certificate holds for this name; what it means is in each container's <c>/etc/hosts</c>.</summary>
    public const string HostName = "kubernetes.default.svc";

    public static ImmutableSortedDictionary<string, string> Environment(IPEndPoint? server)
    {
        if (server is null) return ImmutableSortedDictionary<string, string>.Empty;
        var port = server.Port.ToString(CultureInfo.InvariantCulture);
        return ImmutableSortedDictionary<string, string>.Empty
            .Add("KUBERNETES_SERVICE_HOST", HostName).Add("KUBERNETES_SERVICE_PORT", port).Add("KUBERNETES_SERVICE_PORT_HTTPS", port);
    }
}

/// <summary>
/// The API server listens on the loopback address, which containers on a bridge cannot reach. This passes connections on from the machine's address
/// on that bridge, and only those that come from the bridge.
/// </summary>
internal sealed class ServerRelay : IAsyncDisposable
{
    private const int FreeBind = 15; // IP_FREEBIND: the bridge may come and go with its containers
    private readonly Socket _listener;
    private readonly IPNetwork _from;
    private readonly IPEndPoint _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    private ServerRelay(Socket listener, IPNetwork from, IPEndPoint server)
    {
        (_listener, _from, _server) = (listener, from, server);
        _accepting = Task.Run(Accept);
    }

    /// <summary>Null when there is nothing to pass on: the server is reached at that address anyway, or the address cannot be had.</summary>
    public static ServerRelay? Start(IPAddress gateway, IPNetwork from, IPEndPoint? server, ILogger log)
    {
        if (server is null || !IPAddress.IsLoopback(server.Address)) return null;
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Span<byte> on = [1, 0, 0, 0];
            listener.SetRawSocketOption(0, FreeBind, on);
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(new IPEndPoint(gateway, server.Port));
            listener.Listen();
            return new ServerRelay(listener, from, server);
        }
        catch (SocketException failure)
        {
            NodeLog.ServerNotReachable(log, gateway.ToString(), server.Port, failure.Message);
            listener.Dispose();
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task Accept()
    {
        var passing = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(_stop.Token);
                passing.RemoveAll(p => p.IsCompleted);
                passing.Add(Pass(client));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(passing);
        }
    }

    private async Task Pass(Socket client)
    {
        using (client)
        {
            if (client.RemoteEndPoint is not IPEndPoint { Address: var address } || !_from.Contains(address)) return;
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(_server, _stop.Token);
                await using var toClient = new NetworkStream(client);
                await using var toServer = new NetworkStream(server);
                await Task.WhenAll(Copy(toClient, toServer, server), Copy(toServer, toClient, client));
            }
            catch (Exception ended) when (ended is IOException or SocketException or OperationCanceledException)
            {
                // Either side has hung up, or the node goes; the other side sees its connection end.
            }
        }
    }

    private async Task Copy(NetworkStream from, NetworkStream to, Socket end)
    {
        await from.CopyToAsync(to, _stop.Token);
        end.Shutdown(SocketShutdown.Send);
    }
}
