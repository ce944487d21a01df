using System.Diagnostics;

namespace Kratix.Actors.Architecture.Tests;

/// <summary>The working copy these tests were built from, as far as it is or could be committed.</summary>
internal static class Repository
{
    internal static string Root { get; } = FindRoot();

    /// <summary>Paths of all text files relative to the root, with <c>/</c>.</summary>
    internal static IReadOnlyList<string> Files { get; } = ListFiles();

    internal static IEnumerable<string> Matching(string folder, params string[] endings) =>
        Files.Where(file => file.StartsWith(folder, StringComparison.Ordinal) && endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)));

    internal static string Full(string file) => Path.Combine(Root, file);

    internal static string Text(string file) => File.ReadAllText(Full(file));

    /// <summary>Every line of the files that holds one of the words, as <c>file:line: text</c>.</summary>
    internal static IReadOnlyList<string> LinesWith(IEnumerable<string> files, params string[] words) =>
        [.. files.SelectMany(file => Text(file).Split('\n').Select((line, index) => (line, index))
            .Where(at => words.Any(word => at.line.Contains(word, StringComparison.Ordinal)))
            .Select(at => $"{file}:{at.index + 1}: {at.line.Trim()}"))];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Kratix.Actors.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("these tests must be built inside the repository");
        return folder.FullName;
    }

    private static List<string> ListFiles()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]) { WorkingDirectory = Root, RedirectStandardOutput = true };
        using var git = Process.Start(start)!;
        var listed = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        if (git.ExitCode != 0)
            throw new InvalidOperationException($"git ls-files failed in {Root}");
        return [.. listed.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(file => File.Exists(Full(file))).Where(IsText).Order(StringComparer.Ordinal)];

        // As git itself tells them apart: a NUL byte near the start.
        static bool IsText(string file)
        {
            using var stream = File.OpenRead(Full(file));
            var start = new byte[8000];
            return !start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)).Contains((byte)0);
        }
    }
}
