using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>A Promise, its author, the API server and the stores.</summary>
internal sealed class PromiseWorld(int seed) : World<PromiseState, PromiseCommand, PromiseEvent, PromiseEffect>(seed, PromiseState.Empty("redis"))
{
    private readonly Random _user = new(seed + 1_000_003);
    private int _uids;
    private int _restarts;
    private bool _requestsRemoved;
    private bool _hadApi;
    private string? _servedUid;
    private Surroundings _surroundings = Surroundings.None;

    public PromiseObservation? Object { get; private set; }

    /// <summary>Digest of the CustomResourceDefinition that the API server holds, or null.</summary>
    public string? Crd { get; private set; }

    public static PromiseDefinition? DefinitionOf(string spec) => PromiseSpecs.Valid.GetValueOrDefault(spec);

    public PromiseWorld Live(bool disturbed = true)
    {
        Create();
        for (var actions = _user.Next(2, 8); actions > 0; actions--)
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
        Other(Given.Surroundings("base", available: true));
        SetDestinations(Pipelines.Destinations);
        if (_user.Next(3) == 0)
            Delete();
        else
            Create();
        Change(Pipelines.LastingSpecs[_user.Next(Pipelines.LastingSpecs.Length)]);
        Settle();
        Tell(Offer());
        Settle();
        return this;
    }

    private void Act(int what)
    {
        switch (what)
        {
            case 0 or 1 or 2 or 3:
                Change(PromiseSpecs.All[_user.Next(PromiseSpecs.All.Length)]);
                break;
            case 4:
                FirstDestinations(_user.Next(Pipelines.Destinations.Length) + 1);
                break;
            case 5:
                Later(TimeSpan.FromHours(11));
                Tell(WakeUp());
                break;
            case 6:
                Crash();
                Tell(new PromiseCommand.Restart($"start-{++_restarts}", Now));
                break;
            case 7:
                Settle();
                break;
            case 8:
                Mark(Controls.Paused, _user.Next(2) == 0);
                break;
            case 9:
                Mark(_user.Next(3) > 0 ? Controls.RunAgain : Controls.RunRequests, true);
                break;
            case 12:
                Reschedule(_user.Next(2) == 0);
                break;
            case 13:
                Leave();
                break;
            case 14:
                Tell(new PromiseCommand.ReportDrift(Drift(State.Works), Now));
                break;
            case 11:
                Other(_user.Next(3) switch { 0 => Surroundings.None, var one => Given.Surroundings("base", one == 1) });
                break;
            case 10:
                Mark(Controls.Suspended, false);
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

    private void Reschedule(bool all) =>
        Tell(new PromiseCommand.Reschedule([.. State.Works.Placements.Where(p => all || p.Misplaced).Select(p => p.Name)], [.. Destinations], Now));

    private void Other(Surroundings surroundings)
    {
        _surroundings = surroundings;
        Log($"others: {Json.Text(surroundings)}");
        Relist();
    }

    private void Mark(Controls mark, bool present)
    {
        if (Object is null || Object.Controls.HasFlag(mark) == present)
            return;
        Object = Object with { Controls = present ? Object.Controls | mark : Object.Controls & ~mark };
        Log($"author: marks {Object.Controls}");
        Relist();
    }

    /// <summary>Only the object as it was when the mark was decided on is changed; else it is decided on again.</summary>
    private void Relabel(PromiseEffect.Relabel effect)
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

    private Func<RunResult, PromiseCommand> Ended(string runId) => result => new PromiseCommand.ReportRun(runId, result, [.. Destinations], Dice.NextDouble(), Now);

    private void Create()
    {
        var spec = PromiseSpecs.All[_user.Next(PromiseSpecs.All.Length)];
        if (Object is { Deleting: true })
        {
            Change(Pipelines.LastingSpecs[0]);
            Mark(Controls.Paused, false);
            Settle();
        }

        if (Object is not null)
            return;
        Object = new PromiseObservation($"uid-{++_uids}", 1, spec, "v1", false, "author");
        _requestsRemoved = false;
        _hadApi = DefinitionOf(spec)?.Api is not null;
        Log($"author: creates {Object}");
        Relist();
    }

    private void Change(string spec)
    {
        // Admission lets nobody take an API away.
        if (_hadApi && DefinitionOf(spec) is { Api: null })
            spec = "good-1";
        if (Object is null || Object.SpecDigest == spec)
            return;
        _hadApi |= DefinitionOf(spec)?.Api is not null;
        Object = Object with { SpecDigest = spec, Generation = Object.Generation + 1 };
        Log($"author: changes to {Object}");
        Relist();
    }

    /// <summary>The user takes the finalizers off what is being deleted after these steps, and it is gone.</summary>
    private void Strip(int steps)
    {
        while (steps-- > 0 && Step()) { }
        if (Object is not { Deleting: true } gone)
            return;
        Tell(Seen(gone));
        Object = null;
        EndRuns();
        Tell(new PromiseCommand.ReportVanished(gone.Uid, Now));
    }

    private void Delete()
    {
        if (Object is null or { Deleting: true })
            return;
        Object = Object with { Deleting = true, Generation = Object.Generation + 1 };
        Log("author: deletes");
        Relist();
    }

    /// <summary>The last spec's files at every match, and wherever else they were placed once.</summary>
    public Dictionary<string, string> WantedStore()
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal) { ["README.md"] = "foreign" };
        if (Object is null)
            return wanted;
        var definition = PromiseSpecs.Valid[Object.SpecDigest];
        if (definition.Dependencies is { } file)
            Add("static-deps", "", ".", file, Given.Labels(definition.Revision.Selectors.IsEmpty ? "" : "env:dev"));
        foreach (var pipeline in definition.Plan.Configure)
        {
            var output = Pipelines.Output(Object.SpecDigest, pipeline.Name);
            foreach (var made in output.Files)
            {
                var own = output.Selectors.FirstOrDefault(s => made.Path.StartsWith(s.Directory + "/", StringComparison.Ordinal));
                var root = output.Selectors.Where(s => s.Directory == ".").SelectMany(s => s.MatchLabels).Concat(definition.Revision.Selectors.SelectMany(s => s.MatchLabels));
                Add(pipeline.Name, pipeline.Name + "/", own?.Directory ?? ".", made, own?.MatchLabels ?? root);
            }
        }

        return wanted;

        void Add(string pipeline, string segment, string directory, FileEntry made, IEnumerable<KeyValuePair<string, string>> labels)
        {
            var placements = State.Works.ByPipeline[pipeline].Groups.Single(g => g.Directory == directory).Placements;
            var matches = Destinations.Where(d => labels.All(l => d.Labels.Contains(l))).Select(d => d.Name);
            Assume(!matches.Except(placements.Select(p => p.Destination)).Any(), $"{pipeline} {directory} is at every match");
            foreach (var placement in placements)
            {
                var location = placement.Location;
                wanted.TryAdd(
                    location.Mode == FilepathMode.None
                        ? $"{location.BasePath}/{made.Path}"
                        : $"{location.BasePath}/dependencies/redis/{segment}{WorkloadGroup.IdOf(directory)[..5]}/{made.Path}",
                    made.Digest);
            }
        }
    }

    public string End() => State.Phase is PromisePhase.Gone ? "gone" : Json.Text(new
    {
        Phase = State.Phase.GetType().Name,
        Object,
        Crd = State.Definition?.Api is null ? null : Crd,
        Serves = State.Definition?.Api is not null && State.Serves,
        Works = State.Works.Groups.Select(g => new { g.Directory, Files = g.Files.OrderBy(f => f.Path, StringComparer.Ordinal) }),
        Removals = State.Works.Removals.Length,
        Conditions = PromiseStatus.Conditions(InPlace),
    });

    /// <summary>Where files were placed first, and so whether they are misplaced, is a matter of history.</summary>
    private PromiseState InPlace => State with { Works = State.Works.Judged(new HashSet<string>()) };

    protected override Decision<PromiseEvent> Decide(PromiseState state, PromiseCommand command) => PromiseDecider.Decide(state, command);

    protected override PromiseState Evolve(PromiseState state, PromiseEvent @event) => PromiseEvolution.Evolve(state, @event);

    protected override IEnumerable<PromiseEffect> Outstanding(PromiseState state) => PromiseObligations.Outstanding(state);

    protected override void Issue(PromiseEffect effect)
    {
        switch (effect)
        {
            case PromiseEffect.RunPipeline e:
                AskRun(e, e.RunId, () => Pipelines.Result(e.RevisionDigest, e.Pipeline, e.Attempt), Ended(e.RunId));
                break;
            case PromiseEffect.WritePlacement e:
                AskWrite(
                    e, State.Works, e.Write,
                    (commit, changed) => new PromiseCommand.ReportWritten(e.Write.Placement, e.Write.Stamp, commit, changed, Now),
                    (reason, gone) => new PromiseCommand.ReportWriteFailed(e.Write.Placement, e.Write.Stamp, reason, Now) { StoreIsGone = gone });
                break;
            case PromiseEffect.AwaitDestinations e:
                Ask(e, "destinations", Offer);
                break;
            case PromiseEffect.StopRun e:
                Ask(e, "stop", () => Stop(e.RunId, Ended(e.RunId)));
                break;
            case PromiseEffect.Relabel e:
                Relabel(e);
                break;
            case PromiseEffect.InstallApi e:
                Ask(e, "api", () => Install(e));
                break;
            case PromiseEffect.RemoveRequests e:
                Ask(e, "requests", () => RemoveRequests(e.Uid));
                break;
            case PromiseEffect.RemoveApi e:
                Ask(e, "api", () => RemoveApi(e.Uid));
                break;
            case PromiseEffect.CleanUp e:
                Ask(e, "clean", () => CleanUp(e));
                break;
            case PromiseEffect.TakeFinalizersOff e:
                Assume(Object?.Uid != e.Uid || Object.Deleting, "only a Promise that is being deleted loses finalizers");
                break;
            case PromiseEffect.PublishRevision:
                break;
            case PromiseEffect.ReleaseFinalizers e:
                Ask(e, "release", () => Release(e.Uid));
                break;
            case PromiseEffect.WakeAt:
                break;
            default:
                throw new InvalidOperationException($"unknown effect {effect.GetType()}");
        }
    }

    private PromiseCommand Install(PromiseEffect.InstallApi effect)
    {
        if (effect.Api.Digest == "crd-refused")
            return new PromiseCommand.ReportApiRefused(effect.Stamp, "spec.versions[0].schema is not structural", Now);
        Crd = effect.Api.Digest;
        return new PromiseCommand.ReportApiInstalled(effect.Stamp, Now);
    }

    private PromiseCommand.ReportRequestsRemoved RemoveRequests(string uid)
    {
        _requestsRemoved |= Object?.Uid == uid;
        return new PromiseCommand.ReportRequestsRemoved(uid, Now);
    }

    private PromiseCommand.ReportCleanedUp CleanUp(PromiseEffect.CleanUp effect)
    {
        Assume(Object?.Uid != effect.Uid || _requestsRemoved || effect.Step is CleanupStep.Runs, $"{effect.Step} go after its requests");
        return new PromiseCommand.ReportCleanedUp(effect.Uid, effect.Step, Now);
    }

    private PromiseCommand.ReportApiRemoved RemoveApi(string uid)
    {
        Assume(Object?.Uid != uid || _requestsRemoved, "the API goes after its requests");
        if (Object?.Uid == uid)
            Crd = null;
        return new PromiseCommand.ReportApiRemoved(uid, Now);
    }

    private PromiseCommand.ReportReleased Release(string uid)
    {
        if (Object?.Uid == uid)
        {
            Assume(Object.Deleting, "only a deleted Promise is released");
            Assume(Store.Count == 1, $"the files are gone before the Promise is: {string.Join(", ", Store.Keys)}");
            Assume(Crd is null, "the API is gone before the Promise is");
            Object = null;
        }

        return new PromiseCommand.ReportReleased(uid, Now);
    }

    protected override PromiseCommand Offer() => new PromiseCommand.OfferDestinations([.. Destinations], Now);

    protected override PromiseCommand WakeUp() => new PromiseCommand.WakeUp(Now);

    protected override DateTimeOffset? WakeUpOf(PromiseState state) => PromiseObligations.WakeUp(state);

    protected override bool AwaitsDestinations(PromiseState state) => Outstanding(state).Any(e => e is PromiseEffect.AwaitDestinations);

    protected override bool WaitsForTime(PromiseState state) => state.Phase is PromisePhase.Retrying or PromisePhase.DeleteRetrying or PromisePhase.Suspended or PromisePhase.DeleteSuspended;

    protected override object Phase(PromiseState state) => state.Phase;

    protected override void Relist()
    {
        if (Object is null)
            return;
        Observed(new PromiseCommand.ObserveSurroundings(_surroundings, Now));
        Observed(Seen(Object));
    }

    private PromiseCommand.Observe Seen(PromiseObservation item) =>
        new(item, DefinitionOf(item.SpecDigest), DefinitionOf(item.SpecDigest) is null ? "spec.api is not a CustomResourceDefinition" : null, Now);

    protected override string? ClosedRun(PromiseEvent @event) => @event switch
    {
        PromiseEvent.RunSucceeded e => e.RunId,
        PromiseEvent.RunFailed e => e.RunId,
        PromiseEvent.RunSuspended e => e.RunId,
        PromiseEvent.RunSuperseded e => e.RunId,
        _ => null,
    };

    protected override void Check(PromiseState state)
    {
        var resting = state.Phase is PromisePhase.Refused or PromisePhase.DeleteFailed or PromisePhase.Gone
            or PromisePhase.Failed { NextRun: null } or PromisePhase.Available { NextRun: null } or PromisePhase.Paused
            or PromisePhase.Suspended { At: null } or PromisePhase.DeleteSuspended { At: null };
        Assume(resting || !PromiseObligations.Outstanding(state).IsEmpty, "a state that does not rest is owed something");
        var reconciled = PromiseStatus.Conditions(state).Single(c => c.Type == Conditions.Reconciled).Status == "True";
        var fulfilled = Requirements.AreFulfilled(state);
        Assume(reconciled == (state.Phase is PromisePhase.Available && state.Works.AllWritten && fulfilled && !state.Works.Placements.Any(p => p.Misplaced)), "reconciled means available and written");
        Assume(PromiseStatus.Of(state)["status"]!.ToString() == (state.IsAvailable ? "Available" : "Unavailable"), "status says whether it serves");
        if (fulfilled && state is { Object.Deleting: false, Paused: false, Workflow.Stage: not WorkflowStage.Suspended } && state.Object.Uid == _servedUid && state.Definition?.Api is not null)
            Assume(state.Serves, "a Promise that served goes on serving until it is deleted, unless it is paused or waits");
        if (state.Serves)
            _servedUid = state.Object!.Uid;
    }
}
