using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>How the state store of a Destination stands, as far as anybody has looked.</summary>
public enum StoreStanding
{
    Unknown,
    Ready,
    NotReady,

    /// <summary>There is none of that name.</summary>
    Gone,
}

/// <summary>What the keeper of one Destination is told.</summary>
public abstract record DestinationMessage
{
    /// <summary>The object as the API server has it.</summary>
    public sealed record Seen(JsonObject Item, Location Location, StoreStanding Store) : DestinationMessage;

    /// <summary>See to it again that the test documents are as they should be.</summary>
    public sealed record Verify : DestinationMessage;

    /// <summary>So many Promises and requests still have files at the Destination of this uid, which is being deleted.</summary>
    public sealed record Occupied(string Uid, int By) : DestinationMessage;

    public sealed record Kept(DestinationWish Wish) : DestinationMessage;

    public sealed record Answered(DestinationWish Wish, WriteAnswer Answer) : DestinationMessage;

    /// <summary>What became of taking the test documents back from where they were.</summary>
    public sealed record TakenBack(Location From, int Number, WriteAnswer Answer) : DestinationMessage;

    public sealed record Patched(Outcome<JsonObject> Outcome) : DestinationMessage;

    /// <summary>Taking them back from there has failed, and is asked again.</summary>
    public sealed record TakeBackAgain(Location From, int Number) : DestinationMessage;

    /// <summary>What failed is asked again.</summary>
    public sealed record Again : DestinationMessage;
}

/// <summary>Whether a Destination's test documents are to be there, and where.</summary>
public sealed record DestinationWish(Location Location, bool Documents, int Number);

/// <summary>
/// One Destination: its test documents, its readiness, and its end. A Destination with <c>cleanup: all</c> carries a finalizer; when it is deleted, its placements
/// are given up by those who have them, then its test documents are taken back, each acknowledged by the store, and then it may go. With <c>cleanup: none</c> it just goes.
/// When it is given another place, its test documents are written there and then taken back where they were.
/// </summary>
internal sealed partial class DestinationActor(World world, StatusWriter status, IActorRef<StateStoresMessage> stores) : Actor<DestinationMessage>
{
    private const string HoldTimer = "hold";
    private readonly Readiness _readiness = new();
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
    private DestinationMessage.Seen? _seen;
    private DestinationWish? _wish;
    private WriteAnswer? _answer;
    private DocumentPlaces _places = DocumentPlaces.None;
    private int _wishes;
    private int? _occupied;

    /// <summary>
    /// Nobody had files here at two looks, with a pause between them. Whoever decided to place some while the Destination was still offered may store that
    /// only after the first.
    /// </summary>
    private bool _staysEmpty;
    private bool _askAgain;
    private bool _patching;
    private string? _unpatched;

    protected override void Receive(DestinationMessage message)
    {
        switch (message)
        {
            case DestinationMessage.Seen seen:
                if (_seen is { } last && seen.Item.IsOlderThan(last.Item))
                    seen = seen with { Item = last.Item };
                // Another object of the name begins anew.
                if (_seen?.Item.Uid() != seen.Item.Uid())
                    (_wish, _answer, _occupied, _staysEmpty, _places) = (null, null, null, false, DocumentPlaces.Shown(seen.Item));
                _seen = seen;
                break;
            case DestinationMessage.Verify:
                _askAgain = true;
                break;
            case DestinationMessage.Occupied occupied when occupied.Uid == _seen?.Item.Uid():
                _staysEmpty = _occupied == 0 && occupied.By == 0;
                _occupied = occupied.By;
                break;
            case DestinationMessage.Kept kept when kept.Wish == _wish:
                Ask(kept.Wish);
                break;
            case DestinationMessage.Answered answered when answered.Wish == _wish:
                Answered(answered.Answer);
                break;
            case DestinationMessage.TakenBack taken:
                TakenBack(taken);
                break;
            case DestinationMessage.TakeBackAgain again:
                _places = _places.IsAsked(again.From, again.Number) ? _places.With(again.From) : _places;
                break;
            case DestinationMessage.Kept or DestinationMessage.Answered or DestinationMessage.Occupied:
                // Of a wish that is no more, or of another Destination that had this name.
                return;
            case DestinationMessage.Patched patched:
                Patched(patched.Outcome);
                break;
            case DestinationMessage.Again:
                // The writer has given it back.
                _askAgain |= _answer is WriteAnswer.Failed { TriesAgain: false };
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }

        if (_seen is { } known)
            TakeUp(known);
    }

    /// <summary>Whether a Destination takes its files along, which it does when we were there in time to hold it.</summary>
    internal static bool IsLeaving(JsonObject item) => item.IsDeleting() && CleansUp(item) && Ownership.HasAny(item, Marks.DestinationFinalizers);

    /// <summary>Whether files may go there: a Destination that takes them along must be held first, or it could go without them.</summary>
    internal static bool IsHeld(JsonObject item) => !CleansUp(item) || Ownership.HasAny(item, Marks.DestinationFinalizers);

    private static bool CleansUp(JsonObject item) => item["spec"]?["cleanup"]?.ToString() == "all";

    private void TakeUp(DestinationMessage.Seen seen)
    {
        var (item, leaving) = (seen.Item, IsLeaving(seen.Item));
        if ((!item.IsDeleting() && IsHeld(item)) || (leaving && _occupied == 0))
            WantDocuments(seen, !leaving && TestDocuments.AreWanted(item));
        // Only when they are where they should be, so that whoever looks for them finds them in one of the places.
        if (_wish is { } wish && IsOver(_answer))
            TakeBack(wish);
        if (!leaving || (_staysEmpty && _wish is { Documents: false } && IsOver(_answer) && _places.IsEmpty))
            Hold(item, !item.IsDeleting() && CleansUp(item));
        var (ready, condition, news) = _readiness.OfDestination(item, seen.Store, leaving ? _occupied ?? -1 : null, _answer, _unpatched, world.Now);
        if (condition is not null)
            Show(item, condition);
        if (news is var (type, reason, message))
            _ = EventRecorder.Record(world, EventBody.Of(item, type, reason, message, "DestinationController", world.Now));
        var judged = condition is not null && (ready || leaving || seen.Store is not StoreStanding.Ready || _answer is not null || _unpatched is not null);
        stores.Tell(new StateStoresMessage.DestinationIs(item.Name(), item.Uid(), ready, judged));
    }

    /// <summary>A store that is not there now, or cannot be used, is asked when it is. Of one that is gone nothing can be taken back, which it is asked to say.</summary>
    private void WantDocuments(DestinationMessage.Seen seen, bool documents)
    {
        var same = _wish is { } wish && wish.Documents == documents && wish.Location == seen.Location;
        var asks = seen.Store is StoreStanding.Ready || (seen.Store is StoreStanding.Gone && !documents);
        if (!asks || (same && !_askAgain))
            return;
        // What was answered to the same question stands until it is answered again.
        _answer = same ? _answer : null;
        _askAgain = false;
        var next = _wish = new DestinationWish(seen.Location, documents, ++_wishes);
        _places = documents ? _places.With(seen.Location) : _places;
        if (!documents)
            Ask(next);
        else
            Context.PipeToSelf<IReadOnlyList<string>>(
                TestDocuments.Keep(world.Content), _ => new DestinationMessage.Kept(next), e => new DestinationMessage.Answered(next, new WriteAnswer.Failed(e.Message, TriesAgain: false)));
    }

    private void Ask(DestinationWish wish)
    {
        var self = Context.Self;
        stores.Tell(new StateStoresMessage.Write(wish.Location, new WriteRequest(
            wish.Documents ? TestDocuments.ToWrite(_seen!.Item.Name(), wish.Location) : TestDocuments.ToTakeBack(_seen!.Item.Name(), wish.Location, []), answer => self.Tell(new DestinationMessage.Answered(wish, answer)))));
    }

    private void Answered(WriteAnswer answer)
    {
        _answer = answer;
        if (answer is WriteAnswer.Written)
            _backoff.Reset();
        if (answer is WriteAnswer.Failed { TriesAgain: false, StoreIsGone: false })
            Context.Timers.StartSingle("documents", new DestinationMessage.Again(), _backoff.Next(null));
    }

    /// <summary>What lies elsewhere goes. Whoever has been given that place since keeps what is there, which the keeper of them all knows.</summary>
    private void TakeBack(DestinationWish wish)
    {
        _places = wish.Documents ? _places : _places.Without(wish.Location);
        var self = Context.Self;
        foreach (var from in _places.Elsewhere(wish.Location))
        {
            var number = ++_wishes;
            _places = _places.Asked(from, number);
            stores.Tell(new StateStoresMessage.TakeBackDocuments(_seen!.Item.Name(), from, answer => self.Tell(new DestinationMessage.TakenBack(from, number, answer))));
        }
    }

    private void TakenBack(DestinationMessage.TakenBack taken)
    {
        if (!_places.IsAsked(taken.From, taken.Number) || taken.Answer is WriteAnswer.Failed { TriesAgain: true })
            return;
        _places = IsOver(taken.Answer) ? _places.Without(taken.From) : _places;
        if (!IsOver(taken.Answer))
            Context.Timers.StartSingle(("taking back", taken.From), new DestinationMessage.TakeBackAgain(taken.From, taken.Number), _backoff.Next(null));
    }

    /// <summary>Taken back, or there is nothing to take it back from any more.</summary>
    private static bool IsOver(WriteAnswer? answer) => answer is WriteAnswer.Written or WriteAnswer.Failed { StoreIsGone: true };

    private void Hold(JsonObject item, bool hold)
    {
        if (_patching || Context.Timers.IsActive(HoldTimer) || Ownership.HasAny(item, Marks.DestinationFinalizers) == hold)
            return;
        _patching = true;
        var patch = Ownership.Take(item, hold ? Marks.DestinationFinalizers : [], Marks.DestinationFinalizers, null);
        Context.PipeToSelf<Outcome<JsonObject>>(
            world.Kubernetes.Patch(Kinds.Destination, null, item.Name(), PatchKind.Merge, patch, null, CancellationToken.None),
            outcome => new DestinationMessage.Patched(outcome), e => new DestinationMessage.Patched(new Outcome<JsonObject>.Transient(e.Message)));
    }

    private void Patched(Outcome<JsonObject> outcome)
    {
        _patching = false;
        _unpatched = outcome is Outcome<JsonObject>.Terminal { Code: Refusal.Conflict or Refusal.NotFound } ? null : outcome.Failure;
        if (outcome is Outcome<JsonObject>.Done { Value: var item } && _seen is { } seen && !item.IsOlderThan(seen.Item))
            _seen = seen with { Item = item };
        else if (outcome.Failure is { } failure)
        {
            LogNotHeld(world.Log, _seen!.Item.Name(), failure);
            Context.Timers.StartSingle(HoldTimer, new DestinationMessage.Again(), _backoff.Next(null));
        }
    }

    private void Show(JsonObject item, JsonObject condition)
    {
        var places = _places;
        status.Publish(Kinds.Destination, item, () => new JsonObject { ["conditions"] = new JsonArray(condition.DeepClone()), ["testDocuments"] = places.ToJson() });
    }

    [LoggerMessage(1701, LogLevel.Warning, "The finalizer of Destination {Destination} could not be changed and is tried again: {Reason}")]
    private static partial void LogNotHeld(ILogger logger, string destination, string reason);
}
