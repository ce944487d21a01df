using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Bucket;

/// <summary>Buckets as state stores, of Amazon's S3 and of whatever speaks its protocol.</summary>
public sealed class BucketStateStores(BucketStateStoresOptions options, IContentStore contents) : IStateStores
{
    // Servers other than Amazon's know no regions and take any.
    private const string AnyRegion = "us-east-1";

    public Outcome<string> KeyOf(StateStoreAddress address) => Bucket(address).Select(b => $"{b.Url}/{b.Address.Bucket}");

    public Outcome<IStateStore> Open(StateStoreAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null) => Bucket(address) switch
    {
        Outcome<(BucketAddress Address, Uri Url)>.Done { Value: var bucket } => Client(bucket.Address, bucket.Url)
            .Select<IStateStore>(client => new BucketStateStore(options, contents, bucket.Address, bucket.Url, client, beforePush)),
        var failed => failed.Select<IStateStore>(_ => throw new InvalidOperationException("only failures come here")),
    };

    private static Outcome<(BucketAddress Address, Uri Url)> Bucket(StateStoreAddress any)
    {
        if (any is not BucketAddress address)
            return Refused("this address does not name a bucket");
        if (address.Bucket.Length is < 3 or > 255 || !address.Bucket.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))
            return Refused($"bucketName '{RepositoryPath.Shown(address.Bucket)}' is not a valid name of a bucket");
        var scheme = address.Insecure ? "http" : "https";
        if (address.Endpoint.Contains("://", StringComparison.Ordinal) || address.Endpoint.Contains('/', StringComparison.Ordinal)
            || !Uri.TryCreate($"{scheme}://{address.Endpoint}", UriKind.Absolute, out var url) || url.UserInfo.Length > 0)
            return Refused($"endpoint '{RepositoryPath.Shown(address.Endpoint)}' is not understood; expected host or host:port, without a scheme");
        return new Outcome<(BucketAddress, Uri)>.Done((address, url));

        static Outcome<(BucketAddress, Uri)> Refused(string why) => new Outcome<(BucketAddress, Uri)>.Terminal(Refusal.Invalid, why);
    }

    private Outcome<AmazonS3Client> Client(BucketAddress address, Uri url)
    {
        var config = new AmazonS3Config
        {
            ServiceURL = url.GetLeftPart(UriPartial.Authority),
            ForcePathStyle = true,
            UseDualstackEndpoint = address.UseDualStack,
            AuthenticationRegion = RegionOf(url.Host),
            Timeout = options.RequestTimeout,
            MaxErrorRetry = options.Retries,
            // Checksums in a trailer are news to most servers other than Amazon's; the payload is signed in any case.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        switch (address.AuthMethod)
        {
            case "accessKey":
                var (id, secret) = (Text(address, "accessKeyID"), Text(address, "secretAccessKey"));
                return id is null || secret is null
                    ? Refused($"{url.Authority}: the Secret has no key '{(id is null ? "accessKeyID" : "secretAccessKey")}'")
                    : new Outcome<AmazonS3Client>.Done(new AmazonS3Client(new BasicAWSCredentials(id, secret), config));
            case "IAM":
                return new Outcome<AmazonS3Client>.Done(new AmazonS3Client(config));
            default:
                return Refused($"{url.Authority}: authMethod '{address.AuthMethod}' is not known; use accessKey or IAM");
        }

        static Outcome<AmazonS3Client> Refused(string why) => new Outcome<AmazonS3Client>.Terminal(Refusal.Invalid, why);
    }

    // s3.REGION.amazonaws.com, s3.dualstack.REGION.amazonaws.com
    private static string RegionOf(string host) =>
        host.EndsWith(".amazonaws.com", StringComparison.Ordinal) && host.Split('.') is [.., var region, _, _] && region is not ("s3" or "dualstack") ? region : AnyRegion;

    private static string? Text(BucketAddress address, string key) =>
        address.Credentials.Data.TryGetValue(key, out var bytes) && Encoding.UTF8.GetString(bytes).TrimEnd('\r', '\n') is { Length: > 0 } text ? text : null;
}
