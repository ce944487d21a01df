using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Tests.Scenarios;

namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>What was wished, unwished and wished again: the answer to the first wish says nothing about the second. Lives meet this too seldom to rely on them.</summary>
public sealed class ThereAndBackLaws
{
    private static readonly DateTimeOffset Later = Given.Start.AddMinutes(5);

    [Fact]
    public void A_late_answer_to_an_earlier_write_of_the_same_files_does_not_count()
    {
        var script = new ResourceScript();
        var first = Owed(script.After("observe; run files=a.yaml at=worker-1"));
        var again = script.After("observe spec=s2; run files=b.yaml; observe spec=s1; run files=a.yaml");
        Assert.Equal(first.Placement, Owed(again).Placement);
        Assert.IsType<Decision<ResourceEvent>.Nothing>(
            ResourceDecider.Decide(again, new ResourceCommand.ReportWritten(first.Placement, first.Stamp, "c0ffee", true, Later)));
    }

    [Fact]
    public void A_late_answer_to_an_earlier_run_s_write_does_not_count_for_the_check_of_a_later_run()
    {
        var script = new ResourceScript();
        var first = Owed(script.After("observe; run files=a.yaml at=worker-1"));
        var again = script.After("written; wake after=11h; run files=a.yaml");
        Assert.Equal(first.Placement, Owed(again).Placement);
        Assert.IsType<Decision<ResourceEvent>.Nothing>(
            ResourceDecider.Decide(again, new ResourceCommand.ReportWritten(first.Placement, first.Stamp, "c0ffee", true, Later)));
    }

    [Fact]
    public void A_late_answer_to_an_earlier_removal_does_not_count()
    {
        var script = new ResourceScript();
        var first = Owed(script.After("observe; run files=a.yaml at=worker-1; written; observe spec=s2; run"));
        Assert.True(first.IsRemoval);
        var again = script.After("observe spec=s1; run files=a.yaml at=worker-1; observe spec=s2; run");
        Assert.Equal(first.Placement, Owed(again).Placement);
        Assert.IsType<Decision<ResourceEvent>.Nothing>(
            ResourceDecider.Decide(again, new ResourceCommand.ReportWritten(first.Placement, first.Stamp, "c0ffee", true, Later)));
    }

    [Fact]
    public void A_run_that_a_spec_went_through_there_and_back_is_not_used()
    {
        var state = new ResourceScript().After("observe");
        var back = state.Object! with { Generation = 3 };
        state = Happen(state, new ResourceCommand.Observe(back, state.Revision!, true, Later));
        var decision = ResourceDecider.Decide(state, new ResourceCommand.ReportRun(state.ActiveRun!.Value.RunId, Pipelines.Result("good-1", "configure", 1), [], 0, Later));
        Assert.IsType<ResourceEvent.RunSuperseded>(Assert.IsType<Decision<ResourceEvent>.Happened>(decision).Event);
    }

    [Fact]
    public void A_late_answer_to_an_earlier_wish_for_the_same_API_does_not_count()
    {
        var script = new PromiseScript();
        var first = script.After("observe api=crd1").ApiStamp!;
        var again = script.After("observe spec=p2 api=crd2; observe spec=p1 api=crd1");
        Assert.IsType<PromisePhase.Installing>(again.Phase);
        Assert.IsType<Decision<PromiseEvent>.Nothing>(PromiseDecider.Decide(again, new PromiseCommand.ReportApiInstalled(first, Later)));
    }

    [Fact]
    public void An_API_that_another_one_was_asked_for_in_between_is_installed_again()
    {
        var state = new PromiseScript().After("observe api=crd1; api-installed; run; observe spec=p2 api=crd2; observe spec=p1 api=crd1");
        Assert.IsType<PromisePhase.Installing>(state.Phase);
        Assert.True(state.Serves);
    }

    [Fact]
    public void A_new_group_is_offered_Destinations_that_matched_nothing_before()
    {
        var script = new ResourceScript();
        var before = ResourceObligations.Outstanding(script.After("observe configure=a,b; run files=a.yaml")).OfType<ResourceEffect.AwaitDestination>().Single();
        var after = ResourceObligations.Outstanding(script.After("run files=far/b.yaml far=env:prod")).OfType<ResourceEffect.AwaitDestination>().Single();
        Assert.NotEqual(before, after);
    }

    private static PlacementWrite Owed(ResourceState state) => PlacementWrites.Owed(state.Works).Single();

    private static ResourceState Happen(ResourceState state, ResourceCommand command) =>
        ResourceEvolution.Evolve(state, Assert.IsType<Decision<ResourceEvent>.Happened>(ResourceDecider.Decide(state, command)).Event);
}
