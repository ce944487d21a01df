using Kratix.Actors.Journal.Sqlite;
using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Tests;

/// <summary>Somebody changed history in the file: verification says which event, and nothing else.</summary>
public sealed class VerificationTests : JournalTest
{
    private static readonly EntityKey Other = Appends.Entity("redis/default/other");

    public static TheoryData<string, string, long, string> Meddlings => new()
    {
        { "payload changed", "UPDATE events SET payload = x'00' WHERE position = 2", 2, "changed: the content of event 2 does not give its hash" },
        { "actor changed", "UPDATE events SET actor = 'mallory' WHERE position = 1", 1, "changed: the content of event 1 does not give its hash" },
        { "time changed", "UPDATE events SET time = time + 1 WHERE position = 3", 3, "changed: the content of event 3 does not give its hash" },
        { "epoch changed", "UPDATE events SET epoch = 2 WHERE position = 5", 5, "changed: the content of event 5 does not give its hash" },
        { "first removed", "DELETE FROM events WHERE position = 1", 1, "removed: event 1 is missing" },
        { "middle removed", "DELETE FROM events WHERE position = 3", 3, "removed: event 3 is missing" },
        { "several removed", "DELETE FROM events WHERE position IN (2, 3)", 2, "removed: events 2 to 3 are missing" },
        { "last removed", "DELETE FROM events WHERE position = 5", 5, "removed: event 5 is missing" },
        { "all removed", "DELETE FROM events WHERE position <= 5", 1, "removed: events 1 to 5 are missing" },
        { "row removed", "DELETE FROM entities WHERE entity = 1", 5, "removed: the row of this entity is missing, its 5 events are there" },
        { "state changed", "UPDATE entities SET state = x'00' WHERE entity = 1", 5, "changed: the row with the state after event 5 is not as it was written; the events end with 5" },
        { "row set back", "UPDATE entities SET sequence = 4 WHERE entity = 1", 4, "changed: the row with the state after event 4 is not as it was written; the events end with 5" },
        { "wake-up removed", "UPDATE entities SET wake_up = 7 WHERE entity = 1", 5, "changed: the row with the state after event 5 is not as it was written; the events end with 5" },
        {
            "event added", "INSERT INTO events SELECT 8, entity, 6, time, type, cause, actor, node, epoch, hash, hash, payload FROM events WHERE position = 5",
            6, "changed: the content of event 6 does not give its hash"
        },
        {
            "old event put in again", "DROP TABLE IF EXISTS x; CREATE TABLE x AS SELECT * FROM events WHERE position = 2; DELETE FROM events WHERE position = 2; INSERT INTO events SELECT 8, entity, sequence, time, type, cause, actor, node, epoch, previous, hash, payload FROM x",
            2, "removed: event 2 is missing"
        },
    };

    [Theory]
    [MemberData(nameof(Meddlings))]
    public async Task VerifyChain_names_what_was_done(string deed, string sql, long sequence, string problem)
    {
        await using var journal = await TwoEntities();
        Assert.True(Meddle(sql) > 0, deed);

        var all = await journal.VerifyChain(null, default);
        var one = await journal.VerifyChain(Example, default);

        Assert.Contains(new ChainFault(Example, sequence, problem), all.Faults);
        Assert.All(all.Faults, fault => Assert.Equal(Example, fault.Entity));
        // An event taken out and put back as it was is out of place among all events, but not within its entity.
        Assert.Equal(deed == "old event put in again", one.Faults.Count == 0);
        Assert.Empty((await journal.VerifyChain(Other, default)).Faults);
    }

    [Fact]
    public async Task VerifyChain_of_an_event_changed_and_hashed_anew_blames_that_event()
    {
        await using var journal = await TwoEntities();
        await Forge(journal, 2);

        var fault = Assert.Single((await journal.VerifyChain(null, default)).Faults);

        Assert.Equal(new ChainFault(Example, 2, "changed: event 2 was hashed anew, but event 3 was written after another"), fault);
    }

    [Fact]
    public async Task VerifyChain_of_the_last_event_changed_and_hashed_anew_blames_that_event()
    {
        await using var journal = await TwoEntities();
        await Forge(journal, 5);

        var fault = Assert.Single((await journal.VerifyChain(null, default)).Faults);

        Assert.Equal(new ChainFault(Example, 5, "changed: event 5 has a hash of its own, but the row was written after another"), fault);
    }

    [Fact]
    public async Task VerifyChain_of_an_event_forged_after_the_last_calls_it_inserted()
    {
        await using var journal = await TwoEntities();
        Meddle("INSERT INTO events SELECT 8, entity, 6, time, type, cause, actor, node, epoch, hash, hash, payload FROM events WHERE position = 5");
        await Forge(journal, 6);

        var fault = Assert.Single((await journal.VerifyChain(null, default)).Faults);

        Assert.Equal(new ChainFault(Example, 6, "inserted: events go up to 6, the row knows 5"), fault);
    }

    [Fact]
    public async Task VerifyChain_of_an_event_inserted_before_others_calls_it_inserted()
    {
        await using var journal = await TwoEntities();
        Meddle("UPDATE events SET position = 9 WHERE position = 3");

        var faults = (await journal.VerifyChain(null, default)).Faults;

        Assert.Contains(new ChainFault(Example, 3, "removed: event 3 is missing"), faults);
        Assert.Contains(new ChainFault(Example, 3, "inserted: event 3 at position 9 comes after event 5"), faults);
    }

    [Theory]
    [InlineData(
        "UPDATE events SET position = -position WHERE position IN (2, 3); UPDATE events SET position = 5 + position WHERE position < 0",
        "removed: event 3 is missing", "inserted: event 3 at position 2 comes before event 2")]
    [InlineData(
        "UPDATE events SET sequence = -sequence WHERE position IN (2, 3); UPDATE events SET sequence = 5 + sequence WHERE sequence < 0",
        "changed: the content of event 2 does not give its hash", "changed: the content of event 3 does not give its hash")]
    [InlineData(
        "CREATE TABLE x AS SELECT position, payload FROM events; UPDATE events SET payload = (SELECT payload FROM x WHERE x.position = 5 - events.position) WHERE position IN (2, 3)",
        "changed: the content of event 2 does not give its hash", "changed: the content of event 3 does not give its hash")]
    [InlineData(
        "DELETE FROM events WHERE position = 2; UPDATE events SET payload = x'00' WHERE position = 3",
        "removed: event 2 is missing", "changed: the content of event 3 does not give its hash")]
    [InlineData(
        "DELETE FROM events WHERE position = 4; UPDATE events SET payload = x'00' WHERE position = 5",
        "removed: event 4 is missing", "changed: the content of event 5 does not give its hash")]
    [InlineData("UPDATE events SET entity = 2, sequence = 3 WHERE position = 5", "changed: the content of event 3 does not give its hash", "removed: event 5 is missing")]
    public async Task VerifyChain_of_events_that_were_swapped_or_given_to_another_names_each(string sql, params string[] problems)
    {
        await using var journal = await TwoEntities();
        Meddle(sql);

        Assert.Equal(problems.Order(StringComparer.Ordinal), (await journal.VerifyChain(null, default)).Faults.Select(fault => fault.Problem).Order(StringComparer.Ordinal));
    }

    /// <summary>The other object's own events come later in the journal, and are right.</summary>
    [Theory]
    [InlineData(3, "inserted: event 3 at position 2 comes before event 1")]
    [InlineData(9, "inserted: event 9 at position 2 comes before event 1")]
    public async Task VerifyChain_of_an_event_given_to_a_later_object_and_hashed_anew_blames_that_event_alone(int sequence, string inserted)
    {
        await using var journal = await TwoEntities();
        await Give(journal, 2, sequence);

        var faults = (await journal.VerifyChain(null, default)).Faults;

        Assert.Equal([new ChainFault(Example, 2, "removed: event 2 is missing"), new ChainFault(Other, sequence, inserted)], faults);
    }

    [Fact]
    public async Task VerifyChain_of_several_events_given_to_a_later_object_and_hashed_anew_blames_each()
    {
        await using var journal = await TwoEntities();
        await Give(journal, 2, 5);
        await Give(journal, 4, 8);

        var faults = (await journal.VerifyChain(null, default)).Faults;

        Assert.Equal(
            ["2 removed: event 2 is missing", "4 removed: event 4 is missing", "5 inserted: event 5 at position 2 comes before event 1", "8 inserted: event 8 at position 4 comes before event 1"],
            faults.Select(fault => $"{fault.Sequence} {fault.Problem}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task VerifyChain_of_an_event_given_to_an_earlier_object_and_hashed_anew_blames_that_event_alone()
    {
        await using var journal = await TwoEntities();
        Meddle("INSERT INTO events SELECT 9, entity, 8, time, type, cause, actor, node, epoch, hash, hash, payload FROM events WHERE position = 5");
        await Forge(journal, 8);

        var fault = Assert.Single((await journal.VerifyChain(null, default)).Faults, fault => fault.Entity == Example);

        Assert.Equal(new ChainFault(Example, 8, "inserted: event 8 at position 9, the row knows 5"), fault);
    }

    /// <summary>What a forger who knows the code does to make an object's last events unsaid: the row says that it ended before them, and has the seal of what it says.</summary>
    [Fact]
    public async Task VerifyChain_notices_that_an_entitys_end_was_cut_off_with_its_row_written_anew()
    {
        await using var journal = await TwoEntities();
        var row = (await journal.Read(Example, default))!;
        var last = (await journal.Events(Example, 0, default).All())[2];
        var seal = new byte[FieldHasher.Size];
        JournalTables.Seal(
            3, Convert.FromHexString(last.Hash), row.Shard, row.Index.Phase, row.Index.SpecDigest, row.Index.StatusDigest, null, row.UpdatedAt.UtcTicks, row.State.Span, seal);
        Meddle($"DELETE FROM events WHERE position IN (4, 5); UPDATE entities SET sequence = 3, last_hash = x'{last.Hash}', seal = x'{Convert.ToHexString(seal)}' WHERE entity = 1");

        var fault = Assert.Single((await journal.VerifyChain(null, default)).Faults);

        Assert.Equal("removed: 2 events that no row and no other event tells of are missing, the first gap is at position 4", fault.Problem);
    }

    [Fact]
    public async Task VerifyChain_notices_that_a_whole_entity_is_gone()
    {
        await using var journal = await TwoEntities();
        Meddle("DELETE FROM events WHERE entity = 1; DELETE FROM entities WHERE entity = 1; DELETE FROM names WHERE entity = 1");

        var fault = Assert.Single((await journal.VerifyChain(null, default)).Faults);

        Assert.Equal("removed: 5 events that no row and no other event tells of are missing, the first gap is at position 1", fault.Problem);
    }

    [Fact]
    public async Task VerifyChain_of_a_nameless_entity_names_it_by_its_number()
    {
        await using var journal = await TwoEntities();
        Meddle("DELETE FROM names WHERE entity = 1");

        Assert.Contains((await journal.VerifyChain(null, default)).Faults, fault => fault.Entity == new EntityKey("unnamed", "1"));
        Assert.Equal(new EntityKey("unnamed", "1"), (await journal.Events(null, 0, default).All())[0].Entity);
    }

    [Fact]
    public async Task VerifyChain_over_several_anchors_finds_nothing_wrong_where_nothing_is()
    {
        await using var journal = await Many(3500);

        var report = await journal.VerifyChain(null, default);

        Assert.Empty(report.Faults);
        Assert.Equal(3500, report.Events);
    }

    [Fact]
    public async Task VerifyChain_notices_a_whole_entity_gone_behind_renumbered_positions()
    {
        await using var journal = await Many(3500);
        Meddle(
            """
            DELETE FROM entities WHERE entity = 700; DELETE FROM names WHERE entity = 700;
            CREATE TABLE x AS SELECT position FROM events WHERE entity = 700;
            DELETE FROM events WHERE entity = 700;
            UPDATE events SET position = -(position - 1) WHERE position > (SELECT position FROM x);
            UPDATE events SET position = -position WHERE position < 0;
            UPDATE sqlite_sequence SET seq = 3499 WHERE name = 'events';
            """);

        var faults = (await journal.VerifyChain(null, default)).Faults;

        Assert.Contains(faults, fault => fault.Problem.StartsWith("changed: the events of positions 1 to 1000 are not those", StringComparison.Ordinal));
    }

    [Fact]
    public async Task VerifyChain_notices_a_missing_anchor_and_still_checks_the_next()
    {
        await using var journal = await Many(3500);
        Meddle("DELETE FROM anchors WHERE position = 2000");

        var fault = Assert.Single((await journal.VerifyChain(null, default)).Faults);

        Assert.Equal("removed: the anchor at position 2000 is missing", fault.Problem);
    }

    [Fact]
    public async Task VerifyChain_of_windows_that_are_gone_altogether_reports_the_gap_once()
    {
        await using var journal = await Many(3500);
        Meddle("DELETE FROM events WHERE position BETWEEN 900 AND 3100; DELETE FROM entities WHERE entity NOT IN (SELECT entity FROM events)");

        var fault = Assert.Single((await journal.VerifyChain(null, default)).Faults);

        Assert.Equal("removed: 2201 events that no row and no other event tells of are missing, the first gap is at position 900", fault.Problem);
    }

    [Fact]
    public async Task VerifyChain_of_a_ruined_journal_lists_a_thousand_faults_and_counts_the_rest()
    {
        await using var journal = await Many(1500);
        Meddle("UPDATE events SET payload = x'00'");

        var faults = (await journal.VerifyChain(null, default)).Faults;

        Assert.Equal(1001, faults.Count);
        Assert.Equal("500 more faults are not listed", faults[^1].Problem);
    }

    [Fact]
    public async Task Head_at_an_anchor_is_the_anchor_and_shows_a_tail_that_was_cut_off_with_everything_that_names_it()
    {
        await using var journal = await Many(2500);
        var kept = (await journal.Head(2000, default))!;
        var last = (await journal.Head(null, default))!;
        Assert.Equal(1, Meddle($"UPDATE anchors SET hash = hash WHERE position = 2000 AND hash = x'{kept.Hash}'"));
        Meddle(
            """
            DELETE FROM entities WHERE entity > 1500; DELETE FROM names WHERE entity > 1500; DELETE FROM events WHERE position > 1500;
            DELETE FROM anchors WHERE position > 1500; UPDATE sqlite_sequence SET seq = 1500 WHERE name = 'events';
            """);

        // Within the file nothing is wrong any more.
        Assert.Empty((await journal.VerifyChain(null, default)).Faults);
        Assert.Equal(2500, last.Position);
        Assert.Null(await journal.Head(kept.Position, default));
        Assert.Null(await journal.Head(last.Position, default));
    }

    [Fact]
    public async Task VerifyChain_while_others_append_sees_one_moment()
    {
        await using var journal = await Open();
        var appending = Task.WhenAll(Enumerable.Range(0, 20).Select(n => Write(journal, Appends.Entity($"r{n}"), 20)));

        while (!appending.IsCompleted)
            Assert.Empty((await journal.VerifyChain(null, default)).Faults);

        await appending;
    }

    private async Task<SqliteJournal> TwoEntities()
    {
        var journal = await Open();
        await Write(journal, Example, 5);
        await Write(journal, Other, 2);
        return journal;
    }

    private async Task<SqliteJournal> Many(int entities)
    {
        var journal = await Open();
        await Task.WhenAll(Enumerable.Range(0, entities).Select(n => journal.Append(Appends.Of(Appends.Entity($"r{n}"), 0), default)));
        return journal;
    }

    /// <summary>What a forger who knows the code does: give an event of one object to another, with the hash of its new content.</summary>
    private async Task Give(SqliteJournal journal, long sequence, long newSequence)
    {
        var written = (await journal.Events(Example, 0, default).All()).Single(e => e.Sequence == sequence);
        var forged = written with { Entity = Other, Sequence = newSequence };
        Meddle($"UPDATE events SET entity = 2, sequence = {newSequence}, hash = x'{EventHash.Of(forged)}' WHERE position = {written.Position}");
    }

    /// <summary>What a forger who knows the code does: change the event and give it the hash of its new content.</summary>
    private async Task Forge(SqliteJournal journal, long sequence)
    {
        var written = (await journal.Events(Example, 0, default).All()).Single(e => e.Sequence == sequence);
        var forged = written with { Actor = "mallory" };
        Meddle($"UPDATE events SET actor = 'mallory', hash = x'{EventHash.Of(forged)}' WHERE position = {written.Position}");
    }
}
