using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>One life of a container, as the container engine itself recorded it. <paramref name="ExitCode"/> is null while it has not ended.</summary>
internal sealed record ContainerLife(string Pod, string Container, DateTimeOffset Started, DateTimeOffset? Ended, int? ExitCode);

/// <summary>What really ran on this machine, from podman's own records: nothing that our program believes or says plays a part.</summary>
internal static class ContainerLog
{
    /// <param name="since">As podman takes it, such as <c>10m</c>.</param>
    /// <param name="podPrefix">Of the Pods' names, without namespace.</param>
    internal static async Task<IReadOnlyList<ContainerLife>> Lives(string since, string podPrefix)
    {
        var text = await Command.Run("podman", ["events", "--since", since, "--stream=false", "--format", "json", "--filter", "event=start", "--filter", "event=died"]);
        var lives = new List<ContainerLife>();
        foreach (var entry in text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!))
        {
            var pod = entry["Attributes"]?["kratix-actors.pod"]?.ToString().Split('/')[^1] ?? "";
            if (!pod.StartsWith(podPrefix, StringComparison.Ordinal))
                continue;
            var container = entry["Attributes"]!["kratix-actors.container"]!.ToString();
            var time = DateTimeOffset.Parse(entry["Time"]!.ToString(), CultureInfo.InvariantCulture);
            if (entry["Status"]!.ToString() == "start")
            {
                lives.Add(new ContainerLife(pod, container, time, null, null));
                continue;
            }

            var index = lives.FindLastIndex(l => l.Pod == pod && l.Container == container && l.Ended is null);
            if (index >= 0)
                lives[index] = lives[index] with { Ended = time, ExitCode = (int?)entry["ContainerExitCode"] ?? 0 };
        }

        return lives;
    }
}
