using Kratix.Actors.Host.Configuration;
using Kratix.Actors.StateStores.Git;

namespace Kratix.Actors.Host.Composition;

/// <summary>From the settings to what the git adapter wants to know.</summary>
internal static class GitOptionsFrom
{
    internal static GitStateStoresOptions Map(GitSettings settings, string cacheFolder, TimeProvider time) => new()
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
}
