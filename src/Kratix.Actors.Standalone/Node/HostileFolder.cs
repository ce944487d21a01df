using Kratix.Actors.Standalone.Nodes.Containers;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>
/// A folder that containers wrote to. Names in it may be no text, and paths longer than the system takes at once: .NET cannot remove these, and rm can.
/// </summary>
internal static class HostileFolder
{
    /// <exception cref="IOException">Something of it is still there; the message names what.</exception>
    public static async Task Remove(string folder)
    {
        if (!Directory.Exists(folder)) return;
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        // Too long a path is an ArgumentException, of an empty path.
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var result = await new EngineProcess("rm", new Dictionary<string, string>()).Run(["-rf", "--", folder], CancellationToken.None);
            if (result.ExitCode != 0) throw new IOException(result.LastError, failure);
        }
    }
}
