using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Bucket;
using Kratix.Actors.StateStores.Git;

namespace Kratix.Actors.StateStores;

/// <summary>Repositories and buckets, each by its own adapter.</summary>
public sealed class StateStoresByKind(GitStateStores git, BucketStateStores buckets) : IStateStores
{
    public Outcome<string> KeyOf(StateStoreAddress address) => Of(address).KeyOf(address);

    public Outcome<IStateStore> Open(StateStoreAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null) => Of(address).Open(address, beforePush);

    private IStateStores Of(StateStoreAddress address) => address is BucketAddress ? buckets : git;
}
