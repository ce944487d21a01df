using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kratix.Actors.Standalone.Nodes.Oci;

/// <summary>A look into a network namespace whose processes have ended: connections may linger for a minute after them, and hold their ports.</summary>
internal static class NetworkNamespace
{
    private const int NewNet = 0x40000000;

    /// <summary>Whether nothing lingers; false also where that cannot be found out.</summary>
    public static bool IsQuiet(string path)
    {
        var quiet = false;
        // A thread of its own that ends in there: no other work may find itself in a container's network.
        var thread = new Thread(() => quiet = Look(path));
        thread.Start();
        thread.Join();
        return quiet;
    }

    private static bool Look(string path)
    {
        try
        {
            using var ns = File.OpenHandle(path);
            return SetNamespace(ns, NewNet) == 0 && IsQuietNow("sockstat") && IsQuietNow("sockstat6");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // A line reads: PROTOCOL: NAME NUMBER NAME NUMBER … What is allocated is told of the whole machine.
    private static bool IsQuietNow(string file)
    {
        var words = File.ReadAllText($"/proc/thread-self/net/{file}").Split(' ', '\n');
        return !words.Where((w, i) => (w is "inuse" or "orphan" or "tw") && words[i + 1] != "0").Any();
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetNamespace(SafeFileHandle ns, int kind);
}
