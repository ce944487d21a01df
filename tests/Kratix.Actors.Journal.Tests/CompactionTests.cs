using Kratix.Actors.PortContracts.Journal;

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

        var report = await journal.Compact(new HashSet<string> { kept }, _time.Now - TimeSpan.FromDays(1), default);

        Assert.Equal(new CompactionReport(1, 4), report);
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

        var report = await journal.Compact(new HashSet<string>(), _time.Now - TimeSpan.FromMinutes(5), default);

        Assert.Equal(0, report.Contents);
        Assert.NotNull(await journal.Get(again, default));
    }

    [Fact]
    public async Task Compact_goes_through_more_contents_than_one_transaction_takes()
    {
        await using var journal = await Open(o => o with { Time = _time });
        var digests = await journal.PutMany([.. Enumerable.Range(0, 1000).Select(n => (ReadOnlyMemory<byte>)Appends.Bytes($"content {n:000}"))], default);
        _time.Now += TimeSpan.FromDays(2);

        var report = await journal.Compact(digests.Where((_, n) => n % 2 == 0).ToHashSet(), _time.Now - TimeSpan.FromDays(1), default);

        Assert.Equal(new CompactionReport(500, 500 * 11), report);
        Assert.Equal(500, (await Task.WhenAll(digests.Select(digest => journal.Get(digest, default)))).Count(content => content is not null));
    }

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
