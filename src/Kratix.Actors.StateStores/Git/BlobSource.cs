using System.Security.Cryptography;
using System.Text;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Git;

/// <summary>Contents of one batch by digest, and the names git has for them. Keeps the bytes while they are few; reads again what it let go.</summary>
internal sealed class BlobSource(IContentStore contents, CancellationToken cancellation)
{
    private const long MostBytesKept = 64 * 1024 * 1024;

    private readonly Dictionary<string, string> _objectIds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _kept = new(StringComparer.Ordinal);
    private long _keptBytes;

    /// <exception cref="MissingContentException">Nothing of that digest is stored.</exception>
    public async Task<string> ObjectId(string digest, string path)
    {
        if (_objectIds.TryGetValue(digest, out var known))
            return known;
        var content = await contents.Get(digest, cancellation) ?? throw new MissingContentException(digest, path);
        if (_keptBytes + content.Length <= MostBytesKept)
        {
            _kept[digest] = content;
            _keptBytes += content.Length;
        }

        return _objectIds[digest] = BlobId(content);
    }

    public async Task<byte[]> Bytes(string digest) =>
        _kept.TryGetValue(digest, out var kept) ? kept : await contents.Get(digest, cancellation) ?? throw new MissingContentException(digest, "a file of the batch");

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

/// <summary>An intent names a content that was never stored.</summary>
internal sealed class MissingContentException(string digest, string path)
    : Exception($"the content of '{RepositoryPath.Shown(path)}' (digest {digest}) is not in the content store");
