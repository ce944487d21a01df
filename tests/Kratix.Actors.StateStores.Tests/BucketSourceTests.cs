using System.Text;
using Amazon.S3.Model;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Bucket;
using Kratix.Actors.StateStores.Git;

namespace Kratix.Actors.StateStores.Tests;

/// <summary>Buckets as GitOps agents read them.</summary>
public sealed class BucketSourceTests(S3Fixture server) : IClassFixture<S3Fixture>
{
    [Fact]
    public async Task Revision_is_another_whenever_something_below_the_folder_is_another()
    {
        await using var world = await server.NewWorld();
        using var source = Opened(world.Address);
        Assert.Null((await Read(source)).Revision);

        await world.WriteForeign(new Dictionary<string, byte[]?> { ["dev/a.yaml"] = "a"u8.ToArray(), ["dev/sub/b.yaml"] = "b"u8.ToArray(), ["dev/c.txt"] = "c"u8.ToArray(), ["development/d.yaml"] = "d"u8.ToArray() });
        var first = await Read(source);
        Assert.Equal(["dev/a.yaml a", "dev/sub/b.yaml b"], Texts(first));
        Assert.Matches("^[0-9a-f]{40}$", first.Revision);

        await world.WriteForeign(new Dictionary<string, byte[]?> { ["dev/a.yaml"] = "changed"u8.ToArray(), ["development/d.yaml"] = null });
        var second = await Read(source);
        Assert.Equal(["dev/a.yaml changed", "dev/sub/b.yaml b"], Texts(second));
        await world.WriteForeign(new Dictionary<string, byte[]?> { ["dev/a.yaml"] = "a"u8.ToArray(), ["dev/c.txt"] = null });
        Assert.Equal(first.Revision, (await Read(source)).Revision);
        Assert.NotEqual(first.Revision, second.Revision);
    }

    [Fact]
    public async Task What_has_not_changed_is_not_fetched_again()
    {
        await using var world = await server.NewWorld();
        await world.WriteForeign(new Dictionary<string, byte[]?> { ["dev/a.yaml"] = "a"u8.ToArray() });
        using var source = Opened(world.Address);
        Assert.Same(await Read(source), await Read(source));
    }

    [Fact]
    public async Task Folder_of_no_name_is_the_whole_bucket_however_many_pages_it_has()
    {
        await using var world = await server.NewWorld();
        await world.WriteForeign(Enumerable.Range(0, 10).ToDictionary(i => $"{i}/{i}.yaml", i => (byte[]?)Encoding.UTF8.GetBytes($"{i}")));
        using var source = Opened(world.Address, new BucketStateStoresOptions { Retries = 0, PageSize = 3 });
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}/{i}.yaml {i}"), Texts(await Read(source, "")));
    }

    [Fact]
    public async Task Failures_are_told_apart_and_the_next_reading_finds_what_is_there_then()
    {
        await using var world = await server.NewWorld();
        using var stranger = Opened(world.Address with { Credentials = BucketWorld.Keys("nobody", "a wrong secret") });
        var denied = Assert.IsType<Outcome<SourceSnapshot>.Terminal>(await Try(stranger));
        Assert.Equal(Refusal.Unauthorized, denied.Code);
        Assert.Contains("access was denied", denied.Reason, StringComparison.Ordinal);

        using var early = Opened(world.Address with { Bucket = "comes-later" });
        var missing = Assert.IsType<Outcome<SourceSnapshot>.Terminal>(await Try(early));
        Assert.Equal(Refusal.NotFound, missing.Code);
        Assert.Contains("comes-later: there is no such bucket", missing.Reason, StringComparison.Ordinal);
        await world.Client.PutBucketAsync(new PutBucketRequest { BucketName = "comes-later" });
        Assert.Null((await Read(early)).Revision);

        using var away = Opened(world.Address with { Endpoint = "127.0.0.1:1" });
        Assert.Contains("127.0.0.1:1", Assert.IsType<Outcome<SourceSnapshot>.Transient>(await Try(away)).Reason, StringComparison.Ordinal);
    }

    private static IStateStoreSource Opened(BucketAddress address, BucketStateStoresOptions? options = null)
    {
        var sources = new StateStoreSources(new GitStateStoresOptions { CacheFolder = Path.GetTempPath() }, options ?? new BucketStateStoresOptions { Retries = 0 });
        return Assert.IsType<Outcome<IStateStoreSource>.Done>(sources.Open(address)).Value;
    }

    private static Task<Outcome<SourceSnapshot>> Try(IStateStoreSource source, string folder = "dev") =>
        source.Read(folder, path => path.EndsWith(".yaml", StringComparison.Ordinal), CancellationToken.None);

    private static async Task<SourceSnapshot> Read(IStateStoreSource source, string folder = "dev") => Assert.IsType<Outcome<SourceSnapshot>.Done>(await Try(source, folder)).Value;

    private static IEnumerable<string> Texts(SourceSnapshot snapshot) => snapshot.Files.Select(f => $"{f.Path} {Encoding.UTF8.GetString(f.Content)}");
}
