using System.Text.RegularExpressions;

namespace Kratix.Actors.Core.Tests.Scenarios;

/// <summary>What <c>docs/lifecycle.md</c> says of one aggregate: its phases, and its arrows, each with a transcript.</summary>
internal sealed partial class LifecyclePage
{
    private LifecyclePage(IReadOnlyList<string> phases, IReadOnlyList<Row> rows, IReadOnlyList<(string From, string To)> drawn) => (Phases, Rows, Drawn) = (phases, rows, drawn);

    public IReadOnlyList<string> Phases { get; }

    public IReadOnlyList<Row> Rows { get; }

    /// <summary>The arrows of the diagram.</summary>
    public IReadOnlyList<(string From, string To)> Drawn { get; }

    /// <summary>The section under the heading <c>## The life of a ...</c>.</summary>
    public static LifecyclePage Of(string aggregate)
    {
        var page = File.ReadAllText(Repository.File("docs", "lifecycle.md"));
        var section = page.Split("\n## ").Single(s => s.StartsWith($"The life of a {aggregate}", StringComparison.Ordinal));
        return new LifecyclePage(
            [.. PhaseLine().Matches(section).Select(m => m.Groups[1].Value)],
            [.. RowLine().Matches(section).Select(m => new Row(
                [.. m.Groups[1].Value.Split(", ").Select(f => f.Trim('`'))], m.Groups[3].Value, m.Groups[4].Value, m.Groups[5].Value))],
            [.. Drawing().Matches(section).Select(m => (m.Groups[1].Value, m.Groups[2].Value))]);
    }

    internal sealed record Row(IReadOnlyList<string> From, string Event, string To, string Transcript);

    [GeneratedRegex(@"^\| `(\w+)` \| [^|]+ \|$", RegexOptions.Multiline)]
    private static partial Regex PhaseLine();

    [GeneratedRegex(@"^\| ((?:`\w+`(?:, )?)+) \| ([^|]+) \| `([\w-]+)` \| `(\w+)` \| \[[^\]]+\]\(\.\./tests/Kratix\.Actors\.Core\.Tests/Scenarios/([\w/-]+\.txt)\) \|$", RegexOptions.Multiline)]
    private static partial Regex RowLine();

    [GeneratedRegex(@"^    (\w+) --> (\w+)", RegexOptions.Multiline)]
    private static partial Regex Drawing();
}
