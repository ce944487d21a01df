using System.Text.Json.Nodes;

namespace Kratix.Actors.Engine.Platform;

/// <summary>What the platform's ConfigMap says, by the reference's keys; null where it says nothing and the engine's own settings hold.</summary>
public sealed record PlatformConfiguration
{
    public static readonly PlatformConfiguration None = new();

    public TimeSpan? ReconcileInterval { get; init; }

    public TimeSpan? StateStoreInterval { get; init; }

    public bool? ReconcileAfterFailure { get; init; }

    public int? JobsToKeep { get; init; }

    public int? BackoffLimit { get; init; }

    public TimeSpan? PodTtl { get; init; }

    public string? DefaultImagePullPolicy { get; init; }

    public JsonObject? DefaultContainerResources { get; init; }

    public JsonObject? DefaultSecurityContext { get; init; }

    /// <summary><c>debug</c>, <c>info</c>, <c>warning</c> or <c>error</c>.</summary>
    public string? LogLevel { get; init; }

    /// <summary>True: log lines as JSON objects; false: as text.</summary>
    public bool? StructuredLog { get; init; }

    public PlatformTelemetry? Telemetry { get; init; }

    /// <summary>The engine's own keys that it sets, with the values as written.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>Keys of the document that set nothing here.</summary>
    public IReadOnlyList<string> WithoutEffect { get; init; } = [];
}

/// <summary>Where metrics and traces go by OTLP.</summary>
/// <param name="Headers">May be secret: not among the values that logs and <c>config show</c> tell.</param>
public sealed record PlatformTelemetry(Uri Endpoint, bool Grpc, IReadOnlyDictionary<string, string> Headers, bool Traces, bool Metrics);

/// <summary>How the ConfigMap stands: what holds of it, and why a later document does not (null: nothing is refused).</summary>
public sealed record PlatformReport(PlatformConfiguration Holds, string? Refused);

/// <summary>
/// Lies over the engine's settings while the program runs. Who reads a setting at each use, as runs do, has the new value with the next use; settings that
/// are taken once, as slots and shards, are not among those that a ConfigMap can change.
/// </summary>
public sealed class PlatformOverlay
{
    private PlatformConfiguration _current = PlatformConfiguration.None;

    public PlatformConfiguration Current => Volatile.Read(ref _current);

    /// <summary>Told of each document, taken or refused.</summary>
    public Action<PlatformReport>? Told { get; set; }

    internal void Holds(PlatformConfiguration configuration)
    {
        Volatile.Write(ref _current, configuration);
        Told?.Invoke(new PlatformReport(configuration, null));
    }

    internal void Refused(string why) => Told?.Invoke(new PlatformReport(Current, why));
}
