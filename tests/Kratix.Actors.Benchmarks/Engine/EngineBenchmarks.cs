using System.Diagnostics;
using Kratix.Actors.Benchmarks.Reporting;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>
/// Requests from submission to settled, with runs that take no time. Settled means: its files are in the repository, the push was acknowledged, and
/// the API server has acknowledged the status that says so. User, API server, engine and git share the machine's cores.
/// </summary>
internal static class EngineBenchmarks
{
    internal const string Title = "engine: stub runner, durable journal, git over file://";
    internal const string OtherApis = "the engine with other ways to the API";

    /// <summary>Enough for the runtime to have compiled what is hot; without it a thousand requests are mostly that.</summary>
    private const int Warm = 500;
    private const int AtOnce = 100;
    private static readonly int[] Sizes = [1_000, 10_000];

    /// <summary>The platform as <c>up</c> has it.</summary>
    internal static async Task Run(Figures figures, int? requests)
    {
        foreach (var count in requests is { } asked ? [asked] : Sizes)
            await Measure(figures, $"{count:#,0} requests, standalone API as `up` has it", count, folder => BenchApi.Standalone(folder, inProcess: true));
        await Simultaneous(figures);
    }

    /// <summary>The same with other ways to the API, to tell what belongs to the engine from what belongs to the way.</summary>
    internal static async Task RunOtherApis(Figures figures, int? requests)
    {
        var count = requests ?? Sizes[^1];
        await Measure(figures, $"{count:#,0} requests, standalone API over HTTPS for the engine too", count, folder => BenchApi.Standalone(folder, inProcess: false));
        await Measure(figures, $"{count:#,0} requests, API in memory", count, _ => Task.FromResult(BenchApi.InMemory()));
    }

    /// <summary>Runs that all hand in their output at one moment: how many pushes carry what they placed.</summary>
    private static async Task Simultaneous(Figures figures)
    {
        var folder = Directory.CreateTempSubdirectory("kratix-engine-benchmark-").FullName;
        try
        {
            await using var bed = await EngineBed.Start(
                folder, await BenchApi.Standalone(folder, inProcess: true), $"kratix.workflows.max-runs-in-flight={AtOnce}", $"kratix.workflows.max-runs-per-promise={AtOnce}");
            await bed.InstallPromise();
            await bed.Settle("warm-", Warm);
            var before = bed.Commits();
            bed.Runner.HoldUntil(AtOnce);
            await bed.Settle("request-", AtOnce);
            figures.Add("pushes", "per 100 placements", 100.0 * (bed.Commits() - before) / AtOnce, $"{AtOnce} runs that end at the same moment");
        }
        finally
        {
            Scratch.Remove(folder);
        }
    }

    private static async Task Measure(Figures figures, string name, int count, Func<string, Task<BenchApi>> open)
    {
        var folder = Directory.CreateTempSubdirectory("kratix-engine-benchmark-").FullName;
        try
        {
            await using var bed = await EngineBed.Start(folder, await open(folder));
            await bed.InstallPromise();
            var warm = Math.Min(Warm, count);
            await bed.Settle("warm-", warm);

            var before = Counters.Of(bed);
            var clock = Stopwatch.StartNew();
            await bed.Settle("request-", count);
            var elapsed = clock.Elapsed;
            var used = Counters.Of(bed).Since(before);

            if (bed.Files() < warm + count)
                throw new InvalidOperationException($"{warm + count} requests are settled, but the repository holds {bed.Files()} files");
            figures.Add("settled", "requests/s", count / elapsed.TotalSeconds, name);
            figures.Add("API writes", "a request", (double)used.Writes.Values.Sum() / count, name);
            foreach (var (purpose, writes) in used.Writes.OrderBy(w => w.Key, StringComparer.Ordinal))
                figures.Add($"of these {purpose}", "a request", (double)writes / count, name);
            figures.Add("journal writes", "a request", (double)used.JournalWrites / count, name);
            figures.Add("journal transactions", "a request", (double)used.Transactions / count, name);
            figures.Add("pushes", "per 100 placements", 100.0 * used.Commits / count, name);
            figures.Add("processor time, git's apart", "ms a request", used.Processor.TotalMilliseconds / count, name);
            figures.Add("pauses for garbage collection", "ms a request", used.Pauses.TotalMilliseconds / count, name);
            figures.Add("memory allocated", "KiB a request", used.Allocated / 1024.0 / count, name);
        }
        finally
        {
            Scratch.Remove(folder);
        }
    }

    private sealed record Counters(IReadOnlyDictionary<string, long> Writes, long JournalWrites, long Transactions, int Commits, TimeSpan Processor, TimeSpan Pauses, long Allocated)
    {
        internal static Counters Of(EngineBed bed)
        {
            var journal = bed.Journal.Metrics;
            using var process = Process.GetCurrentProcess();
            return new Counters(bed.Api.Engine.Writes, journal.Writes, journal.Transactions, bed.Commits(), process.TotalProcessorTime, GC.GetTotalPauseDuration(), GC.GetTotalAllocatedBytes());
        }

        internal Counters Since(Counters before) => new(
            Writes.ToDictionary(w => w.Key, w => w.Value - before.Writes.GetValueOrDefault(w.Key), StringComparer.Ordinal), JournalWrites - before.JournalWrites,
            Transactions - before.Transactions, Commits - before.Commits, Processor - before.Processor, Pauses - before.Pauses, Allocated - before.Allocated);
    }
}
