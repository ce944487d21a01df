using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Host.Composition;

/// <summary>From the program's settings to the engine's.</summary>
internal static class EngineSettingsFrom
{
    internal static EngineSettings Map(KratixSettings settings, string exchangeUrl, byte[] exchangeKey) => new()
    {
        NodeName = settings.NodeName,
        ReconcileInterval = settings.Reconcile.Interval,
        Retry = new RetrySchedule(settings.Workflows.BackoffLimit, settings.Workflows.RetryMin, settings.Workflows.RetryMax),
        ReconcileAfterFailure = settings.Reconcile.AfterFailure,
        StateStoreInterval = settings.Reconcile.StateStoreInterval ?? TimeSpan.Zero,
        OnStart = settings.Reconcile.OnStart switch
        {
            Configuration.OnStart.Run => Engine.OnStart.Run,
            Configuration.OnStart.Verify => Engine.OnStart.Verify,
            _ => Engine.OnStart.Off,
        },
        OnStartWindow = settings.Reconcile.OnStartWindow,
        Shards = settings.Shards.Count,
        MaxRunsInFlight = settings.Workflows.MaxRunsInFlight,
        MaxRunsPerPromise = settings.Workflows.MaxRunsPerPromise,
        RunDeadline = settings.Workflows.DefaultDeadline,
        ImagePullDeadline = settings.Workflows.ImagePullDeadline,
        JobsToKeep = settings.Workflows.JobsToKeep,
        PodTtl = settings.Workflows.PodTtl,
        DefaultImagePullPolicy = settings.Workflows.DefaultImagePullPolicy?.ToString(),
        DefaultContainerResources = Map(settings.Workflows.DefaultContainerResources),
        DefaultSecurityContext = Map(settings.Workflows.DefaultContainerSecurityContext),
        Output = new OutputLimits(
            settings.Output.Validation switch
            {
                Configuration.OutputValidation.Kubernetes => Core.Workflows.OutputValidation.Kubernetes,
                Configuration.OutputValidation.Yaml => Core.Workflows.OutputValidation.Yaml,
                _ => Core.Workflows.OutputValidation.None,
            },
            settings.Output.MaxFiles, settings.Output.MaxBytes, settings.Output.MaxFileBytes),
        Compaction = settings.Journal.CompactionInterval is { } interval ? new CompactionSettings(interval, settings.Journal.CompactionMinAge) : null,
        TelemetryNamesRequests = settings.Telemetry.RequestNames,
        PassivateAfter = settings.Actors.PassivateAfter,
        PublishReadModels = settings.ReadModels.Publish,
        ExchangeUrl = exchangeUrl,
        ExchangeKey = exchangeKey,
        ServiceAccount = settings.Api.ServiceAccount?.Split('/') is [var ns, var name] ? new AccountName(ns, name) : null,
        Crds = CrdFiles.All,
        BatchMaxIntents = settings.Git.Batch.MaxIntents,
        BatchMaxFiles = settings.Git.Batch.MaxFiles,
        BatchMaxBytes = settings.Git.Batch.MaxBytes,
        WriteRetry = (settings.Git.Retry.Min, settings.Git.Retry.Max),
        PushesPerMinute = settings.Git.PushBudget.PerMinute,
        Restart = (settings.Actors.RestartMin, settings.Actors.RestartMax),
        IntervalJitter = settings.Reconcile.Jitter,
        BatchLinger = settings.Git.Batch.Linger,
    };

    private static JsonObject? Map(string? yaml) => yaml is null ? null : Yaml.Parse(yaml)!.AsObject();

    /// <summary>The key of the run tokens: made once, kept readable by the owner alone.</summary>
    internal static byte[] ExchangeKey(string dataFolder)
    {
        var file = Path.Combine(dataFolder, "run-exchange.key");
        if (File.Exists(file))
            return File.ReadAllBytes(file);
        var key = RandomNumberGenerator.GetBytes(32);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(file, options);
        stream.Write(key);
        stream.Flush(flushToDisk: true);
        return key;
    }
}
