using System.Diagnostics;
using System.Text.Json.Nodes;
using Kratix.Actors.Benchmarks.Reporting;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>A Promise that changes runs all its requests again. Meanwhile somebody goes on asking for new ones, one after the other.</summary>
internal static class PromiseChangeBenchmarks
{
    internal const string Title = "a Promise changes: stub runner, standalone API as `up` has it";

    private const int Requests = 5_000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    internal static async Task Run(Figures figures, int? requests)
    {
        var count = requests ?? Requests;
        var folder = Directory.CreateTempSubdirectory("kratix-change-benchmark-").FullName;
        try
        {
            await using var bed = await EngineBed.Start(folder, await BenchApi.Standalone(folder, inProcess: true));
            await bed.InstallPromise();
            await bed.Settle("request-", count);
            var runs = bed.Runner.Runs;
            var clock = Stopwatch.StartNew();
            var again = bed.Api.Engine.Shown(NoopPromise.Kind, "request-", "Reconciled", count, Limit);
            await Change(bed);
            var waits = new List<TimeSpan>();
            while (!again.IsCompleted)
            {
                var asked = clock.Elapsed;
                await bed.Settle($"new-{waits.Count}-", 1);
                waits.Add(clock.Elapsed - asked);
            }

            await again;
            var elapsed = clock.Elapsed;
            var name = $"{count:#,0} requests run again";
            figures.Add("on the new spec", "requests/s", count / elapsed.TotalSeconds, name);
            figures.Add("runs, those of new requests apart", "a request", (double)(bed.Runner.Runs - runs - waits.Count) / count, name);
            waits.Sort();
            figures.Add("a new request is settled after", "s, median", waits[waits.Count / 2].TotalSeconds, name);
            figures.Add("a new request is settled after", "s, at most", waits[^1].TotalSeconds, name);
        }
        finally
        {
            Scratch.Remove(folder);
        }
    }

    private static async Task Change(EngineBed bed)
    {
        var (type, promise) = NoopPromise.Promise;
        var workflows = promise["spec"]!["workflows"]!.DeepClone();
        workflows["resource"]!["configure"]![0]!["spec"]!["containers"]![0]!["env"] = new JsonArray(new JsonObject { ["name"] = "CHANGED", ["value"] = "yes" });
        var patch = new JsonObject { ["spec"] = new JsonObject { ["workflows"] = workflows } };
        if (await bed.Api.User.Patch(type, null, "noop", PatchKind.Merge, patch, null, CancellationToken.None) is { Failure: { } failure })
            throw new InvalidOperationException($"the Promise could not be changed: {failure}");
    }
}
