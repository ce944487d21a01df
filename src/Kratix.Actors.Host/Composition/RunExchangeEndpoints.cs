using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Kratix.Actors.Host.Composition;

/// <summary>The run exchange over HTTP: a run's reader fetches its object, its writer hands in the output.</summary>
internal static class RunExchangeEndpoints
{
    private const string Bearer = "Bearer ";
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(20);

    internal static void Map(IEndpointRouteBuilder routes, Func<IRunExchange?> exchange)
    {
        routes.MapGet("/runs/{runId}/object.yaml", async (string runId, HttpContext context) =>
        {
            if (exchange() is not { } open)
                return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
            return await open.Object(runId, TokenOf(context), context.RequestAborted) switch
            {
                Outcome<ReadOnlyMemory<byte>>.Done done => Results.Bytes(done.Value, "application/yaml"),
                var failed => Failed(failed),
            };
        });
        routes.MapGet("/runs/{runId}/turn", async (string runId, HttpContext context, IHostApplicationLifetime life, TimeProvider time) =>
        {
            if (exchange() is not { } open)
                return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
            // Answered in good time even if the turn has not come: what lies between a Pod and here may drop a connection on which nothing moves.
            using var late = new CancellationTokenSource(LongestTurn, time);
            using var any = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted, life.ApplicationStopping);
            try
            {
                return await open.Turn(runId, TokenOf(context), any.Token) switch
                {
                    Outcome<Nothing>.Done => Results.NoContent(),
                    var failed => Failed(failed),
                };
            }
            catch (OperationCanceledException)
            {
                return Results.StatusCode(late.IsCancellationRequested ? StatusCodes.Status202Accepted : StatusCodes.Status503ServiceUnavailable);
            }
        });
        routes.MapPut("/runs/{runId}/output", async (string runId, HttpContext context) =>
        {
            if (exchange() is not { } open)
                return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
            // The limits on output are the exchange's own and name what broke them; the server's would only cut the connection.
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
                size.MaxRequestBodySize = null;
            return await open.Submit(runId, TokenOf(context), context.Request.Body, context.RequestAborted) switch
            {
                Outcome<Nothing>.Done => Results.NoContent(),
                var failed => Failed(failed),
            };
        });
    }

    private static string TokenOf(HttpContext context) =>
        context.Request.Headers.Authorization.ToString() is var header && header.StartsWith(Bearer, StringComparison.Ordinal) ? header[Bearer.Length..] : "";

    private static IResult Failed<T>(Outcome<T> outcome) => outcome switch
    {
        Outcome<T>.Terminal { Code: Refusal.Unauthorized } t => Results.Text(t.Reason, statusCode: StatusCodes.Status401Unauthorized),
        Outcome<T>.Terminal { Code: Refusal.NotFound } t => Results.Text(t.Reason, statusCode: StatusCodes.Status404NotFound),
        Outcome<T>.Terminal t => Results.Text(t.Reason, statusCode: StatusCodes.Status400BadRequest),
        _ => Results.Text(outcome.Failure, statusCode: StatusCodes.Status503ServiceUnavailable),
    };
}
