using System.Collections.Immutable;
using System.Diagnostics;
using Kratix.Actors.Benchmarks.Reporting;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Host.Audit;
using Kratix.Actors.Journal;
using Kratix.Actors.Kernel;

namespace Kratix.Actors.Benchmarks.Journal;

/// <summary>
/// <c>audit verify</c> over a journal of real lives, as the command does it: every hash, every anchor, and each object's events folded against its row. And
/// <c>replay</c>, which tells each object's life again.
/// </summary>
internal static class AuditBenchmarks
{
    private const int Events = 1_000_000;
    private const int Callers = 500;
    private static readonly DateTimeOffset Start = JournalBenchmarks.Start;

    private static readonly PromiseRevision Revision = new(
        "redis", new string('a', 64), "v1", new WorkflowPlan([new PipelineSummary("configure", 3)], []), [], TimeSpan.FromHours(10), new RetrySchedule(3, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)));

    private static readonly Destination Worker = new(
        "worker-1", ImmutableSortedDictionary<string, string>.Empty, false, true, new Location("GitStateStore", "default", "worker-1", FilepathMode.NestedByMetadata, null));

    /// <param name="requests">Objects instead of as many as make a million events.</param>
    internal static async Task Run(Figures figures, int? requests)
    {
        var folder = Directory.CreateTempSubdirectory("kratix-audit-benchmark-").FullName;
        try
        {
            await using var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = Path.Combine(folder, "journal.db") }, CancellationToken.None);
            var epoch = (await journal.TakeShards([1], "benchmark", CancellationToken.None))[1];
            var store = new JournalEventStore<ResourceState, ResourceEvent>(journal, "node-a", Shapes.OfResource);
            var objects = requests ?? Events / Life("x").Count;
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
            {
                for (var n = caller; n < objects; n += Callers)
                    await Write(store, $"redis/default/request-{n}", epoch);
            })));

            GC.Collect();
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var peak = 0L;
            var clock = Stopwatch.StartNew();
            AuditReport report;
            using (new Timer(_ => peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false)), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(20)))
                report = await AuditVerification.Verify(journal, null, null, CancellationToken.None);
            var seconds = clock.Elapsed.TotalSeconds;
            if (report.Faults.Count > 0)
                throw new InvalidOperationException($"the journal has {report.Faults.Count} faults; the first: {report.Faults[0].Problem}");
            figures.Add($"audit verify of {report.Events:#,0} events of {report.Objects:#,0} objects", "s", seconds);
            figures.Add("audit verify", "events/s", report.Events / seconds);
            figures.Add("audit verify: most memory in use meanwhile, garbage included", "MB", (peak - before) / 1e6);

            clock.Restart();
            var told = 0;
            await foreach (var moment in AuditHistory.All(journal, new AuditPoint(DateTimeOffset.MaxValue, null), CancellationToken.None))
                told += moment.Problem is null ? 1 : 0;
            if (told != report.Objects)
                throw new InvalidOperationException($"of {report.Objects} objects {told} were told again");
            figures.Add("replay of the same, to the end", "s", clock.Elapsed.TotalSeconds);
        }
        finally
        {
            Scratch.Remove(folder);
        }
    }

    private static async Task Write(JournalEventStore<ResourceState, ResourceEvent> store, string id, long epoch)
    {
        var state = ResourceState.Empty(ResourceId.Parse(id));
        var sequence = 0L;
        foreach (var happened in Life(id))
        {
            state = ResourceEvolution.Evolve(state, happened);
            if (await store.Append(new Append<ResourceState, ResourceEvent>(id, 1, epoch, sequence++, happened, state, "benchmark"), CancellationToken.None) != AppendOutcome.Appended)
                throw new InvalidOperationException($"{id} was not appended");
        }
    }

    /// <summary>Asked for, run, written; and run again at the interval with the same result.</summary>
    private static List<ResourceEvent> Life(string id)
    {
        var life = new List<ResourceEvent> { new ResourceEvent.Observed(new ResourceObservation($"uid-{id}", 1, new string('b', 64), false, "alice"), Revision, true, Start) };
        var group = Placing.Group([new FileEntry("redis.yaml", new string('c', 64), 400), new FileEntry("service.yaml", new string('d', 64), 300)], [], [], SelectorSource.ResourceWorkflow);
        var steps = ImmutableArray.Create(new StepReport("make", "registry.example/make:1", StepPhase.Succeeded, 0, Start, Start.AddSeconds(1)));
        var works = Works.None;
        for (var run = 0; run < 2; run++)
        {
            var at = Start.AddHours(10 * run);
            if (run > 0)
                life.Add(new ResourceEvent.RunRequested(RunCause.Interval, null, at));
            var work = Placing.Place(new WorkOwner("redis", "default", id, EveryMatch: false), "configure", group, works, [Worker]);
            life.Add(new ResourceEvent.RunSucceeded($"{run:00000000}", "configure", steps, """{"endpoint":"redis:6379"}""", work, at.AddHours(10), at));
            life.Add(new ResourceEvent.PlacementWritten(work.Groups[0].Placements[0].Name, work.Groups[0].Placements[0].Stamp, "9e107d9d372bb6826bd81d3542a419d6deadbeef", true, at));
        }

        return life;
    }
}
