using System.Net;
using Kratix.Actors.Engine;
using Kratix.Actors.Engine.Admission;
using Kratix.Actors.Engine.Platform;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Host.Telemetry;
using Kratix.Actors.Journal;
using Kratix.Actors.Kernel;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Standalone;
using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.StateStores;
using Kratix.Actors.StateStores.Bucket;
using Kratix.Actors.StateStores.Git;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Host.Composition;

/// <summary>The whole platform, put together: everything is started in the order in which it is needed, and stopped in the opposite one.</summary>
internal static class Platform
{
    /// <summary>Runs until <paramref name="stop"/>; answers the process's exit code.</summary>
    internal static async Task<int> Run(KratixSettings settings, TextWriter output, CancellationToken stop)
    {
        var folder = Path.GetFullPath(settings.DataFolder);
        var time = TimeProvider.System;
        var logFormat = new Logging.FormatChanges();
        var overlay = new PlatformOverlay();
        using var log = Logging.Create(
            () => LevelOf(overlay) ?? settings.Log.Level,
            () => overlay.Current.StructuredLog switch { true => LogFormat.Json, false => LogFormat.Text, null => settings.Log.Format }, logFormat);
        using var otlp = new OtlpFollower(settings.Telemetry.Otlp, log.CreateLogger("Kratix.Actors"), wanted => OtlpExport.Start(wanted, settings.NodeName));
        overlay.Told = report =>
        {
            PlatformFile.Write(folder, report);
            otlp.Follow(report.Holds);
            logFormat.Tell();
        };
        await using var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = Path.Combine(folder, "journal.db"), Time = time }, stop);
        using var metrics = new MetricStore();
        using var journalMeter = new JournalMeter(journal);
        var health = new HealthChecks(journal, time);
        await using var http = await EngineHttp.Start(settings.Http, journal, health, metrics, log, stop);

        using var adapterHandler = new HttpClientHandler { AllowAutoRedirect = false };
        using var adapterClient = new HttpClient(adapterHandler) { Timeout = Timeout.InfiniteTimeSpan };
        var logs = new PodLogs(folder, time);
        await using var api = settings.Mode == EngineMode.Standalone ? await StartApi(settings, folder, logs, time, log, stop) : null;
        if (api is not null)
            RequestAdmission.AddTo(api);
        await using var node = api is null ? null : await StartNode(settings, folder, api, logs, new AdapterInProcess(adapterClient, http.Url, time), time, log, stop);

        var access = api is null
            ? KubernetesAccess.Find(settings.Api.Kubeconfig, null, EnvironmentOfProcess())
            : KubeConfig.Load(api.KubeconfigPath);
        using var client = new KubernetesClient(access, new KubernetesClientOptions(), time, api?.CreateHandler());
        var watch = new ResourceWatch(client, new ResourceWatchOptions(), time);
        var runner = new PodRunner(client, watch, new PodRunnerOptions
        {
            AdapterImage = settings.Workflows.AdapterImage ?? AdapterInProcess.Image, PullSecret = settings.Workflows.AdapterPullSecret,
        });
        var git = new GitStateStores(StoreOptionsFrom.Git(settings.Git, Path.Combine(folder, "git"), time), journal);
        var stores = new StateStoresByKind(git, new BucketStateStores(StoreOptionsFrom.Bucket(settings.Bucket), journal));
        await using var actors = new ActorSystem("kratix", new ActorSystemOptions { Time = time, Log = Logging.OfKernel(log), DisposeDeadline = settings.Actors.StopDeadline });
        using var meter = new KernelMeter(actors.Metrics);
        var world = new World(journal, journal, client, watch, runner, stores, time, log.CreateLogger("Kratix.Actors"));
        var exchangeUrl = (settings.Http.AdvertisedUrl ?? http.Url.ToString()).TrimEnd('/');
        var engineSettings = EngineSettingsFrom.Map(settings, exchangeUrl, EngineSettingsFrom.ExchangeKey(folder)) with { Platform = overlay };
        var rules = new AdmissionRules(client, client, engineSettings);
        if (api is not null)
            AdmissionInProcess.Install(api, rules);
        await using var admission = settings.Admission.CertificateFile is null ? null : await AdmissionWebhook.Start(settings.Admission, rules, log, stop);
        await using var engine = await KratixEngine.Start(engineSettings, world, actors, stop);
        http.Open(engine.Exchange);
        health.Started(world.Health, client);

        await output.WriteLineAsync($"Kratix.Actors is ready (data folder {folder}, engine at {http.Url})");
        if (api is not null)
            await output.WriteLineAsync($"export KUBECONFIG={api.KubeconfigPath}");
        await output.FlushAsync(CancellationToken.None);

        var stopped = new TaskCompletionSource();
        await using (stop.Register(stopped.SetResult))
            await Task.WhenAny(stopped.Task, engine.Replaced);
        if (engine.Replaced.IsCompleted)
        {
            await output.WriteLineAsync($"another engine has taken over the journal in {folder}; this one ends");
            return ExitCode.Failure;
        }

        await output.WriteLineAsync("stopping");
        return ExitCode.Ok;
    }

    private static Configuration.LogLevel? LevelOf(PlatformOverlay overlay) =>
        Enum.TryParse<Configuration.LogLevel>(overlay.Current.LogLevel, ignoreCase: true, out var level) ? level : null;

    private static Task<StandaloneApiServer> StartApi(
        KratixSettings settings, string folder, PodLogs logs, TimeProvider time, ILoggerFactory log, CancellationToken stop) => StandaloneApiServer.Start(
        new StandaloneOptions(folder, IPAddress.Parse(settings.Api.Address), settings.Api.Port, time)
        {
            PodLogs = logs,
            KubeconfigPath = settings.Api.Kubeconfig,
            Store = new StoreBounds(WatchHistory: settings.Standalone.WatchHistory),
            Log = log.CreateLogger("Kratix.Actors.Api"),
        },
        stop);

    private static Task<Node> StartNode(
        KratixSettings settings, string folder, StandaloneApiServer api, PodLogs logs, AdapterInProcess adapter, TimeProvider time, ILoggerFactory log, CancellationToken stop) => Node.Start(
        new NodeOptions(
            folder, settings.Standalone.Engine.ToString().ToLowerInvariant(), settings.Standalone.Network ?? "auto", settings.Standalone.MaxRunningPods, time,
            adapter)
        {
            Logs = logs,
            NodeName = settings.NodeName,
            AllowPrivileged = settings.Standalone.AllowPrivileged,
            LogsKeptFor = settings.Standalone.KeepLogs,
            ApiServer = new IPEndPoint(IPAddress.Parse(settings.Api.Address), api.Url.Port),
            Log = log.CreateLogger("Kratix.Actors.Node"),
        },
        new ObjectStorePods(api.Store, api.Tokens, settings.NodeName), stop);

    private static Dictionary<string, string> EnvironmentOfProcess() => Environment.GetEnvironmentVariables()
        .Cast<System.Collections.DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);
}
