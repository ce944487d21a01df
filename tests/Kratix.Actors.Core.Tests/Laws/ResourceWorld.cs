using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>A request, its user, its Promise and its stores.</summary>
internal sealed class ResourceWorld(int seed) : World<ResourceState, ResourceCommand, ResourceEvent, ResourceEffect>(seed, ResourceState.Empty(Given.Id))
{
    /// <summary>What the user does depends on the seed alone, not on what the engine and its crashes make of it.</summary>
    private readonly Random _user = new(seed + 1_000_003);
    private PromiseRevision _revision = Pipelines.Revisions[0];
    private bool _promiseAvailable = true;
    private int _uids;
    private int _restarts;
    private long _lastRun;

    /// <summary>The object as the API server holds it, or null.</summary>
    public ResourceObservation? Object { get; private set; }

    /// <summary>A life: some changes with more or less time between them, then what is wanted in the end, then rest.</summary>
    public ResourceWorld Live(bool disturbed = true)
    {
        if (_user.Next(2) == 0)
            SetDestinations(Pipelines.Destinations);
        Create();
        var actions = _user.Next(2, 8);
        for (var i = 0; i < actions; i++)
        {
            for (var pause = _user.Next(0, 14); pause > 0; pause--)
            {
                if (disturbed && Dice.Next(8) == 0)
                    Disturb();
                else
                    Step();
            }

            Act(_user.Next(16));
        }

        Change(Pipelines.LastingSpecs[_user.Next(Pipelines.LastingSpecs.Length)]);
        Mark(Controls.Paused, false);
        Promise(Pipelines.Revisions[_user.Next(Pipelines.Revisions.Length)] with { Wave = _revision.Wave }, available: true);
        SetDestinations(Pipelines.Destinations);
        if (_user.Next(3) == 0)
            Delete();
        else
            Create();
        Settle();
        Tell(Offer());
        Settle();
        return this;
    }

    private void Act(int what)
    {
        switch (what)
        {
            case 0 or 1 or 2:
                Change(Pipelines.Specs[_user.Next(Pipelines.Specs.Length)]);
                break;
            case 3:
                Promise(Pipelines.Revisions[_user.Next(Pipelines.Revisions.Length)], _promiseAvailable);
                break;
            case 4:
                Promise(_revision, !_promiseAvailable);
                break;
            case 5:
                FirstDestinations(_user.Next(Pipelines.Destinations.Length) + 1);
                break;
            case 6:
                Later(TimeSpan.FromHours(11));
                Tell(WakeUp());
                break;
            case 7:
                _restarts++;
                Crash();
                Tell(new ResourceCommand.Restart($"start-{_restarts}", Now));
                break;
            case 8:
                Settle();
                break;
            case 9:
                Mark(Controls.Paused, _user.Next(2) == 0);
                break;
            case 10:
                Mark(Controls.RunAgain, true);
                break;
            case 12:
                Reschedule();
                break;
            case 14:
                Leave();
                break;
            case 15:
                Tell(new ResourceCommand.ReportDrift(Drift(State.Works), Now));
                break;
            case 11:
                if (_user.Next(2) == 0)
                    Mark(Controls.Suspended, false);
                else
                    Promise(_revision with { Paused = !_revision.Paused, Wave = _revision.Wave + _user.Next(2) }, _promiseAvailable);
                break;
            default:
                var badly = _user.Next(3) == 0;
                if (badly)
                    Change("bad-1");
                if (_user.Next(2) == 0 || badly)
                    Delete();
                if (_user.Next(3) == 0)
                    Strip(_user.Next(8));
                if (_user.Next(2) == 0 || badly)
                    Settle();
                Create();
                break;
        }
    }

    private void Reschedule()
    {
        var all = _user.Next(2) == 0;
        Tell(new ResourceCommand.Reschedule([.. State.Works.Placements.Where(p => all || p.Misplaced).Select(p => p.Name)], [.. Destinations], Now));
    }

    /// <summary>Puts a mark on the object or takes it off.</summary>
    public void Mark(Controls mark, bool present)
    {
        if (Object is null || Object.Controls.HasFlag(mark) == present)
            return;
        Object = Object with { Controls = present ? Object.Controls | mark : Object.Controls & ~mark };
        Log($"user: marks {Object.Controls}");
        Relist();
    }

    /// <summary>Makes the object; one that is being deleted is waited for.</summary>
    public void Create()
    {
        var spec = Pipelines.Specs[_user.Next(Pipelines.Specs.Length)];
        if (Object is { Deleting: true })
        {
            Change(Pipelines.LastingSpecs[0]);
            Mark(Controls.Paused, false);
            Promise(_revision with { Paused = false }, _promiseAvailable);
            Settle();
        }

        if (Object is not null)
            return;
        Object = new ResourceObservation($"uid-{++_uids}", 1, spec, false, "user");
        Log($"user: creates {Object}");
        Relist();
    }

    public void Change(string spec)
    {
        if (Object is null || Object.SpecDigest == spec)
            return;
        Object = Object with { SpecDigest = spec, Generation = Object.Generation + 1 };
        Log($"user: changes to {Object}");
        Relist();
    }

    /// <summary>The user takes the finalizers off what is being deleted after these steps, and it is gone.</summary>
    private void Strip(int steps)
    {
        while (steps-- > 0 && Step()) { }
        if (Object is not { Deleting: true } gone)
            return;
        Tell(new ResourceCommand.Observe(gone, _revision, _promiseAvailable, Now));
        Object = null;
        EndRuns();
        Tell(new ResourceCommand.ReportVanished(gone.Uid, Now));
    }

    public void Delete()
    {
        if (Object is null or { Deleting: true })
            return;
        Object = Object with { Deleting = true, Generation = Object.Generation + 1 };
        Log("user: deletes");
        Relist();
    }

    public void Promise(PromiseRevision revision, bool available)
    {
        (_revision, _promiseAvailable) = (revision, available);
        Log($"promise: {revision.Digest}, available {available}");
        Relist();
    }

    /// <summary>Everything that should be in the store when all is done: the last spec's files of the last revision's Pipelines, where they were placed.</summary>
    public Dictionary<string, string> WantedStore()
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal) { ["README.md"] = "foreign" };
        foreach (var pipeline in Object is null ? [] : _revision.Plan.Configure)
        {
            var output = Pipelines.Output(Object!.SpecDigest, pipeline.Name);
            foreach (var file in output.Files)
            {
                var group = output.Selectors.Any(s => file.Path.StartsWith(s.Directory + "/", StringComparison.Ordinal)) ? file.Path.Split('/')[0] : ".";
                var placements = State.Works.ByPipeline[pipeline.Name].Groups.Single(g => g.Directory == group).Placements;
                Assume(placements.Length == 1, "a group of a request is in one place");
                var location = placements[0].Location;
                var path = location.Mode == FilepathMode.None
                    ? $"{location.BasePath}/{file.Path}"
                    : $"{location.BasePath}/resources/default/redis/example/{pipeline.Name}/{WorkloadGroup.IdOf(group)[..5]}/{file.Path}";
                wanted.Add(path, file.Digest);
            }
        }

        return wanted;
    }

    /// <summary>What must be the same whatever happened on the way.</summary>
    public string End()
    {
        if (State.Phase is ResourcePhase.Gone)
            return "gone";
        // Where files were placed first, and so whether they are misplaced, is a matter of history.
        var inPlace = State with { Works = State.Works.Judged(new HashSet<string>()) };
        var status = ResourceStatus.Of(inPlace);
        return Json.Text(new
        {
            Phase = State.Phase.GetType().Name,
            Object,
            Endpoint = State.Workflow.Pipelines.IsEmpty ? null : status["endpoint"]?.ToString(),
            Message = status["message"]?.ToString(),
            Works = State.Works.Groups.Select(g => new { g.Directory, Files = g.Files.OrderBy(f => f.Path, StringComparer.Ordinal) }),
            Removals = State.Works.Removals.Length,
            Conditions = ResourceConditions.Of(inPlace).Where(c => c.Type != ResourceConditions.PromiseAvailable),
        });
    }

    protected override Decision<ResourceEvent> Decide(ResourceState state, ResourceCommand command) => ResourceDecider.Decide(state, command);

    protected override ResourceState Evolve(ResourceState state, ResourceEvent @event) => ResourceEvolution.Evolve(state, @event);

    protected override IEnumerable<ResourceEffect> Outstanding(ResourceState state) => ResourceObligations.Outstanding(state);

    protected override void Issue(ResourceEffect effect)
    {
        switch (effect)
        {
            case ResourceEffect.RunPipeline e:
                AskRun(e, e.RunId, () => Pipelines.Result(Spec(e.RunId), e.Pipeline, e.Attempt), Ended(e.RunId));
                break;
            case ResourceEffect.WritePlacement e:
                AskWrite(
                    e, State.Works, e.Write,
                    (commit, changed) => new ResourceCommand.ReportWritten(e.Write.Placement, e.Write.Stamp, commit, changed, Now),
                    (reason, gone) => new ResourceCommand.ReportWriteFailed(e.Write.Placement, e.Write.Stamp, reason, Now) { StoreIsGone = gone });
                break;
            case ResourceEffect.AwaitDestination e:
                Ask(e, "destinations", Offer);
                break;
            case ResourceEffect.StopRun e:
                Ask(e, "stop", () => Stop(e.RunId, Ended(e.RunId)));
                break;
            case ResourceEffect.Relabel e:
                Relabel(e);
                break;
            case ResourceEffect.TakeFinalizersOff:
                break;
            case ResourceEffect.ReleaseFinalizer e:
                Ask(e, "release", () => Release(e.Uid));
                break;
            case ResourceEffect.WakeAt:
                break;
            default:
                throw new InvalidOperationException($"unknown effect {effect.GetType()}");
        }
    }

    private Func<RunResult, ResourceCommand> Ended(string runId) => result => new ResourceCommand.ReportRun(runId, result, [.. Destinations], Dice.NextDouble(), Now);

    /// <summary>Only the object as it was when the mark was decided on is changed; else it is decided on again.</summary>
    private void Relabel(ResourceEffect.Relabel effect)
    {
        var seen = Object;
        Ask(effect, "mark", () =>
        {
            if (Object is null || Object.Uid != effect.Uid)
                return null;
            if (Object != seen && Outstanding(State).Contains(effect))
                Relabel(effect);
            else if (Object == seen)
                Mark(effect.Change.Mark, effect.Change.Present);
            return null;
        });
    }

    private string Spec(string runId)
    {
        Assume(Object is not null, $"run {runId} has an object to read");
        return Object!.SpecDigest;
    }

    private ResourceCommand.ReportReleased Release(string uid)
    {
        if (Object?.Uid == uid)
        {
            Assume(Object.Deleting, "only a deleted object is released");
            Assume(Store.Count == 1, $"the files are gone before the object is: {string.Join(", ", Store.Keys)}");
            Object = null;
        }

        return new ResourceCommand.ReportReleased(uid, Now);
    }

    protected override ResourceCommand Offer() => new ResourceCommand.OfferDestinations([.. Destinations], Now);

    protected override ResourceCommand WakeUp() => new ResourceCommand.WakeUp(Now);

    protected override DateTimeOffset? WakeUpOf(ResourceState state) => ResourceObligations.WakeUp(state);

    protected override bool AwaitsDestinations(ResourceState state) => Outstanding(state).Any(e => e is ResourceEffect.AwaitDestination);

    protected override bool WaitsForTime(ResourceState state) => state.Phase is ResourcePhase.Retrying or ResourcePhase.DeleteRetrying or ResourcePhase.Suspended or ResourcePhase.DeleteSuspended;

    protected override object Phase(ResourceState state) => state.Phase;

    protected override void Relist()
    {
        if (Object is not null)
            Observed(new ResourceCommand.Observe(Object, _revision, _promiseAvailable, Now));
    }

    protected override string? ClosedRun(ResourceEvent @event) => @event switch
    {
        ResourceEvent.RunSucceeded e => e.RunId,
        ResourceEvent.RunFailed e => e.RunId,
        ResourceEvent.RunSuspended e => e.RunId,
        ResourceEvent.RunSuperseded e => e.RunId,
        _ => null,
    };

    protected override void Check(ResourceState state)
    {
        Assume(state.Workflow.Run >= _lastRun, "runs are counted upwards");
        _lastRun = state.Workflow.Run;
        var resting = state.Phase is ResourcePhase.Held or ResourcePhase.DeleteFailed or ResourcePhase.Gone or ResourcePhase.Failed { NextRun: null } or ResourcePhase.Paused
            or ResourcePhase.Suspended { At: null } or ResourcePhase.DeleteSuspended { At: null };
        Assume(resting || !ResourceObligations.Outstanding(state).IsEmpty, "a state that does not rest is owed something");
        var status = ResourceStatus.Of(state);
        Assume(status["message"] is not null, "there is always a message");
        var reconciled = ResourceConditions.Of(state).Single(c => c.Type == Conditions.Reconciled).Status == "True";
        Assume(reconciled == (state.Phase is ResourcePhase.Settled && !state.Works.Placements.Any(p => p.Misplaced)), "reconciled means settled, and where it should be");
    }
}
