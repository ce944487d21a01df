using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Tests;

public sealed class WatchLoopTests
{
    private readonly ActorTestKit _kit = new();
    private readonly Heard _log = new();
    private readonly World _world;

    public WatchLoopTests()
    {
        var kubernetes = new FakeKubernetes(_kit.Time);
        _world = Samples.World(kubernetes, kubernetes, _kit.Time, _log);
    }

    [Fact]
    public void Watch_that_is_refused_is_told_once_for_each_reason_by_log_and_readiness()
    {
        Play<WatchSignal>(
            new WatchSignal.Interrupted("promises is forbidden", Refused: true), new WatchSignal.Interrupted("promises is forbidden", Refused: true),
            new WatchSignal.Interrupted("the connection broke"), new WatchSignal.Interrupted("who are you", Refused: true));

        Assert.Equal(
            ["The API server refuses the watch of promises; it is asked again: promises is forbidden", "The API server refuses the watch of promises; it is asked again: who are you"], _log.Words);
        Assert.Equal(["watch of promises: refused: who are you"], NotCaughtUp());
    }

    [Fact]
    public void Watch_that_was_refused_and_lists_is_ready()
    {
        Play<WatchSignal>(new WatchSignal.Interrupted("promises is forbidden", Refused: true), new WatchSignal.Listed([]));

        Assert.Empty(NotCaughtUp());
    }

    [Fact]
    public void Watch_of_runs_that_is_refused_is_told_as_well()
    {
        Play<RunSignal>(new RunSignal.Refused("pods is forbidden"));

        Assert.Equal(["watch of promises: refused: pods is forbidden"], NotCaughtUp());
    }

    private IEnumerable<string> NotCaughtUp() => _world.Health.NotCaughtUp().Select(p => $"{p.Part}: {p.Problem}");

    /// <summary>These signals, and then nothing any more.</summary>
    private void Play<T>(params T[] signals)
    {
        async IAsyncEnumerable<T> Stream()
        {
            foreach (var signal in signals)
                yield return signal;
            await new TaskCompletionSource().Task;
        }

        _kit.Dispatcher.InContext(() => WatchLoop.Start(_world, "watch of promises", Stream, _ => { }, CancellationToken.None));
        _kit.Run();
    }

    private sealed class Heard : ILogger
    {
        internal List<string> Words { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Words.Add(formatter(state, exception));
    }
}
