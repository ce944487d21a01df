using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>A folder, for a platform's data and more, that goes when the test does, and with it the containers that a killed platform has left, unless <c>KRATIX_E2E_KEEP</c> is set, to look at what a failed test has left.</summary>
internal sealed class TempFolder : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kratix-e2e-");

    internal string In(string name) => Path.Combine(_folder.FullName, name);

    internal string Data => In("data");

    public async ValueTask DisposeAsync()
    {
        if (Environment.GetEnvironmentVariable("KRATIX_E2E_KEEP") is not null)
            return;
        // A node labels its containers with a digest of its data folder.
        var node = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Data)))[..12];
        var left = (await Command.Run("podman", ["ps", "--all", "--quiet", "--filter", $"label=kratix-actors.node={node}"])).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (left.Length > 0)
            await Command.Run("podman", ["rm", "--force", "--time", "0", .. left]);
        _folder.Delete(recursive: true);
    }
}
