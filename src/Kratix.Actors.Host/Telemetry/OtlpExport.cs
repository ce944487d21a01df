using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Journal;
using Kratix.Actors.Kernel;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Kratix.Actors.Host.Telemetry;

/// <summary>Sends metrics and traces to a collector by OTLP. What cannot be sent is dropped: the engine never waits for it.</summary>
internal sealed class OtlpExport : IDisposable
{
    private readonly MeterProvider? _metrics;
    private readonly TracerProvider? _traces;

    private OtlpExport(MeterProvider? metrics, TracerProvider? traces) => (_metrics, _traces) = (metrics, traces);

    /// <summary>Null where no endpoint is set.</summary>
    internal static OtlpExport? Start(OtlpSettings settings, string nodeName)
    {
        if (settings.Endpoint is not { } endpoint)
            return null;
        ResourceBuilder Resource() => ResourceBuilder.CreateDefault().AddService("kratix-actors", serviceVersion: KratixCommand.Version, serviceInstanceId: nodeName);
        var metrics = !settings.Metrics ? null : Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Resource())
            .AddMeter(EngineMeter.Name, KernelMeter.Name, JournalMeter.Name, "System.Runtime")
            .AddOtlpExporter((exporter, reader) =>
            {
                Set(exporter, settings, endpoint, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)settings.Interval.TotalMilliseconds;
            })
            .Build();
        var traces = !settings.Traces ? null : Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Resource())
            .AddSource(EngineTraces.Name)
            .AddOtlpExporter(exporter => Set(exporter, settings, endpoint, "v1/traces"))
            .Build();
        return new OtlpExport(metrics, traces);
    }

    /// <summary>Sends what has not been sent.</summary>
    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    /// <summary>Over gRPC one address takes everything; over HTTP each signal has a path of its own.</summary>
    private static void Set(OtlpExporterOptions exporter, OtlpSettings settings, Uri endpoint, string path)
    {
        var grpc = settings.Protocol == OtlpProtocol.Grpc;
        exporter.Protocol = grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = grpc ? endpoint : new Uri($"{endpoint.ToString().TrimEnd('/')}/{path}");
        exporter.Headers = settings.Headers ?? exporter.Headers;
    }
}
