namespace Kratix.Actors.Benchmarks.Reporting;

/// <summary>Folders that a benchmark works in.</summary>
internal static class Scratch
{
    /// <summary>Figures are not given up for a folder that somebody, such as a git that is still ending, writes into: it is left, and named.</summary>
    internal static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException left)
        {
            Console.Error.WriteLine($"benchmarks: {folder} was not removed: {left.Message}");
        }
    }
}
