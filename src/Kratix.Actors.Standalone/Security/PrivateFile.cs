namespace Kratix.Actors.Standalone.Security;

/// <summary>Files that are this process's alone, many hold secrets: mode 0600 from the first byte on, replaced in one step.</summary>
internal static class PrivateFile
{
    public static void Write(string path, string text)
    {
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(draft, options)) writer.Write(text);
        File.Move(draft, path, overwrite: true);
    }

    /// <summary>Whether it is there with what was written to it: a power cut may leave the name of a file and nothing in it.</summary>
    public static bool IsWritten(string path) => new FileInfo(path) is { Exists: true, Length: > 0 };
}
