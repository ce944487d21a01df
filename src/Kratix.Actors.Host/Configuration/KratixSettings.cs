namespace Kratix.Actors.Host.Configuration;

/// <summary>
/// Everything that can be set, read once at the start, complete and valid. The meaning, unit and default of each key stand in
/// <c>hocon/reference.conf</c>; a default lives there and nowhere in the code. A null duration means "switched off".
/// </summary>
public sealed record KratixSettings(
    string DataFolder, EngineMode Mode, string NodeName, ApiSettings Api, HttpSettings Http, AdmissionSettings Admission, ReconcileSettings Reconcile, WorkflowSettings Workflows,
    OutputSettings Output, JournalSettings Journal, GitSettings Git, BucketSettings Bucket, ReadModelSettings ReadModels, StandaloneSettings Standalone,
    ShardSettings Shards, ActorSettings Actors, LogSettings Log, TelemetrySettings Telemetry)
{
    internal static KratixSettings Read(SettingsReader reader)
    {
        var settings = new KratixSettings(
            DataFolder: reader.Text("kratix.data-folder"),
            Mode: reader.Choice<EngineMode>("kratix.mode"),
            NodeName: reader.OptionalText("kratix.node-name") ?? Environment.MachineName,
            Api: ApiSettings.Read(reader),
            Http: HttpSettings.Read(reader),
            Admission: AdmissionSettings.Read(reader),
            Reconcile: ReconcileSettings.Read(reader),
            Workflows: WorkflowSettings.Read(reader),
            Output: OutputSettings.Read(reader),
            Journal: JournalSettings.Read(reader),
            Git: GitSettings.Read(reader),
            Bucket: BucketSettings.Read(reader),
            ReadModels: new ReadModelSettings(reader.Bool("kratix.read-models.publish")),
            Standalone: StandaloneSettings.Read(reader),
            Shards: new ShardSettings(reader.Int("kratix.shards.count", 1, 4096)),
            Actors: ActorSettings.Read(reader),
            Log: new LogSettings(reader.Choice<LogLevel>("kratix.log.level"), reader.Choice<LogFormat>("kratix.log.format")),
            Telemetry: TelemetrySettings.Read(reader));
        reader.Require(
            settings.Mode == EngineMode.Standalone || settings.Workflows.AdapterImage is not null, "kratix.workflows.adapter-image",
            "the image of this program, such as \"registry.example/kratix-actors:1\": on a cluster each run's first and last container are made from it");
        reader.ThrowIfWrong();
        return settings;
    }
}

public enum EngineMode
{
    /// <summary>One process that brings its own API server and node.</summary>
    Standalone,

    /// <summary>One of several processes beside a Kubernetes cluster.</summary>
    Cluster,
}

/// <summary>The Kubernetes API: where to listen with it (standalone), or how to reach it (cluster).</summary>
/// <param name="Kubeconfig">Standalone: written here, for <c>kubectl</c>. Cluster: read from here. Null: <c>kubeconfig</c> in the data folder, or the Pod's own account.</param>
/// <param name="Port">0: any free port.</param>
/// <param name="ServiceAccount">Cluster: <c>NAMESPACE/NAME</c> of the account that the engine gives rights on the Promises' APIs to. Null: none.</param>
public sealed record ApiSettings(string? Kubeconfig, string Address, int Port, string? ServiceAccount)
{
    internal static ApiSettings Read(SettingsReader reader)
    {
        var settings = new ApiSettings(
            reader.OptionalText("kratix.api.kubeconfig"), reader.Text("kratix.api.address"), reader.Int("kratix.api.port", 0, 65535), reader.OptionalText("kratix.api.service-account"));
        reader.Require(
            settings.ServiceAccount is null || settings.ServiceAccount.Split('/') is [{ Length: > 0 }, { Length: > 0 }], "kratix.api.service-account",
            "null, or NAMESPACE/NAME, such as \"kratix-platform-system/kratix-actors\"");
        return settings;
    }
}

/// <summary>Whom the engine's HTTP tells the history of objects.</summary>
public enum AuditAccess
{
    /// <summary>This machine.</summary>
    Loopback,

    /// <summary>Whoever reaches the port.</summary>
    Everyone,
    Off,
}

/// <summary>The engine's own HTTP: health, the exchange of runs' inputs and outputs, the audit.</summary>
/// <param name="AdvertisedUrl">The base URL containers reach it by; null: derived from the address and the containers' network.</param>
public sealed record HttpSettings(string Address, int Port, string? AdvertisedUrl, AuditAccess Audit)
{
    internal static HttpSettings Read(SettingsReader reader)
    {
        var settings = new HttpSettings(
            reader.Text("kratix.http.address"), reader.Int("kratix.http.port", 0, 65535), reader.OptionalText("kratix.http.advertised-url"),
            reader.Choice<AuditAccess>("kratix.http.audit"));
        reader.Require(
            settings.AdvertisedUrl is null || (Uri.TryCreate(settings.AdvertisedUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"),
            "kratix.http.advertised-url", "null, or a URL such as \"http://10.0.0.5:8086\"");
        return settings;
    }
}

public enum OnStart
{
    /// <summary>Every workflow runs again.</summary>
    Run,

    /// <summary>Only what is missing or overdue runs.</summary>
    Verify,

    /// <summary>Nothing runs because of the start.</summary>
    Off,
}

/// <param name="StateStoreInterval">Null: state stores are not compared.</param>
public sealed record ReconcileSettings(TimeSpan Interval, double Jitter, TimeSpan? StateStoreInterval, OnStart OnStart, TimeSpan OnStartWindow, bool AfterFailure)
{
    internal static ReconcileSettings Read(SettingsReader reader) => new(
        reader.Duration("kratix.reconcile.interval", TimeSpan.FromMinutes(1)),
        reader.Fraction("kratix.reconcile.jitter", 0, 0.5),
        reader.DurationOrOff("kratix.reconcile.state-store-interval", TimeSpan.FromMinutes(1)),
        reader.Choice<OnStart>("kratix.reconcile.on-start"),
        reader.Duration("kratix.reconcile.on-start-window", TimeSpan.Zero),
        reader.Bool("kratix.reconcile.after-failure"));
}

/// <param name="CompactionInterval">Null: contents are kept for ever.</param>
public sealed record JournalSettings(TimeSpan? CompactionInterval, TimeSpan CompactionMinAge)
{
    internal static JournalSettings Read(SettingsReader reader) => new(
        reader.DurationOrOff("kratix.journal.compaction.interval", TimeSpan.FromMinutes(1)),
        reader.Duration("kratix.journal.compaction.min-age", TimeSpan.FromHours(1)));
}

public sealed record ReadModelSettings(bool Publish);

public enum ContainerEngine
{
    Auto,
    Oci,
    Podman,
    Docker,
}

public sealed record StandaloneSettings(ContainerEngine Engine, string? Network, int MaxRunningPods, bool AllowPrivileged, TimeSpan KeepLogs, int WatchHistory)
{
    internal static StandaloneSettings Read(SettingsReader reader) => new(
        reader.Choice<ContainerEngine>("kratix.standalone.node.engine"),
        reader.OptionalText("kratix.standalone.node.network"),
        reader.Int("kratix.standalone.node.max-running-pods", 1, 10_000),
        reader.Bool("kratix.standalone.node.allow-privileged"),
        reader.Duration("kratix.standalone.node.keep-logs", TimeSpan.Zero),
        reader.Int("kratix.standalone.watch-history", 100));
}

/// <param name="Count">Fixed for the life of a journal: it decides which shard an entity belongs to.</param>
public sealed record ShardSettings(int Count);

public sealed record ActorSettings(TimeSpan PassivateAfter, TimeSpan RestartMin, TimeSpan RestartMax, TimeSpan StopDeadline)
{
    internal static ActorSettings Read(SettingsReader reader)
    {
        var settings = new ActorSettings(
            reader.Duration("kratix.actors.passivate-after", TimeSpan.FromSeconds(1)),
            reader.Duration("kratix.actors.restart.min", TimeSpan.FromMilliseconds(1)),
            reader.Duration("kratix.actors.restart.max", TimeSpan.FromMilliseconds(1)),
            reader.Duration("kratix.actors.stop-deadline", TimeSpan.FromMilliseconds(100)));
        reader.Require(settings.RestartMin <= settings.RestartMax, "kratix.actors.restart.max", "at least kratix.actors.restart.min");
        return settings;
    }
}

public enum LogLevel
{
    Debug,
    Info,
    Warning,
    Error,
}

public enum LogFormat
{
    Text,
    Json,
}

public sealed record LogSettings(LogLevel Level, LogFormat Format);
