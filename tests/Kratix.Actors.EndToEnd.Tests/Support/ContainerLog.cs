using System.Globalization;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>One life of a container, told by itself. <paramref name="Ended"/> is null while it has not come to its end.</summary>
internal sealed record ContainerLife(string Pod, string Container, DateTimeOffset Started, DateTimeOffset? Ended);

/// <summary>
/// What really ran on this machine, from the containers' own words with the times of the process that supervises each: nothing that our program
/// believes or says plays a part. The containers say <c>begin</c> first and <c>end</c> last; who runs twice says both twice.
/// </summary>
internal static class ContainerLog
{
    internal const string Begin = "begin", End = "end";

    /// <param name="podPrefix">Of the Pods' names, without namespace.</param>
    internal static IReadOnlyList<ContainerLife> Lives(string dataFolder, string podPrefix)
    {
        var lives = new List<ContainerLife>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(dataFolder, "node", "logs"), "*.log", SearchOption.AllDirectories))
        {
            var container = Path.GetDirectoryName(file)!;
            var pod = Path.GetFileName(Path.GetDirectoryName(container)!).Split('_')[1];
            if (pod.StartsWith(podPrefix, StringComparison.Ordinal))
                lives.AddRange(LivesIn(file, pod, Path.GetFileName(container)));
        }

        return lives;
    }

    private static List<ContainerLife> LivesIn(string file, string pod, string container)
    {
        var lives = new List<ContainerLife>();
        foreach (var line in File.ReadLines(file).Select(l => l.Split(' ', 4)).Where(l => l.Length == 4))
        {
            var time = DateTimeOffset.Parse(line[0], CultureInfo.InvariantCulture);
            if (line[3] == Begin)
                lives.Add(new ContainerLife(pod, container, time, null));
            if (line[3] == End && lives.FindLastIndex(l => l.Ended is null) is var begun and >= 0)
                lives[begun] = lives[begun] with { Ended = time };
        }

        return lives;
    }
}
