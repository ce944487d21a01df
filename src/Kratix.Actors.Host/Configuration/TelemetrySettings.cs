using Kratix.Actors.Engine.Platform;

namespace Kratix.Actors.Host.Configuration;

public enum OtlpProtocol
{
    Http,
    Grpc,
}

/// <param name="Endpoint">Null: nothing is sent.</param>
/// <param name="Interval">Between two sendings of metrics.</param>
/// <param name="Headers">As the exporter takes them, <c>NAME=VALUE,NAME=VALUE</c> with values escaped as in a URL; null: those of <c>OTEL_EXPORTER_OTLP_HEADERS</c>.</param>
public sealed record OtlpSettings(Uri? Endpoint, OtlpProtocol Protocol, TimeSpan Interval, bool Metrics, bool Traces, string? Headers = null)
{
    /// <summary>What the platform's ConfigMap says, in the place of all this where it says anything.</summary>
    internal OtlpSettings Under(PlatformTelemetry? platform) => platform is null ? this : new OtlpSettings(
        platform.Endpoint, platform.Grpc ? OtlpProtocol.Grpc : OtlpProtocol.Http, Interval, platform.Metrics, platform.Traces,
        platform.Headers.Count == 0 ? Headers : string.Join(',', platform.Headers.Select(h => $"{h.Key}={Uri.EscapeDataString(h.Value)}")));
}

/// <param name="RequestNames">Whether the counters of Kratix name the request.</param>
public sealed record TelemetrySettings(bool RequestNames, OtlpSettings Otlp)
{
    private const string EndpointKey = "kratix.telemetry.otlp.endpoint";

    internal static TelemetrySettings Read(SettingsReader reader)
    {
        var endpoint = reader.OptionalText(EndpointKey);
        var known = Uri.TryCreate(endpoint, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";
        reader.Require(endpoint is null || known, EndpointKey, "null, or a URL such as \"http://collector.example:4318\"");
        return new TelemetrySettings(
            reader.Bool("kratix.telemetry.request-names"),
            new OtlpSettings(
                known ? url : null, reader.Choice<OtlpProtocol>("kratix.telemetry.otlp.protocol"), reader.Duration("kratix.telemetry.otlp.interval", TimeSpan.FromSeconds(1)),
                reader.Bool("kratix.telemetry.otlp.metrics"), reader.Bool("kratix.telemetry.otlp.traces")));
    }
}
