using System.Diagnostics;
using System.Text;
using Kratix.Actors.Benchmarks.Reporting;
using Kratix.Actors.Journal;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Benchmarks.Journal;

/// <summary>
/// Appends per second, alone and in groups, and how they compare with plain inserts of the same rows into SQLite: same file system, same
/// durability (WAL, synchronous=FULL), same bytes, prepared statements, in the same run. Compare the ratios, not the absolute numbers.
/// </summary>
internal static class JournalBenchmarks
{
    internal const string Title = "journal: events of 300 bytes, states of 900, SQLite WAL with synchronous=FULL";

    private const int Alone = 2_000;
    private const int Grouped = 40_000;
    private const int Callers = 250;
    private const int Rounds = 4;
    internal static readonly byte[] Payload = Encoding.UTF8.GetBytes(new string('p', 300));
    internal static readonly byte[] State = Encoding.UTF8.GetBytes(new string('s', 900));
    internal static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    internal static async Task Run(Figures figures)
    {
        var folder = Directory.CreateTempSubdirectory("kratix-journal-benchmark-").FullName;
        try
        {
            await using var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = Path.Combine(folder, "journal.db") }, CancellationToken.None);
            await journal.TakeShards([1], "benchmark", CancellationToken.None);
            using var plain = new PlainInserts(Path.Combine(folder, "plain.db"));
            await Append(journal, "warm", 200, 1);
            plain.Insert(200, 1);

            // In turns, because the machine's disk is not equally fast all the time.
            double alone = 0, plainAlone = 0, grouped = 0, plainGrouped = 0;
            var group = 1;
            for (var round = 0; round < Rounds; round++)
            {
                alone += await Append(journal, $"alone-{round}", Alone / Rounds, 1);
                plainAlone += plain.Insert(Alone / Rounds, 1);
                var before = journal.Metrics;
                grouped += await Append(journal, $"grouped-{round}", Grouped / Rounds, Callers);
                var after = journal.Metrics;
                group = Math.Max(1, (int)((after.Writes - before.Writes) / (after.Transactions - before.Transactions)));
                plainGrouped += plain.Insert(Grouped / Rounds, group);
            }

            var clock = Stopwatch.StartNew();
            var report = await journal.VerifyChain(null, CancellationToken.None);
            var verified = report.Events / clock.Elapsed.TotalSeconds;

            Compare(figures, "lone appends", Alone / alone, "plain inserts of the same rows", Alone / plainAlone);
            Compare(figures, $"appends by {Callers} callers", Grouped / grouped, "plain inserts in groups as large", Grouped / plainGrouped);
            figures.Add("appends that shared a transaction", "a group", group);
            figures.Add("verification of the hash chains", "events/s", verified);
            if (report.Faults.Count > 0)
                throw new InvalidOperationException($"the journal has {report.Faults.Count} faults; the first: {report.Faults[0].Problem}");
        }
        finally
        {
            Scratch.Remove(folder);
        }
    }

    /// <summary>Seconds for <paramref name="count"/> appends by <paramref name="callers"/>, each waiting for its own append before the next.</summary>
    private static async Task<double> Append(SqliteJournal journal, string name, int count, int callers)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var n = 0; n < count / callers; n++)
            {
                var append = new JournalAppend(
                    new EntityKey("resource", $"{name}/{caller}/{n / 4}"), 1, 1, n % 4, "RunStarted", Payload, State,
                    new EntityIndex("Running", "spec", "status", null), "spec changed", "alice", "node-a", Start.AddSeconds(n));
                if (await journal.Append(append, CancellationToken.None) != AppendResult.Appended)
                    throw new InvalidOperationException($"{append.Entity} was not appended");
            }
        })));
        return clock.Elapsed.TotalSeconds;
    }

    private static void Compare(Figures figures, string name, double rate, string plainName, double plainRate)
    {
        figures.Add(name, "appends/s", rate);
        figures.Add(plainName, "inserts/s", plainRate);
        figures.Add($"{name}: ratio to plain inserts", "", rate / plainRate);
    }
}
