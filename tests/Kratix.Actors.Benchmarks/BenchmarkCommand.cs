using System.Globalization;
using Kratix.Actors.Benchmarks.Engine;
using Kratix.Actors.Benchmarks.Journal;
using Kratix.Actors.Benchmarks.Kernel;
using Kratix.Actors.Benchmarks.Reporting;
using Kratix.Actors.Benchmarks.StateStores;

namespace Kratix.Actors.Benchmarks;

/// <summary>Reads the command line, runs what it asks for so many times, prints the report.</summary>
internal static class BenchmarkCommand
{
    private const string Usage =
        """
        usage: benchmarks [all | containers | engine | other-apis | passive | change | kernel | journal | git]... [--runs N] [--requests N] [--readme]
          --runs N       how often each is run; the report shows the median, the least and the most (default 3)
          --requests N   requests in place of each benchmark's own number, for a quick look
          --readme       put the report into README.md, between its benchmark marks
        """;

    private static readonly (string Name, string Title, Func<Figures, int?, Task> Run)[] Groups =
    [
        ("containers", ContainerBenchmarks.Title, ContainerBenchmarks.Run),
        ("engine", EngineBenchmarks.Title, EngineBenchmarks.Run),
        ("other-apis", EngineBenchmarks.OtherApis, EngineBenchmarks.RunOtherApis),
        ("passive", PassiveBenchmarks.Title, PassiveBenchmarks.Run),
        ("change", PromiseChangeBenchmarks.Title, PromiseChangeBenchmarks.Run),
        ("kernel", KernelBenchmarks.Title, (figures, _) => Task.Run(() => KernelBenchmarks.Run(figures))),
        ("journal", JournalBenchmarks.Title, async (figures, requests) =>
        {
            await JournalBenchmarks.Run(figures);
            await AuditBenchmarks.Run(figures, requests);
        }),
        ("git", GitBenchmarks.Title, (figures, _) => GitBenchmarks.Run(figures)),
    ];

    internal static async Task<int> Run(string[] args)
    {
        if (Options.Read(args, [.. Groups.Select(g => g.Name)]) is not { } options)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var load = Machine.Load();
        var measured = new List<(string, Figures)>();
        foreach (var group in Groups.Where(g => options.Groups.Contains(g.Name)))
        {
            var figures = new Figures();
            for (var run = 1; run <= options.Runs; run++)
            {
                await Console.Error.WriteLineAsync($"benchmarks: {group.Name}, run {run} of {options.Runs}");
                await group.Run(figures, options.Requests);
            }

            measured.Add((group.Title, figures));
        }

        var report = MarkdownReport.Of(measured, $"bash eng/bench.sh {string.Join(' ', args)}".TrimEnd(), options.Runs, load, TimeProvider.System.GetUtcNow());
        await Console.Out.WriteAsync(report);
        if (options.Readme)
            MarkdownReport.IntoReadme(report);
        return 0;
    }

    private sealed record Options(IReadOnlyCollection<string> Groups, int Runs, int? Requests, bool Readme)
    {
        private const int DefaultRuns = 3;

        /// <summary>Null: not understood.</summary>
        internal static Options? Read(string[] args, IReadOnlyCollection<string> known)
        {
            var groups = new List<string>();
            var (runs, requests, readme) = (DefaultRuns, (int?)null, false);
            for (var i = 0; i < args.Length; i++)
            {
                switch (args[i])
                {
                    case "--runs" when Number(args, ++i) is { } number:
                        runs = number;
                        break;
                    case "--requests" when Number(args, ++i) is { } number:
                        requests = number;
                        break;
                    case "--readme":
                        readme = true;
                        break;
                    case "all":
                        groups.AddRange(known);
                        break;
                    case var name when known.Contains(name):
                        groups.Add(name);
                        break;
                    default:
                        return null;
                }
            }

            return new Options(groups.Count == 0 ? known : groups, runs, requests, readme);
        }

        private static int? Number(string[] args, int at) =>
            at < args.Length && int.TryParse(args[at], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
    }
}
