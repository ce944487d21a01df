using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Bucket;
using Kratix.Actors.Testing;

namespace Kratix.Actors.StateStores.Tests;

/// <summary>One S3 server for a class of tests; each of them has a bucket of its own.</summary>
public sealed class S3Fixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kratix-s3-").FullName;
    private int _buckets;

    public S3Server Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await S3Server.Start(_folder);

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    internal async Task<BucketWorld> NewWorld(Func<BucketStateStoresOptions, BucketStateStoresOptions>? configure = null)
    {
        var client = new AmazonS3Client(
            new BasicAWSCredentials(S3Server.Key, S3Server.Key), new AmazonS3Config { ServiceURL = $"http://{Server.Endpoint}", ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        var bucket = string.Create(CultureInfo.InvariantCulture, $"bucket-{Interlocked.Increment(ref _buckets)}");
        await client.PutBucketAsync(bucket);
        return new BucketWorld(client, Server.Endpoint, bucket, (configure ?? (same => same))(new BucketStateStoresOptions { Retries = 0 }));
    }
}

/// <summary>A bucket on a real server, and a client of its own to look at it and to play the others.</summary>
internal sealed class BucketWorld(AmazonS3Client client, string endpoint, string bucket, BucketStateStoresOptions options) : IStateStoreFixture
{
    private readonly InMemoryContentStore _contents = new();

    public AmazonS3Client Client => client;

    public IContentStore Contents => _contents;

    public InMemoryContentStore Memory => _contents;

    public IStateStores Stores => new BucketStateStores(options, _contents);

    public bool HasDirectories => false;

    public BucketAddress Address { get; } = new(bucket, endpoint, Insecure: true, UseDualStack: false, "accessKey", Keys(S3Server.Key, S3Server.Key));

    StateStoreAddress IStateStoreFixture.Address => Address;

    public (StateStoreAddress SameStore, StateStoreAddress OtherStore) Neighbours => (Address with { Credentials = StoreCredentials.None }, Address with { Bucket = "another" });

    public static StoreCredentials Keys(string id, string secret) => new(ImmutableSortedDictionary.CreateRange(
        StringComparer.Ordinal, [KeyValuePair.Create("accessKeyID", Encoding.UTF8.GetBytes(id)), KeyValuePair.Create("secretAccessKey", Encoding.UTF8.GetBytes(secret))]));

    public async Task<ImmutableSortedDictionary<string, byte[]>> Files()
    {
        var files = ImmutableSortedDictionary.CreateBuilder<string, byte[]>(StringComparer.Ordinal);
        foreach (var item in (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects ?? [])
        {
            using var answer = await client.GetObjectAsync(bucket, item.Key);
            using var content = new MemoryStream();
            await answer.ResponseStream.CopyToAsync(content);
            files[item.Key] = content.ToArray();
        }

        return files.ToImmutable();
    }

    public Task<int?> Commits() => Task.FromResult<int?>(null);

    public async Task WriteForeign(IReadOnlyDictionary<string, byte[]?> files)
    {
        foreach (var (path, content) in files)
        {
            if (content is null)
                await client.DeleteObjectAsync(bucket, path);
            else
                await client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = path, InputStream = new MemoryStream(content), UseChunkEncoding = false });
        }
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }
}
