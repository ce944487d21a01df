using System.Net;
using Kratix.Actors.Standalone.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kratix.Actors.Standalone;

/// <summary>How the API server is run.</summary>
/// <param name="DataFolder">Holds everything: objects, keys, kubeconfig. Made when missing, readable by the owner alone.</param>
/// <param name="Address">Where to listen; loopback unless containers must reach it.</param>
/// <param name="Port">0 picks one, and picks it again at later starts while it is free.</param>
/// <param name="Time">The only clock there is.</param>
public sealed record StandaloneOptions(string DataFolder, IPAddress Address, int Port, TimeProvider Time)
{
    public StoreBounds Store { get; init; } = new();

    /// <summary>Where the kubeconfig is written; <c>kubeconfig</c> in the data folder when null.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>Largest request body, bytes. Kubernetes' own limit is 3 MiB.</summary>
    public long MaxBodyBytes { get; init; } = 3 * 1024 * 1024;

    /// <summary>How long a watch lives when its client does not say.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(45);

    /// <summary>How often an idle watch with bookmarks hears where it stands.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an Event is kept after it was last seen; an hour, as in Kubernetes.</summary>
    public TimeSpan EventLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Events kept at most; beyond that the oldest go first.</summary>
    public int MaxEvents { get; init; } = 50_000;

    /// <summary>Where the server's own troubles are told.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;

    /// <summary>Where <c>pods/log</c> reads from; without it the subresource answers that there is no node.</summary>
    public IPodLogs? PodLogs { get; init; }
}

/// <summary>The node's side of <c>kubectl logs</c>.</summary>
public interface IPodLogs
{
    /// <summary>
    /// A stream of the container's log lines as UTF-8 text; it ends when the log does, or, with <see cref="PodLogQuery.Follow"/>, when the container has.
    /// Null when there is no such log (yet).
    /// </summary>
    Task<Stream?> Open(PodLogQuery query, CancellationToken ct);
}

/// <param name="Container">Never empty: the server has chosen the only container, or refused.</param>
/// <param name="TailLines">Null for all.</param>
/// <param name="LimitBytes">Null for all.</param>
public sealed record PodLogQuery(
    string Namespace, string Pod, string Container, bool Follow, int? TailLines, bool Timestamps, bool Previous, int? SinceSeconds, long? LimitBytes);
