using System.Text.RegularExpressions;

namespace Kratix.Actors.Architecture.Tests;

/// <summary>Habits that only hold when somebody looks. The words looked for are written in two halves, so that this file is not among the finds.</summary>
public sealed partial class SourceRulesTests
{
    // An endless delay is a wait for its token, a virtual clock has a GetUtcNow of its own, and the simulation has no other clock than that one.
    [Fact]
    public void Tests_wait_for_signals_or_virtual_time_and_never_for_the_clock() => Assert.DoesNotContain(
        Repository.LinesWith(
            Repository.Matching("tests/", ".cs"),
            "Thread" + ".Sleep", "Task" + ".Delay(", "DateTime" + ".Now", "DateTime" + ".UtcNow", "DateTimeOffset" + ".Now", "DateTimeOffset" + ".UtcNow"),
        line => !line.Contains("Delay(Timeout.Infinite", StringComparison.Ordinal)
            && !(line.StartsWith("tests/Kratix.Actors.Simulation.Tests/", StringComparison.Ordinal) && line.TrimEnd().EndsWith(", time);", StringComparison.OrdinalIgnoreCase)));

    [Theory]
    [InlineData("Resource")]
    [InlineData("Promise")]
    public void A_phase_is_constructed_only_where_events_are_folded(string aggregate) => Assert.Empty(Repository.LinesWith(
        Repository.Matching("src/", ".cs").Where(file => file != $"src/Kratix.Actors.Core/{aggregate}s/{aggregate}Evolution.cs"), $"new {aggregate}Phase" + "."));

    [Fact]
    public void Nothing_is_left_for_later() => Assert.Empty(Repository.LinesWith(
        Repository.Matching("", ".cs", ".sh", ".conf", ".csproj", ".props", ".targets"), "TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception"));

    [Fact]
    public void Nothing_names_a_path_of_the_machine_it_was_written_on() => Assert.Empty(
        Repository.Files.SelectMany(file => Repository.Text(file).Split('\n').Select((line, index) => (file, line, index)))
            .Where(at => MachinePath().IsMatch(at.line))
            .Select(at => $"{at.file}:{at.index + 1}: {at.line.Trim()}"));

    [Fact]
    public void Source_files_stay_readable_in_one_sitting() => Assert.Empty(
        Repository.Matching("", ".cs", ".sh").Select(file => (file, lines: Repository.Text(file).Split('\n').Length - 1)).Where(at => at.lines >= 400).Select(at => $"{at.file}: {at.lines} lines"));

    [Fact]
    public void Decisions_have_numbers_of_their_own()
    {
        var names = Repository.Matching("docs/decisions/", ".md").Select(file => Path.GetFileName(file)).ToList();
        Assert.All(names, name => Assert.Matches("^[0-9]{4}-[a-z0-9-]+[.]md$", name));
        Assert.Empty(names.GroupBy(name => name[..4]).Where(same => same.Count() > 1).Select(same => string.Join(", ", same)));
    }

    // Two halves here as well.
    [GeneratedRegex("(?<![A-Za-z0-9_.}])/" + "work/|/tmp/" + "wt\\b|\\.\\./" + "shared\\b")]
    private static partial Regex MachinePath();
}
