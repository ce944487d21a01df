using System.Net;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Kratix.Actors.Host.Tests.Composition;

/// <summary>How the writer of a Pod entry is told that its turn has come.</summary>
public sealed class RunExchangeEndpointsTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private readonly Exchange _exchange = new();
    private readonly HttpClient _client = new();
    private WebApplication _app = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging();
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.UseRouting();
        RunExchangeEndpoints.Map(_app, () => _exchange);
        await _app.StartAsync();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Turn_that_has_come_has_nothing_more_to_say()
    {
        var answer = Turn();
        (await _exchange.Asked).SetResult(new Outcome<Nothing>.Done(default));
        Assert.Equal(HttpStatusCode.NoContent, (await answer).StatusCode);
    }

    [Theory]
    [InlineData(Refusal.Invalid, HttpStatusCode.BadRequest)]
    [InlineData(Refusal.NotFound, HttpStatusCode.NotFound)]
    [InlineData(Refusal.Unauthorized, HttpStatusCode.Unauthorized)]
    public async Task Turn_that_will_not_come_says_why(Refusal refusal, HttpStatusCode code)
    {
        var answer = Turn();
        (await _exchange.Asked).SetResult(new Outcome<Nothing>.Terminal(refusal, "container left failed"));
        Assert.Equal((code, "container left failed"), ((await answer).StatusCode, await (await answer).Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Turn_that_takes_its_time_is_to_be_asked_for_again()
    {
        var answer = Turn();
        await _exchange.Asked;
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(HttpStatusCode.Accepted, (await answer).StatusCode);
    }

    [Fact]
    public async Task Engine_that_stops_keeps_nobody_waiting()
    {
        var answer = Turn();
        await _exchange.Asked;
        await _app.StopAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await answer).StatusCode);
    }

    private Task<HttpResponseMessage> Turn() => _client.GetAsync(new Uri($"{_app.Urls.First()}/runs/1/turn"));

    /// <summary>An engine whose answer a test gives.</summary>
    private sealed class Exchange : IRunExchange
    {
        private readonly TaskCompletionSource<TaskCompletionSource<Outcome<Nothing>>> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Where to put the answer, when the question has come.</summary>
        internal Task<TaskCompletionSource<Outcome<Nothing>>> Asked => _asked.Task;

        public Task<Outcome<Nothing>> Turn(string runId, string token, CancellationToken cancellation)
        {
            var answer = new TaskCompletionSource<Outcome<Nothing>>(TaskCreationOptions.RunContinuationsAsynchronously);
            _asked.SetResult(answer);
            return answer.Task.WaitAsync(cancellation);
        }

        public Task<Outcome<ReadOnlyMemory<byte>>> Object(string runId, string token, CancellationToken cancellation) => throw new InvalidOperationException("nobody asks for an object");

        public Task<Outcome<Nothing>> Submit(string runId, string token, Stream tar, CancellationToken cancellation) => throw new InvalidOperationException("nobody hands in");
    }
}
