using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Bucket;

/// <summary>Buckets as state stores, of Amazon's S3 and of whatever speaks its protocol.</summary>
public sealed class BucketStateStores(BucketStateStoresOptions options, IContentStore contents) : IStateStores
{
    public Outcome<string> KeyOf(StateStoreAddress address) => BucketAccess.Locate(address).Select(b => $"{b.Url}/{b.Address.Bucket}");

    public Outcome<IStateStore> Open(StateStoreAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null) =>
        BucketAccess.Of(address, options).Select<IStateStore>(access => new BucketStateStore(options, contents, access, beforePush));
}
