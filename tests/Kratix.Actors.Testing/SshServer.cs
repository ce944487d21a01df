using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kratix.Actors.Testing;

/// <summary>A real <c>sshd</c> of our own on a loopback port, with one key that may log in as the user who runs the tests.</summary>
public sealed class SshServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _log;

    private SshServer(Process process, Task log, int port, string folder) => (_process, _log, Port, Folder) = (process, log, port, folder);

    public int Port { get; }

    public string Folder { get; }

    public static string User => Environment.UserName;

    /// <summary>The key that may log in, as <c>ssh-keygen</c> writes it.</summary>
    public string PrivateKey => File.ReadAllText(Path.Combine(Folder, "user_key"));

    /// <summary>A line for <c>known_hosts</c> that trusts this server.</summary>
    public string KnownHosts => $"[127.0.0.1]:{Port.ToString(CultureInfo.InvariantCulture)} {File.ReadAllText(Path.Combine(Folder, "host_key.pub"))}";

    /// <summary>Makes a key pair <c>name</c>, <c>name.pub</c> in a folder.</summary>
    public static void MakeKey(string folder, string name, string passphrase = "")
    {
        using var keygen = Process.Start(new ProcessStartInfo("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", Path.Combine(folder, name)]))!;
        keygen.WaitForExit();
        if (keygen.ExitCode != 0)
            throw new InvalidOperationException("ssh-keygen failed");
    }

    public static async Task<SshServer> Start(string folder)
    {
        var unpacked = Environment.GetEnvironmentVariable("KRATIX_ACTORS_SSHD");
        var sshd = string.IsNullOrEmpty(unpacked) ? "/usr/sbin/sshd" : unpacked;
        if (!File.Exists(sshd))
            throw new InvalidOperationException($"there is no {sshd}; run eng/install.sh --sshd and then '. eng/env.sh'");
        MakeKey(folder, "host_key");
        MakeKey(folder, "user_key");
        var port = FreePort();
        var configuration = Path.Combine(folder, "sshd_config");
        await File.WriteAllLinesAsync(configuration,
        [
            $"Port {port.ToString(CultureInfo.InvariantCulture)}", "ListenAddress 127.0.0.1", $"HostKey {folder}/host_key", $"AuthorizedKeysFile {folder}/user_key.pub",
            "PidFile none", "UsePAM no", "StrictModes no", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password", "AcceptEnv GIT_PROTOCOL",
        ]);
        // Root's sshd confines its network half to this folder, which a package's installation would have made.
        if (Environment.IsPrivilegedProcess)
            Directory.CreateDirectory("/run/sshd");
        var start = new ProcessStartInfo(sshd, ["-D", "-e", "-f", configuration]) { RedirectStandardError = true, RedirectStandardInput = true };
        if (!string.IsNullOrEmpty(unpacked))
            start.Environment["LD_LIBRARY_PATH"] = string.Join(':', Directory.EnumerateDirectories(Path.GetFullPath(Path.Combine(unpacked, "../../lib"))));
        var process = Process.Start(start)!;
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains("Server listening", StringComparison.Ordinal))
                return new SshServer(process, process.StandardError.ReadToEndAsync(), port, folder);
        }

        throw new InvalidOperationException($"{sshd} did not start");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _log;
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
