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
    private readonly Func<OtlpSettings, IDisposable?> _start;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private OtlpSettings _now;
    private IDisposable? _export;
    private Task _changes = Task.CompletedTask;
    private bool _ended;

    /// <param name="start">Starts an exporter, or answers null where nothing is to be sent.</param>
    internal OtlpFollower(OtlpSettings settings, ILogger log, Func<OtlpSettings, IDisposable?> start)
    {
        (_settings, _now, _log, _start) = (settings, settings, log, start);
        _export = start(settings);
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
        var wanted = _settings.Under(telemetry);
        if (wanted == _now || _ended)
            return;
        var (export, before) = (_export, _now);
        try
        {
            _export = _start(wanted);
        }
        catch (Exception cause)
        {
            LogNotChanged(_log, Shown(wanted.Endpoint), Shown(before.Endpoint), cause.Message);
            return;
        }

        _now = wanted;
        try
        {
            export?.Dispose();
        }
        catch (Exception cause)
        {
            LogNotEnded(_log, Shown(wanted.Endpoint), Shown(before.Endpoint), cause.Message);
        }
    }

    /// <summary>An address without what may be secret in it.</summary>
    private static string Shown(Uri? endpoint) => endpoint switch
    {
        null => "nowhere",
        { IsAbsoluteUri: true } => endpoint.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped),
        _ => endpoint.ToString(),
    };

    [LoggerMessage(1605, LogLevel.Error, "Telemetry cannot be sent to {Endpoint}, as the platform's ConfigMap says, and goes on to {Before}: {Reason}")]
    private static partial void LogNotChanged(ILogger logger, string endpoint, string before, string reason);

    [LoggerMessage(1606, LogLevel.Warning, "Telemetry is sent to {Endpoint} now; what had not reached {Before} yet may be lost: {Reason}")]
    private static partial void LogNotEnded(ILogger logger, string endpoint, string before, string reason);
}
