using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>A container's own limits and requests as a value: <c>resourceFieldRef</c>.</summary>
internal static class ResourceField
{
    /// <summary>In units of the divisor, rounded up; what has no limit has the machine's.</summary>
    /// <exception cref="ConfigException">The resource or the container is not known.</exception>
    /// <exception cref="FormatException">The divisor is no quantity.</exception>
    public static string Read(PodSpec pod, string container, JsonObject reference)
    {
        var name = reference.TextOrNull("containerName") is { Length: > 0 } other ? other : container;
        var c = pod.InitContainers.Concat(pod.Containers).FirstOrDefault(c => c.Name == name) ?? throw new ConfigException($"resourceFieldRef: the Pod has no container '{name}'");
        var value = reference.Text("resource") switch
        {
            "limits.cpu" => c.CpuLimit ?? Environment.ProcessorCount,
            "limits.memory" => c.MemoryLimitBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            "requests.cpu" => c.CpuRequest ?? c.CpuLimit ?? 0,
            "requests.memory" => c.MemoryRequestBytes ?? c.MemoryLimitBytes ?? 0,
            var unknown => throw new ConfigException($"container {name}: resourceFieldRef '{unknown}' is not known to this node; known are limits.cpu, limits.memory, requests.cpu and requests.memory"),
        };
        var divisor = Quantity.Parse(reference["divisor"]) is { } given and > 0 ? given : 1;
        return Math.Ceiling(value / divisor).ToString("0", CultureInfo.InvariantCulture);
    }
}
