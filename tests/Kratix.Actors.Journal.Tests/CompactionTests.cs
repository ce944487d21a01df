using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Tests;

public sealed class CompactionTests : JournalTest
{
    private readonly SetTime _time = new() { Now = Appends.Noon };

    [Fact]
    public async Task Compact_removes_old_contents_that_nobody_refers_to()
    {
        await using var journal = await Open(o => o with { Time = _time });
        var kept = await journal.Put(Appends.Bytes("kept"), default);
        var left = await journal.Put(Appends.Bytes("left"), default);
        _time.Now += TimeSpan.FromDays(2);
        var young = await journal.Put(Appends.Bytes("young"), default);

        var report = await journal.Compact(Needed(kept), _time.Now - TimeSpan.FromDays(1), default);

        Assert.Equal(new CompactionReport(1, 4, 0), report);
        Assert.Null(await journal.Get(left, default));
        Assert.NotNull(await journal.Get(kept, default));
        Assert.NotNull(await journal.Get(young, default));
    }

    [Fact]
    public async Task Compact_leaves_an_old_content_that_was_put_again_lately()
    {
        await using var journal = await Open(o => o with { Time = _time });
        var again = await journal.Put(Appends.Bytes("again"), default);
        _time.Now += TimeSpan.FromDays(2);
        await journal.Put(Appends.Bytes("again"), default);
        // Within the precision of the note of the last use: the second put leaves no trace, and still counts.
        _time.Now += TimeSpan.FromMinutes(50);
        await journal.Put(Appends.Bytes("again"), default);

        var report = await journal.Compact(Needed(), _time.Now - TimeSpan.FromMinutes(5), default);

        Assert.Equal(0, report.Contents);
        Assert.NotNull(await journal.Get(again, default));
    }

    [Fact]
    public async Task Compact_goes_through_more_contents_than_one_transaction_takes()
    {
        await using var journal = await Open(o => o with { Time = _time });
        var digests = await journal.PutMany([.. Enumerable.Range(0, 1000).Select(n => (ReadOnlyMemory<byte>)Appends.Bytes($"content {n:000}"))], default);
        _time.Now += TimeSpan.FromDays(2);

        var report = await journal.Compact(Needed([.. digests.Where((_, n) => n % 2 == 0)]), _time.Now - TimeSpan.FromDays(1), default);

        Assert.Equal(new CompactionReport(500, 500 * 11, 0), report);
        Assert.Equal(500, (await Task.WhenAll(digests.Select(digest => journal.Get(digest, default)))).Count(content => content is not null));
    }

    [Fact]
    public async Task Compact_broken_off_in_the_middle_is_finished_by_the_next_and_removes_nothing_that_is_needed()
    {
        var texts = Enumerable.Range(0, 1000).Select(n => (ReadOnlyMemory<byte>)Appends.Bytes($"content {n:000}")).ToList();
        IReadOnlyList<string> digests;
        StillNeeded needed;
        await using (var journal = await Open(o => o with { Time = _time }))
        {
            digests = await journal.PutMany(texts, default);
            needed = Needed([.. digests.Where((_, n) => n % 2 == 0)]);
            _time.Now += TimeSpan.FromDays(2);
            using var crash = new CancellationTokenSource();
            Task<CompactionReport> compacting;
            using (var pause = await Pause(journal))
            {
                compacting = journal.Compact(needed, _time.Now - TimeSpan.FromDays(1), crash.Token);
                var next = Pause(journal);
                pause.Release();
                // The first transaction is committed, and whatever follows stands behind this pause.
                using var second = await next;
                await crash.CancelAsync();
            }

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => compacting);
        }

        await using var again = await Open(o => o with { Time = _time });
        var left = (await Task.WhenAll(digests.Select(d => again.Get(d, default)))).Count(c => c is not null);
        var report = await again.Compact(needed, _time.Now - TimeSpan.FromDays(1), default);

        Assert.Equal(872, left);
        Assert.Equal(372, report.Contents);
        Assert.All(await Task.WhenAll(needed.Contents.Select(d => again.Get(d, default))), Assert.NotNull);
    }

    [Fact]
    public async Task Compact_removes_manifests_of_runs_that_are_over_and_old()
    {
        await using var journal = await Open(o => o with { Time = _time });
        await journal.PutRun("owed", Appends.Bytes("{}"), [], default);
        await journal.PutRun("over", Appends.Bytes("{}"), [], default);
        _time.Now += TimeSpan.FromDays(2);
        await journal.PutRun("young", Appends.Bytes("{}"), [], default);

        var report = await journal.Compact(Needed() with { Runs = new HashSet<string> { "owed" } }, _time.Now - TimeSpan.FromDays(1), default);

        Assert.Equal(new CompactionReport(0, 0, 1), report);
        Assert.Null(await journal.GetRun("over", default));
        Assert.NotNull(await journal.GetRun("owed", default));
        Assert.NotNull(await journal.GetRun("young", default));
    }

    private static StillNeeded Needed(params string[] contents) => new(contents.ToHashSet(), new HashSet<string>());

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
