using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>
/// Where volumes in memory lie: in the machine's own file system for shared memory, so that nothing has to be mounted and nothing is left mounted. Everybody may write
/// there, also in advance; so its name comes from a key that only the node's user can read, and from the machine's present boot, with which what lies there goes.
/// </summary>
internal sealed class MemoryFolder(string nodeFolder)
{
    private const string Shared = "/dev/shm";
    private const string Boot = "/proc/sys/kernel/random/boot_id";
    private readonly Lazy<string?> _path = new(() => Directory.Exists(Shared) && File.Exists(Boot) ? Path.Combine(Shared, $"kratix-actors-{NameOf(nodeFolder)}") : null);

    /// <summary>Null: this machine has no such file system.</summary>
    public string? OfPod(string uid) => _path.Value is { } path ? Path.Combine(path, uid) : null;

    public void Create()
    {
        if (_path.Value is { } path) Directory.CreateDirectory(path, NodeFolders.OwnerOnly);
    }

    /// <summary>The folders of all Pods that have one.</summary>
    public IEnumerable<string> Pods() => _path.Value is { } path && Directory.Exists(path) ? Directory.EnumerateDirectories(path) : [];

    private static string NameOf(string nodeFolder)
    {
        var file = Path.Combine(nodeFolder, "memory.key");
        if (!File.Exists(file))
        {
            using var made = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            made.Write(RandomNumberGenerator.GetBytes(32));
        }
        return Convert.ToHexStringLower(HMACSHA256.HashData(File.ReadAllBytes(file), Encoding.ASCII.GetBytes(File.ReadAllText(Boot))))[..32];
    }
}
