using System.Collections.Concurrent;
using Kratix.Actors.Core;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Bucket;

/// <summary>
/// A bucket to read from. It has no commits, so its revision is a digest of names and ETags. Contents are fetched when that differs from the reading before. A batch that
/// is being written is seen half done; since its deletions come last, nothing is missing meanwhile, and the next reading sees the rest.
/// </summary>
internal sealed class BucketSource : IStateStoreSource
{
    private readonly BucketStateStoresOptions _options;
    private readonly BucketAccess _access;
    private (string Folder, SourceSnapshot Snapshot)? _last;

    private BucketSource(BucketStateStoresOptions options, BucketAccess access) => (_options, _access) = (options, access);

    public static Outcome<IStateStoreSource> Open(BucketAddress address, BucketStateStoresOptions options) =>
        BucketAccess.Of(address, options).Select<IStateStoreSource>(access => new BucketSource(options, access));

    public Task<Outcome<SourceSnapshot>> Read(string folder, Func<string, bool> wanted, CancellationToken cancellation) => _access.Guarded<SourceSnapshot>(async () =>
    {
        var view = new BucketView(_options, _access, cancellation);
        var paths = (await view.Below(folder)).Where(wanted).Order(StringComparer.Ordinal).ToList();
        if (_last is not var (where, known) || where != folder || known.Revision != await Revision(view, paths))
            _last = (folder, known = await Fetch(view, paths, cancellation));
        return new Outcome<SourceSnapshot>.Done(known);
    });

    public void Dispose() => _access.Dispose();

    private async Task<SourceSnapshot> Fetch(BucketView view, List<string> paths, CancellationToken cancellation)
    {
        var contents = new ConcurrentDictionary<string, byte[]>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(paths, new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = cancellation }, async (path, _) =>
        {
            if (await view.Read(path) is { } content)
                contents[path] = content;
        });
        // Of what was read, not of what was listed: what changed in between is then news to the next reading.
        var read = paths.Where(contents.ContainsKey).ToList();
        return new SourceSnapshot(await Revision(view, read), [.. read.Select(path => new SourceFile(path, contents[path]))]);
    }

    private static async Task<string?> Revision(BucketView view, List<string> paths)
    {
        var words = new List<string>();
        foreach (var path in paths)
            words.AddRange([path, await view.Tag(path) ?? ""]);
        return words.Count == 0 ? null : Digest.Of([.. words])[..40];
    }
}
