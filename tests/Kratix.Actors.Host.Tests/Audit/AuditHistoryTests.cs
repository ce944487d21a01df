using System.Text.Json.Nodes;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Host.Tests.Audit;

public sealed class AuditHistoryTests : HistoryTests
{
    [Fact]
    public async Task Audit_at_a_time_shows_the_state_after_the_last_event_until_then()
    {
        var shown = await Run("audit", "redis/default/example", "--at", "2026-11-22T20:00:01.500Z");
        Assert.StartsWith("# resource/redis/default/example after event 1 ", shown.Out, StringComparison.Ordinal);
        Assert.Equal("running", (string?)Yaml.Parse(shown.Out)!["phase"]!["phase"]);
    }

    [Fact]
    public async Task Audit_at_an_event_equals_the_stored_state_when_it_is_the_last()
    {
        var state = JsonNode.Parse((await Run("audit", "redis/default/example", "--at", "5", "-o", "json")).Out)!;
        Assert.Equal("settled", (string?)state["phase"]!["phase"]);
    }

    [Theory]
    [InlineData("2020-01-01T00:00:00Z", ExitCode.NotFound, "was not known then")]
    [InlineData("yesterday", ExitCode.Usage, "is no point in a history")]
    public async Task Audit_at_no_such_moment_says_so(string at, int exitCode, string message)
    {
        var shown = await Run("audit", "redis/default/example", "--at", at);
        Assert.Equal(exitCode, shown.ExitCode);
        Assert.Contains(message, shown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_names_each_value_that_changed_by_its_path()
    {
        var shown = await Run("audit", "redis/default/example", "--diff", "1..5");
        Assert.Contains("- phase.phase: \"running\"", shown.Out, StringComparison.Ordinal);
        Assert.Contains("+ phase.phase: \"settled\"", shown.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("id.name", shown.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_without_two_points_is_refused()
    {
        var shown = await Run("audit", "redis/default/example", "--diff", "3");
        Assert.Equal(ExitCode.Usage, shown.ExitCode);
        Assert.Contains("write two points as A..B", shown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_is_a_CloudEvent_a_line_that_carries_the_chain()
    {
        var shown = await Run("audit", "export", "redis/default/example");
        var events = shown.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(5, events.Count);
        Assert.All(events, e => Assert.Equal("1.0", (string?)e["specversion"]));
        Assert.Equal("io.kratix.actors.resource.observed", (string?)events[0]["type"]);
        Assert.Equal("resource/redis/default/example", (string?)events[0]["subject"]);
        Assert.All(events.Zip(events.Skip(1)), pair => Assert.Equal((string?)pair.First["hash"], (string?)pair.Second["previoushash"]));
    }

    [Fact]
    public async Task Replay_shows_every_object_as_it_was_and_none_that_came_later()
    {
        var all = JsonNode.Parse((await Run("replay", "--until", "2030-01-01T00:00:00Z", "-o", "json")).Out)!.AsArray();
        Assert.Contains(all, o => (string?)o!["object"] == "resource/redis/default/example" && (string?)o["phase"] == "settled");
        var before = await Run("replay", "--until", "2020-01-01T00:00:00Z", "-o", "json");
        Assert.Empty(JsonNode.Parse(before.Out)!.AsArray());
    }

    [Fact]
    public async Task Replay_until_something_that_is_no_time_is_refused()
    {
        var shown = await Run("replay", "--until", "3");
        Assert.Equal(ExitCode.Usage, shown.ExitCode);
        Assert.Contains("write a time", shown.Error, StringComparison.Ordinal);
    }
}
