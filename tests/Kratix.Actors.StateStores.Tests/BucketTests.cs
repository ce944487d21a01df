using Kratix.Actors.Core.Placement;
using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Bucket;
using Kratix.Actors.Testing;

namespace Kratix.Actors.StateStores.Tests;

public sealed class Bucket_Contract(S3Fixture server) : StateStoreContract, IClassFixture<S3Fixture>
{
    protected override async Task<IStateStoreFixture> NewFixture() => await server.NewWorld();
}

/// <summary>What is a bucket's own.</summary>
public sealed class BucketTests(S3Fixture server) : IClassFixture<S3Fixture>
{
    [Fact, Conformance("R98", "An object that is there already, byte for byte, is not put again.")]
    public async Task Object_that_is_there_is_not_put_again()
    {
        await using var world = await server.NewWorld();
        await Write(world, Directory(world, "1", "2"));
        var first = (await world.Client.GetObjectMetadataAsync(world.Address.Bucket, "dev/a/0")).LastModified;
        var result = await Write(world, Directory(world, "1", "changed"));

        Assert.Equal(1, result.Pushes);
        Assert.Equal(first, (await world.Client.GetObjectMetadataAsync(world.Address.Bucket, "dev/a/0")).LastModified);
        Assert.Equal(0, (await Write(world, Directory(world, "1", "changed"))).Pushes);
    }

    [Fact]
    public async Task Acknowledgement_is_the_same_for_the_same_files_and_another_for_others()
    {
        await using var world = await server.NewWorld();
        var one = Id(await Write(world, Directory(world, "1")));
        Assert.Equal(one, Id(await Write(world, Directory(world, "1"))));
        Assert.NotEqual(one, Id(await Write(world, Directory(world, "2"))));

        static string Id(BatchResult result) => Assert.IsType<IntentResult.Written>(result.Results["a"]).CommitId;
    }

    [Fact]
    public async Task Directory_with_more_objects_than_one_page_is_replaced_whole()
    {
        await using var world = await server.NewWorld(o => o with { PageSize = 3 });
        await Write(world, Directory(world, [.. Enumerable.Range(0, 10).Select(i => $"{i}")]));
        await Write(world, Directory(world, "only"));
        Assert.Equal("dev/a/0", Assert.Single((await world.Files()).Keys));
    }

    [Fact]
    public async Task Key_that_the_server_does_not_know_is_terminal_and_its_secret_is_not_repeated()
    {
        await using var world = await server.NewWorld();
        await using var store = Opened(world, world.Address with { Credentials = BucketWorld.Keys("nobody", "a wrong secret") });
        var refused = Assert.IsType<Outcome<Nothing>.Terminal>(await store.CheckAccess(CancellationToken.None));
        Assert.Equal(Refusal.Unauthorized, refused.Code);
        Assert.Contains("credentials in the Secret", refused.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("a wrong secret", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bucket_that_is_not_there_is_terminal_and_a_server_that_is_not_there_transient()
    {
        await using var world = await server.NewWorld();
        await using var missing = Opened(world, world.Address with { Bucket = "not-there" });
        var refused = Assert.IsType<Outcome<BatchResult>.Terminal>(await missing.Write([Directory(world, "1")], CancellationToken.None));
        Assert.Equal(Refusal.NotFound, refused.Code);
        Assert.Contains("not-there", refused.Reason, StringComparison.Ordinal);

        await using var away = Opened(world, world.Address with { Endpoint = "127.0.0.1:1" });
        Assert.Contains("127.0.0.1:1", Assert.IsType<Outcome<BatchResult>.Transient>(await away.Write([Directory(world, "1")], CancellationToken.None)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "s3.example.com", "accessKey", "bucketName")]
    [InlineData("no/slash", "s3.example.com", "accessKey", "bucketName")]
    [InlineData("platform", "https://s3.example.com", "accessKey", "endpoint")]
    [InlineData("platform", "s3.example.com/path", "accessKey", "endpoint")]
    [InlineData("platform", "me@s3.example.com", "accessKey", "endpoint")]
    [InlineData("platform", "s3.example.com", "accessKey", "'accessKeyID'")]
    [InlineData("platform", "s3.example.com", "password", "authMethod 'password'")]
    public void Address_that_cannot_be_is_refused_in_words(string bucket, string endpoint, string method, string word)
    {
        var stores = new BucketStateStores(new BucketStateStoresOptions(), new InMemoryContentStore());
        var refused = Assert.IsType<Outcome<IStateStore>.Terminal>(stores.Open(new BucketAddress(bucket, endpoint, false, false, method, StoreCredentials.None)));
        Assert.Equal(Refusal.Invalid, refused.Code);
        Assert.Contains(word, refused.Reason, StringComparison.Ordinal);
    }

    [Fact, Conformance("R98", "authMethod IAM takes the credentials that the machine offers.")]
    public async Task Ambient_credentials_are_taken_from_the_environment()
    {
        await using var world = await server.NewWorld();
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", S3Server.Key);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", S3Server.Key);
        try
        {
            await using var store = Opened(world, world.Address with { AuthMethod = "IAM", Credentials = StoreCredentials.None });
            Assert.Null((await store.CheckAccess(CancellationToken.None)).Failure);
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", null);
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", null);
        }
    }

    private static WriteIntent Directory(BucketWorld world, params string[] contents) =>
        new("a", "a", "Update", "redis/default/a", "run", [new PathChange.ReplaceDirectory("dev/a", [.. contents.Select((c, i) => world.Memory.Add($"{i}", c))])]);

    private static IStateStore Opened(BucketWorld world, BucketAddress address) => Assert.IsType<Outcome<IStateStore>.Done>(world.Stores.Open(address)).Value;

    private static async Task<BatchResult> Write(BucketWorld world, WriteIntent intent)
    {
        await using var store = Opened(world, world.Address);
        return await store.Write([intent], CancellationToken.None) is var outcome && outcome is Outcome<BatchResult>.Done done ? done.Value : throw new InvalidOperationException(outcome.Failure);
    }
}
