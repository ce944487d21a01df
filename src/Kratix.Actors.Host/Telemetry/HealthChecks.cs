using Kratix.Actors.Engine;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Journal;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Host.Telemetry;

/// <summary>
/// Whether this process can do work, and whether it does: what is asked is tried, not remembered. Asked more often than <see cref="GoodFor"/> it answers what it
/// found last, because anybody may ask.
/// </summary>
internal sealed class HealthChecks(SqliteJournal journal, TimeProvider time)
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _one = new(1);
    private (EngineHealth Health, IKubernetes Api)? _engine;
    private (long At, IReadOnlyList<HealthProblem> Alive, IReadOnlyList<HealthProblem> Ready)? _last;

    /// <summary>The engine has started.</summary>
    internal void Started(EngineHealth health, IKubernetes api) => _engine = (health, api);

    /// <summary>What speaks against going on: the journal takes no writes, or the engine's loops stand still.</summary>
    internal async Task<IReadOnlyList<HealthProblem>> Alive(CancellationToken cancellation) => (await Look(cancellation)).Alive;

    /// <summary>What speaks against being asked: that, and whatever is not caught up with the API server.</summary>
    internal async Task<IReadOnlyList<HealthProblem>> Ready(CancellationToken cancellation) => (await Look(cancellation)).Ready;

    private async Task<(long At, IReadOnlyList<HealthProblem> Alive, IReadOnlyList<HealthProblem> Ready)> Look(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_last is { } last && time.GetElapsedTime(last.At) < GoodFor)
                return last;
            var alive = new List<HealthProblem>();
            await Add(alive, "journal", async stop =>
            {
                await journal.CheckWritable(stop);
                return null;
            });
            alive.AddRange(_engine?.Health.Stuck(time) ?? []);
            var ready = new List<HealthProblem>(alive);
            if (_engine is { } engine)
            {
                ready.AddRange(engine.Health.NotCaughtUp());
                await Add(ready, "api-server", async stop => (await engine.Api.Get(Kinds.Namespace, null, Kinds.SystemNamespace, stop)).Failure);
            }
            else
            {
                ready.Add(new HealthProblem("engine", "it is starting"));
            }

            var found = (time.GetTimestamp(), alive, ready);
            _last = found;
            return found;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task Add(List<HealthProblem> problems, string part, Func<CancellationToken, Task<string?>> check)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            if (await check(patience.Token) is { } problem)
                problems.Add(new HealthProblem(part, problem));
        }
        catch (JournalException broken)
        {
            problems.Add(new HealthProblem(part, broken.Message));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            problems.Add(new HealthProblem(part, $"no answer within {Patience.TotalSeconds:0} s"));
        }
    }
}
