namespace Kratix.Actors.Host.Tests;

/// <summary>Files of the checkout these tests were built from.</summary>
internal static class Repository
{
    internal static string File(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder!.FullName, "Kratix.Actors.sln")))
            folder = folder.Parent;
        return Path.Combine(folder.FullName, path);
    }
}
