using System.Net;
using System.Net.Sockets;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Bucket;

/// <summary>A bucket, a client with the credentials for it, and what goes wrong with it in words.</summary>
internal sealed record BucketAccess(AmazonS3Client Client, string Bucket, string Shown) : IDisposable
{
    // Servers other than Amazon's know no regions and take any.
    private const string AnyRegion = "us-east-1";

    private static readonly string[] Denied = ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AuthorizationHeaderMalformed"];

    public static Outcome<BucketAccess> Of(StateStoreAddress any, BucketStateStoresOptions options) => Locate(any) switch
    {
        Outcome<(BucketAddress Address, Uri Url)>.Done { Value: (var address, var url) } =>
            Connect(address, url, options).Select(client => new BucketAccess(client, address.Bucket, $"{url.Authority}/{address.Bucket}")),
        var failed => failed.Select<BucketAccess>(_ => throw new InvalidOperationException("only failures come here")),
    };

    public static Outcome<(BucketAddress Address, Uri Url)> Locate(StateStoreAddress any)
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

    public async Task<Outcome<T>> Guarded<T>(Func<Task<Outcome<T>>> work)
    {
        try
        {
            return await work();
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchBucket")
        {
            return new Outcome<T>.Terminal(Refusal.NotFound, $"{Shown}: there is no such bucket, or these credentials may not see it");
        }
        catch (AmazonS3Exception e) when (Denied.Contains(e.ErrorCode) || e.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
        {
            return new Outcome<T>.Terminal(Refusal.Unauthorized, $"{Shown}: access was denied ({e.ErrorCode}); check the credentials in the Secret and their rights on the bucket");
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or SocketException or TimeoutException or JournalException)
        {
            return new Outcome<T>.Transient($"{Shown}: {Words(e)}");
        }
    }

    public void Dispose() => Client.Dispose();

    private static Outcome<AmazonS3Client> Connect(BucketAddress address, Uri url, BucketStateStoresOptions options)
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

    // A server's own words, or what kept us from reaching it.
    private static string Words(Exception e) => e switch
    {
        AmazonServiceException { StatusCode: not 0 } answered => $"the server answered {(int)answered.StatusCode} {answered.ErrorCode}: {answered.Message}",
        { InnerException: { } inner } and not JournalException => Words(inner),
        _ => e.Message,
    };

    // s3.REGION.amazonaws.com, s3.dualstack.REGION.amazonaws.com
    private static string RegionOf(string host) =>
        host.EndsWith(".amazonaws.com", StringComparison.Ordinal) && host.Split('.') is [.., var region, _, _] && region is not ("s3" or "dualstack") ? region : AnyRegion;

    private static string? Text(BucketAddress address, string key) =>
        address.Credentials.Data.TryGetValue(key, out var bytes) && Encoding.UTF8.GetString(bytes).TrimEnd('\r', '\n') is { Length: > 0 } text ? text : null;
}
