using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Placement;

public sealed class PlacingTests
{
    private static readonly WorkOwner Request = new("redis", "default", "example", EveryMatch: false);
    private static readonly WorkOwner Promise = new("redis", null, null, EveryMatch: true);
    private static readonly Destination[] Two = [Given.Destination("one", "env:dev"), Given.Destination("two", "env:dev")];

    [Fact]
    [Conformance("R91", "A directory with selectors of its own is a group of its own that ignores the Promise's selectors.")]
    public void Group_splits_directories_with_their_own_selectors_from_the_rest()
    {
        var groups = Placing.Group(
            [Given.File("cm.yaml"), Given.File("far/a.yaml"), Given.File("farther/b.yaml"), Given.File("near/c.yaml")],
            [new SelectorEntry("far", Given.Labels("env:prod")), new SelectorEntry(".", Given.Labels("zone:eu"))],
            [Given.Selector("env:dev")], SelectorSource.ResourceWorkflow);
        Assert.Equal([".", "far"], groups.Select(g => g.Directory));
        Assert.Equal(["cm.yaml", "farther/b.yaml", "near/c.yaml"], groups[0].Files.Select(f => f.Path));
        Assert.Equal(["far/a.yaml"], groups[1].Files.Select(f => f.Path));
        Assert.Equal("env=dev,zone=eu", Labels(groups[0]));
        Assert.Equal("env=prod", Labels(groups[1]));
    }

    [Fact]
    public void Group_leaves_out_a_root_without_files_and_keeps_an_empty_directory_that_was_named()
    {
        Assert.Empty(Placing.Group([], [], [Given.Selector("env:dev")], SelectorSource.ResourceWorkflow));
        Assert.Equal("far", Assert.Single(Placing.Group([], [new SelectorEntry("far", Given.Labels("a:b"))], [], SelectorSource.ResourceWorkflow)).Directory);
    }

    [Fact]
    [Conformance("R86", "The output of a request goes to exactly one of the matching Destinations.")]
    [Conformance("R87", "A placement stays where it is when its files, its selectors or the Destinations change.")]
    public void Place_gives_a_request_s_group_one_destination_and_keeps_it()
    {
        var first = Place(Request, Works.None, Two, "a.yaml");
        var chosen = Assert.Single(first.Placements).Destination;
        var others = Two.Where(d => d.Name != chosen).Append(Given.Destination("three", "env:dev")).ToArray();
        Assert.Equal(chosen, Assert.Single(Place(Request, first, others, "b.yaml").Placements).Destination);
        var elsewhere = first.Put(Placing.Place(Request, "a", Placing.Group([Given.File("b.yaml")], [], [Given.Selector("env:prod")], SelectorSource.ResourceWorkflow), first, []));
        Assert.Equal(chosen, Assert.Single(elsewhere.Placements).Destination);
    }

    [Fact]
    [Conformance("R88", "Dependencies and promise-workflow output go to every match, also to one that comes later.")]
    public void Place_gives_a_promise_s_group_every_match_and_later_ones_too()
    {
        var first = Place(Promise, Works.None, Two[..1], "a.yaml");
        var later = Place(Promise, first, [.. Two, Given.Destination("three", "env:prod")], "a.yaml");
        Assert.Equal(["one", "two"], later.Placements.Select(p => p.Destination));
        Assert.Equal(first.Placements.Single().Stamp, later.Placements.First().Stamp);
    }

    [Fact]
    public void Place_without_a_ready_match_leaves_the_group_unscheduled()
    {
        var works = Place(Request, Works.None, [Given.Destination("down", "env:dev", ready: false)], "a.yaml");
        Assert.Empty(works.Placements);
        Assert.Single(works.Unscheduled);
        Assert.False(works.AllWritten);
    }

    [Fact]
    [Conformance("R30", "The same output again wants the same of the store.")]
    public void Place_with_the_same_files_in_another_order_asks_for_nothing_new()
    {
        var first = Place(Request, Works.None, Two, "a.yaml", "b.yaml");
        var again = Place(Request, first, Two, "b.yaml", "a.yaml");
        Assert.Equal(first.Placements.Single().Stamp, again.Placements.Single().Stamp);
        Assert.Equal(first.Wishes, again.Wishes);
    }

    [Fact]
    public void Place_there_and_back_again_is_a_question_of_its_own()
    {
        var first = Place(Request, Works.None, Two, "a.yaml");
        var back = Place(Request, Place(Request, first, Two, "b.yaml"), Two, "a.yaml");
        Assert.Equal(first.Placements.Single().Wanted, back.Placements.Single().Wanted);
        Assert.NotEqual(first.Placements.Single().Stamp, back.Placements.Single().Stamp);
    }

    [Fact]
    [Conformance("R103", "An update takes away the files that are no longer made.")]
    public void Place_remembers_what_may_still_be_in_the_store_until_it_is_acknowledged()
    {
        var works = Place(Request, Place(Request, Place(Request, Works.None, Two, "a.yaml"), Two, "b.yaml"), Two, "c.yaml");
        var placement = works.Placements.Single();
        Assert.Equal(["b.yaml", "a.yaml"], placement.Stale.Select(f => f.Path));
        Assert.Empty(PlacementWrites.Written(works, placement.Name, placement.Stamp, "c1", changed: true).Placements.Single().Stale);
    }

    [Fact]
    [Conformance("R97", "A group that is no longer made has its files taken back.")]
    public void Put_takes_back_the_placements_of_groups_that_are_gone()
    {
        var works = Place(Request, Works.None, Two, "a.yaml");
        var gone = Place(Request, works, Two);
        Assert.Empty(gone.Placements);
        var write = Assert.Single(PlacementWrites.Owed(gone));
        Assert.True(write.IsRemoval);
        Assert.Equal(works.Placements.Single().Name, write.Placement);
        Assert.Empty(PlacementWrites.Owed(PlacementWrites.Written(gone, write.Placement, write.Stamp, "c1", changed: true)));
    }

    [Fact]
    public void Put_of_a_placement_that_is_being_taken_back_keeps_its_old_files_in_mind()
    {
        var flat = new[] { Given.Destination("flat", "env:dev", FilepathMode.None) };
        var leaving = Place(Request, Place(Request, Works.None, flat, "old.yaml"), flat);
        var removal = PlacementWrites.Owed(leaving).Single();
        var back = Place(Request, leaving, flat, "new.yaml");
        Assert.Empty(back.Removals);
        Assert.Equal(["old.yaml"], back.Placements.Single().Stale.Select(f => f.Path));
        Assert.Empty(PlacementWrites.Changes(back, removal, "default"));
    }

    [Theory]
    [InlineData(FilepathMode.NestedByMetadata, 0)]
    [InlineData(FilepathMode.None, 1)]
    public void Put_under_a_Destination_that_took_over_the_place_of_an_earlier_one_takes_nothing_back_there(FilepathMode mode, int removals)
    {
        var earlier = Given.Destination("earlier", "env:dev", mode);
        var later = Given.Destination("later", "env:dev", mode) with { Location = earlier.Location };
        var works = Place(Request, Works.None, [earlier], "a.yaml");
        var moved = works.Put(Place(Request, Works.None, [later], "a.yaml").ByPipeline["a"]);

        // In a flat layout each placement has files of its own there.
        Assert.Equal(removals, moved.Removals.Length);
        Assert.Equal("later", moved.Placements.Single().Destination);
    }

    [Theory]
    [InlineData(FilepathMode.NestedByMetadata)]
    [InlineData(FilepathMode.None)]
    [InlineData(FilepathMode.AggregatedYaml)]
    public void Destination_at_another_place_takes_its_files_along_and_what_is_asked_of_one_place_stays_in_order(FilepathMode mode)
    {
        var here = Given.Destination("one", "env:dev", mode);
        var there = here with { Location = here.Location with { BasePath = "elsewhere" } };
        var before = Place(Request, Works.None, [here], "a.yaml");
        var written = PlacementWrites.Owed(before).Single();
        Assert.Equal(before.Placements.Single().Location, Place(Request, before, [there with { Ready = false }], "a.yaml").Placements.Single().Location);

        var moved = Place(Request, before, [there], "a.yaml");
        Assert.Equal([(false, "elsewhere"), (true, "one")], PlacementWrites.Owed(moved).Select(w => (w.IsRemoval, w.Location.BasePath)));
        var (write, removal) = (PlacementWrites.Owed(moved).First(), PlacementWrites.Owed(moved).Last());
        // It is taken back under the name by which it was written.
        Assert.Equal(Json.Text(FileLayout.Removal(before.Placements.Single(), "default").Cast<object>()), Json.Text(PlacementWrites.Changes(moved, removal, "default").Cast<object>()));
        Assert.Equal(PlacementWrites.Lane(before, written), PlacementWrites.Lane(moved, removal));
        Assert.NotEqual(PlacementWrites.Lane(moved, write), PlacementWrites.Lane(moved, removal));

        var back = Place(Request, moved, [here], "a.yaml");
        Assert.Equal([(false, "one"), (true, "elsewhere")], PlacementWrites.Owed(back).Select(w => (w.IsRemoval, w.Location.BasePath)));
        Assert.Equal(moved.Placements.Single().Name, back.Placements.Single().Name);
    }

    [Fact]
    public void Commit_of_an_unchanged_store_is_not_taken_for_the_files_own()
    {
        var works = Place(Request, Works.None, Two, "a.yaml");
        var placement = works.Placements.Single();
        var written = PlacementWrites.Written(works, placement.Name, placement.Stamp, "c1", changed: true);
        Assert.Equal("c1", PlacementWrites.Written(written, placement.Name, placement.Stamp, "c2", changed: false).Placements.Single().CommitId);
        Assert.Equal("c2", PlacementWrites.Written(written, placement.Name, placement.Stamp, "c2", changed: true).Placements.Single().CommitId);
    }

    private static Works Place(WorkOwner owner, Works works, IReadOnlyCollection<Destination> destinations, params string[] files) => works.Put(Placing.Place(
        owner, "a", Placing.Group([.. files.Select(f => Given.File(f))], [], [Given.Selector("env:dev")], SelectorSource.ResourceWorkflow), works, destinations));

    private static string Labels(WorkloadGroup group) => string.Join(",", Scheduler.Merge(group.Selectors).Select(l => $"{l.Key}={l.Value}"));
}
