using System.Net;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Host.Telemetry;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Host.Composition;

/// <summary>The engine's own HTTP: health, metrics, the run exchange and the audit.</summary>
internal sealed class EngineHttp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private IRunExchange? _exchange;

    private EngineHttp(WebApplication app) => _app = app;

    internal Uri Url => new(_app.Urls.First());

    /// <summary>From now on runs are served.</summary>
    internal void Open(IRunExchange exchange) => Volatile.Write(ref _exchange, exchange);

    internal static async Task<EngineHttp> Start(
        HttpSettings settings, IJournal journal, HealthChecks health, MetricStore metrics, ILoggerFactory log, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(log);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Parse(settings.Address), settings.Port));
        var app = builder.Build();
        var http = new EngineHttp(app);
        app.UseRouting();
        app.MapGet("/healthz", async (string[]? exclude, CancellationToken stop) => Told(await health.Alive(stop), exclude));
        app.MapGet("/readyz", async (string[]? exclude, CancellationToken stop) => Told(await health.Ready(stop), exclude));
        app.MapGet("/metrics", () => Results.Text(PrometheusText.Write(metrics.Collect()), PrometheusText.ContentType));
        RunExchangeEndpoints.Map(app, () => Volatile.Read(ref http._exchange));
        new AuditEndpoints(journal, settings.Audit).Map(app);
        await app.StartAsync(cancellation);
        return http;
    }

    /// <summary><c>ok</c>, or a line for each part that is not. <paramref name="exclude"/>: parts that are not looked at, as Kubernetes' own health endpoints take them.</summary>
    private static IResult Told(IReadOnlyList<HealthProblem> problems, string[]? exclude)
    {
        var told = problems.Where(p => exclude?.Contains(p.Part) is not true).ToList();
        return told.Count == 0
            ? Results.Text("ok")
            : Results.Text(string.Concat(told.Select(p => $"{p.Part}: {p.Problem}\n")), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}
