using Kratix.Actors.Core;
using Kratix.Actors.Ports.Journal;
using Xunit;

namespace Kratix.Actors.PortContracts.Journal;

/// <summary>What every content store promises.</summary>
public abstract class ContentStoreContract : IAsyncLifetime
{
    protected IContentStore Contents { get; private set; } = null!;

    /// <summary>A new, empty store. Whoever makes it disposes it.</summary>
    protected abstract Task<IContentStore> Create();

    public async Task InitializeAsync() => Contents = await Create();

    public virtual Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000)]
    [InlineData(3_000_000)]
    public async Task Put_content_comes_back_by_its_digest(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);

        var digest = await Contents.Put(content, default);

        Assert.Equal(Digest.Of(content), digest);
        Assert.Equal(content, await Contents.Get(digest, default));
    }

    [Fact]
    public async Task Put_of_the_same_bytes_twice_answers_the_same_digest()
    {
        Assert.Equal(await Contents.Put(Appends.Bytes("kind: Redis"), default), await Contents.Put(Appends.Bytes("kind: Redis"), default));
    }

    [Fact]
    public async Task PutMany_answers_digests_in_the_order_given_also_with_duplicates()
    {
        string[] texts = ["a", "b", "a", ""];

        var digests = await Contents.PutMany([.. texts.Select(t => (ReadOnlyMemory<byte>)Appends.Bytes(t))], default);

        Assert.Equal(texts.Select(t => Digest.Of(Appends.Bytes(t))), digests);
        Assert.Equal(Appends.Bytes("b"), await Contents.Get(digests[1], default));
        Assert.Empty(await Contents.PutMany([], default));
    }

    [Fact]
    public async Task Put_by_many_at_once_stores_all()
    {
        var digests = await Task.WhenAll(Enumerable.Range(0, 100).Select(n => Contents.Put(Appends.Bytes($"document {n % 50}"), default)));

        Assert.Equal(50, digests.Distinct().Count());
        foreach (var digest in digests)
            Assert.NotNull(await Contents.Get(digest, default));
    }

    [Fact]
    public async Task Get_of_an_unknown_digest_answers_null()
    {
        Assert.Null(await Contents.Get(Digest.Of("nobody stored this"), default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("../../etc/passwd")]
    [InlineData("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    public async Task Get_of_what_is_no_digest_is_refused(string digest)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Contents.Get(digest, default));
    }

    [Fact]
    public async Task PutRun_keeps_the_first_manifest()
    {
        Assert.True(await Contents.PutRun("run-1", Appends.Bytes("""{"files":1}"""), [], default));
        Assert.True(await Contents.PutRun("run-1", Appends.Bytes("""{"files":1}"""), [], default));
        Assert.False(await Contents.PutRun("run-1", Appends.Bytes("""{"files":2}"""), [], default));
        Assert.True(await Contents.PutRun("run-2", Appends.Bytes("""{"files":2}"""), [], default));

        Assert.Equal(Appends.Bytes("""{"files":1}"""), await Contents.GetRun("run-1", default));
        Assert.Null(await Contents.GetRun("run-3", default));
    }

    [Fact]
    public async Task PutRun_by_many_at_once_agrees_on_one_manifest()
    {
        var kept = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Contents.PutRun("run-1", Appends.Bytes($"{n}"), [], default)));

        Assert.Single(kept, true);
    }

    [Fact]
    public async Task Compact_removes_what_is_old_and_not_needed()
    {
        var kept = await Contents.Put(Appends.Bytes("kept"), default);
        var left = await Contents.Put(Appends.Bytes("left"), default);
        await Contents.PutRun("owed", Appends.Bytes("{}"), [], default);
        await Contents.PutRun("over", Appends.Bytes("{}"), [], default);

        var report = await Contents.Compact(new StillNeeded(new HashSet<string> { kept }, new HashSet<string> { "owed" }), DateTimeOffset.MaxValue, default);

        Assert.Equal(new CompactionReport(1, 4, 1), report);
        Assert.NotNull(await Contents.Get(kept, default));
        Assert.Null(await Contents.Get(left, default));
        Assert.NotNull(await Contents.GetRun("owed", default));
        Assert.Null(await Contents.GetRun("over", default));
    }

    [Fact]
    public async Task Compact_leaves_what_was_put_lately_whoever_needs_it()
    {
        var young = await Contents.Put(Appends.Bytes("young"), default);
        await Contents.PutRun("run", Appends.Bytes("{}"), [], default);

        var report = await Contents.Compact(new StillNeeded(new HashSet<string>(), new HashSet<string>()), new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero), default);

        Assert.Equal(new CompactionReport(0, 0, 0), report);
        Assert.NotNull(await Contents.Get(young, default));
        Assert.NotNull(await Contents.GetRun("run", default));
    }
}
