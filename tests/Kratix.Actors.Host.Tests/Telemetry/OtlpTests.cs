using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Host.Telemetry;
using Kratix.Actors.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Kratix.Actors.Host.Tests.Telemetry;

/// <summary>What a collector receives by OTLP, from a real one over HTTP.</summary>
public sealed class OtlpTests : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<byte[]>> _received = new(StringComparer.Ordinal);
    private WebApplication _collector = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _collector = builder.Build();
        _collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Received(context.Request.Path).TrySetResult(body.ToArray());
            context.Response.ContentType = "application/x-protobuf";
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
            using var meter = new Meter("Kratix.Actors.Engine");
            meter.CreateCounter<long>("kratix_workplacement_writes_total").Add(3, new KeyValuePair<string, object?>("destination", "worker-otlp"));
            using var source = new ActivitySource("Kratix.Actors.Engine");
            using var span = source.StartActivity("redis/pipeline configure");
            Assert.NotNull(span);
        }

        // Ended: what was not sent yet is sent.
        var metrics = await Received("/v1/metrics").Task;
        var traces = await Received("/v1/traces").Task;
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

    private TaskCompletionSource<byte[]> Received(string path) => _received.GetOrAdd(path, _ => new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously));

    private OtlpSettings Settings(bool metrics, bool traces) => new(new Uri(_collector.Urls.First()), OtlpProtocol.Http, TimeSpan.FromMinutes(10), metrics, traces);
}
