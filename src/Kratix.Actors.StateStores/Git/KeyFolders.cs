using Kratix.Actors.Core;

namespace Kratix.Actors.StateStores.Git;

/// <summary>
/// Where ssh is given private keys by file. In the machine's temporary folder and not beside the caches, because ssh takes spaces, quotes and percent signs of a path for its own;
/// under a name that is this cache folder's, so that a start finds what a killed process left.
/// </summary>
internal static class KeyFolders
{
    /// <summary>For the owner only.</summary>
    internal static string Create(string cacheFolder) => Directory.CreateTempSubdirectory(Prefix(cacheFolder)).FullName;

    internal static void RemoveLeft(string cacheFolder)
    {
        foreach (var left in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix(cacheFolder) + "*"))
        {
            try
            {
                Directory.Delete(left, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // In a folder that all may write to, another user can take the name; there is no key of ours in it then.
            }
        }
    }

    private static string Prefix(string cacheFolder) => $"kratix-ssh-{Digest.Of(Path.GetFullPath(cacheFolder))[..16]}-";
}
