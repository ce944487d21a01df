using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Laws;

public sealed class PromiseReachLaws : ReachLaws<PromiseState, PromiseCommand, PromiseEvent, PromiseEffect>
{
    private static readonly Lazy<IReadOnlyList<Passed>> Some = new(() =>
    [
        .. Seeds.Upto(90).Select(seed => new PromiseWorld(seed).Live()).Select(w => new Passed(w.States, w.Journal, w.CommandsSeen, w.EffectsSeen)),
    ]);

    private static readonly DateTimeOffset Later = Given.Start.AddDays(2);

    private protected override IReadOnlyList<Passed> Lives => Some.Value;

    protected override PromiseState Empty => PromiseState.Empty("redis");

    protected override Type PhaseType => typeof(PromisePhase);

    protected override object PhaseOf(PromiseState state) => state.Phase;

    protected override Decision<PromiseEvent> Decide(PromiseState state, PromiseCommand command) => PromiseDecider.Decide(state, command);

    protected override PromiseState Evolve(PromiseState state, PromiseEvent @event) => PromiseEvolution.Evolve(state, @event);

    protected override IEnumerable<PromiseEffect> Outstanding(PromiseState state) => PromiseObligations.Outstanding(state);

    protected override string Show(PromiseState state) => PromiseStatus.Of(state).ToJsonString() + PromiseStatus.DigestOf(state);

    protected override IEnumerable<PromiseCommand> Commands(PromiseState state)
    {
        var observed = state.Object ?? Given.Promise();
        foreach (var spec in new[] { "good-0", "good-3", "refused-1", "invalid-1" })
        {
            var definition = PromiseWorld.DefinitionOf(spec);
            var refusal = definition is null ? "not readable" : null;
            yield return new PromiseCommand.Observe(observed with { SpecDigest = spec, Generation = observed.Generation + 1 }, definition, refusal, Later);
            yield return new PromiseCommand.Observe(observed with { Deleting = true, Generation = observed.Generation + 1 }, definition, refusal, Later);
            yield return new PromiseCommand.Observe(Given.Promise(spec, uid: "another"), definition, refusal, Later);
        }

        yield return new PromiseCommand.ObserveSurroundings(Given.Surroundings("base", available: true), Later);
        yield return new PromiseCommand.ObserveSurroundings(Surroundings.None, Later);
        foreach (var stamp in new[] { state.ApiStamp ?? "none", "old" })
        {
            yield return new PromiseCommand.ReportApiInstalled(stamp, Later);
            yield return new PromiseCommand.ReportApiRefused(stamp, "no", Later);
        }

        foreach (var run in new[] { state.ActiveRun?.RunId ?? "no-run", "old-run" })
        {
            yield return new PromiseCommand.ReportRun(run, Pipelines.Result("good-2", "a", 1), [.. Pipelines.Destinations], 0.5, Later);
            yield return new PromiseCommand.ReportRun(run, Pipelines.Result("bad-1", "a", 1), [], 0.5, Later);
            yield return new PromiseCommand.ReportRun(run, Pipelines.Result("later-1", "a", 1), [], 0.5, Later);
        }

        foreach (var marks in new[] { Controls.Paused, Controls.RunAgain, Controls.Suspended, Controls.RunRequests, Controls.None })
            yield return new PromiseCommand.Observe(observed with { Controls = marks }, PromiseWorld.DefinitionOf("good-1"), null, Later);

        yield return new PromiseCommand.Reschedule([.. state.Works.Placements.Select(p => p.Name)], [.. Pipelines.Destinations[1..]], Later);
        yield return new PromiseCommand.OfferDestinations([.. Pipelines.Destinations], Later);
        yield return new PromiseCommand.OfferDestinations([.. Pipelines.Destinations.Select(d => d with { Leaving = true })], Later);
        yield return new PromiseCommand.ReportDrift([.. state.Works.Placements.Select(p => (p.Name, p.Stamp))], Later);
        var write = Outstanding(state).OfType<PromiseEffect.WritePlacement>().FirstOrDefault()?.Write;
        yield return new PromiseCommand.ReportWritten(write?.Placement ?? "none", write?.Stamp ?? "none", "c0ffee", true, Later);
        yield return new PromiseCommand.ReportWriteFailed(write?.Placement ?? "none", write?.Stamp ?? "none", "refused", Later);
        yield return new PromiseCommand.ReportWriteFailed(write?.Placement ?? "none", write?.Stamp ?? "none", "gone", Later) { StoreIsGone = true };
        yield return new PromiseCommand.WakeUp(Later);
        yield return new PromiseCommand.Restart("start-99", Later);
        yield return new PromiseCommand.ReportRequestsRemoved(observed.Uid, Later);
        foreach (var step in new[] { CleanupStep.Runs, CleanupStep.Revisions, CleanupStep.Rights })
            yield return new PromiseCommand.ReportCleanedUp(observed.Uid, step, Later);
        yield return new PromiseCommand.ReportApiRemoved(observed.Uid, Later);
        yield return new PromiseCommand.ReportVanished(observed.Uid, Later);
        yield return new PromiseCommand.ReportReleased(observed.Uid, Later);
    }

    protected override IEnumerable<PromiseCommand> Stale(PromiseState state)
    {
        yield return new PromiseCommand.ReportApiInstalled("old", Later);
        yield return new PromiseCommand.ReportApiRefused("old", "no", Later);
        yield return new PromiseCommand.ReportRun("old-run", Pipelines.Result("good-1", "a", 1), [.. Pipelines.Destinations], 0.5, Later);
        yield return new PromiseCommand.ReportRequestsRemoved("another", Later);
        yield return new PromiseCommand.ReportCleanedUp("another", CleanupStep.Runs, Later);
        yield return new PromiseCommand.ReportApiRemoved("another", Later);
        yield return new PromiseCommand.ReportVanished("another", Later);
        yield return new PromiseCommand.ReportReleased("another", Later);
        yield return new PromiseCommand.WakeUp(Given.Start.AddYears(-1));
        if (!state.Works.Placements.Any())
            yield return new PromiseCommand.OfferDestinations([], Later);
        foreach (var placement in state.Works.Placements.Concat(state.Works.Removals))
        {
            yield return new PromiseCommand.ReportDrift([(placement.Name, "0.old")], Later);
            yield return new PromiseCommand.ReportWriteFailed(placement.Name, "-0.old", "gone", Later) { StoreIsGone = true };
            yield return new PromiseCommand.ReportWritten(placement.Name, "0.old", "c0ffee", true, Later);
            yield return new PromiseCommand.ReportWriteFailed(placement.Name, "-0.old", "refused", Later);
        }

        if (state.RestartToken is { } token)
            yield return new PromiseCommand.Restart(token, Later);
        if (state.Object is not { } known)
            yield break;
        if (state.Refusal is null || state.Phase is PromisePhase.Refused)
        {
            var definition = PromiseWorld.DefinitionOf(known.SpecDigest);
            yield return new PromiseCommand.Observe(known with { By = "another manager" }, definition, definition is null ? state.Refusal : null, Later);
        }

        if (known.Deleting)
            yield return new PromiseCommand.Observe(known with { Deleting = false }, state.Definition, state.Definition is null ? "not readable" : null, Later);
    }

    [Fact]
    public void A_new_spec_in_any_phase_is_what_counts_from_then_on()
    {
        var definition = PromiseWorld.DefinitionOf("good-1")! with { Revision = PromiseWorld.DefinitionOf("good-1")!.Revision with { Digest = "brand-new" } };
        foreach (var state in Lives.SelectMany(l => l.States).Where(s => s.Object is { Deleting: false } && !s.Paused && s.Phase is not PromisePhase.Gone))
        {
            var changed = state.Object! with { SpecDigest = "brand-new", Generation = state.Object.Generation + 1 };
            var next = Happen(state, new PromiseCommand.Observe(changed, definition, null, Later));
            if (state.ActiveRun is { } run)
                next = Happen(next, new PromiseCommand.ReportRun(run.RunId, Pipelines.Result("good-1", run.Pipeline, run.Attempt), [], 0, Later));
            if (next.Phase is PromisePhase.Installing)
                next = Happen(next, new PromiseCommand.ReportApiInstalled(next.ApiStamp!, Later));
            Assert.Equal("brand-new", next.Workflow.Target?.RevisionDigest);
            Assert.Equal("crd-one", next.InstalledApi);
        }

        PromiseState Happen(PromiseState state, PromiseCommand command) =>
            Evolve(state, Assert.IsType<Decision<PromiseEvent>.Happened>(Decide(state, command)).Event);
    }
}
