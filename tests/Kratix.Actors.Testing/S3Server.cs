using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kratix.Actors.Testing;

/// <summary>A real S3 server on a loopback port, with one bucket and one key pair.</summary>
public sealed class S3Server : IAsyncDisposable
{
    public const string Bucket = "platform";

    /// <summary>The only access key it knows, and its secret.</summary>
    public const string Key = "S3RVER";

    private readonly Process _process;
    private readonly Task _output;

    private S3Server(Process process, Task output, int port) => (_process, _output, Port) = (process, output, port);

    public int Port { get; }

    public string Endpoint => $"127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}";

    public static async Task<S3Server> Start(string folder)
    {
        var program = Environment.GetEnvironmentVariable("KRATIX_ACTORS_S3RVER");
        if (string.IsNullOrEmpty(program))
            throw new InvalidOperationException("there is no S3 server; run eng/install.sh --s3 and then '. eng/env.sh'");
        var port = FreePort();
        var process = Process.Start(new ProcessStartInfo(
            // Its listings are continued by tokens of a cipher that OpenSSL 3 has only in its legacy provider.
            "node", ["--openssl-legacy-provider", program, "--directory", folder, "--address", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--configure-bucket", Bucket, "--no-vhost-buckets"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("listening", StringComparison.OrdinalIgnoreCase))
                return new S3Server(process, Task.WhenAll(process.StandardOutput.ReadToEndAsync(), errors), port);
        }

        throw new InvalidOperationException($"the S3 server did not start: {await errors}");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _output;
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
