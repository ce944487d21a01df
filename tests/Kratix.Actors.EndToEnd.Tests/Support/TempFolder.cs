using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>A folder, for a platform's data and more, that goes when the test does, and with it the containers that a killed platform has left, unless <c>KRATIX_E2E_KEEP</c> is set, to look at what a failed test has left.</summary>
internal sealed class TempFolder : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kratix-e2e-");

    internal string In(string name) => Path.Combine(_folder.FullName, name);

    internal string Data => In("data");

    private string Runc => Path.Combine(Data, "node", "runc");

    public async ValueTask DisposeAsync()
    {
        if (Environment.GetEnvironmentVariable("KRATIX_E2E_KEEP") is not null)
            return;
        // A node labels its containers with a digest of its data folder.
        var node = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Data)))[..12];
        var left = (await Command.Run("podman", ["ps", "--all", "--quiet", "--filter", $"label=kratix-actors.node={node}"])).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (left.Length > 0)
            await Command.Run("podman", ["rm", "--force", "--time", "0", .. left]);
        foreach (var container in Directory.Exists(Runc) ? Directory.EnumerateDirectories(Runc) : [])
            await Command.Run("runc", ["--root", Runc, "delete", "--force", Path.GetFileName(container)]);
        foreach (var network in Directory.Exists("/run/netns") ? Directory.EnumerateFiles("/run/netns", $"kratix-actors-{node}-*") : [])
            await Command.Run("ip", ["netns", "delete", Path.GetFileName(network)]);
        _folder.Delete(recursive: true);
    }
}
