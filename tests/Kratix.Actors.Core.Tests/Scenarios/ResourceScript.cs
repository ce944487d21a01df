using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Scenarios;

internal sealed class ResourceScript() : Script<ResourceState, ResourceCommand, ResourceEvent>(ResourceState.Empty(Given.Id))
{
    private ResourceObservation _object = Given.Request();
    private PromiseRevision _revision = Given.Revision(Given.Plan("configure", "cleanup"), "r1", Given.Selector("env:dev"));

    protected override object Phase => State.Phase;

    protected override IEnumerable<object> Owed => ResourceObligations.Outstanding(State);

    protected override JsonObject Status => State.Phase is ResourcePhase.Unobserved ? [] : ResourceStatus.Of(State);

    protected override Decision<ResourceEvent> Decide(ResourceCommand command) => ResourceDecider.Decide(State, command);

    protected override ResourceState Evolve(ResourceEvent @event) => ResourceEvolution.Evolve(State, @event);

    protected override ResourceCommand Read(string verb, Words words, DateTimeOffset at) => verb switch
    {
        "observe" => Observe(words, at),
        "run" => new ResourceCommand.ReportRun(
            words.Get("id", State.ActiveRun?.RunId ?? "none"), Outcomes.Of(words), Outcomes.Destinations(words), 0, at),
        "reschedule" => new ResourceCommand.Reschedule([.. State.Works.Placements.Where(p => p.Misplaced || words.Has("all")).Select(p => p.Name)], Outcomes.Destinations(words), at),
        "offer" => new ResourceCommand.OfferDestinations(Outcomes.Destinations(words), at),
        "written" => Write(words) is var w ? new ResourceCommand.ReportWritten(w.Placement, words.Get("stamp", w.Stamp), words.Get("commit", "c0ffee"), true, at) : null!,
        "write-failed" => Write(words) is var w ? new ResourceCommand.ReportWriteFailed(w.Placement, w.Stamp, words.Get("reason", "push_rejected").Replace('_', ' '), at) : null!,
        "store-gone" => Write(words) is var w ? new ResourceCommand.ReportWriteFailed(w.Placement, w.Stamp, "GitStateStore/store: not found", at) { StoreIsGone = true } : null!,
        "drift" => new ResourceCommand.ReportDrift([.. State.Works.Placements.Select(p => (p.Name, p.Stamp))], at),
        "wake" => new ResourceCommand.WakeUp(at),
        "restart" => new ResourceCommand.Restart(words.Get("token", "start-1"), at),
        "vanished" => new ResourceCommand.ReportVanished(_object.Uid, at),
        "released" => new ResourceCommand.ReportReleased(words.Get("uid", _object.Uid), at),
        _ => throw new FormatException($"unknown command '{verb}'"),
    };

    private ResourceCommand.Observe Observe(Words words, DateTimeOffset at)
    {
        var changed = _object with
        {
            Uid = words.Get("uid", _object.Uid),
            SpecDigest = words.Get("spec", _object.SpecDigest),
            Deleting = words.Has("deleting") || (_object.Deleting && !words.Has("uid")),
            Controls = Outcomes.Marks(words, _object.Controls),
        };
        _object = changed with { Controls = _object.Controls } == _object ? changed : changed with { Generation = words.Has("uid") ? 1 : _object.Generation + (State.Object is null ? 0 : 1) };
        if (words.Get("revision") is { } digest)
            _revision = _revision with { Digest = digest };
        if (words.Get("promise") is { } standing)
            _revision = _revision with { Paused = standing == "paused" };
        if (words.Get("wave") is { } wave)
            _revision = _revision with { Wave = long.Parse(wave, CultureInfo.InvariantCulture) };
        if (words.Has("configure") || words.Has("delete"))
            _revision = _revision with { Plan = Given.Plan(words.Get("configure", "configure"), words.Get("delete", "cleanup")) };
        if (words.Get("limit") is { } limit)
            _revision = _revision with { Retry = _revision.Retry with { Limit = int.Parse(limit, CultureInfo.InvariantCulture) } };
        return new ResourceCommand.Observe(_object, _revision, !words.Has("unavailable"), at);
    }

    private PlacementWrite Write(Words words) => PlacementWrites.Owed(State.Works).ElementAt(int.Parse(words.Get("number", "0"), CultureInfo.InvariantCulture));
}
