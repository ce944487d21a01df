using System.Text.Json.Nodes;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Tests.Commands;
using Kratix.Actors.Journal;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Testing;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Host.Tests.Audit;

public sealed class AuditCommandTests : HistoryTests
{
    [Fact, Conformance("K29", "`audit` of a request shows each transition with time, cause, who asked, steps with exit codes and durations, Destination and commit.")]
    public async Task Audit_of_a_request_tells_events_steps_destinations_and_commit()
    {
        var shown = await Audit("redis/default/example");
        Assert.Equal((ExitCode.Ok, ""), (shown.ExitCode, shown.Error));
        Assert.Matches(@"2026-11-22 20:00:01\.000Z +1 +observed +running +alice +observed +generation 1, spec bbbbbbbbbb", shown.Out);
        Assert.Contains("Promise redis v0.1.0 (0123456789)", shown.Out, StringComparison.Ordinal);
        Assert.Contains("instance-configure failed, attempt 1", shown.Out, StringComparison.Ordinal);
        Assert.Contains("first: exit 3 in 0.25 s", shown.Out, StringComparison.Ordinal);
        Assert.Contains("again at 2026-11-22 20:00:03.000Z", shown.Out, StringComparison.Ordinal);
        Assert.Contains("1 file for worker-1", shown.Out, StringComparison.Ordinal);
        Assert.Matches(@"5 +placement-written +settled +alice +observed +written to worker-1, commit 9e107d9d37", shown.Out);
    }

    [Theory]
    [InlineData("resource/redis/default/example", 5)]
    [InlineData("redis.marketplace.kratix.io/default/example", 5)]
    [InlineData("REDISES/default/example", 5)]
    [InlineData("promise/redis", 1)]
    public async Task Audit_finds_the_object_by_each_of_its_names(string name, int events) =>
        Assert.Equal(events, JsonNode.Parse((await Audit(name, "-o", "json")).Out)!.AsArray().Count);

    [Fact]
    public async Task Audit_as_yaml_and_json_hold_the_same_with_every_event_in_full()
    {
        var json = JsonNode.Parse((await Audit("redis/default/example", "-o", "json")).Out)!;
        var yaml = Yaml.Parse((await Audit("redis/default/example", "-o", "yaml")).Out);
        Assert.True(JsonNode.DeepEquals(json, yaml));
        Assert.Equal("9e107d9d372bb6826bd81d3542a419d6deadbeef", (string?)json[4]!["data"]!["commitId"]);
        Assert.Equal((string?)json[3]!["hash"], (string?)json[4]!["previousHash"]);
    }

    [Theory]
    [InlineData("redis/default/exmaple", ExitCode.NotFound, "did you mean redis/default/example?")]
    [InlineData("promise/radis", ExitCode.NotFound, "did you mean promise/redis?")]
    [InlineData("example", ExitCode.Usage, "'example' does not name an object; write one of")]
    [InlineData("a//b", ExitCode.Usage, "PROMISE/NAMESPACE/NAME")]
    public async Task A_name_that_finds_nothing_is_answered_with_what_would(string name, int exitCode, string hint)
    {
        var refused = await Audit(name);
        Assert.Equal(exitCode, refused.ExitCode);
        Assert.Contains(hint, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_without_an_object_says_how_objects_are_written()
    {
        var refused = await Audit();
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains("promise/NAME", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_a_journal_is_refused_by_its_path()
    {
        var refused = await Invocation.Of("audit", "verify", "--data-folder", "/nowhere");
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.StartsWith("there is no journal /nowhere/journal.db;", refused.Error, StringComparison.Ordinal);
    }

    [Fact, Conformance("K29", "Folding an object's events gives its stored state exactly; `audit verify` shows it while the platform runs and when it does not.")]
    public async Task Verify_of_a_whole_history_says_what_it_checked_while_the_platform_runs_and_when_it_does_not()
    {
        var running = await Audit("verify");
        Assert.Equal((ExitCode.Ok, ""), (running.ExitCode, running.Error));
        Assert.Contains("6 events of 2 objects", running.Out, StringComparison.Ordinal);
        Assert.Contains("2 objects: their events, folded", running.Out, StringComparison.Ordinal);
        Assert.EndsWith($"all as it was written{Environment.NewLine}", running.Out, StringComparison.Ordinal);

        await History.DisposeAsync();
        Assert.Equal(running, await Audit("verify"));
    }

    [Fact]
    public async Task Verify_of_one_object_checks_that_one()
    {
        var report = JsonNode.Parse((await Audit("verify", "redis/default/example", "-o", "json")).Out)!;
        Assert.Equal((5, 1, 1, 0), ((int)report["events"]!, (int)report["objects"]!, (int)report["folded"]!, report["faults"]!.AsArray().Count));
    }

    [Theory, Conformance("K29", "A changed or removed event, and a changed state, are found by `audit verify`, which names the event.")]
    [InlineData("UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), 'exit code 3', 'exit code 0') AS BLOB) WHERE sequence = 2 AND entity = (SELECT entity FROM names WHERE type = 'resource')", "WRONG resource/redis/default/example event 2")]
    [InlineData("DELETE FROM events WHERE sequence = 3 AND entity = (SELECT entity FROM names WHERE type = 'resource')", "WRONG resource/redis/default/example event 3")]
    [InlineData("UPDATE entities SET state = CAST(replace(CAST(state AS TEXT), 'ready', 'faked') AS BLOB)", "the events do not lead to the stored state")]
    public async Task Verify_of_a_changed_history_names_the_event_and_ends_with_1(string change, string fault)
    {
        await History.DisposeAsync();
        History.Meddle(change);
        var report = await Audit("verify");
        Assert.Equal(ExitCode.Failure, report.ExitCode);
        Assert.Contains(fault, report.Out, StringComparison.Ordinal);
    }

    [Fact, Conformance("K29", "What an earlier `audit verify` ended with shows later that newer events were cut off, even where the file is consistent in itself.")]
    public async Task Verify_with_the_head_of_an_earlier_check_notices_a_tail_that_was_cut_off()
    {
        var head = (string)JsonNode.Parse((await Audit("verify", "-o", "json")).Out)!["head"]!;
        Assert.StartsWith("6:", head, StringComparison.Ordinal);
        Assert.EndsWith("all as it was written\n", (await Audit("verify", "--head", head)).Out, StringComparison.Ordinal);
        // A file set back to before the request was made: nothing in it names what came later.
        History.Meddle("DELETE FROM events WHERE position > 1; DELETE FROM entities WHERE entity > 1; DELETE FROM names WHERE entity > 1; UPDATE sqlite_sequence SET seq = 1 WHERE name = 'events'");

        Assert.Equal(ExitCode.Ok, (await Audit("verify")).ExitCode);
        var verified = await Audit("verify", "--head", head);

        Assert.Equal(ExitCode.Failure, verified.ExitCode);
        Assert.Contains("WRONG journal/positions event 2: removed: the journal ends with position 1, and once went up to 6", verified.Out, StringComparison.Ordinal);
        Assert.Contains("changed: the events up to position 1 are not those", (await Audit("verify", "--head", "1:" + new string('0', 64))).Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await Audit("verify", "--head", "6:abc")).ExitCode);
    }

    [Fact, Conformance("K29", "A journal that version 1 wrote is opened, upgraded, and folds to its stored states.")]
    public async Task Journal_of_version_1_is_upgraded_and_verifies()
    {
        await History.DisposeAsync();
        using var old = new TemporaryFolder();
        using (var connection = new SqliteConnection($"Data Source={DataFolder.Journal(old.Path)};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = await File.ReadAllTextAsync(Repository.File("tests/Kratix.Actors.Journal.Tests/Golden/journal-v1.sql"));
            command.ExecuteNonQuery();
        }

        var before = await Invocation.Of("audit", "verify", "--data-folder", old.Path);
        await using (await SqliteJournal.Open(new SqliteJournalOptions { Path = DataFolder.Journal(old.Path) }, default))
        {
        }

        var verified = await Invocation.Of("audit", "verify", "--data-folder", old.Path);
        Assert.Contains("its schema is version 1", before.Error, StringComparison.Ordinal);
        Assert.Equal((ExitCode.Ok, ""), (verified.ExitCode, verified.Error));
        Assert.StartsWith("10 events of 2 objects", verified.Out, StringComparison.Ordinal);
        Assert.Contains("run-requested", (await Invocation.Of("audit", "interval/default/a", "--data-folder", old.Path)).Out, StringComparison.Ordinal);
    }

    private Task<Invocation> Audit(params string[] args) => Run(["audit", .. args]);
}
