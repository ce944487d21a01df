using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Kratix.Actors.StateStores.Planning;

namespace Kratix.Actors.StateStores.Bucket;

/// <summary>What one batch, or one reading, has seen of a bucket: names and ETags, each asked for once however often the batch is planned.</summary>
internal sealed class BucketView(BucketStateStoresOptions options, BucketAccess access, CancellationToken cancellation)
{
    private readonly ConcurrentDictionary<string, string?> _tags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _below = new(StringComparer.Ordinal);

    /// <summary>The object's ETag, null when there is none.</summary>
    public async Task<string?> Tag(string path)
    {
        if (_tags.TryGetValue(path, out var known))
            return known;
        try
        {
            return _tags[path] = Bare((await access.Client.GetObjectMetadataAsync(access.Bucket, path, cancellation)).ETag);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket")
        {
            return _tags[path] = null;
        }
    }

    /// <summary>Every object below a directory; empty: in the bucket.</summary>
    public async Task<List<string>> Below(string directory)
    {
        if (_below.TryGetValue(directory, out var known))
            return known;
        var found = await List(directory);
        foreach (var (path, tag) in found)
            _tags[path] = tag;
        return _below[directory] = [.. found.Select(f => f.Path)];
    }

    /// <summary>Asks for many directories at once, so that planning need not wait for one after the other.</summary>
    public async Task Look(IEnumerable<string> directories)
    {
        var found = new ConcurrentDictionary<string, List<(string Path, string Tag)>>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            directories.Distinct(), new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellation },
            async (directory, _) => found[directory] = await List(directory));
        foreach (var (directory, files) in found)
        {
            _below[directory] = [.. files.Select(f => f.Path)];
            foreach (var (path, tag) in files)
                _tags[path] = tag;
        }
    }

    /// <summary>The object's content, null when there is none; its ETag is that of this content from now on, whatever a listing said before.</summary>
    public async Task<byte[]?> Read(string path)
    {
        try
        {
            using var answer = await access.Client.GetObjectAsync(access.Bucket, path, cancellation);
            using var content = new MemoryStream();
            await answer.ResponseStream.CopyToAsync(content, cancellation);
            _tags[path] = Bare(answer.ETag);
            return content.ToArray();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket")
        {
            _tags[path] = null;
            return null;
        }
    }

    private async Task<List<(string Path, string Tag)>> List(string directory)
    {
        var files = new List<(string, string)>();
        var request = new ListObjectsV2Request { BucketName = access.Bucket, Prefix = directory.Length == 0 ? "" : directory + "/", MaxKeys = options.PageSize };
        do
        {
            var page = await access.Client.ListObjectsV2Async(request, cancellation);
            files.AddRange((page.S3Objects ?? []).Select(o => (o.Key, Bare(o.ETag))));
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
        return files;
    }

    private static string Bare(string tag) => tag.Trim('"');
}

/// <summary>
/// A bucket's objects with changes laid over them. An object is taken for unchanged when its ETag is the MD5 of the content, as it is for objects that were
/// put in one piece; one that was put otherwise is put again. A bucket knows no directories, so a file may lie beside a directory of its name.
/// </summary>
internal sealed class BucketFiles(BucketView view, BatchContents contents) : IStoredFiles
{
    // Path to digest, null: to be removed.
    private readonly SortedDictionary<string, string?> _after = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _tags = new(StringComparer.Ordinal);

    public IEnumerable<FileChange> Changes => _after.Select(f => new FileChange(f.Key, f.Value));

    public async Task<bool> Put(string key, string digest)
    {
        var path = PathKey.Path(key);
        var tag = await TagOf(digest, path);
        if (await view.Tag(path) == tag)
            return _after.Remove(key);
        var changed = !_after.TryGetValue(key, out var before) || before != digest;
        _after[key] = digest;
        return changed;
    }

    public async Task<bool> Delete(string key)
    {
        var was = await Exists(key);
        if (await view.Tag(PathKey.Path(key)) is null)
            _after.Remove(key);
        else
            _after[key] = null;
        return was;
    }

    public async Task<List<string>> FilesBelow(string directory)
    {
        var stored = (await view.Below(PathKey.Path(directory))).Select(PathKey.Of).Where(k => !_after.ContainsKey(k));
        return [.. stored, .. _after.Where(f => f.Value is not null && f.Key.StartsWith(directory + "/", StringComparison.Ordinal)).Select(f => f.Key)];
    }

    public async Task<bool> Exists(string key) => _after.TryGetValue(key, out var after) ? after is not null : await view.Tag(PathKey.Path(key)) is not null;

    public async Task<byte[]?> Read(string key) => !_after.TryGetValue(key, out var after) ? await view.Read(PathKey.Path(key))
        : after is null ? null : await contents.Bytes(after, PathKey.Path(key));

    /// <summary>The ETag that a content has when it is put in one piece.</summary>
    public async Task<string> TagOf(string digest, string path)
    {
        if (!_tags.TryGetValue(digest, out var tag))
            _tags[digest] = tag = Md5(await contents.Bytes(digest, path));
        return tag;
    }

#pragma warning disable CA5351 // S3's name for a content is an MD5; nothing is protected by it here.
    private static string Md5(byte[] content) => Convert.ToHexStringLower(MD5.HashData(content));
#pragma warning restore CA5351
}
