using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Kratix.Actors.Benchmarks.Reporting;

/// <summary>What a figure means nothing without: the commit, the machine, and how busy it was.</summary>
internal static class Machine
{
    /// <summary>The folder that holds the solution.</summary>
    internal static string Repository { get; } = FindRepository();

    internal static string Commit()
    {
        var commit = Output("git", "rev-parse", "--short=12", "HEAD");
        return Output("git", "status", "--porcelain", "--untracked-files=no").Length == 0 ? commit : commit + " with changes";
    }

    internal static string Description()
    {
        var memory = Number("/proc/meminfo", "MemTotal:") / 1024.0 / 1024.0;
        return string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores, {Processor()}, {memory:0.#} GiB memory, {System()}, .NET {Environment.Version}");
    }

    /// <summary>Processes that wanted a core during the last minute: on a quiet machine well below one.</summary>
    internal static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    private static string Processor() => Line("/proc/cpuinfo", "model name")?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string System() => Line("/etc/os-release", "PRETTY_NAME=")?.Split('=', 2)[1].Trim('"') ?? RuntimeInformation.OSDescription;

    private static double Number(string file, string start) =>
        Line(file, start)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var number, ..] ? double.Parse(number, CultureInfo.InvariantCulture) : 0;

    private static string? Line(string file, string start) =>
        File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(start, StringComparison.Ordinal)) : null;

    private static string Output(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { WorkingDirectory = Repository, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} exited with {process.ExitCode}");
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Kratix.Actors.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"{AppContext.BaseDirectory} is not inside the repository; build and run the benchmarks there");
    }
}
