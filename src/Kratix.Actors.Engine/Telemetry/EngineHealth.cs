using System.Collections.Concurrent;

namespace Kratix.Actors.Engine.Telemetry;

/// <summary>What of the engine is not as it should be; <paramref name="Part"/> names it.</summary>
public sealed record HealthProblem(string Part, string Problem);

/// <summary>Told by the loops that keep the engine going, asked by whoever probes it.</summary>
public sealed class EngineHealth
{
    /// <summary>A look for due wake-ups takes milliseconds and comes each half second; one missing for so long means that actors, timers or the journal stand still.</summary>
    private static readonly TimeSpan LooksAtLeastEach = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<object, (string What, bool Listed, string? Refusal)> _watches = [];
    private long _lookedAt;

    /// <summary>A watch begins; what is answered names it from then on.</summary>
    internal object Watching(string what)
    {
        var watch = new object();
        _watches[watch] = (what, false, null);
        return watch;
    }

    internal void Listed(object watch)
    {
        if (_watches.TryGetValue(watch, out var known))
            _watches[watch] = known with { Listed = true };
    }

    /// <summary>The API server does not let it list or watch.</summary>
    internal void Refused(object watch, string reason)
    {
        if (_watches.TryGetValue(watch, out var known))
            _watches[watch] = known with { Refusal = reason };
    }

    internal void Ended(object watch) => _watches.TryRemove(watch, out _);

    internal void Looked(TimeProvider time) => Volatile.Write(ref _lookedAt, time.GetTimestamp());

    /// <summary>What makes it useless to go on: a process with one of these is to be restarted.</summary>
    public IReadOnlyList<HealthProblem> Stuck(TimeProvider time) =>
        Volatile.Read(ref _lookedAt) is var at and not 0 && time.GetElapsedTime(at) is var ago && ago > LooksAtLeastEach
            ? [new HealthProblem("wake-ups", $"due wake-ups were looked for last {ago.TotalSeconds:0} s ago")]
            : [];

    /// <summary>What is not caught up yet.</summary>
    public IReadOnlyList<HealthProblem> NotCaughtUp() =>
        [.. _watches.Values.Where(w => !w.Listed).Select(w => new HealthProblem(w.What, w.Refusal is null ? "what there is has not been listed yet" : $"refused: {w.Refusal}")).OrderBy(p => p.Part, StringComparer.Ordinal)];
}
