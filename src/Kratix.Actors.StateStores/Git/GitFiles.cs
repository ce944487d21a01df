using System.Security.Cryptography;
using System.Text;
using Kratix.Actors.StateStores.Planning;

namespace Kratix.Actors.StateStores.Git;

/// <summary>The names git has for the contents of a batch, so that what is unchanged is known without reading it.</summary>
internal sealed class BlobIds(BatchContents contents)
{
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _digests = new(StringComparer.Ordinal);

    public BatchContents Contents => contents;

    public async Task<string> Of(string digest, string key)
    {
        if (_ids.TryGetValue(digest, out var known))
            return known;
        var id = BlobId(await contents.Bytes(digest, PathKey.Path(key)));
        _digests[id] = digest;
        return _ids[digest] = id;
    }

    /// <summary>The digest of a content of the batch; null when the id is none of its.</summary>
    public string? DigestOf(string id) => _digests.GetValueOrDefault(id);

#pragma warning disable CA5350 // git's name for a content is a SHA-1; nothing is protected by it here.
    private static string BlobId(byte[] content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
#pragma warning restore CA5350
}

/// <summary>A commit's files, with changes laid over its trees. <paramref name="reader"/> is null for the empty repository.</summary>
internal sealed class GitFiles(TreeOverlay tree, TreeReader? reader, BlobIds blobs) : IStoredFiles
{
    public IEnumerable<FileChange> Changes => tree.Changes.Select(c => new FileChange(c.Path, c.ObjectId is null ? null : blobs.DigestOf(c.ObjectId)));

    public async Task<bool> Put(string key, string digest) => await tree.Put(key, await blobs.Of(digest, key));

    public Task<bool> Delete(string key) => tree.Delete(key);

    public Task<List<string>> FilesBelow(string directory) => tree.FilesBelow(directory);

    public async Task<bool> Exists(string key) => await tree.Find(key) is not null;

    public async Task<byte[]?> Read(string key) => await tree.Find(key) switch
    {
        null => null,
        var id when blobs.DigestOf(id) is { } digest => await blobs.Contents.Bytes(digest, PathKey.Path(key)),
        var id => await reader!.ReadFile(id),
    };
}
