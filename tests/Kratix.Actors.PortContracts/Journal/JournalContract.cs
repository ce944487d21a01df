using Kratix.Actors.Ports.Journal;
using Xunit;

namespace Kratix.Actors.PortContracts.Journal;

/// <summary>What every journal promises. A journal that passes may stand in for any other.</summary>
public abstract class JournalContract : IAsyncLifetime
{
    private static readonly EntityKey Example = Appends.Entity();

    /// <summary>The journal under test: empty, shard 1 taken once by <see cref="InitializeAsync"/>.</summary>
    protected IJournal Journal { get; private set; } = null!;

    /// <summary>A new, empty journal.</summary>
    protected abstract Task<IJournal> Create();

    public async Task InitializeAsync()
    {
        Journal = await Create();
        await Journal.TakeShards([1], "node-a", default);
    }

    public virtual async Task DisposeAsync() => await Journal.DisposeAsync();

    [Fact]
    public async Task Append_first_event_of_an_entity_writes_event_and_row()
    {
        var append = Appends.Of(Example, 0);

        Assert.Equal(AppendResult.Appended, await Journal.Append(append, default));

        var written = Assert.Single(await Journal.Events(Example, 0, default).All());
        Assert.Equal((Example, 1L, append.Time, "RunStarted"), (written.Entity, written.Sequence, written.Time, written.Type));
        Assert.Equal(append.Payload.ToArray(), written.Payload.ToArray());
        Assert.Equal(("spec changed", "alice", "node-a", 1L), (written.Cause, written.Actor, written.Node, written.Epoch));
        Assert.True(written.Position > 0);
        var row = await Journal.Read(Example, default);
        Assert.NotNull(row);
        Assert.Equal((Example, 1, 1L, append.Index, append.Time), (row.Entity, row.Shard, row.Sequence, row.Index, row.UpdatedAt));
        Assert.Equal(append.State.ToArray(), row.State.ToArray());
    }

    [Fact]
    public async Task Append_second_event_replaces_the_row_and_keeps_both_events()
    {
        await Journal.Append(Appends.Of(Example, 0), default);
        var second = Appends.Of(Example, 1) with { Index = new EntityIndex("Failing", "spec-2", "status-2", Appends.Noon.AddHours(10)) };

        Assert.Equal(AppendResult.Appended, await Journal.Append(second, default));

        var row = await Journal.Read(Example, default);
        Assert.Equal((2L, second.Index), (row!.Sequence, row.Index));
        Assert.Equal([1L, 2L], (await Journal.Events(Example, 0, default).All()).Select(e => e.Sequence));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Append_with_another_sequence_than_the_last_is_a_conflict_and_writes_nothing(long expected)
    {
        await Journal.Append(Appends.Of(Example, 0), default);

        Assert.Equal(AppendResult.SequenceConflict, await Journal.Append(Appends.Of(Example, expected), default));

        Assert.Equal(1, (await Journal.Read(Example, default))!.Sequence);
        Assert.Single(await Journal.Events(null, 0, default).All());
    }

    [Fact]
    public async Task Append_to_an_unknown_entity_with_a_sequence_is_a_conflict()
    {
        Assert.Equal(AppendResult.SequenceConflict, await Journal.Append(Appends.Of(Example, 3), default));
        Assert.Null(await Journal.Read(Example, default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Append_with_another_epoch_than_the_current_is_fenced(long epoch)
    {
        Assert.Equal(AppendResult.Fenced, await Journal.Append(Appends.Of(Example, 0, epoch: epoch), default));
        Assert.Null(await Journal.Read(Example, default));
    }

    [Fact]
    public async Task Append_to_a_shard_nobody_took_is_fenced()
    {
        Assert.Equal(AppendResult.Fenced, await Journal.Append(Appends.Of(Example, 0, shard: 7, epoch: 0), default));
    }

    [Fact]
    public async Task Append_by_the_owner_before_is_fenced_once_the_shard_is_taken()
    {
        await Journal.Append(Appends.Of(Example, 0, epoch: 1), default);

        var taken = await Journal.TakeShards([1], "node-b", default);

        Assert.Equal(2, taken[1]);
        Assert.Equal(AppendResult.Fenced, await Journal.Append(Appends.Of(Example, 1, epoch: 1), default));
        Assert.Equal(AppendResult.Appended, await Journal.Append(Appends.Of(Example, 1, epoch: 2), default));
    }

    [Fact]
    public async Task TakeShards_answers_each_shard_with_its_next_epoch()
    {
        var first = await Journal.TakeShards([1, 2, 3], "node-b", default);
        var second = await Journal.TakeShards([3], "node-b", default);

        Assert.Equal([(1, 2L), (2, 1L), (3, 1L)], first.OrderBy(s => s.Key).Select(s => (s.Key, s.Value)));
        Assert.Equal(2, second[3]);
        Assert.Empty(await Journal.TakeShards([], "node-b", default));
    }

    [Fact]
    public async Task Epochs_are_those_of_the_last_owner_of_each_shard()
    {
        await Journal.TakeShards([1, 2], "node-b", default);
        await Journal.TakeShards([2], "node-c", default);

        Assert.Equal([(1, 2L), (2, 2L)], (await Journal.Epochs(default)).OrderBy(s => s.Key).Select(s => (s.Key, s.Value)));
    }

    [Fact]
    public async Task Append_by_many_at_once_to_one_sequence_lets_exactly_one_through()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Journal.Append(Appends.Of(Example, 0), default)));

        Assert.Single(results, AppendResult.Appended);
        Assert.Equal(49, results.Count(r => r == AppendResult.SequenceConflict));
    }

    [Fact]
    public async Task Append_by_200_at_once_to_their_own_entities_lets_all_through_in_spite_of_others_conflicts()
    {
        var entities = Enumerable.Range(0, 200).Select(n => Appends.Entity($"redis/default/r{n}")).ToList();

        var good = entities.Select(entity => Journal.Append(Appends.Of(entity, 0), default)).ToList();
        var bad = entities.Select(entity => Journal.Append(Appends.Of(entity, 9), default)).ToList();

        Assert.All(await Task.WhenAll(good), result => Assert.Equal(AppendResult.Appended, result));
        Assert.All(await Task.WhenAll(bad), result => Assert.Equal(AppendResult.SequenceConflict, result));
        Assert.Equal(200, (await Journal.Events(null, 0, default).All()).Count);
    }

    [Fact]
    public async Task Append_that_was_called_off_writes_nothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.Append(Appends.Of(Example, 0), new CancellationToken(canceled: true)));
        Assert.Null(await Journal.Read(Example, default));
    }

    [Fact]
    public async Task Append_keeps_empty_texts_odd_letters_and_any_bytes()
    {
        var odd = new EntityKey("resource", "redis/default/ä\0'\"\U0001F600");
        var append = Appends.Of(odd, 0) with { Payload = new byte[] { 0, 255, 10 }, State = ReadOnlyMemory<byte>.Empty, Cause = "", Actor = "ü\n", Node = "" };

        await Journal.Append(append, default);

        var written = Assert.Single(await Journal.Events(odd, 0, default).All());
        Assert.Equal((odd, "", "ü\n"), (written.Entity, written.Cause, written.Actor));
        Assert.Equal([0, 255, 10], written.Payload.ToArray());
        Assert.True((await Journal.Read(odd, default))!.State.IsEmpty);
        Assert.Empty((await Journal.VerifyChain(null, default)).Faults);
    }

    [Fact]
    public async Task Append_with_a_local_time_gives_back_the_same_moment_in_UTC()
    {
        var local = new DateTimeOffset(2026, 3, 1, 14, 0, 0, 123, TimeSpan.FromHours(2)).AddTicks(4567);

        await Journal.Append(Appends.Of(Example, 0) with { Time = local }, default);

        var time = Assert.Single(await Journal.Events(Example, 0, default).All()).Time;
        Assert.Equal((local, TimeSpan.Zero), (time, time.Offset));
    }

    [Fact]
    public async Task Events_of_all_come_in_the_order_of_their_positions()
    {
        var other = Appends.Entity("redis/default/other");
        await Journal.Append(Appends.Of(Example, 0), default);
        await Journal.Append(Appends.Of(other, 0), default);
        await Journal.Append(Appends.Of(Example, 1), default);

        var events = await Journal.Events(null, 0, default).All();

        Assert.Equal([(Example, 1L), (other, 1L), (Example, 2L)], events.Select(e => (e.Entity, e.Sequence)));
        Assert.Equal(events.Select(e => e.Position).Order(), events.Select(e => e.Position));
        Assert.Equal([(other, 1L), (Example, 2L)], (await Journal.Events(null, events[0].Position, default).All()).Select(e => (e.Entity, e.Sequence)));
        Assert.Equal([2L], (await Journal.Events(Example, events[1].Position, default).All()).Select(e => e.Sequence));
        Assert.Empty(await Journal.Events(Appends.Entity("nobody"), 0, default).All());
    }

    [Fact]
    public async Task Events_more_than_a_batch_all_come()
    {
        await Task.WhenAll(Enumerable.Range(0, 1500).Select(n => Journal.Append(Appends.Of(Appends.Entity($"r{n:0000}"), 0), default)));

        var events = await Journal.Events(null, 0, default).All();

        Assert.Equal(1500, events.Select(e => e.Entity).Distinct().Count());
        Assert.Equal(1500, (await Journal.Rows("resource", default).All()).Count);
        Assert.Equal(1000, (await Journal.Summaries("resource", "r0", default).All()).Count);
    }

    [Fact]
    public async Task Events_are_chained_by_hashes_that_anybody_can_recompute()
    {
        await Journal.Append(Appends.Of(Example, 0), default);
        await Journal.Append(Appends.Of(Example, 1), default);

        var events = await Journal.Events(Example, 0, default).All();

        Assert.Equal("", events[0].PreviousHash);
        Assert.Equal(events[0].Hash, events[1].PreviousHash);
        Assert.All(events, e => Assert.Equal(EventHash.Of(e), e.Hash));
    }

    [Fact]
    public async Task Summaries_are_those_of_the_type_and_prefix_by_id()
    {
        foreach (var key in new EntityKey[] { new("resource", "redis/b"), new("resource", "redis/a"), new("resource", "redisx/a"), new("promise", "redis/c") })
            await Journal.Append(Appends.Of(key, 0), default);

        Assert.Equal(["redis/a", "redis/b"], (await Journal.Summaries("resource", "redis/", default).All()).Select(s => s.Id));
        Assert.Equal(["redis/a", "redis/b", "redisx/a"], (await Journal.Summaries("resource", "", default).All()).Select(s => s.Id));
        var summary = Assert.Single(await Journal.Summaries("promise", "", default).All());
        Assert.Equal(new EntitySummary("redis/c", 1, new EntityIndex("Running", "spec-1", "status-1", null)), summary);
        Assert.Empty(await Journal.Summaries("nothing", "", default).All());
    }

    [Fact]
    public async Task Rows_are_those_of_the_type_with_their_states()
    {
        await Journal.Append(Appends.Of(Appends.Entity("b"), 0), default);
        await Journal.Append(Appends.Of(Appends.Entity("a"), 0), default);
        await Journal.Append(Appends.Of(Appends.Entity("c", "promise"), 0), default);

        var rows = await Journal.Rows("resource", default).All();

        Assert.Equal(["a", "b"], rows.Select(r => r.Entity.Id));
        Assert.All(rows, row => Assert.Equal(Appends.Bytes("""{"events":1}"""), row.State.ToArray()));
    }

    [Fact]
    public async Task Due_answers_the_earliest_wake_ups_up_to_the_moment_and_the_limit()
    {
        await Wake("late", Appends.Noon.AddHours(2));
        await Wake("second", Appends.Noon.AddMinutes(2));
        await Wake("first", Appends.Noon.AddMinutes(1));
        await Wake("never", null);

        Assert.Equal(
            [new DueWakeUp(Appends.Entity("first"), Appends.Noon.AddMinutes(1)), new DueWakeUp(Appends.Entity("second"), Appends.Noon.AddMinutes(2))],
            await Journal.Due(DateTimeOffset.MinValue, Appends.Noon.AddMinutes(2), 10, default));
        Assert.Equal(["first"], (await Journal.Due(DateTimeOffset.MinValue, Appends.Noon.AddDays(1), 1, default)).Select(d => d.Entity.Id));
        Assert.Empty(await Journal.Due(DateTimeOffset.MinValue, Appends.Noon, 10, default));
        Assert.Equal(["second", "late"], (await Journal.Due(Appends.Noon.AddMinutes(1), Appends.Noon.AddDays(1), 10, default)).Select(d => d.Entity.Id));
    }

    [Fact]
    public async Task Due_forgets_a_wake_up_that_the_next_event_cleared()
    {
        await Wake("first", Appends.Noon);
        await Journal.Append(Appends.Of(Appends.Entity("first"), 1), default);

        Assert.Empty(await Journal.Due(DateTimeOffset.MinValue, Appends.Noon.AddDays(1), 10, default));
    }

    [Fact]
    public async Task VerifyChain_of_an_untouched_journal_finds_nothing_and_counts()
    {
        await Journal.Append(Appends.Of(Example, 0), default);
        await Journal.Append(Appends.Of(Example, 1), default);
        await Journal.Append(Appends.Of(Appends.Entity("other"), 0), default);

        var all = await Journal.VerifyChain(null, default);
        var one = await Journal.VerifyChain(Example, default);

        Assert.Equal((3L, 2L), (all.Events, all.Entities));
        Assert.Equal((2L, 1L), (one.Events, one.Entities));
        Assert.Empty(all.Faults);
        Assert.Empty(one.Faults);
    }

    [Fact]
    public async Task Head_of_a_position_stays_while_events_are_added_and_differs_from_others()
    {
        Assert.Null(await Journal.Head(null, default));
        await Journal.Append(Appends.Of(Example, 0), default);
        var first = await Journal.Head(null, default);
        await Journal.Append(Appends.Of(Example, 1), default);

        Assert.Equal(first, await Journal.Head(1, default));
        Assert.Equal(2, (await Journal.Head(null, default))!.Position);
        Assert.NotEqual(first!.Hash, (await Journal.Head(2, default))!.Hash);
        Assert.Null(await Journal.Head(3, default));
    }

    /// <summary>Random appends against the simplest model of a journal: a count per entity and an epoch per shard.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Journal_after_any_sequence_of_calls_agrees_with_a_model(int seed)
    {
        var random = new Random(seed);
        var sequences = new Dictionary<EntityKey, long>();
        var epochs = new Dictionary<int, long> { [1] = 1 };
        for (var step = 0; step < 300; step++)
        {
            var shard = random.Next(1, 4);
            if (random.Next(20) == 0)
            {
                epochs[shard] = (await Journal.TakeShards([shard], "node-a", default))[shard];
                continue;
            }

            var entity = Appends.Entity($"redis/default/r{random.Next(5)}");
            var (sequence, epoch) = (sequences.GetValueOrDefault(entity), epochs.GetValueOrDefault(shard));
            var append = Appends.Of(entity, Math.Max(0, sequence + random.Next(-1, 2)), shard, Math.Max(0, epoch + random.Next(-1, 2)));
            var expected = epoch == 0 || append.Epoch != epoch ? AppendResult.Fenced
                : append.ExpectedSequence != sequence ? AppendResult.SequenceConflict : AppendResult.Appended;

            Assert.True(expected == await Journal.Append(append, default), $"seed {seed}, step {step}: expected {expected}");
            if (expected == AppendResult.Appended)
                sequences[entity] = sequence + 1;
        }

        foreach (var (entity, sequence) in sequences)
        {
            Assert.Equal(sequence, (await Journal.Read(entity, default))!.Sequence);
            Assert.Equal(Enumerable.Range(1, (int)sequence).Select(n => (long)n), (await Journal.Events(entity, 0, default).All()).Select(e => e.Sequence));
        }

        Assert.Empty((await Journal.VerifyChain(null, default)).Faults);
    }

    private Task<AppendResult> Wake(string id, DateTimeOffset? at) =>
        Journal.Append(Appends.Of(Appends.Entity(id), 0) with { Index = new EntityIndex("Waiting", "s", "t", at) }, default);
}
