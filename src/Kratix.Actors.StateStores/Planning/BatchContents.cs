using System.Collections.Concurrent;
using Kratix.Actors.Core;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Planning;

/// <summary>Contents of one batch by digest: those of the content store, and those made while planning. Keeps the bytes while they are few; reads again
/// what it let go. Many may read at once.</summary>
internal sealed class BatchContents(IContentStore contents, CancellationToken cancellation)
{
    private const long MostBytesKept = 64 * 1024 * 1024;

    private readonly ConcurrentDictionary<string, byte[]> _made = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _kept = new(StringComparer.Ordinal);
    private long _keptBytes;

    /// <summary>Takes a content that is in no content store, a list or an aggregated file; answers its digest.</summary>
    public string Add(byte[] content)
    {
        var digest = Digest.Of(content);
        _made[digest] = content;
        return digest;
    }

    /// <exception cref="MissingContentException">Nothing of that digest is stored.</exception>
    public async Task<byte[]> Bytes(string digest, string path)
    {
        if (_made.TryGetValue(digest, out var made))
            return made;
        if (_kept.TryGetValue(digest, out var kept))
            return kept;
        var content = await contents.Get(digest, cancellation) ?? throw new MissingContentException(digest, path);
        if (Interlocked.Add(ref _keptBytes, content.Length) <= MostBytesKept)
            _kept[digest] = content;
        return content;
    }
}

/// <summary>An intent names a content that was never stored.</summary>
internal sealed class MissingContentException(string digest, string path)
    : Exception($"the content of '{RepositoryPath.Shown(path)}' (digest {digest}) is not in the content store");
