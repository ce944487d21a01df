using System.Diagnostics;
using System.Globalization;

namespace Kratix.Actors.Standalone.Nodes.Oci;

/// <summary>
/// One conmon per container, as under Podman: it starts runc, writes the log, waits for the end and notes the exit code. It is no part of this
/// process's session, so neither a signal from the terminal nor this process's death reaches it.
/// </summary>
internal sealed class Supervisor(OciTools tools, string root, long maxLogBytes)
{
    // conmon asks its runtime to "create" and somebody would have to call the runtime again to start; "run --detach" does both at once.
    // One thread is enough for a program that lives for a moment, and makes it faster.
    private const string Script =
        """
        #!/bin/sh
        # RUNC STATE LOG create OPTIONS ID
        runc=$1 state=$2 log=$3; shift 4
        export GOMAXPROCS=1
        exec "$runc" --root "$state" --log "$log" --log-format json run --detach "$@"

        """;

    private string Runtime => Path.Combine(root, "runtime");

    public string State => Path.Combine(root, "runc");

    public void Install()
    {
        Directory.CreateDirectory(State);
        File.WriteAllText(Runtime + ".new", Script);
        File.SetUnixFileMode(Runtime + ".new", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.Move(Runtime + ".new", Runtime, overwrite: true); // a container may be about to start with the old one
    }

    /// <summary>Completes when the container has ended, or could not be started. Cancelling leaves it to itself.</summary>
    /// <returns>conmon's own complaints.</returns>
    public async Task<string> Run(Bundle bundle, string logPath, CancellationToken abandon)
    {
        abandon.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(tools.Conmon,
        [
            "--sync", "--api-version", "1", "--cid", bundle.Id, "--cuuid", bundle.Id, "--name", bundle.Id, "--bundle", bundle.Folder,
            "--runtime", Runtime, "--runtime-arg", tools.Runc, "--runtime-arg", State, "--runtime-arg", bundle.RuncLog,
            "--container-pidfile", bundle.PidFile, "--exit-dir", bundle.Exits, "--full-attach", "--no-sync-log",
            "--log-path", $"k8s-file:{logPath}", "--log-size-max", maxLogBytes.ToString(CultureInfo.InvariantCulture), "--log-level", "error",
        ])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(abandon), process.StandardError.ReadToEndAsync(abandon));
        await process.WaitForExitAsync(abandon);
        return await output + await errors;
    }

    /// <summary>Waits for a container that another run of this node has started. Cancelling leaves it to itself.</summary>
    public static async Task Watch(int processId, CancellationToken abandon)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            await process.WaitForExitAsync(abandon);
        }
        catch (ArgumentException)
        {
            // It has ended since it was looked for.
        }
    }

    /// <summary>The supervisors at work for bundles below a folder, by bundle id.</summary>
    public static Dictionary<string, int> AtWork(string bundles)
    {
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var processId)) continue;
            var arguments = Arguments(folder);
            var at = Array.IndexOf(arguments, "--bundle");
            // Its fork that is about to become runc has the same arguments for a moment; it is gone before anybody could wait for it.
            if (at > 0 && at + 1 < arguments.Length && Path.GetDirectoryName(arguments[at + 1]) == bundles && Path.GetFileName(arguments[0]) == "conmon")
                found.TryAdd(Path.GetFileName(arguments[at + 1]), processId);
        }
        return found;
    }

    private static string[] Arguments(string processFolder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(processFolder, "cmdline")).Split('\0');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
