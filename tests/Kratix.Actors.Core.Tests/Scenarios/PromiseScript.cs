using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;

namespace Kratix.Actors.Core.Tests.Scenarios;

internal sealed class PromiseScript() : Script<PromiseState, PromiseCommand, PromiseEvent>(PromiseState.Empty("redis"))
{
    private PromiseObservation _object = Given.Promise();
    private PromiseDefinition _definition = new(Given.Revision(Given.Plan("instance"), "p1", Given.Selector("env:dev")), Given.Api(), Given.Plan("setup", "teardown"), null);

    protected override object Phase => State.Phase;

    protected override IEnumerable<object> Owed => PromiseObligations.Outstanding(State);

    protected override JsonObject Status => State.Phase is PromisePhase.Unobserved ? [] : PromiseStatus.Of(State);

    protected override Decision<PromiseEvent> Decide(PromiseCommand command) => PromiseDecider.Decide(State, command);

    protected override PromiseState Evolve(PromiseEvent @event) => PromiseEvolution.Evolve(State, @event);

    protected override PromiseCommand Read(string verb, Words words, DateTimeOffset at) => verb switch
    {
        "observe" => Observe(words, at),
        "api-installed" => new PromiseCommand.ReportApiInstalled(words.Get("stamp", State.ApiStamp ?? "none"), at),
        "api-refused" => new PromiseCommand.ReportApiRefused(State.ApiStamp ?? "none", words.Get("reason", "not_structural").Replace('_', ' '), at),
        "run" => new PromiseCommand.ReportRun(words.Get("id", State.ActiveRun?.RunId ?? "none"), Outcomes.Of(words), Outcomes.Destinations(words), 0, at),
        "others" => new PromiseCommand.ObserveSurroundings(words.Get("name") is { } name ? Given.Surroundings(name, !words.Has("unavailable")) : Surroundings.None, at),
        "reschedule" => new PromiseCommand.Reschedule([.. State.Works.Placements.Where(p => p.Misplaced || words.Has("all")).Select(p => p.Name)], Outcomes.Destinations(words), at),
        "offer" => new PromiseCommand.OfferDestinations(Outcomes.Destinations(words), at),
        "written" => Write(words) is var w ? new PromiseCommand.ReportWritten(w.Placement, w.Stamp, "c0ffee", true, at) : null!,
        "write-failed" => Write(words) is var w ? new PromiseCommand.ReportWriteFailed(w.Placement, w.Stamp, "push rejected", at) : null!,
        "store-gone" => Write(words) is var w ? new PromiseCommand.ReportWriteFailed(w.Placement, w.Stamp, "GitStateStore/store: not found", at) { StoreIsGone = true } : null!,
        "drift" => new PromiseCommand.ReportDrift([.. State.Works.Placements.Select(p => (p.Name, p.Stamp))], at),
        "wake" => new PromiseCommand.WakeUp(at),
        "restart" => new PromiseCommand.Restart(words.Get("token", "start-1"), at),
        "requests-removed" => new PromiseCommand.ReportRequestsRemoved(_object.Uid, at),
        "cleaned-up" => new PromiseCommand.ReportCleanedUp(_object.Uid, (State.Phase as PromisePhase.CleaningUp)?.Step ?? CleanupStep.Runs, at),
        "api-removed" => new PromiseCommand.ReportApiRemoved(_object.Uid, at),
        "vanished" => new PromiseCommand.ReportVanished(_object.Uid, at),
        "released" => new PromiseCommand.ReportReleased(_object.Uid, at),
        _ => throw new FormatException($"unknown command '{verb}'"),
    };

    private PromiseCommand.Observe Observe(Words words, DateTimeOffset at)
    {
        var changed = _object with
        {
            Uid = words.Get("uid", _object.Uid),
            SpecDigest = words.Get("spec", _object.SpecDigest),
            Deleting = words.Has("deleting") || (_object.Deleting && !words.Has("uid")),
            Controls = Outcomes.Marks(words, _object.Controls),
        };
        _object = changed with { Controls = _object.Controls } == _object ? changed : changed with { Generation = words.Has("uid") ? 1 : _object.Generation + (State.Object is null ? 0 : 1) };
        if (words.Get("invalid") is { } refusal)
            return new PromiseCommand.Observe(_object, null, refusal.Replace('_', ' '), at);
        _definition = _definition with
        {
            Revision = _definition.Revision with { Digest = _object.SpecDigest },
            Api = words.Get("api") is { } api ? (api is "none" ? null : Given.Api(api)) : _definition.Api,
            Plan = words.Has("configure") || words.Has("delete") ? Given.Plan(words.Get("configure", "setup"), words.Get("delete", "teardown")) : _definition.Plan,
            Dependencies = words.Has("dependencies") ? Given.File("static/redis-dependencies.yaml") : _definition.Dependencies,
        };
        if (words.Get("requires") is { } required)
            _definition = _definition with { Required = [new RequiredPromise(required, words.Get("version", ""))] };
        if (words.Get("limit") is { } limit)
            _definition = _definition with { Revision = _definition.Revision with { Retry = _definition.Revision.Retry with { Limit = int.Parse(limit, CultureInfo.InvariantCulture) } } };
        return new PromiseCommand.Observe(_object, _definition, null, at);
    }

    private PlacementWrite Write(Words words) => PlacementWrites.Owed(State.Works).ElementAt(int.Parse(words.Get("number", "0"), CultureInfo.InvariantCulture));
}
