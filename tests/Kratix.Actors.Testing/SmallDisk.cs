using System.Diagnostics;

namespace Kratix.Actors.Testing;

/// <summary>A file system of its own in a folder, small enough to be filled; the machine's own errors, and not a limit that only SQLite knows.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly string _filler;

    public SmallDisk(string folder, string size)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Folder = Directory.CreateDirectory(folder).FullName;
        _filler = Path.Combine(Folder, "filler");
        Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", Folder);
    }

    public string Folder { get; }

    /// <summary>Takes what is free but so many bytes; again where others have freed some since.</summary>
    public void Fill(long free = 0)
    {
        using var filler = new FileStream(_filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            filler.Write(new byte[Math.Max(0, new DriveInfo(Folder).AvailableFreeSpace - free)]);
        }
        catch (IOException)
        {
            // Somebody else took some of it meanwhile: full it is.
        }
    }

    public void Empty() => File.Delete(_filler);

    /// <param name="option"><c>ro</c> or <c>rw</c>.</param>
    public void Remount(string option) => Run("mount", "-o", $"remount,{option}", Folder);

    // Lazily: what a test that failed has left running there must not hide why it failed.
    public void Dispose() => Run("umount", "--lazy", Folder);

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
