using System.Diagnostics.Metrics;

namespace Kratix.Actors.Kernel;

/// <summary>
/// The counters of one system as instruments of the meter <see cref="Name"/>, for whoever exports meters. Instruments that count by class of
/// actor carry it as the tag <c>type</c>. Nothing is measured for it: reading an instrument reads <see cref="KernelMetrics"/>.
/// </summary>
public sealed class KernelMeter : IDisposable
{
    public const string Name = "Kratix.Actors.Kernel";
    private const string TypeTag = "type";

    private readonly Meter _meter = new(Name);
    private readonly KernelMetrics _metrics;

    public KernelMeter(KernelMetrics metrics)
    {
        _metrics = metrics;
        _meter.CreateObservableCounter("kernel.messages.dead", () => metrics.DeadLetters, "{message}", "Messages that reached nobody.");
        _meter.CreateObservableCounter("kernel.messages.overflowed", () => metrics.Overflowed, "{message}", "Messages dropped by a full mailbox.");
        _meter.CreateObservableCounter("kernel.messages.failed", () => metrics.MessagesFailed, "{message}", "Messages dropped because handling them, or storing their event, failed.");
        _meter.CreateObservableUpDownCounter("kernel.actors.active", () => ByType(type => type.Active), "{actor}", "Actors alive.");
        _meter.CreateObservableCounter("kernel.actors.failures", () => ByType(type => type.Failures), "{failure}", "Exceptions thrown by actors.");
        _meter.CreateObservableCounter("kernel.actors.restarts", () => ByType(type => type.Restarts), "{restart}", "Instances that replaced a failed one.");
        _meter.CreateObservableCounter("kernel.messages.handled", () => ByType(type => type.Messages), "{message}", "Messages handled.");
        _meter.CreateObservableCounter("kernel.processing.time", () => ByType(type => type.Processing.TotalSeconds), "s", "Time spent in turns.");
        _meter.CreateObservableUpDownCounter("kernel.mailbox.waiting", () => ByType(type => type.Waiting), "{message}", "Messages that waited when the last turn of each actor ended.");
        _meter.CreateObservableGauge("kernel.mailbox.high_water", () => ByType(type => (long)type.MailboxHighWater), "{message}", "Most messages one actor ever found waiting.");
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<T>> ByType<T>(Func<ActorTypeMetrics, T> value)
        where T : struct => _metrics.ByType.Select(type => new Measurement<T>(value(type), new KeyValuePair<string, object?>(TypeTag, type.Type)));
}
