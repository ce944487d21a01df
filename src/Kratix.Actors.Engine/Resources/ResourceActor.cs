using System.Text.Json.Nodes;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Aggregates;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Kernel;

namespace Kratix.Actors.Engine.Resources;

/// <summary>One request.</summary>
internal sealed class ResourceActor : AggregateActor<ResourceMessage, ResourceState, ResourceCommand, ResourceEvent, ResourceEffect>
{
    private readonly EffectRunner _effects;
    private readonly StatusWriter _status;
    private readonly Announcer _announcer;
    private ResourceState? _published;
    private string? _publishedFor;
    private bool _passing;
    private bool _followed;

    internal ResourceActor(string entityId, ShardLease lease, EngineServices services)
        : base(entityId, lease, services, services.ResourceStore, ResourceState.Empty(ResourceId.Parse(entityId)))
    {
        _status = new StatusWriter(services.World);
        _announcer = new Announcer(services.World, services.Passing);
        _effects = new EffectRunner(services, Context, () => State);
    }

    protected override AggregateEffects<ResourceMessage, ResourceCommand, ResourceEffect> Effects => _effects;

    protected override JsonObject? Item => _effects.Item;

    protected override IReadOnlyCollection<ResourceEffect> Outstanding => ResourceObligations.Outstanding(State);

    protected override (WorkOwner Owner, Works Works) Placed => (State.Id.Owner, State.Works);

    protected override Decision<ResourceEvent> Decide(ResourceCommand command) => ResourceDecider.Decide(State, command);

    protected override ResourceState Evolve(ResourceState state, ResourceEvent @event) => ResourceEvolution.Evolve(state, @event);

    protected override ResourceCommand ReportRun(AggregateMessage<ResourceCommand, ResourceEffect>.RunEnded ended) =>
        new ResourceCommand.ReportRun(ended.RunId, ended.Result, Services.Destinations.Current, Jitter.Of(ended.RunId), Now);

    protected override void Announce(ResourceState before, ResourceEvent @event)
    {
        _announcer.Tell(before, State, @event, Item);
        Services.Observer.Tell(before, State, @event, Item?.Annotation(EngineTraces.ParentAnnotation));
    }

    /// <summary>What was being decided is lost with the failure. Effects are issued again; an observation nobody repeats, so it is asked for.</summary>
    protected override void PreRestart(Exception cause)
    {
        base.PreRestart(cause);
        var id = ResourceId.Parse(EntityId);
        Services.Promises.Tell(new ShardEnvelope<PromiseMessage>(id.Promise, new PromiseMessage.LookAt(id.Namespace, id.Name)));
    }

    /// <summary>Asleep when only a wake-up is owed: that is a row.</summary>
    protected override bool MayPassivate() => !InFlight.Any(e => e is not ResourceEffect.WakeAt) && base.MayPassivate();

    protected override void OnMessage(ResourceMessage message)
    {
        switch (message)
        {
            case ResourceMessage.Observed observed:
                Observed(observed);
                break;
            case ResourceMessage.Vanished vanished:
                Vanished(vanished);
                break;
            case ResourceMessage.Loaded loaded:
                _effects.Fetched(loaded.Type, loaded.Item);
                Publish();
                break;
            case ResourceMessage.TakeAgain again:
                LogFailed("TakeOwnership", again.Reason);
                Context.Timers.StartSingle("take", new ResourceMessage.Observed(again.Item, again.Promise, again.PromiseAvailable), Backoff.Next(again.After));
                break;
            case ResourceMessage.Own own:
                Handle(own.Message);
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private void Observed(ResourceMessage.Observed observed)
    {
        _followed |= observed.Follow;
        if (_effects.IsOutdated(observed.Item))
        {
            TellFollowed();
            return;
        }

        _effects.Saw(observed.Item, observed.Promise);
        // An object without our finalizer is not yet ours: it could go at any moment, and nobody would take back what was written for it.
        if (!observed.Item.IsDeleting() && !Ownership.Has(observed.Item, ResourceFinalizers.All))
        {
            _effects.TakeOwnership(observed.Item, observed.Promise, observed.PromiseAvailable);
            return;
        }

        var item = observed.Item;
        if (item.IsDeleting() && !Ownership.HasAny(item, ResourceFinalizers.All))
            return;
        // Let go already, and held all the same: by a patch that crossed ours, or by somebody's copy of the finalizers.
        if (State.Phase is ResourcePhase.Gone && item.IsDeleting() && State.Object?.Uid == item.Uid())
            _effects.Issue(new ResourceEffect.ReleaseFinalizer(item.Uid()));
        var seen = new ResourceObservation(item.Uid(), item.Generation(), item.SpecDigest(), item.IsDeleting(), item.LastManager(), ControlLabels.Of(item));
        Decide(new ResourceCommand.Observe(seen, observed.Promise.Revision, observed.PromiseAvailable, Now), $"observed generation {seen.Generation}");
    }

    /// <summary>Gone although we had not let it go: somebody took our finalizers off. What was written for it is taken back all the same.</summary>
    private void Vanished(ResourceMessage.Vanished vanished)
    {
        if (State.Object is not { } known || known.Uid != vanished.Item.Uid())
            return;
        _effects.Saw(vanished.Item, vanished.Promise);
        if (State.Phase is ResourcePhase.Releasing)
            Decide(new ResourceCommand.ReportReleased(known.Uid, Now), "the object is gone");
        else if (!known.Deleting)
        {
            // Nobody can end its pause any more.
            Decide(
                new ResourceCommand.Observe(known with { Deleting = true, Controls = Controls.None }, vanished.Promise.Revision with { Paused = false }, true, Now),
                "the object is gone, its finalizers were taken off");
        }
        else
            Decide(new ResourceCommand.ReportVanished(known.Uid, Now), "the object is gone, its finalizers were taken off");
    }

    /// <summary>On its way, and nothing in it that anybody would have to act on.</summary>
    private bool IsPassing => State.Phase switch
    {
        ResourcePhase.Running or ResourcePhase.DeleteRunning or ResourcePhase.Removing or ResourcePhase.Releasing => true,
        ResourcePhase.Writing => !State.Works.Unscheduled.Any() && State.Works.Placements.All(p => p.Error is null),
        _ => false,
    };

    /// <summary>Its status says that an earlier wish is fulfilled, which whoever waits for the new one must not take for an answer.</summary>
    private bool IsNewWish => State.Completed is not null && State.Object is { Deleting: false } && State.Object.Generation > State.ObservedGeneration;

    private void Pass(bool passing)
    {
        if (passing == _passing)
            return;
        _passing = passing;
        if (passing)
            Services.Passing.Begin();
        else
            Services.Passing.End();
    }

    protected override void PostStop()
    {
        Pass(false);
        base.PostStop();
    }

    /// <summary>The Promise takes its change to the next request when this one has come to rest, however.</summary>
    private void TellFollowed()
    {
        if (!_followed || State.Revision is not { } revision || State.Workflow.Stage is WorkflowStage.Running or WorkflowStage.Retrying)
            return;
        _followed = false;
        var id = State.Id;
        Services.Promises.Tell(new ShardEnvelope<PromiseMessage>(id.Promise, new PromiseMessage.Followed(id.Namespace, id.Name, revision)));
    }

    protected override void Publish()
    {
        TellFollowed();
        if (State.Phase is ResourcePhase.Unobserved or ResourcePhase.Gone)
        {
            Pass(false);
            ReadModels.Clear();
            return;
        }

        if (Item is not { } item)
        {
            _effects.FetchOnce();
            return;
        }

        // Each status written comes back as an observation; what has been published for this state needs no second look.
        if (ReferenceEquals(_published, State) && _publishedFor == item.Uid())
            return;
        (_published, _publishedFor) = (State, item.Uid());
        Pass(IsPassing);
        var patience = _passing && !IsNewWish ? Services.Passing.Patience : TimeSpan.Zero;
        var shown = State;
        _status.Publish(_effects.Type!, item, () => ResourceStatus.Of(shown), patience);
        ReadModels.Publish(State.Id.Owner, State.Works, item, State.ActiveRun is null, patience);
    }
}
