using Kratix.Actors.Core.Placement;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>
/// Watches Destinations and state stores, so that files can be placed and written: <see cref="StoreChecks"/> finds out whether a store can be used, <see cref="StoreWriters"/>
/// has its writer, and <see cref="Destinations"/> offers the places. All three work in this actor's turns, so what one has found is known to the others before the next message.
/// What is to be written to a store that cannot be used waits here until it can. Stores are known as KIND/NAME.
/// </summary>
internal sealed class StateStoresActor(World world, EngineSettings settings, DestinationSnapshot snapshot) : Actor<StateStoresMessage>
{
    private static readonly TimeSpan RecheckAfterFailure = TimeSpan.FromSeconds(15);

    /// <summary>By store, and there by the intent's id: a later write takes the place of an earlier one.</summary>
    private readonly Dictionary<string, Dictionary<string, StateStoresMessage.Write>> _waiting = new(StringComparer.Ordinal);
    private readonly List<Action<string, StateStoreAddress?>> _followers = [];
    private readonly CancellationTokenSource _stop = new();
    private StoreChecks _checks = null!;
    private StoreWriters _writers = null!;
    private Destinations _destinations = null!;

    protected override void PreStart()
    {
        var self = Context.Self;
        _checks = new StoreChecks(world, Context);
        _writers = new StoreWriters(world, settings, Context);
        _destinations = new Destinations(world, snapshot, _checks, Context);
        WatchLoop.Start(world, Kinds.Destination, s => self.Tell(new StateStoresMessage.DestinationSignal(s)), _stop.Token);
        foreach (var kind in StoreChecks.StoreKinds)
            WatchLoop.Start(world, kind, s => self.Tell(new StateStoresMessage.StoreSignal(kind, s)), _stop.Token);
    }

    protected override void PostStop()
    {
        _checks.Dispose();
        _stop.Cancel();
        _stop.Dispose();
    }

    protected override void Receive(StateStoresMessage message)
    {
        switch (message)
        {
            case StateStoresMessage.DestinationSignal { Signal: var signal }:
                _destinations.See(signal);
                break;
            case StateStoresMessage.StoreSignal { Kind: var kind, Signal: var signal }:
                _checks.See(kind, signal);
                foreach (var gone in _checks.Checked.Union(_waiting.Keys).Where(_checks.IsGone).ToList())
                    StoreGone(gone);
                _destinations.Offer();
                break;
            case StateStoresMessage.Recheck recheck:
                _checks.Look(recheck.Store);
                break;
            case StateStoresMessage.SecretSeen seen:
                _checks.SecretSeen(seen.Secret, seen.Version);
                break;
            case StateStoresMessage.SecretRefused refused:
                _checks.SecretRefused(refused.Secret, refused.Reason);
                break;
            case StateStoresMessage.Trouble trouble:
                foreach (var (store, _) in _checks.Usable.Where(s => _writers.IsAt(s.Store, trouble.WriterKey)))
                    _checks.Look(store);
                break;
            case StateStoresMessage.Checked c:
                Checked(c);
                break;
            case StateStoresMessage.Write write:
                Write(write);
                break;
            case StateStoresMessage.TakeBackDocuments take:
                var others = _destinations.OthersDocuments(take.Destination, take.From);
                Write(new StateStoresMessage.Write(take.From, new WriteRequest(TestDocuments.ToTakeBack(take.Destination, take.From, others), take.Answer)));
                break;
            case StateStoresMessage.Subscribe subscribe:
                _destinations.Subscribe(subscribe.Who, subscribe.Offer);
                break;
            case StateStoresMessage.Unsubscribe unsubscribe:
                _destinations.Unsubscribe(unsubscribe.Who);
                break;
            case StateStoresMessage.DestinationIs found:
                _destinations.Take(found);
                break;
            case StateStoresMessage.WaitedEnough:
                _destinations.WaitedEnough();
                break;
            case StateStoresMessage.Occupied occupied:
                _destinations.Occupied(occupied);
                break;
            case StateStoresMessage.FollowStores follow:
                _followers.Add(follow.Usable);
                foreach (var (store, address) in _checks.Usable)
                    follow.Usable(store, address);
                break;
            case StateStoresMessage.VerifyDocuments verify:
                _destinations.VerifyDocuments(verify.Stores);
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    protected override void OnTerminated(IActorRef actor) => _destinations.Unsubscribe(actor);

    private void Checked(StateStoresMessage.Checked c)
    {
        if (_checks.Take(c) is not var (before, again))
            return;
        if (c.Result.Address is { } address)
        {
            // A store found as it was is not opened again: its writer keeps to the pauses it has taken.
            if (before is null || !StoreAddress.Same(before, address))
            {
                _writers.Enter(c.Store, address, Elsewhere(c.Store));
                TellFollowers(c.Store, address);
            }
        }
        else
        {
            TellFollowers(c.Store, null);
            Context.Timers.StartSingle(("recheck", c.Store), new StateStoresMessage.Recheck(c.Store), RecheckAfterFailure);
        }

        WriteWaiting(c.Store);
        if (again)
            _checks.Look(c.Store);
        _destinations.Offer();
    }

    private void StoreGone(string store)
    {
        _checks.Forget(store);
        _writers.Leave(store, Gone(store));
        TellFollowers(store, null);
        WriteWaiting(store);
    }

    private void Write(StateStoresMessage.Write write)
    {
        var store = $"{write.Location.StoreKind}/{write.Location.StoreName}";
        if (_checks.StandingOf(store) is StoreStanding.Ready)
        {
            _writers.Of(store).Tell(new GitWriterMessage.Write(write.Request with { Store = store }));
            return;
        }

        if (_checks.IsGone(store) && Cleanup.EndsWithItsStore(write.Request.Intent.RunId))
        {
            write.Request.Answer(Gone(store));
            return;
        }

        if (!_waiting.TryGetValue(store, out var waiting))
            _waiting[store] = waiting = new Dictionary<string, StateStoresMessage.Write>(StringComparer.Ordinal);
        waiting[write.Request.Intent.Id] = write;
        var reason = _checks.Of(store) is { } found ? found.Message : _checks.IsGone(store) ? Gone(store).Reason : null;
        if (reason is not null)
            write.Request.Answer(new WriteAnswer.Failed(reason, TriesAgain: true));
    }

    /// <summary>What waits for the store is asked anew: it is written, or waits again and is told why.</summary>
    private void WriteWaiting(string store)
    {
        foreach (var write in _waiting.Remove(store, out var waiting) ? waiting.Values.ToList() : [])
            Write(write);
    }

    private void TellFollowers(string store, StateStoreAddress? address)
    {
        foreach (var follower in _followers)
            follower(store, address);
    }

    private static WriteAnswer.Failed Elsewhere(string store) => new($"{store} names another repository, branch or bucket now; it is written there", TriesAgain: false);

    private static WriteAnswer.Failed Gone(string store) => new($"{store}: not found", TriesAgain: false) { StoreIsGone = true };
}
