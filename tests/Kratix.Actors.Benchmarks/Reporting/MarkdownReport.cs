using System.Globalization;
using System.Text;

namespace Kratix.Actors.Benchmarks.Reporting;

/// <summary>The figures as Markdown, for the terminal and for the README.</summary>
internal static class MarkdownReport
{
    private const string Begin = "<!-- benchmarks -->";
    private const string End = "<!-- /benchmarks -->";

    internal static string Of(IReadOnlyList<(string Title, Figures Figures)> groups, string command, int runs, string load, DateTimeOffset at)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Commit {Machine.Commit()}, {at:yyyy-MM-dd}; {Machine.Description()}; load {load} before the start.\n");
        text.Append(CultureInfo.InvariantCulture, $"Command: `{command}`. Median of {runs} {(runs == 1 ? "run" : "runs")}, with the least and the most.\n");
        foreach (var (title, section) in groups.SelectMany(g => g.Figures.All.GroupBy(f => f.Section).Select(s => (g.Title, s))))
        {
            var heading = section.Key is { } key ? $"{title}: {key}" : title;
            text.Append(CultureInfo.InvariantCulture, $"\n| {heading} | median | min – max | |\n|---|---:|---:|---|\n");
            foreach (var figure in section)
                text.Append(CultureInfo.InvariantCulture, $"| {figure.Name} | {Number(figure.Median)} | {Number(figure.Values.Min())} – {Number(figure.Values.Max())} | {figure.Unit} |\n");
        }

        return text.ToString();
    }

    /// <summary>Puts the report between the README's two marks.</summary>
    /// <exception cref="InvalidOperationException">The marks are not there.</exception>
    internal static void IntoReadme(string report)
    {
        var path = Path.Combine(Machine.Repository, "README.md");
        var readme = File.ReadAllText(path);
        var begin = readme.IndexOf(Begin, StringComparison.Ordinal);
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new InvalidOperationException($"{path} has no region between {Begin} and {End} to put the figures in");
        File.WriteAllText(path, $"{readme[..(begin + Begin.Length)]}\n{report}{readme[end..]}");
    }

    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.00", CultureInfo.InvariantCulture),
    };
}
