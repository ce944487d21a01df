using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Laws;

public sealed class ResourceReachLaws : ReachLaws<ResourceState, ResourceCommand, ResourceEvent, ResourceEffect>
{
    private static readonly Lazy<IReadOnlyList<Passed>> Some = new(() =>
    [
        .. Seeds.Upto(60).Select(seed => new ResourceWorld(seed).Live()).Select(w => new Passed(w.States, w.Journal, w.CommandsSeen, w.EffectsSeen)),
    ]);

    private static readonly DateTimeOffset Later = Given.Start.AddDays(2);

    private protected override IReadOnlyList<Passed> Lives => Some.Value;

    protected override ResourceState Empty => ResourceState.Empty(Given.Id);

    protected override Type PhaseType => typeof(ResourcePhase);

    protected override object PhaseOf(ResourceState state) => state.Phase;

    protected override Decision<ResourceEvent> Decide(ResourceState state, ResourceCommand command) => ResourceDecider.Decide(state, command);

    protected override ResourceState Evolve(ResourceState state, ResourceEvent @event) => ResourceEvolution.Evolve(state, @event);

    protected override IEnumerable<ResourceEffect> Outstanding(ResourceState state) => ResourceObligations.Outstanding(state);

    protected override string Show(ResourceState state) => ResourceStatus.Of(state).ToJsonString() + ResourceStatus.DigestOf(state);

    protected override IEnumerable<ResourceCommand> Commands(ResourceState state)
    {
        var observed = state.Object ?? Given.Request();
        foreach (var revision in Pipelines.Revisions)
        {
            yield return new ResourceCommand.Observe(observed, revision, true, Later);
            yield return new ResourceCommand.Observe(observed with { SpecDigest = "good-1", Generation = observed.Generation + 1 }, revision, false, Later);
            yield return new ResourceCommand.Observe(observed with { Deleting = true, Generation = observed.Generation + 1 }, revision, true, Later);
            yield return new ResourceCommand.Observe(Given.Request(uid: "another"), revision, true, Later);
            foreach (var marks in new[] { Controls.Paused, Controls.RunAgain, Controls.Suspended, Controls.None })
                yield return new ResourceCommand.Observe(observed with { Controls = marks }, revision, true, Later);
        }

        foreach (var run in new[] { state.ActiveRun?.RunId ?? "no-run", "old-run" })
        {
            yield return new ResourceCommand.ReportRun(run, Pipelines.Result("good-1", "a", 1), [.. Pipelines.Destinations], 0.5, Later);
            yield return new ResourceCommand.ReportRun(run, Pipelines.Result("good-2", "a", 1), [], 0, Later);
            yield return new ResourceCommand.ReportRun(run, Pipelines.Result("bad-1", "a", 1), [], 0.5, Later);
        }

        yield return new ResourceCommand.Reschedule([.. state.Works.Placements.Select(p => p.Name)], [.. Pipelines.Destinations[1..]], Later);
        yield return new ResourceCommand.OfferDestinations([.. Pipelines.Destinations], Later);
        yield return new ResourceCommand.OfferDestinations([.. Pipelines.Destinations.Select(d => d with { Leaving = true })], Later);
        yield return new ResourceCommand.ReportDrift([.. state.Works.Placements.Select(p => (p.Name, p.Stamp))], Later);
        yield return new ResourceCommand.OfferDestinations([], Later);
        var write = Outstanding(state).OfType<ResourceEffect.WritePlacement>().FirstOrDefault()?.Write;
        yield return new ResourceCommand.ReportWritten(write?.Placement ?? "none", write?.Stamp ?? "none", "c0ffee", true, Later);
        yield return new ResourceCommand.ReportWriteFailed(write?.Placement ?? "none", write?.Stamp ?? "none", "refused", Later);
        yield return new ResourceCommand.ReportWriteFailed(write?.Placement ?? "none", write?.Stamp ?? "none", "gone", Later) { StoreIsGone = true };
        yield return new ResourceCommand.WakeUp(Given.Start);
        yield return new ResourceCommand.WakeUp(Later);
        yield return new ResourceCommand.Restart("start-99", Later);
        yield return new ResourceCommand.ReportVanished(observed.Uid, Later);
        yield return new ResourceCommand.ReportReleased(observed.Uid, Later);
    }

    protected override IEnumerable<ResourceCommand> Stale(ResourceState state)
    {
        yield return new ResourceCommand.ReportRun("old-run", Pipelines.Result("good-1", "a", 1), [.. Pipelines.Destinations], 0.5, Later);
        yield return new ResourceCommand.ReportRun("old-run", Pipelines.Result("bad-1", "a", 1), [.. Pipelines.Destinations], 0.5, Later);
        yield return new ResourceCommand.WakeUp(Given.Start.AddYears(-1));
        yield return new ResourceCommand.ReportVanished("another", Later);
        yield return new ResourceCommand.ReportReleased("another", Later);
        if (!state.Works.Placements.Any())
            yield return new ResourceCommand.OfferDestinations([], Later);
        foreach (var placement in state.Works.Placements.Concat(state.Works.Removals))
        {
            yield return new ResourceCommand.ReportDrift([(placement.Name, "0.old")], Later);
            yield return new ResourceCommand.ReportWriteFailed(placement.Name, "-0.old", "gone", Later) { StoreIsGone = true };
            yield return new ResourceCommand.ReportWritten(placement.Name, "0.old", "c0ffee", true, Later);
            yield return new ResourceCommand.ReportWritten(placement.Name, "-0.old", "c0ffee", true, Later);
            yield return new ResourceCommand.ReportWriteFailed(placement.Name, "0.old", "refused", Later);
            if (placement.IsWritten)
                yield return new ResourceCommand.ReportWritten(placement.Name, placement.Stamp, "c0ffee", true, Later);
        }

        if (state.RestartToken is { } token)
            yield return new ResourceCommand.Restart(token, Later);
        if (state is not { Object: { } known, Revision: { } revision })
            yield break;
        yield return new ResourceCommand.Observe(known with { By = "another manager" }, revision, state.PromiseAvailable, Later);
        if (known.Deleting)
            yield return new ResourceCommand.Observe(known with { Deleting = false }, revision, state.PromiseAvailable, Later);
    }

    [Fact]
    [Conformance("R26", "A change during a run waits for the run to end; then the workflow starts again.")]
    public void A_new_spec_in_any_phase_is_what_counts_from_then_on()
    {
        foreach (var state in Lives.SelectMany(l => l.States).Where(s => s.Object is { Deleting: false } && !s.Paused && s.Phase is not ResourcePhase.Gone))
        {
            var changed = state.Object! with { SpecDigest = "brand-new", Generation = state.Object.Generation + 1 };
            var happened = Assert.IsType<Decision<ResourceEvent>.Happened>(Decide(state, new ResourceCommand.Observe(changed, state.Revision!, true, Later)));
            var next = Evolve(state, happened.Event);
            if (state.ActiveRun is { } run)
            {
                var ended = Assert.IsType<Decision<ResourceEvent>.Happened>(
                    Decide(next, new ResourceCommand.ReportRun(run.RunId, Pipelines.Result("good-1", run.Pipeline, run.Attempt), [], 0, Later)));
                Assert.IsType<ResourceEvent.RunSuperseded>(ended.Event);
                next = Evolve(next, ended.Event);
            }

            Assert.Equal("brand-new", next.Workflow.Target?.SpecDigest);
            Assert.Equal(RunCause.SpecChanged, state.Workflow.Target is null ? RunCause.SpecChanged : next.Workflow.Cause);
        }
    }

    [Fact]
    public void Answers_of_the_past_change_nothing()
    {
        foreach (var life in Lives)
        {
            var last = life.States[^1];
            foreach (var run in life.Events.OfType<ResourceEvent.RunSucceeded>())
                Assert.IsType<Decision<ResourceEvent>.Nothing>(Decide(last, new ResourceCommand.ReportRun(run.RunId, Pipelines.Result("bad-1", run.Pipeline, 1), [], 0, Later)));
            foreach (var written in life.Events.OfType<ResourceEvent.PlacementWritten>())
                Assert.IsType<Decision<ResourceEvent>.Nothing>(Decide(last, new ResourceCommand.ReportWritten(written.Placement, written.Stamp, "c0ffee", true, Later)));
        }
    }
}
