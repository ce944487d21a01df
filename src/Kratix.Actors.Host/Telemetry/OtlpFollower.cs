using Kratix.Actors.Engine.Platform;
using Kratix.Actors.Host.Configuration;

namespace Kratix.Actors.Host.Telemetry;

/// <summary>Sends to where the settings say, or the platform's ConfigMap while it names a collector.</summary>
internal sealed class OtlpFollower : IDisposable
{
    private readonly OtlpSettings _settings;
    private readonly string _nodeName;
    private readonly Lock _lock = new();
    private OtlpSettings _now;
    private OtlpExport? _export;
    private Task _changes = Task.CompletedTask;
    private bool _ended;

    internal OtlpFollower(OtlpSettings settings, string nodeName)
    {
        (_settings, _now, _nodeName) = (settings, settings, nodeName);
        _export = OtlpExport.Start(settings, nodeName);
    }

    /// <summary>Answers at once. To end an exporter is to wait for its last sending, which whoever reads the ConfigMap must not.</summary>
    /// <returns>Ends when what is sent from now on goes where it should.</returns>
    internal Task Follow(PlatformConfiguration platform)
    {
        lock (_lock)
            return _changes = _changes.ContinueWith(_ => Change(_settings.Under(platform.Telemetry)), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    public void Dispose()
    {
        Task last;
        lock (_lock)
            (last, _ended) = (_changes, true);
        last.Wait();
        _export?.Dispose();
    }

    private void Change(OtlpSettings wanted)
    {
        if (wanted == _now || _ended)
            return;
        _now = wanted;
        _export?.Dispose();
        _export = OtlpExport.Start(wanted, _nodeName);
    }
}
