using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>What the node says in the log.</summary>
internal static partial class NodeLog
{
    [LoggerMessage(3001, LogLevel.Information, "running Pods with {Engine} on {Network}, at most {MaxRunningPods} at a time; {Found} containers of an earlier run found")]
    public static partial void Started(ILogger log, string engine, string network, int maxRunningPods, int found);

    [LoggerMessage(3002, LogLevel.Warning, "the status of Pod {Pod} could not be written; trying again")]
    public static partial void StatusNotWritten(ILogger log, PodIdentity pod, Exception failure);

    [LoggerMessage(3003, LogLevel.Error, "running Pod {Pod} failed in the node itself; trying again in {Delay}")]
    public static partial void PodFailedInNode(ILogger log, PodIdentity pod, TimeSpan delay, Exception failure);

    [LoggerMessage(3004, LogLevel.Warning, "watching Pods was interrupted; listing them again")]
    public static partial void WatchInterrupted(ILogger log, Exception failure);

    [LoggerMessage(3005, LogLevel.Warning, "cleaning up after Pod {Pod} failed; it is done at the next start")]
    public static partial void CleanupFailed(ILogger log, string pod, Exception failure);

    [LoggerMessage(3006, LogLevel.Information, "removing {Count} containers of Pods that are gone")]
    public static partial void RemovingOrphans(ILogger log, int count);

    [LoggerMessage(3007, LogLevel.Warning, "this machine's control groups let {Engine} limit neither memory nor CPU where a Pod asks for it (memory: {Memory}, CPU: {Cpu})")]
    public static partial void LimitsIgnored(ILogger log, string engine, bool memory, bool cpu);

    [LoggerMessage(3010, LogLevel.Warning, "containers cannot reach the API server: {Address}:{Port} cannot be listened on: {Reason}")]
    public static partial void ServerNotReachable(ILogger log, string address, int port, string reason);

    [LoggerMessage(3008, LogLevel.Information, "containers are started by podman, which takes longer than doing so directly: {Reason}")]
    public static partial void NotDirect(ILogger log, string reason);

    [LoggerMessage(3009, LogLevel.Information, "container {Container} of Pod {Pod} is left to podman: {Reason}")]
    public static partial void LeftToPodman(ILogger log, PodIdentity pod, string container, string reason);
}
