using System.Text.Json.Nodes;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Kernel;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Aggregates;

/// <summary>
/// The actor around an aggregate: receive, decide, persist, evolve, issue what is outstanding. It holds no truth of its own: what it knows beyond its
/// state is the object as last seen and what is in flight, and both can be had again.
/// </summary>
internal abstract partial class AggregateActor<TMessage, TState, TCommand, TEvent, TEffect>(
    string entityId, ShardLease lease, EngineServices services, IEventStore<TState, TEvent> store, TState empty)
    : PersistentActor<TMessage, TState, TEvent>(entityId, lease, store, empty)
    where TEffect : notnull
{
    private const string WakeTimer = "wake";
    private InFlight<TEffect>? _inFlight;

    protected EngineServices Services { get; } = services;

    protected DateTimeOffset Now => Services.World.Now;

    protected Backoff Backoff { get; } = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));

    protected InFlight<TEffect> InFlight => _inFlight ??= new InFlight<TEffect>(Effects.Issue, Effects.LetGo);

    protected abstract AggregateEffects<TMessage, TCommand, TEffect> Effects { get; }

    /// <summary>The object as last seen, or null.</summary>
    protected abstract JsonObject? Item { get; }

    protected ReadModels ReadModels { get; } = new(services.World, services.Settings);

    /// <summary>What the state says is placed, and in whose name.</summary>
    protected abstract (WorkOwner Owner, Works Works) Placed { get; }

    protected abstract Decision<TEvent> Decide(TCommand command);

    protected abstract IReadOnlyCollection<TEffect> Outstanding { get; }

    protected abstract TCommand ReportRun(AggregateMessage<TCommand, TEffect>.RunEnded ended);

    protected abstract void Announce(TState before, TEvent @event);

    /// <summary>Shows the world what the state says.</summary>
    protected abstract void Publish();

    protected override void OnRecovered()
    {
        ReadModels.Recovered(isNew: Sequence == 0, WorkModels.NamespaceOf(Placed.Owner), Placed.Works);
        TakeUp();
    }

    protected override void PreRestart(Exception cause)
    {
        base.PreRestart(cause);
        var (self, effects) = (Context.Self, Effects);
        ReadModels.HandOver(keys => self.Tell(effects.Own(new AggregateMessage<TCommand, TEffect>.LeftBehind(keys))));
    }

    protected override bool MayPassivate() => !Effects.IsAtWork && !ReadModels.IsBusy && base.MayPassivate();

    protected override void OnTerminated(IActorRef actor) => Effects.ClearAfter(actor);

    protected override void OnFenced() => Services.Fence.Trip();

    protected void Handle(AggregateMessage<TCommand, TEffect> message)
    {
        switch (message)
        {
            case AggregateMessage<TCommand, TEffect>.Tell tell:
                Decide(tell.Command(Now), tell.Cause);
                break;
            case AggregateMessage<TCommand, TEffect>.RunReady ready:
                if (InFlight.Any(e => e.Equals(ready.Effect)))
                    Effects.StartRun(ready.Effect, ready.Pipeline);
                break;
            case AggregateMessage<TCommand, TEffect>.RunEnded ended:
                Effects.Ended(ended.RunId, ended.PodAtWork);
                Decide(ReportRun(ended), $"run {ended.RunId} ended");
                break;
            case AggregateMessage<TCommand, TEffect>.EffectFailed failed:
                LogFailed(failed.Effect.GetType().Name, failed.Reason);
                InFlight.Failed(failed.Effect);
                Context.Timers.StartSingle(WakeTimer, Effects.Own(new AggregateMessage<TCommand, TEffect>.Wake()), Backoff.Next(failed.After));
                break;
            case AggregateMessage<TCommand, TEffect>.AskLater later:
                Context.Timers.StartSingle(later.Effect, Effects.Own(new AggregateMessage<TCommand, TEffect>.AskAgain(later.Effect)), later.After);
                break;
            case AggregateMessage<TCommand, TEffect>.AskAgain again:
                InFlight.Failed(again.Effect);
                TakeUp();
                break;
            case AggregateMessage<TCommand, TEffect>.LeftBehind left:
                ReadModels.Inherit(left.Keys);
                break;
            case AggregateMessage<TCommand, TEffect>.Wake:
                TakeUp();
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    protected void Decide(TCommand command, string cause)
    {
        switch (Decide(command))
        {
            case Decision<TEvent>.Happened happened:
                var before = State;
                Persist(happened.Event, cause, () =>
                {
                    Backoff.Reset();
                    Announce(before, happened.Event);
                    TakeUp();
                });
                break;
            case Decision<TEvent>.Nothing:
                Publish();
                break;
            case Decision<TEvent>.Refused refused:
                LogRefused(Services.World.Log, EntityId, refused.Why);
                break;
            default:
                throw new InvalidOperationException("unknown decision");
        }
    }

    protected virtual void TakeUp()
    {
        InFlight.Reconcile(Outstanding);
        Publish();
    }

    protected void LogFailed(string what, string reason) => LogEffectFailed(Services.World.Log, EntityId, what, reason);

    [LoggerMessage(1001, LogLevel.Warning, "{Entity}: {Effect} was not brought about and is tried again: {Reason}")]
    private static partial void LogEffectFailed(ILogger logger, string entity, string effect, string reason);

    [LoggerMessage(1002, LogLevel.Warning, "{Entity}: refused: {Why}")]
    private static partial void LogRefused(ILogger logger, string entity, string why);
}
