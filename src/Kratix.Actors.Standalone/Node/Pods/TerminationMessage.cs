using System.Text;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>The file in which a container may leave its last words for the Pod's status.</summary>
internal static class TerminationMessage
{
    private const int MostBytes = 4096;

    public static string PathOf(string podFolder, string container, int attempt) => Path.Combine(podFolder, "messages", $"{container}.{attempt}");

    /// <summary>Made before the container, for whichever user it runs as.</summary>
    public static void Prepare(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, []);
        File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);
    }

    /// <summary>Null when it has left none.</summary>
    public static string? Read(string path)
    {
        if (!File.Exists(path)) return null;
        using var file = File.OpenRead(path);
        var bytes = new byte[Math.Min(MostBytes, file.Length)];
        file.ReadExactly(bytes);
        return bytes.Length == 0 ? null : Encoding.UTF8.GetString(bytes);
    }
}
