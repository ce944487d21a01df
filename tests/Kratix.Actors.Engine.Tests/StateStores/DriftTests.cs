using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Platform;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

/// <summary>State stores that somebody else changed.</summary>
public sealed class DriftTests
{
    [Fact, Conformance("R114", "At the interval what somebody deleted or changed in the store comes back without a run; a store that holds everything has no commit.")]
    public void What_somebody_changed_comes_back_at_the_interval_without_a_run()
    {
        var bed = Settled(Samples.Settings with { ReconcileInterval = TimeSpan.FromDays(30) }, "a", "b");
        var (path, kept) = (PathOf(bed, "a"), PathOf(bed, "b"));
        bed.Git.Edit(files => files.Remove(path).SetItem("foreign", [1]));
        bed.Kit.Advance(TimeSpan.FromHours(11));

        Assert.Equal("x: a\n", bed.Text(path));
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Contains("placements-drifted", bed.EventTypes("a"));
        Assert.DoesNotContain("placements-drifted", bed.EventTypes("b"));
        Assert.Equal(PathOf(bed, "a"), path);
        Assert.Contains(kept, bed.Git.Files.Keys);
        Assert.Empty(bed.Plans);

        var commits = bed.Git.Commits.Count;
        bed.Kit.Advance(TimeSpan.FromHours(30));
        Assert.Equal(commits, bed.Git.Commits.Count);
    }

    [Fact, Conformance("R114", "stateStoreReconciliationInterval in the ConfigMap sets the interval while the platform runs; 0 disables.")]
    public void Interval_is_what_the_ConfigMap_says_and_zero_is_never()
    {
        var bed = Settled(Samples.Settings with { ReconcileInterval = TimeSpan.FromDays(30), StateStoreInterval = TimeSpan.Zero }, "a");
        bed.Git.Edit(files => files.Clear());
        bed.Kit.Advance(TimeSpan.FromHours(30));
        Assert.Empty(bed.Git.Files);

        bed.Create(Kinds.ConfigMap, Kinds.SystemNamespace, new()
        {
            ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["name"] = "kratix" },
            ["data"] = new System.Text.Json.Nodes.JsonObject { ["config"] = "stateStoreReconciliationInterval: 5m\n" },
        });
        bed.Kit.Advance(TimeSpan.FromMinutes(6));
        Assert.Single(bed.Git.Files);
    }

    [Theory, Conformance("K16", "With on-start = verify a start compares what is wanted with what the stores hold, and writes what is missing without a run; with off it does not.")]
    [InlineData(OnStart.Verify, true)]
    [InlineData(OnStart.Off, false)]
    public void Start_that_verifies_writes_what_the_store_has_lost(OnStart onStart, bool back)
    {
        var bed = Settled(Samples.Settings, "a");
        var path = PathOf(bed, "a");
        bed.Git.Edit(files => files.Clear());
        var next = bed.Restarted(onStart);
        next.Kit.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(back, next.Git.Files.ContainsKey(path));
        Assert.Equal("Settled", next.Phase("a"));
        Assert.Empty(next.Plans);
    }

    [Fact]
    public void Store_that_holds_everything_is_not_written_to_by_a_start_that_verifies()
    {
        var bed = Settled(Samples.Settings, "a", "b");
        var commits = bed.Git.Commits.Count;
        var next = bed.Restarted(OnStart.Verify);
        next.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(commits, next.Git.Commits.Count);
        Assert.DoesNotContain("placements-drifted", next.EventTypes("a"));
    }

    [Fact, Conformance("R114", "A store that cannot be compared at its moment is compared after a pause, not at the next moment.")]
    public void Store_that_cannot_be_compared_is_compared_again_before_the_next_moment()
    {
        var bed = Settled(Samples.Settings with { ReconcileInterval = TimeSpan.FromDays(30), StateStoreInterval = TimeSpan.FromHours(10) }, "a");
        bed.Git.Edit(files => files.Clear());
        bed.Git.FailWith = ("away", null);
        bed.Kit.Advance(TimeSpan.FromHours(10.1));
        bed.Git.FailWith = null;
        Assert.Empty(bed.Git.Files);
        bed.Kit.Advance(TimeSpan.FromMinutes(61));

        Assert.Single(bed.Git.Files);
    }

    [Fact]
    public void Pass_that_fails_altogether_is_made_again_before_the_next_moment()
    {
        var bed = Settled(Samples.Settings with { ReconcileInterval = TimeSpan.FromDays(30), StateStoreInterval = TimeSpan.FromHours(10) }, "a");
        bed.Git.Edit(files => files.Clear());
        var passes = 0;
        bed.Journal.Failing = (call, type) => call == nameof(IJournal.Rows) && type == Shapes.Promise && ++passes <= 2 ? new JournalException("the disk is away") : null;
        bed.Kit.Advance(TimeSpan.FromHours(10.1));
        Assert.InRange(passes, 1, 3);
        bed.Kit.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(3, passes);
        Assert.Single(bed.Git.Files);
    }

    [Fact]
    public void Pass_that_goes_on_failing_is_made_again_at_growing_pauses()
    {
        var bed = Settled(Samples.Settings with { ReconcileInterval = TimeSpan.FromDays(30), StateStoreInterval = TimeSpan.FromHours(10) }, "a");
        var passes = 0;
        bed.Journal.Failing = (call, type) => call == nameof(IJournal.Rows) && type == Shapes.Promise && ++passes > 0 ? new JournalException("the disk is away") : null;
        while (passes == 0)
            bed.Kit.Advance(TimeSpan.FromMinutes(1));
        bed.Kit.Advance(TimeSpan.FromHours(2));

        Assert.InRange(passes, 7, 9);
    }

    private static string PathOf(EngineBed bed, string name) => bed.Git.Files.Keys.Single(p => p.Contains($"/redis/{name}/", StringComparison.Ordinal));

    private static EngineBed Settled(EngineSettings settings, params string[] names)
    {
        var bed = EngineBed.WithPromise(settings with { Platform = new PlatformOverlay() });
        foreach (var name in names)
        {
            bed.Request(name);
            bed.Complete(bed.TakePlan(), ("output/db.yaml", $"x: {name}\n"));
        }

        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        Assert.All(names, name => Assert.Equal("Settled", bed.Phase(name)));
        return bed;
    }
}
