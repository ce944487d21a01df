using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Kratix.Actors.Architecture.Tests;

/// <summary>Each log message has a number of its own, and the page that operators search by it says the same as the code.</summary>
public sealed partial class LogPageTests
{
    private const string Page = "docs/logs.md";

    [Fact]
    public void Event_ids_are_given_once()
    {
        var twice = Messages().GroupBy(m => m.Id).Where(g => g.Count() > 1).Select(g => $"{g.Key}: {string.Join(" and ", g.Select(m => m.File))}");

        Assert.Empty(twice);
    }

    [Fact]
    public void Page_of_log_messages_says_what_the_code_says()
    {
        var table = new StringBuilder("| id | level | message |\n|---|---|---|\n");
        foreach (var (id, level, text, file) in Messages().OrderBy(m => m.Id))
            table.Append(CultureInfo.InvariantCulture, $"| {id} | {level} | [{text.Replace("|", "\\|", StringComparison.Ordinal)}](../{file}) |\n");
        var page = Repository.Text(Page);
        var begin = page.IndexOf("| id |", StringComparison.Ordinal);
        var wanted = page[..begin] + table;
        if (Environment.GetEnvironmentVariable("UPDATE_SCENARIOS") == "1")
            File.WriteAllText(Repository.Full(Page), wanted);

        Assert.True(Repository.Text(Page) == wanted, $"{Page} is not what the code says; run this test with UPDATE_SCENARIOS=1, and look at the difference");
    }

    private static IEnumerable<(int Id, string Level, string Text, string File)> Messages() =>
        from file in Repository.Matching("src/", ".cs")
        from match in Message().Matches(Repository.Text(file))
        select (int.Parse(match.Groups["id"].Value, CultureInfo.InvariantCulture), match.Groups["level"].Value, Regex.Unescape(match.Groups["text"].Value), file);

    [GeneratedRegex("LoggerMessage\\(\\s*(?<id>[0-9]+),\\s*LogLevel\\.(?<level>[A-Za-z]+),\\s*\"(?<text>(?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Message();
}
