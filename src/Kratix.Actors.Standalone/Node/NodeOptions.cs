using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>How the node of this machine runs Pods.</summary>
/// <param name="DataFolder">Volumes, logs and records of built-in containers live below <c>node/</c> in it. Two nodes never share one.</param>
/// <param name="Engine">
/// <c>oci</c> (images by Podman, containers by runc directly), <c>podman</c>, <c>docker</c>, or <c>auto</c>: the first of them that works here.
/// </param>
/// <param name="Network"><c>bridge</c>, <c>host</c>, <c>none</c>, a network the engine knows, or <c>auto</c>: the engine's own default (a bridge, unless its configuration says otherwise).</param>
/// <param name="MaxRunningPods">Pods with running containers at one time; others wait, first come first served. At least 1.</param>
public sealed record NodeOptions(string DataFolder, string Engine, string Network, int MaxRunningPods, TimeProvider Time, IBuiltInContainers BuiltIns)
{
    /// <summary>Kept of each container's log; when it is full the engine starts it afresh.</summary>
    /// <value>10 MiB.</value>
    public long MaxLogBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>Deleted Pods whose logs are still kept, newest first.</summary>
    /// <value>200.</value>
    public int KeptLogs { get; init; } = 200;

    /// <summary>And no longer than this after their Pod is gone.</summary>
    /// <value>A day.</value>
    public TimeSpan LogsKeptFor { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Whether containers may be <c>privileged</c>, which is to say, root on this machine.</summary>
    public bool AllowPrivileged { get; init; }

    /// <summary>Changes of a Pod's status are written at most this often; its last one is written at once.</summary>
    /// <value>1 s.</value>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Where the API server of these Pods listens; containers find it as in a cluster. Null: they are told of none.</summary>
    public IPEndPoint? ApiServer { get; init; }

    /// <summary>Set for the engine's own command, for instance <c>CONTAINERS_CONF</c>; never seen by containers.</summary>
    public ImmutableSortedDictionary<string, string> EngineEnvironment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Where the node's logs are read, when others have it already; of the same data folder.</summary>
    public PodLogs? Logs { get; init; }

    public string NodeName { get; init; } = Environment.MachineName;

    public ILogger Log { get; init; } = NullLogger.Instance;

    internal NodeOptions Validated()
    {
        if (MaxRunningPods < 1) throw new ArgumentException($"MaxRunningPods is {MaxRunningPods}; it must be at least 1");
        if (Network.Length == 0 || Network.StartsWith('-')) throw new ArgumentException($"Network is '{Network}'; expected auto, bridge, host, none, or a network of the engine");
        if (Engine is not ("auto" or "oci" or "podman" or "docker")) throw new ArgumentException($"Engine is '{Engine}'; known are auto, oci, podman and docker");
        return this with { DataFolder = Path.GetFullPath(DataFolder) };
    }
}
