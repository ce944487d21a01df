using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>What the keeper of Destinations and state stores is told.</summary>
public abstract record StateStoresMessage
{
    public sealed record DestinationSignal(WatchSignal Signal) : StateStoresMessage;

    public sealed record StoreSignal(ResourceType Kind, WatchSignal Signal) : StateStoresMessage;

    public sealed record Checked(string Store, string Version, StoreCheck Result) : StateStoresMessage;

    /// <summary>Look at the store again, whatever was known of it.</summary>
    public sealed record Recheck(string Store) : StateStoresMessage;

    /// <summary>A Secret that stores name is there in this version; "": it is not there.</summary>
    internal sealed record SecretSeen(SecretName Secret, string Version) : StateStoresMessage;

    /// <summary>The API server does not let the engine watch this Secret.</summary>
    internal sealed record SecretRefused(SecretName Secret, string Reason) : StateStoresMessage;

    /// <summary>The writer of this repository cannot write: its stores are looked at again, with the credentials as they are now.</summary>
    public sealed record Trouble(string WriterKey) : StateStoresMessage;

    /// <summary>Write to the store of this name; kept until the store is there.</summary>
    public sealed record Write(Location Location, WriteRequest Request) : StateStoresMessage;

    /// <summary>A Destination's test documents are not to be there any more.</summary>
    public sealed record TakeBackDocuments(string Destination, Location From, Action<WriteAnswer> Answer) : StateStoresMessage;

    /// <summary>Tell the Destinations now and whenever they change, until the actor ends or unsubscribes.</summary>
    public sealed record Subscribe(IActorRef Who, Action<ImmutableArray<Destination>> Offer) : StateStoresMessage;

    public sealed record Unsubscribe(IActorRef Who) : StateStoresMessage;

    /// <summary>The Destination of this uid may take files, or not, as its keeper has found. <paramref name="Judged"/>: everything was asked that decides that.</summary>
    public sealed record DestinationIs(string Name, string Uid, bool Ready, bool Judged) : StateStoresMessage;

    /// <summary>Destinations that nobody has judged yet since the start are waited for no longer.</summary>
    internal sealed record WaitedEnough : StateStoresMessage;

    /// <summary>So many Promises and requests still have files at the Destination of this uid, which is leaving.</summary>
    public sealed record Occupied(string Destination, string Uid, int By) : StateStoresMessage;

    /// <summary>Tell the address of each state store, KIND/NAME, that can be used, now and whenever that changes; null: it cannot be used any more.</summary>
    public sealed record FollowStores(Action<string, StateStoreAddress?> Usable) : StateStoresMessage;

    /// <summary>See to it again that the Destinations of these stores have their test documents.</summary>
    public sealed record VerifyDocuments(IReadOnlySet<string> Stores) : StateStoresMessage;
}

/// <summary>What was found when a store was looked at: its address if it can be used, else why not.</summary>
public sealed record StoreCheck(StateStoreAddress? Address, string Reason, string Message)
{
    /// <summary>The version of the Secret that was read for it; "": there was none; null: none was read.</summary>
    public string? SecretVersion { get; init; }
}

/// <summary>The Destinations as they are now, for whoever needs them in the middle of something.</summary>
public sealed class DestinationSnapshot
{
    private ImmutableArray<Destination> _current = [];

    public ImmutableArray<Destination> Current
    {
        get => ImmutableInterlocked.InterlockedCompareExchange(ref _current, [], []);
        internal set => ImmutableInterlocked.InterlockedExchange(ref _current, value);
    }
}
