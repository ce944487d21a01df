using System.Globalization;
using Kratix.Actors.Host.Commands;

namespace Kratix.Actors.Host.Composition;

/// <summary>
/// Keeps a second process out of a data folder. It is an operating-system lock on an open file, so it ends with the process however that
/// ends, and a file left behind by a crash locks nothing.
/// </summary>
internal sealed class DataFolderLock : IDisposable
{
    private const string LockFile = "up.lock";

    // Apart from the lock file, because that one cannot be opened while it is held.
    private const string OwnerFile = "up.pid";

    private readonly FileStream _lock;

    private DataFolderLock(FileStream held) => _lock = held;

    /// <exception cref="CommandException">The folder is in use, or cannot be made or written.</exception>
    internal static DataFolderLock Take(string folder)
    {
        var path = Path.GetFullPath(folder);
        try
        {
            Make(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"kratix.data-folder = {path} cannot be made: {exception.Message}");
        }
        FileStream? held = null;
        try
        {
            held = new FileStream(Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(Path.Combine(path, OwnerFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DataFolderLock(held);
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            throw new CommandException(ExitCode.DataFolderInUse, InUse(path, exception));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw new CommandException(
                exception is IOException ? ExitCode.Failure : ExitCode.Usage,
                $"kratix.data-folder = {path} cannot be written: {exception.Message}. Free space there, let the user that runs this process write it, or name another with --data-folder");
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>It will hold keys, and every Secret of the standalone API: nobody but its owner has business in it. One that is there keeps the mode its owner gave it.</summary>
    private static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    // EAGAIN of Linux and of macOS; sharing and lock violation of Windows. A full or read-only disk must not send anybody after a process that has long ended.
    private static bool IsHeld(IOException exception) => (exception.HResult & 0xffff) is 11 or 35 or 32 or 33;

    private static string InUse(string path, IOException exception)
    {
        try
        {
            var owner = File.ReadAllText(Path.Combine(path, OwnerFile)).Trim();
            return $"the data folder {path} is in use by process {owner}; stop that one, or start with another --data-folder";
        }
        catch (IOException)
        {
            // The owner has the lock and has not yet written who it is, or the lock failed for a reason of its own; the first message says which.
            return $"the data folder {path} is in use: {exception.Message}";
        }
    }
}
