using System.Text.Json.Nodes;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Aggregates;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>
/// One Promise, and the watch of its requests: what is observed there goes to the Resources with the Promise's definition attached.
/// It stays awake as long as its API is installed.
/// </summary>
internal sealed class PromiseActor : AggregateActor<PromiseMessage, PromiseState, PromiseCommand, PromiseEvent, PromiseEffect>
{
    /// <summary>A change that all requests follow sooner needs no words.</summary>
    private static readonly TimeSpan ShowProgressAfter = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ShowProgressEvery = TimeSpan.FromSeconds(5);

    /// <summary>How long a following request may take before it is looked whether it was lost.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMinutes(1);

    private readonly PromiseEffects _effects;
    private readonly StatusWriter _status;
    private readonly Announcer _announcer;
    private readonly Rollout _rollout;
    private readonly SeenSince _seen = new();
    private Surroundings? _others;
    private string? _progress;
    private DateTimeOffset _progressSince;
    private CancellationTokenSource? _watch;
    private ResourceType? _watched;
    private (string Api, PromiseRevision Revision, bool Serves)? _told;
    private JsonObject? _item;
    private (string Uid, long Generation, string? Version, bool Deleting, Controls Controls, string? Interval)? _read;

    /// <summary>What was made of it, which counts when it is stored; null if it was refused.</summary>
    private PromiseDefinition? _reading;

    internal PromiseActor(string entityId, ShardLease lease, EngineServices services)
        : base(entityId, lease, services, services.PromiseStore, PromiseState.Empty(entityId))
    {
        _status = new StatusWriter(services.World);
        _announcer = new Announcer(services.World, services.Passing);
        _effects = new PromiseEffects(services, Context, () => State, () => _item);
        _rollout = new Rollout(services.Settings.MaxRunsPerPromise);
    }

    protected override AggregateEffects<PromiseMessage, PromiseCommand, PromiseEffect> Effects => _effects;

    protected override JsonObject? Item => _item;

    protected override IReadOnlyCollection<PromiseEffect> Outstanding => PromiseObligations.Outstanding(State);

    protected override (WorkOwner Owner, Works Works) Placed => (State.Owner, State.Works);

    protected override Decision<PromiseEvent> Decide(PromiseCommand command) => PromiseDecider.Decide(State, command);

    protected override PromiseState Evolve(PromiseState state, PromiseEvent @event) => PromiseEvolution.Evolve(state, @event);

    protected override PromiseCommand ReportRun(AggregateMessage<PromiseCommand, PromiseEffect>.RunEnded ended) =>
        new PromiseCommand.ReportRun(ended.RunId, ended.Result, Services.Destinations.Current, Jitter.Of(ended.RunId), Now);

    protected override void Announce(PromiseState before, PromiseEvent @event)
    {
        _announcer.Tell(before, State, @event, _item);
        Services.Observer.Tell(before, State, @event, _item?.Annotation(EngineTraces.ParentAnnotation));
    }

    protected override bool MayPassivate() => _watch is null && State.Phase is (PromisePhase.Unobserved or PromisePhase.Gone) && base.MayPassivate();

    protected override void PostStop() => StopWatch();

    /// <summary>What was being decided is lost with the failure. Effects are issued again; an observation nobody repeats, so it is asked for.</summary>
    protected override void PreRestart(Exception cause)
    {
        base.PreRestart(cause);
        Context.Self.Tell(new PromiseMessage.LookAtSelf());
    }

    protected override void OnMessage(PromiseMessage message)
    {
        switch (message)
        {
            case PromiseMessage.Observed observed:
                Observed(observed.Item);
                break;
            case PromiseMessage.Stored stored:
                // One that was read before another, and stored after it, is its past: a mark that has been taken off since would be on for ever.
                if (ReferenceEquals(stored.Definition, _reading))
                    Observe(stored.Item, stored.Definition, null);
                break;
            case PromiseMessage.Vanished vanished:
                Vanished(vanished.Item);
                break;
            case PromiseMessage.AskLater later:
                if (later.Question is PromiseMessage.LookAtSelf)
                    _read = null;
                LogFailed(later.Question.GetType().Name, later.Reason);
                Context.Timers.StartSingle(later.Question, later.Question, Backoff.Next(later.After));
                break;
            case PromiseMessage.ReadAgain:
                _read = null;
                if (_item is { } known)
                    Observed(known);
                break;
            case PromiseMessage.LookAtSelf:
                _effects.LookAtSelf();
                break;
            case PromiseMessage.LookAt look:
                if (RequestType is { } type)
                    _effects.LookAt(type, look, _seen);
                break;
            case PromiseMessage.Relist:
                if (RequestType is { } listed)
                    _effects.Relist(listed, _seen);
                break;
            case PromiseMessage.Own own:
                Handle(own.Message);
                if (own.Message is AggregateMessage<PromiseCommand, PromiseEffect>.Wake && _read is null && _item is { } item)
                    Observed(item);
                break;
            case PromiseMessage.Requests { Signal: var signal }:
                Requests(signal);
                break;
            case PromiseMessage.Answered answered when answered.Since != _seen:
                // This life of the actor has listed everything anew.
                break;
            case PromiseMessage.Answered { Answer: var answer }:
                if (answer is not null)
                    OnMessage(answer);
                _seen.End();
                break;
            case PromiseMessage.NewRequests fresh:
                foreach (var request in fresh.Items)
                    TellResource(request);
                break;
            case PromiseMessage.RequestsCompared compared:
                foreach (var request in _rollout.Begin([.. compared.ToTell.Select(_seen.Newest)], compared.Total))
                    TellResource(request, follow: true);
                if (_rollout.IsActive)
                    Context.Timers.StartSingle(nameof(PromiseMessage.ShowProgress), new PromiseMessage.ShowProgress(), ShowProgressAfter);
                break;
            case PromiseMessage.Followed followed:
                if (State.Revision is { } current && current.Same(followed.Revision))
                    Followed(followed.Namespace, followed.Name);
                break;
            case PromiseMessage.RevisionMade { Version: var version }:
                _announcer.Tell(_item, "RevisionCreated", $"PromiseRevision {RevisionPublisher.NameOf(EntityId, version)} created for version {version}");
                break;
            case PromiseMessage.ShowProgress:
                ShowProgress();
                break;
            case PromiseMessage.Others others:
                _others = others.Surroundings;
                Decide(new PromiseCommand.ObserveSurroundings(others.Surroundings, Now), "other Promises changed");
                break;
            case PromiseMessage.ComparisonFailed failed:
                LogFailed("comparing its requests", failed.Cause.Message);
                Context.Timers.StartSingle(new PromiseMessage.Relist(), new PromiseMessage.Relist(), Backoff.Next(null));
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private void Observed(JsonObject item)
    {
        if (_item is { } last && item.IsOlderThan(last))
            return;
        _item = item;
        var finalizers = PromiseFinalizers.Of(PromiseReader.HasApi(item) || State.Definition?.Api is not null, PromiseReader.HasDeletePipelines(item));
        if (!item.IsDeleting() && !Ownership.HasOnly(item, finalizers, PromiseFinalizers.All))
        {
            _effects.TakeOwnership(item, finalizers);
            return;
        }

        if (item.IsDeleting() && !Ownership.HasAny(item, PromiseFinalizers.All))
            return;
        // Our own writes of status come back as observations: the same generation holds the same spec.
        var read = (item.Uid(), item.Generation(), item.Label(Marks.PromiseVersion), item.IsDeleting(), ControlLabels.Of(item), item.Annotation(Marks.ReconciliationInterval));
        if (_read == read)
        {
            Publish();
            return;
        }

        (_read, _reading) = (read, null);
        try
        {
            var reading = PromiseReader.Read(item, Services.Settings);
            _reading = reading.Definition;
            _effects.Store(item, reading);
        }
        catch (PromiseRefusedException refused)
        {
            Observe(item, null, refused.Message);
        }
    }

    private void Observe(JsonObject item, PromiseDefinition? definition, string? refusal)
    {
        var seen = new PromiseObservation(
            item.Uid(), item.Generation(), item.SpecDigest(), item.Label(Marks.PromiseVersion) ?? "not-set", item.IsDeleting(), item.LastManager(),
            ControlLabels.Of(item));
        Decide(new PromiseCommand.Observe(seen, definition, refusal, Now), $"observed generation {seen.Generation}");
    }

    private void Vanished(JsonObject item)
    {
        if (State.Object is not { } known || known.Uid != item.Uid())
            return;
        if (State.Phase is PromisePhase.Releasing)
            Decide(new PromiseCommand.ReportReleased(known.Uid, Now), "the object is gone");
        else if (!known.Deleting)
            Decide(new PromiseCommand.Observe(known with { Deleting = true, Controls = Controls.None }, State.Definition, State.Refusal, Now), "the object is gone, its finalizers were taken off");
        else
            Decide(new PromiseCommand.ReportVanished(known.Uid, Now), "the object is gone, its finalizers were taken off");
    }

    protected override void TakeUp()
    {
        base.TakeUp();
        WatchRequests();
        // What was told of the others before the Promise itself was observed counts from then on.
        if (_others is { } others && State.Phase is not (PromisePhase.Unobserved or PromisePhase.Gone) && !(State.Surroundings ?? Surroundings.None).Same(others))
            Context.Self.Tell(new PromiseMessage.Others(others));
    }

    /// <summary>How the API server calls the requests, while their API is there.</summary>
    private ResourceType? RequestType => State.InstalledApi is null ? null : State.Definition?.Api?.ResourceType();

    /// <summary>
    /// Requests are watched while the API is there. When what they should know of the Promise changes, they are all listed again beside the watch, which
    /// goes on: a request that goes between two watches would be missed.
    /// </summary>
    private void WatchRequests()
    {
        if (RequestType is not { } type)
        {
            StopWatch();
            return;
        }

        var tell = (State.InstalledApi!, State.Revision!, State.Serves);
        var isNew = _watch is null || _watched != type;
        if (!isNew && _told is { } told && told.Api == tell.Item1 && told.Revision.Same(tell.Item2) && told.Serves == tell.Serves)
            return;
        _told = tell;
        if (!isNew)
        {
            _effects.Relist(type, _seen);
            return;
        }

        StopWatch();
        _watched = type;
        _watch = new CancellationTokenSource();
        var self = Context.Self;
        WatchLoop.Start(Services.World, type, s => self.Tell(new PromiseMessage.Requests(s)), _watch.Token);
    }

    private void StopWatch()
    {
        _watch?.Cancel();
        _watch?.Dispose();
        _watch = null;
    }

    private void Requests(WatchSignal signal)
    {
        switch (signal)
        {
            case WatchSignal.Listed listed:
                foreach (var item in listed.Items)
                    _seen.Saw(item);
                Compare(listed.Items);
                break;
            case WatchSignal.Changed { Item: var item }:
                _seen.Saw(item);
                _rollout.Saw(_seen.Newest(item));
                TellResource(item);
                break;
            case WatchSignal.Removed { Item: var item } when Told is { } definition:
                _seen.Saw(item);
                Services.Resources.Tell(new ShardEnvelope<ResourceMessage>(IdOf(item), new ResourceMessage.Vanished(item, definition)));
                Followed(item.Namespace()!, item.Name());
                break;
            default:
                break;
        }
    }

    /// <summary>A listing of a hundred thousand requests is one read of the journal's digests: only what differs is woken.</summary>
    private void Compare(IReadOnlyList<JsonObject> items)
    {
        if (Told is not { } definition)
            return;
        var self = Context.Self;
        _seen.Begin();
        Context.PipeToSelf<IReadOnlyList<JsonObject>>(
            RequestComparison.Differing(Services.World.Journal, EntityId, definition, State.Serves, items, fresh => self.Tell(new PromiseMessage.NewRequests(fresh))),
            differing => new PromiseMessage.Answered(_seen, new PromiseMessage.RequestsCompared(differing, items.Count)),
            e => new PromiseMessage.Answered(_seen, new PromiseMessage.ComparisonFailed(e)));
    }

    private void Followed(string ns, string name)
    {
        var active = _rollout.IsActive;
        if (_rollout.Ended(ns, name) is { } next)
            TellResource(next, follow: true);
        if (active && !_rollout.IsActive)
        {
            _progress = null;
            Publish();
        }
    }

    private void ShowProgress()
    {
        if (!_rollout.IsActive)
            return;
        // A request that was lost on its way, with its node or its actor, is found by comparing again.
        if (_rollout.Progress == _progress && _progressSince + LookAgainAfter <= Now && RequestType is { } type)
        {
            _progressSince = Now;
            _effects.Relist(type, _seen);
        }

        if (_rollout.Progress != _progress)
            (_progress, _progressSince) = (_rollout.Progress, Now);
        Publish();
        Context.Timers.StartSingle(nameof(PromiseMessage.ShowProgress), new PromiseMessage.ShowProgress(), ShowProgressEvery);
    }

    private void TellResource(JsonObject item, bool follow = false)
    {
        if (Told is { Api: not null } definition)
        {
            Services.Resources.Tell(new ShardEnvelope<ResourceMessage>(
                IdOf(item), new ResourceMessage.Observed(_seen.Newest(item), definition, State.Serves) { Follow = follow }));
        }
    }

    /// <summary>What requests are told of the Promise.</summary>
    private PromiseDefinition? Told => State.Definition is null ? null : State.Definition with { Revision = State.Revision! };

    private string IdOf(JsonObject item) => $"{EntityId}/{item.Namespace()}/{item.Name()}";

    protected override void Publish()
    {
        if (State.Phase is PromisePhase.Unobserved or PromisePhase.Gone)
        {
            ReadModels.Clear();
            return;
        }

        if (_item is not { } item)
            return;
        var (shown, progress) = (State, _progress);
        _status.Publish(Kinds.Promise, item, () => PromiseStatus.Of(shown, progress));
        ReadModels.Publish(State.Owner, State.Works, item, State.ActiveRun is null);
    }
}
