using System.Collections.Concurrent;
using System.Globalization;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>
/// Which seeds are played: the regressions, always, and then <c>SIMULATION_SEEDS</c> many (1,000 if it is not set), from <c>SIMULATION_FROM</c> on, or, when <c>SIMULATION_SEED</c> names
/// one as a failure does, only that. They are played side by side, one on each core.
/// </summary>
internal static class Seeds
{
    private const int InEveryRun = 1000;
    private const int MostNamed = 5;

    internal static bool OnlyOne => One("SIMULATION_SEED") is not null;

    internal static ulong? One(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } one ? ulong.Parse(one, CultureInfo.InvariantCulture) : null;

    internal static int Many(string variable, int unlessSet) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } many ? int.Parse(many, CultureInfo.InvariantCulture) : unlessSet;

    /// <summary>Plays them all, and names those that fail, each with its story.</summary>
    internal static void Play(string variable, IReadOnlyCollection<ulong> seeds, Action<ulong> play)
    {
        var failures = new ConcurrentDictionary<ulong, Exception>();
        Parallel.ForEach(seeds, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, (seed, loop) =>
        {
            try
            {
                play(seed);
            }
            catch (Exception cause)
            {
                failures[seed] = cause;
                if (failures.Count >= MostNamed)
                    loop.Stop();
            }
        });
        if (!failures.IsEmpty)
        {
            throw new AggregateException(
                $"{(failures.Count < MostNamed ? "" : "At least ")}{failures.Count} of {seeds.Count} seeds fail. When the cause is found, keep the seed in regressions.txt. "
                + string.Join('\n', failures.OrderBy(f => f.Key).Select(f => $"Seed {f.Key} (repeat it with {variable}={f.Key}): {f.Value.Message}")),
                failures.OrderBy(f => f.Key).Select(f => f.Value));
        }
    }

    internal static IReadOnlyCollection<ulong> All()
    {
        if (One("SIMULATION_SEED") is { } one)
            return [one];
        return [.. Regressions().Union(Enumerable.Range(Many("SIMULATION_FROM", 1), Many("SIMULATION_SEEDS", InEveryRun)).Select(s => (ulong)s))];
    }

    /// <summary>Lines of a seed and what it once found.</summary>
    private static IEnumerable<ulong> Regressions() => File.ReadLines(Path.Combine(AppContext.BaseDirectory, "regressions.txt"))
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => ulong.Parse(line.Split(' ', 2)[0], CultureInfo.InvariantCulture));
}
