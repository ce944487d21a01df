using Kratix.Actors.Engine.Platform;
using Kratix.Actors.Host.Configuration;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Kratix.Actors.Host.Telemetry;

/// <summary>
/// Sends to where the settings say, or the platform's ConfigMap while it names a collector. A collector that cannot be sent to does not take the place of one that can.
/// </summary>
internal sealed partial class OtlpFollower : IDisposable
{
    private readonly OtlpSettings _settings;
    private readonly string _nodeName;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private OtlpSettings _now;
    private OtlpExport? _export;
    private Task _changes = Task.CompletedTask;
    private bool _ended;

    internal OtlpFollower(OtlpSettings settings, string nodeName, ILogger log)
    {
        (_settings, _now, _nodeName, _log) = (settings, settings, nodeName, log);
        _export = OtlpExport.Start(settings, nodeName);
    }

    /// <summary>Answers at once. To end an exporter is to wait for its last sending, which whoever reads the ConfigMap must not.</summary>
    /// <returns>Ends when what is sent from now on goes where it should.</returns>
    internal Task Follow(PlatformConfiguration platform)
    {
        lock (_lock)
            return _changes = _changes.ContinueWith(_ => Change(platform.Telemetry), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    public void Dispose()
    {
        Task last;
        lock (_lock)
            (last, _ended) = (_changes, true);
        last.Wait();
        _export?.Dispose();
    }

    private void Change(PlatformTelemetry? telemetry)
    {
        try
        {
            var wanted = _settings.Under(telemetry);
            if (wanted == _now || _ended)
                return;
            var before = _export;
            _export = OtlpExport.Start(wanted, _nodeName);
            _now = wanted;
            before?.Dispose();
        }
        catch (Exception cause)
        {
            LogNotChanged(_log, cause.Message);
        }
    }

    [LoggerMessage(1605, LogLevel.Error, "Telemetry cannot be sent to where the platform's ConfigMap says, and goes on as before: {Reason}")]
    private static partial void LogNotChanged(ILogger logger, string reason);
}
