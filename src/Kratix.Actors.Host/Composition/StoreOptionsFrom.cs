using Kratix.Actors.Host.Configuration;
using Kratix.Actors.StateStores.Bucket;
using Kratix.Actors.StateStores.Git;

namespace Kratix.Actors.Host.Composition;

/// <summary>From the settings to what the adapters of state stores want to know.</summary>
internal static class StoreOptionsFrom
{
    internal static GitStateStoresOptions Git(GitSettings settings, string cacheFolder, TimeProvider time) => new()
    {
        CacheFolder = cacheFolder,
        AllowFileUrls = settings.AllowFileUrls,
        AllowHttpUrls = settings.AllowHttpUrls,
        CreateMissingBranch = settings.CreateMissingBranch,
        GitHubApi = settings.GitHubApi,
        CertificateAuthorityFile = settings.CertificateAuthorityFile,
        CommandTimeout = settings.CommandTimeout,
        MaxRedo = settings.Retry.RejectedPushes,
        TimeProvider = time,
    };

    internal static BucketStateStoresOptions Bucket(BucketSettings settings) => new() { RequestTimeout = settings.RequestTimeout, Parallel = settings.Parallel };
}
