namespace Kratix.Actors.Host.Composition;

/// <summary>What lies where in a data folder.</summary>
internal static class DataFolder
{
    /// <summary>The embedded journal, with the contents of runs.</summary>
    internal static string Journal(string folder) => Path.Combine(Path.GetFullPath(folder), "journal.db");
}
