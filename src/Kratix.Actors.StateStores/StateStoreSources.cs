using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Bucket;
using Kratix.Actors.StateStores.Git;

namespace Kratix.Actors.StateStores;

/// <summary>A file of a state store. <paramref name="Path"/> counts from the root of the repository or bucket.</summary>
public sealed record SourceFile(string Path, byte[] Content);

/// <summary>
/// A state store as it stood at one moment. <paramref name="Revision"/>: a commit, or for a bucket a digest of what was read, both 40 hex digits; null while there is
/// nothing.
/// </summary>
public sealed record SourceSnapshot(string? Revision, IReadOnlyList<SourceFile> Files);

/// <summary>A state store to read from, as a GitOps agent does. It never writes to it.</summary>
public interface IStateStoreSource : IDisposable
{
    /// <summary>Reads what is now below <paramref name="folder"/> (empty: all of it) and passes <paramref name="wanted"/>, the same at each call. One caller at a time.</summary>
    Task<Outcome<SourceSnapshot>> Read(string folder, Func<string, bool> wanted, CancellationToken cancellation);
}

/// <summary>Opens repositories and buckets for reading.</summary>
public sealed class StateStoreSources(GitStateStoresOptions git, BucketStateStoresOptions buckets)
{
    public Outcome<IStateStoreSource> Open(StateStoreAddress address) => address switch
    {
        GitAddress repository => GitSource.Open(repository, git),
        BucketAddress bucket => BucketSource.Open(bucket, buckets),
        _ => throw new InvalidOperationException($"unknown address {address.GetType()}"),
    };
}
