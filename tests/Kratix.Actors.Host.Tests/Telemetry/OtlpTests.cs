using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Kratix.Actors.Engine.Platform;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Host.Telemetry;
using Kratix.Actors.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Kratix.Actors.Host.Tests.Telemetry;

/// <summary>What a collector receives by OTLP, from a real one over HTTP and over gRPC.</summary>
public sealed class OtlpTests : IAsyncLifetime
{
    private const string MetricsService = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    private const string TracesService = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    private readonly ConcurrentDictionary<string, TaskCompletionSource<byte[]>> _received = new(StringComparer.Ordinal);
    private WebApplication _collector = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, http => http.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, grpc => grpc.Protocols = HttpProtocols.Http2);
        });
        _collector = builder.Build();
        _collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Received(context.Request.Path + context.Request.Headers["x-tenant"]).TrySetResult(body.ToArray());
            if (context.Request.Protocol != "HTTP/2")
            {
                context.Response.ContentType = "application/x-protobuf";
                return;
            }

            // An empty message in a gRPC frame: taken, nothing declined.
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await _collector.StartAsync();
    }

    public async Task DisposeAsync() => await _collector.DisposeAsync();

    [Fact, Conformance("R123", "Metrics and traces are sent to a collector by OTLP where an endpoint is set.")]
    public async Task Metrics_and_traces_reach_the_collector()
    {
        using (var export = OtlpExport.Start(Settings(metrics: true, traces: true), "node-a"))
        {
            Assert.NotNull(export);
            Work();
        }

        await MetricsAndTraces("/v1/metrics", "/v1/traces", "");
    }

    [Fact, Conformance("R123", "Metrics and traces are sent over gRPC, with the headers that the collector asks for.")]
    public async Task Metrics_and_traces_reach_the_collector_over_grpc()
    {
        using (OtlpExport.Start(Settings(metrics: true, traces: true) with { Endpoint = Grpc, Protocol = OtlpProtocol.Grpc, Headers = "x-tenant=a%20b" }, "node-a"))
            Work();

        await MetricsAndTraces(MetricsService, TracesService, "a b");
    }

    [Fact, Conformance("R123", "A collector that the ConfigMap names while the engine runs gets what comes from then on; without it, the one of the settings does again.")]
    public async Task Collector_of_the_platforms_ConfigMap_holds_while_it_is_named()
    {
        using (var follower = new OtlpFollower(Settings(metrics: true, traces: true), NullLogger.Instance, Start))
        {
            var named = new PlatformTelemetry(Grpc, Grpc: true, new Dictionary<string, string> { ["x-tenant"] = "a=b" }, Traces: true, Metrics: true);
            await follower.Follow(PlatformConfiguration.None with { Telemetry = named });
            Work();
            await follower.Follow(PlatformConfiguration.None);

            await MetricsAndTraces(MetricsService, TracesService, "a=b");
            _received.Clear();
            Work();
        }

        await MetricsAndTraces("/v1/metrics", "/v1/traces", "");
    }

    [Fact, Conformance("R123", "A collector that cannot be sent to is logged, and what was sent to before goes on.")]
    public async Task Collector_that_cannot_be_sent_to_is_told_and_the_last_good_one_stays()
    {
        using var log = new Lines();
        using (var follower = new OtlpFollower(Settings(metrics: true, traces: true), log, Start))
        {
            var unusable = new PlatformTelemetry(new Uri("collector", UriKind.Relative), Grpc: false, new Dictionary<string, string>(), Traces: true, Metrics: true);
            await follower.Follow(PlatformConfiguration.None with { Telemetry = unusable });
            var (id, line) = Assert.Single(log.Told);
            Assert.Equal(1605, id);
            Assert.StartsWith($"Telemetry cannot be sent to collector, as the platform's ConfigMap says, and goes on to {_collector.Urls.First()}/: ", line, StringComparison.Ordinal);
            Work();
        }

        await MetricsAndTraces("/v1/metrics", "/v1/traces", "");
    }

    [Fact, Conformance("R123", "Where the last sending to the collector of before fails, the log says so, and telemetry goes to the new one.")]
    public async Task Exporter_that_cannot_be_ended_is_told_and_the_new_one_holds()
    {
        var (started, ended) = (new List<Uri?>(), new List<Uri?>());
        using var log = new Lines();
        var settings = new OtlpSettings(new Uri("http://user:secret@old.example:4318"), OtlpProtocol.Http, TimeSpan.FromMinutes(10), true, true);
        using (var follower = new OtlpFollower(settings, log, wanted =>
        {
            started.Add(wanted.Endpoint);
            return new Exporter(() =>
            {
                ended.Add(wanted.Endpoint);
                if (wanted.Endpoint!.Host == "old.example")
                    throw new InvalidOperationException("it hung up");
            });
        }))
        {
            var named = new PlatformTelemetry(new Uri("http://new.example:4317"), Grpc: true, new Dictionary<string, string>(), Traces: true, Metrics: true);
            await follower.Follow(PlatformConfiguration.None with { Telemetry = named });
            await follower.Follow(PlatformConfiguration.None with { Telemetry = named });
        }

        Assert.Equal(["old.example", "new.example"], started.Select(e => e!.Host));
        Assert.Equal(["old.example", "new.example"], ended.Select(e => e!.Host));
        Assert.Equal((1606, "Telemetry is sent to http://new.example:4317/ now; what had not reached http://old.example:4318/ yet may be lost: it hung up"), Assert.Single(log.Told));
    }

    private static OtlpExport? Start(OtlpSettings wanted) => OtlpExport.Start(wanted, "node-a");

    private sealed class Exporter(Action end) : IDisposable
    {
        public void Dispose() => end();
    }

    private sealed class Lines : ILogger, IDisposable
    {
        internal List<(int Id, string Line)> Told { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Told.Add((eventId.Id, formatter(state, exception)));

        public void Dispose() { }
    }

    private static void Work()
    {
        using var meter = new Meter("Kratix.Actors.Engine");
        meter.CreateCounter<long>("kratix_workplacement_writes_total").Add(3, new KeyValuePair<string, object?>("destination", "worker-otlp"));
        using var source = new ActivitySource("Kratix.Actors.Engine");
        using var span = source.StartActivity("redis/pipeline configure");
        Assert.NotNull(span);
    }

    /// <summary>Once an exporter has ended, what it had not sent yet is sent.</summary>
    private async Task MetricsAndTraces(string metricsPath, string tracesPath, string tenant)
    {
        var metrics = await Received(metricsPath + tenant).Task;
        var traces = await Received(tracesPath + tenant).Task;
        foreach (var text in new[] { "kratix-actors", "node-a", "kratix_workplacement_writes_total", "worker-otlp" })
            Assert.True(metrics.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0, $"the metrics do not tell of {text}");
        Assert.True(traces.AsSpan().IndexOf("redis/pipeline configure"u8) >= 0);
    }

    [Fact]
    public void Signal_that_is_off_is_not_sent()
    {
        using (OtlpExport.Start(Settings(metrics: false, traces: true), "node-a"))
        {
            using var meter = new Meter("Kratix.Actors.Engine");
            meter.CreateCounter<long>("kratix_workplacement_writes_total").Add(1);
        }

        Assert.False(Received("/v1/metrics").Task.IsCompleted);
    }

    [Fact]
    public void Nothing_is_sent_where_no_endpoint_is_set() =>
        Assert.Null(OtlpExport.Start(SettingsLoader.Load(SettingsSources.BuiltIn).Settings.Telemetry.Otlp, "node-a"));

    [Fact]
    public async Task Collector_that_is_away_keeps_nobody_waiting_for_long()
    {
        await _collector.StopAsync();

        using (OtlpExport.Start(Settings(metrics: true, traces: true), "node-a"))
        using (var source = new ActivitySource("Kratix.Actors.Engine"))
            source.StartActivity("redis/observed")?.Dispose();
    }

    private Uri Grpc => new(_collector.Urls.Last());

    private TaskCompletionSource<byte[]> Received(string path) => _received.GetOrAdd(path, _ => new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously));

    private OtlpSettings Settings(bool metrics, bool traces) => new(new Uri(_collector.Urls.First()), OtlpProtocol.Http, TimeSpan.FromMinutes(10), metrics, traces);
}
