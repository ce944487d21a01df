using System.Diagnostics;
using Kratix.Actors.Benchmarks.Reporting;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>Requests that nobody touches: what they cost in memory, and what they cost a start.</summary>
internal static class PassiveBenchmarks
{
    internal const string Title = "settled requests that nobody touches";

    private const int Passive = 100_000;
    private const int Restarted = 50_000;
    private const string Verify = "kratix.reconcile.on-start=verify";
    private const string RunAgain = "kratix.reconcile.on-start=run";

    internal static async Task Run(Figures figures, int? requests)
    {
        var passive = requests ?? Passive;
        await InFolder(passive, folder => Memory(figures, $"memory of {passive:#,0} settled requests", folder, passive));
        var restarted = requests ?? Restarted;
        await InFolder(restarted, async folder =>
        {
            await Restart(figures, $"start with {restarted:#,0} settled requests, on-start = verify", folder, Verify);
            await Restart(figures, $"start with {restarted:#,0} settled requests, on-start = run", folder, RunAgain);
        });
    }

    /// <summary>The API server's objects first, then the engine beside it, once it has compared them all and slept.</summary>
    private static async Task Memory(Figures figures, string name, string folder, int count)
    {
        // The making of all this was large too; from here on the largest is the engine's.
        await File.WriteAllTextAsync("/proc/self/clear_refs", "5");
        var empty = Held();
        var api = await BenchApi.Standalone(folder, inProcess: true);
        var server = Held();
        var compared = SettledRequests.Compared(api);
        await using (var bed = await EngineBed.Start(folder, api, Verify))
        {
            await compared;
            var peak = Peak();
            var engine = Held();
            figures.Add("of the engine, managed heap", "bytes a request", (double)(engine.Heap - server.Heap) / count, name);
            figures.Add("of the engine, process", "bytes a request", (double)(engine.Process - server.Process) / count, name);
            figures.Add("of the API server's objects, managed heap", "bytes a request", (double)(server.Heap - empty.Heap) / count, name);
            figures.Add("awake after the comparison, one that differed among them", "requests", bed.Awake, name);
            figures.Add("process at its largest", "MiB", peak / (1024.0 * 1024), name);
        }
    }

    /// <summary>From the start of everything to the run of a request that is made as soon as the API server answers.</summary>
    private static async Task Restart(Figures figures, string name, string folder, string onStart)
    {
        var request = $"new-{Guid.NewGuid():N}"[..12];
        var clock = Stopwatch.StartNew();
        var api = await BenchApi.Standalone(folder, inProcess: true);
        var served = clock.Elapsed;
        var created = EngineBed.Request(api, request);
        var compared = SettledRequests.Compared(api);
        await using var bed = await EngineBed.Start(folder, api, runner => runner.Expect(request), onStart);
        await created;
        await bed.Runner.Expected;
        var started = clock.Elapsed;
        var (rows, runs) = (bed.Journal.Metrics.Writes, bed.Runner.Runs - 1);
        await compared;
        figures.Add("all are compared after", "s", clock.Elapsed.TotalSeconds, name);
        await SettledRequests.Edit(api);
        figures.Add("API server answers after", "s", served.TotalSeconds, name);
        figures.Add("first new request runs after", "s", started.TotalSeconds, name);
        figures.Add("runs until then, its own apart", "", runs, name);
        figures.Add("journal writes until then", "", rows, name);
    }

    private static async Task InFolder(int count, Func<string, Task> measure)
    {
        var folder = Directory.CreateTempSubdirectory("kratix-passive-benchmark-").FullName;
        try
        {
            await SettledRequests.Make(folder, count);
            await measure(folder);
        }
        finally
        {
            Scratch.Remove(folder);
        }
    }

    private static (long Heap, long Process) Held()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
    }

    private static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
