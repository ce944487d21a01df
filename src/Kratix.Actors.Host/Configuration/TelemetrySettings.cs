namespace Kratix.Actors.Host.Configuration;

public enum OtlpProtocol
{
    Http,
    Grpc,
}

/// <param name="Endpoint">Null: nothing is sent.</param>
/// <param name="Interval">Between two sendings of metrics.</param>
public sealed record OtlpSettings(Uri? Endpoint, OtlpProtocol Protocol, TimeSpan Interval, bool Metrics, bool Traces);

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
