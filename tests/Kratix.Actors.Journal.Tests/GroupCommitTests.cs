using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Tests;

public sealed class GroupCommitTests : JournalTest
{
    [Fact]
    public async Task Appends_that_wait_at_the_same_time_share_one_transaction()
    {
        await using var journal = await Open();
        Task<AppendResult>[] appends;
        long before;
        using (var pause = await Pause(journal))
        {
            before = journal.Metrics.Transactions;
            appends = [.. Enumerable.Range(0, 200).Select(n => journal.Append(Appends.Of(Appends.Entity($"r{n}"), 0), default))];
            pause.Release();
            await Task.WhenAll(appends);
        }

        Assert.All(appends, append => Assert.Equal(AppendResult.Appended, append.Result));
        Assert.Equal(2, journal.Metrics.Transactions - before);
        Assert.Equal((200, 200L), (journal.Metrics.LargestGroup, journal.Metrics.Appended));
    }

    [Fact]
    public async Task Append_alone_has_a_transaction_of_its_own()
    {
        await using var journal = await Open();
        var before = journal.Metrics.Transactions;

        await Write(journal, Example, 10);

        Assert.Equal(10, journal.Metrics.Transactions - before);
    }

    [Fact]
    public async Task Append_in_conflict_or_fenced_is_left_out_and_the_others_of_its_group_go_through()
    {
        await using var journal = await Open();
        Task<AppendResult>[] appends;
        using (var pause = await Pause(journal))
        {
            appends =
            [
                journal.Append(Appends.Of(Example, 0), default),
                journal.Append(Appends.Of(Example, 0), default),
                journal.Append(Appends.Of(Example, 1, epoch: 7), default),
                journal.Append(Appends.Of(Example, 1), default),
            ];
            pause.Release();
            await Task.WhenAll(appends);
        }

        Assert.Equal([AppendResult.Appended, AppendResult.SequenceConflict, AppendResult.Fenced, AppendResult.Appended], appends.Select(a => a.Result));
        Assert.Equal((2L, 1L, 1L), (journal.Metrics.Appended, journal.Metrics.SequenceConflicts, journal.Metrics.Fenced));
        Assert.Equal(4, journal.Metrics.LargestGroup);
    }

    [Fact]
    public async Task Shards_taken_within_a_group_fence_the_appends_after_them()
    {
        await using var journal = await Open();
        Task<AppendResult> before, after;
        using (var pause = await Pause(journal))
        {
            before = journal.Append(Appends.Of(Example, 0), default);
            _ = journal.TakeShards([1], "node-b", default);
            after = journal.Append(Appends.Of(Example, 1), default);
            pause.Release();
        }

        Assert.Equal((AppendResult.Appended, AppendResult.Fenced), (await before, await after));
    }

    [Fact]
    public async Task Group_is_no_larger_than_its_limit()
    {
        await using var journal = await Open(o => o with { MaxGroup = 10 });
        using (var pause = await Pause(journal))
        {
            var appends = Enumerable.Range(0, 35).Select(n => journal.Append(Appends.Of(Appends.Entity($"r{n}"), 0), default)).ToArray();
            pause.Release();
            await Task.WhenAll(appends);
        }

        Assert.Equal(10, journal.Metrics.LargestGroup);
    }

    [Fact]
    public async Task Append_called_off_while_it_waits_is_not_written()
    {
        await using var journal = await Open();
        using var off = new CancellationTokenSource();
        Task<AppendResult> append;
        using (var pause = await Pause(journal))
        {
            append = journal.Append(Appends.Of(Example, 0), off.Token);
            await off.CancelAsync();
            pause.Release();
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        Assert.Null(await journal.Read(Example, default));
    }

    [Fact]
    public async Task Append_beyond_the_queue_waits_for_room_and_is_written()
    {
        await using var journal = await Open(o => o with { MaxWaiting = 2 });
        Task<AppendResult>[] appends;
        using (var pause = await Pause(journal))
        {
            appends = [.. Enumerable.Range(0, 8).Select(n => journal.Append(Appends.Of(Appends.Entity($"r{n}"), 0), default))];
            pause.Release();
        }

        Assert.All(await Task.WhenAll(appends), result => Assert.Equal(AppendResult.Appended, result));
    }

    [Fact]
    public async Task Journal_when_closed_writes_what_waits_and_refuses_what_comes_later()
    {
        var journal = await Open();
        Task<AppendResult> append;
        using (var pause = await Pause(journal))
        {
            append = journal.Append(Appends.Of(Example, 0), default);
            pause.Release();
        }

        await journal.DisposeAsync();

        Assert.Equal(AppendResult.Appended, await append);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => journal.Append(Appends.Of(Example, 1), default));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => journal.Read(Example, default));
        await using var again = await Folder.Open();
        Assert.Equal(1, (await again.Read(Example, default))!.Sequence);
    }
}
