using System.Text.Json.Nodes;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Tests.Commands;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Host.Tests.Audit;

/// <summary>What somebody did to the history, or asks of it wrongly, is said in one line and never told as if it were right.</summary>
public sealed class AuditTroubleTests : HistoryTests
{
    private const string Request = "(SELECT entity FROM names WHERE type = 'resource')";

    [Theory]
    [InlineData("UPDATE events SET payload = CAST('{}' AS BLOB) WHERE sequence = 2", "event 2 (run-failed) cannot be read")]
    [InlineData("DELETE FROM events WHERE sequence = 4", "event 4 is missing before event 5 (placement-written)")]
    public async Task State_at_a_time_is_not_made_of_a_forged_history(string deed, string problem)
    {
        History.Meddle(deed);

        foreach (var asked in new[] { new[] { "--at", "5" }, ["--diff", "1..5"] })
        {
            var refused = await Run(["audit", "redis/default/example", .. asked]);
            Assert.Equal((ExitCode.Failure, ""), (refused.ExitCode, refused.Out));
            Assert.Contains(problem, refused.Error, StringComparison.Ordinal);
            Assert.Contains("kratix-actors audit verify tells more", refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task History_without_one_of_its_events_is_shown_and_says_which_is_missing()
    {
        History.Meddle("DELETE FROM events WHERE sequence = 3");

        var shown = await Run("audit", "redis/default/example");

        Assert.Equal(ExitCode.Ok, shown.ExitCode);
        Assert.Matches(@"4 +run-succeeded +unknown .* event 3 is missing before event 4", shown.Out);
        Assert.Matches(@"5 +placement-written +unknown ", shown.Out);
    }

    [Fact]
    public async Task Verify_names_the_event_also_where_a_forged_value_cannot_be_read()
    {
        History.Meddle($"UPDATE events SET time = -5 WHERE sequence = 3 AND entity = {Request}");

        var verified = await Run("audit", "verify");

        Assert.Equal((ExitCode.Failure, ""), (verified.ExitCode, verified.Error));
        Assert.Contains("WRONG resource/redis/default/example event 3: changed: the content of event 3 does not give its hash", verified.Out, StringComparison.Ordinal);
        Assert.Contains("the time of event 3 of resource/redis/default/example is impossible (-5 ticks)", verified.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_names_the_row_also_where_its_wake_up_cannot_be_read()
    {
        History.Meddle($"UPDATE entities SET wake_up = -5 WHERE entity = {Request}");

        var verified = await Run("audit", "verify");

        Assert.Equal((ExitCode.Failure, ""), (verified.ExitCode, verified.Error));
        Assert.Contains("WRONG resource/redis/default/example event 5: changed: the row with the state after event 5", verified.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_is_found_beside_a_Promise_whose_state_is_damaged()
    {
        History.Meddle("UPDATE entities SET state = x'00' WHERE entity = 1");

        var missing = await Run("audit", "Redis/default/example");

        Assert.Equal(ExitCode.NotFound, missing.ExitCode);
        Assert.Contains("did you mean redis/default/example?", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_shows_all_others_where_the_history_of_one_is_forged()
    {
        History.Meddle("UPDATE events SET payload = CAST('{}' AS BLOB) WHERE sequence = 2");

        var all = JsonNode.Parse((await Run("replay", "--until", "2030-01-01T00:00:00Z", "-o", "json")).Out)!.AsArray();
        var table = await Run("replay", "--until", "2030-01-01T00:00:00Z");

        Assert.Equal(["promise/redis", "resource/redis/default/example"], all.Select(o => (string?)o!["object"]));
        Assert.Equal("unknown", (string?)all[1]!["phase"]);
        Assert.Contains("event 2 (run-failed) cannot be read", (string?)all[1]!["problem"], StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failure, table.ExitCode);
        Assert.Matches(@"resource/redis/default/example +unknown: event 2 \(run-failed\) cannot be read", table.Out);
    }

    /// <summary>Event 3 was written at 20:00:03, event 4 by a clock that had been set back to 20:00:01.5.</summary>
    [Fact]
    public async Task Clock_that_was_set_back_leaves_no_hole_in_what_was_then()
    {
        History.Meddle($"UPDATE events SET time = (SELECT time FROM events WHERE sequence = 1 AND entity = {Request}) + 5000000 WHERE sequence = 4 AND entity = {Request}");

        var at = await Run("audit", "redis/default/example", "--at", "2026-11-22T20:00:02Z", "-o", "json");
        var replayed = JsonNode.Parse((await Run("replay", "--until", "2026-11-22T20:00:02Z", "-o", "json")).Out)!.AsArray();

        Assert.Equal(2, (int)replayed[1]!["sequence"]!);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(at.Out), replayed[1]!["state"]));
    }

    [Theory]
    [InlineData("3/4")]
    [InlineData("12:30")]
    [InlineData("-3")]
    [InlineData("1.5")]
    [InlineData("Sunday")]
    [InlineData("2026-11-22T20:00:02 02:00")]
    [InlineData("2026-02-30T00:00:00Z")]
    [InlineData("")]
    public async Task Time_that_could_be_read_in_several_ways_is_refused(string time)
    {
        foreach (var command in new[] { new[] { "audit", "redis/default/example", "--at", time }, ["audit", "redis/default/example", "--diff", $"{time}..5"], ["replay", "--until", time] })
        {
            var refused = await Run(command);
            Assert.Equal((ExitCode.Usage, ""), (refused.ExitCode, refused.Out));
            Assert.Contains("write a time such as 2026-11-23T00:04:10Z", refused.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("2026-11-22T20:00:03Z", 3)]
    [InlineData("2026-11-22T20:00:03", 3)]
    [InlineData("2026-11-22T22:00:03.5+02:00", 3)]
    [InlineData("2026-11-22 20:00:03.000Z", 3)]
    [InlineData("2026-11-22T20:01", 5)]
    [InlineData("2026-11-23", 5)]
    public async Task Time_is_written_as_the_audit_prints_it_or_as_in_RFC_3339_without_a_zone_in_UTC(string time, int sequence) =>
        Assert.StartsWith($"# resource/redis/default/example after event {sequence} ", (await Run("audit", "redis/default/example", "--at", time)).Out, StringComparison.Ordinal);

    [Fact]
    public async Task Time_copied_from_the_table_includes_its_event()
    {
        History.Meddle($"UPDATE events SET time = time + 4567 WHERE sequence = 3 AND entity = {Request}");

        var shown = await Run("audit", "redis/default/example", "--at", "2026-11-22 20:00:03.000Z");

        Assert.StartsWith("# resource/redis/default/example after event 3 ", shown.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--at", "6")]
    [InlineData("--diff", "1..6")]
    public async Task Event_that_is_not_there_is_refused_with_the_last_that_is(string option, string value)
    {
        var refused = await Run("audit", "redis/default/example", option, value);

        Assert.Equal((ExitCode.NotFound, ""), (refused.ExitCode, refused.Out));
        Assert.Contains("resource/redis/default/example has no event 6; its last is 5", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task At_and_diff_together_are_refused()
    {
        var refused = await Run("audit", "redis/default/example", "--at", "3", "--diff", "1..2");

        Assert.Equal((ExitCode.Usage, ""), (refused.ExitCode, refused.Out));
        Assert.Contains("give --at or --diff, not both", refused.Error, StringComparison.Ordinal);
    }

    /// <summary>A head follows from the anchors, and only the check of the whole shows that those belong to the events.</summary>
    [Fact]
    public async Task Head_is_not_compared_without_a_check_of_the_whole()
    {
        var refused = await Run("audit", "verify", "promise/redis", "--head", $"6:{new string('0', 64)}");

        Assert.Equal((ExitCode.Usage, ""), (refused.ExitCode, refused.Out));
        Assert.Contains("is of the whole journal; leave out promise/redis to check it", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_as_json_and_yaml_names_path_and_both_values()
    {
        var json = JsonNode.Parse((await Run("audit", "redis/default/example", "--diff", "1..5", "-o", "json")).Out)!;
        var yaml = Yaml.Parse((await Run("audit", "redis/default/example", "--diff", "1..5", "-o", "yaml")).Out);

        Assert.True(JsonNode.DeepEquals(json, yaml));
        Assert.Equal("resource/redis/default/example", (string?)json["object"]);
        Assert.Equal((1, "running", 5, "settled"), ((int)json["from"]!["sequence"]!, (string?)json["from"]!["phase"], (int)json["to"]!["sequence"]!, (string?)json["to"]!["phase"]));
        var phase = Assert.Single(json["changes"]!.AsArray(), c => (string?)c!["path"] == "phase.phase")!;
        Assert.Equal(("running", "settled"), ((string?)phase["before"], (string?)phase["after"]));
    }

    [Fact]
    public async Task Command_that_is_interrupted_ends_without_a_trace_of_the_program()
    {
        var interrupted = await Invocation.Of(["audit", "verify", "--data-folder", Folder], new Dictionary<string, string>(), new CancellationToken(canceled: true));

        Assert.Equal((ExitCode.Failure, "", "interrupted" + Environment.NewLine), (interrupted.ExitCode, interrupted.Out, interrupted.Error));
    }
}
