using System.Net.Sockets;
using Kratix.Actors.Testing.Cluster;

namespace Kratix.Actors.Kubernetes.Tests;

public sealed class KubeApiServerTests
{
    // The pipe is closed by the end of the tests' process too, however that comes.
    [Fact]
    public async Task Nothing_of_it_is_left_when_its_pipe_is_closed()
    {
        var server = await KubeApiServer.Start();
        Assert.True(File.Exists(server.AdminKubeconfig));

        await server.DisposeAsync();

        Assert.False(Directory.Exists(server.Folder));
        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(async () => await client.ConnectAsync(server.Url.Host, server.Url.Port));
    }
}
