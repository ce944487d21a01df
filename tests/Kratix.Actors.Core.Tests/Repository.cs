namespace Kratix.Actors.Core.Tests;

/// <summary>Files of the source tree: what is golden is read, and rewritten on request, where it is reviewed.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary><c>UPDATE_SCENARIOS=1</c> rewrites what is golden; the difference is reviewed with the change that causes it.</summary>
    public static bool Rewrites => Environment.GetEnvironmentVariable("UPDATE_SCENARIOS") == "1";

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Kratix.Actors.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no Kratix.Actors.sln above {AppContext.BaseDirectory}");
    }
}
