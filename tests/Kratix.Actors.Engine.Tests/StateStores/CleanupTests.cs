using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

/// <summary>Destinations and state stores that are deleted before what was written there.</summary>
public sealed class CleanupTests
{
    private const string Finalizer = "kratix.io/destination-cleanup";

    [Fact, Conformance("R111", "cleanup: all removes placements and canaries before the Destination disappears; requests are scheduled to another match.")]
    public void Destination_that_cleans_up_goes_when_its_files_are_gone_and_requests_go_elsewhere()
    {
        var bed = Placed(cleanup: "all");
        Assert.Contains(Finalizer, bed.Get(Kinds.Destination, null, "worker")!["metadata"]!["finalizers"]!.ToJsonString(), StringComparison.Ordinal);
        bed.Create(Kinds.Destination, null, Samples.Destination("other", ("environment", "dev")));
        bed.Kit.Advance(TimeSpan.FromSeconds(2));

        bed.Delete(Kinds.Destination, null, "worker");
        bed.Kit.Advance(TimeSpan.FromSeconds(30));

        Assert.Null(bed.Get(Kinds.Destination, null, "worker"));
        Assert.All(bed.Git.Files.Keys, path => Assert.StartsWith("other/resources/default/redis/a/", path, StringComparison.Ordinal));
        Assert.Single(bed.Git.Files);
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Equal("True", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
        Assert.Empty(bed.Plans);
    }

    [Fact]
    public void Destination_that_cleans_up_waits_for_the_store_and_says_so()
    {
        var bed = Placed(cleanup: "all");
        bed.Git.FailWith = ("away", null);
        bed.Delete(Kinds.Destination, null, "worker");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(("False", "DestinationNotReady", "Destination is being deleted: 1 Promises and requests have files to be taken back"), TestDocumentsTests.Ready(bed));

        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(bed.Get(Kinds.Destination, null, "worker"));
        Assert.Empty(bed.Git.Files);
        Assert.Equal("Writing", bed.Phase("a"));
    }

    [Fact, Conformance("R111", "A Destination that waits for its cleanup is let go at once when cleanup is set to none.")]
    public void Destination_that_waits_is_let_go_when_it_is_not_to_clean_up_after_all()
    {
        var bed = Placed(cleanup: "all");
        bed.Git.FailWith = ("away", null);
        bed.Delete(Kinds.Destination, null, "worker");
        bed.Patch(Kinds.Destination, null, "worker", new JsonObject { ["spec"] = new JsonObject { ["cleanup"] = "none" } });

        Assert.Null(bed.Get(Kinds.Destination, null, "worker"));
    }

    [Fact]
    public void Destination_that_was_being_emptied_when_the_engine_stopped_is_emptied_by_the_next()
    {
        var bed = Placed(cleanup: "all");
        bed.Git.FailWith = ("away", null);
        bed.Delete(Kinds.Destination, null, "worker");
        var next = bed.Restarted(OnStart.Off);
        next.Git.FailWith = null;
        next.Kit.Advance(TimeSpan.FromMinutes(2));

        Assert.Null(next.Get(Kinds.Destination, null, "worker"));
        Assert.Empty(next.Git.Files);
    }

    [Fact, Conformance("R111", "A Destination that is deleted while it is being written to goes, with what was being written.")]
    public void Destination_that_is_deleted_while_it_is_written_to_goes_with_what_was_written()
    {
        var bed = Placed(cleanup: "all");
        var held = new TaskCompletionSource();
        bed.Git.BeforeWrite = _ => held.Task;
        bed.Request("b");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "y: 1\n"));
        bed.Delete(Kinds.Destination, null, "worker");
        bed.Git.BeforeWrite = _ => Task.CompletedTask;
        bed.Kit.Dispatcher.InContext(held.SetResult);
        bed.Kit.Advance(TimeSpan.FromSeconds(30));

        Assert.Null(bed.Get(Kinds.Destination, null, "worker"));
        Assert.Empty(bed.Git.Files);
        Assert.All(new[] { "a", "b" }, name => Assert.Equal("Writing", bed.Phase(name)));
    }

    [Fact, Conformance("R111", "cleanup: none leaves the files, and nothing waits for the Destination afterwards.")]
    public void Destination_that_does_not_clean_up_goes_at_once_and_leaves_its_files()
    {
        var bed = Placed(cleanup: "none");
        var files = bed.Git.Files;
        bed.Delete(Kinds.Destination, null, "worker");

        Assert.Null(bed.Get(Kinds.Destination, null, "worker"));
        Assert.Equal(files, bed.Git.Files);
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Kit.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.DoesNotContain(bed.Git.Files.Keys, p => p.Contains("/redis/a/", StringComparison.Ordinal));
    }

    [Theory, Conformance("R111", "A state store that is deleted before what was written to it holds nothing up: the files stay, and request, Promise and Destination go, in any order.")]
    [InlineData("redis", "promise", "destination")]
    [InlineData("destination", "promise")]
    [InlineData("promise", "destination")]
    public void Store_that_is_deleted_first_holds_up_no_deletion(params string[] order)
    {
        var bed = Placed(cleanup: "all");
        var files = bed.Git.Files;
        bed.Delete(Kinds.GitStateStore, null, "store");
        foreach (var one in order)
        {
            var (type, ns, name) = one switch { "redis" => (EngineBed.Redis, "default", "a"), "promise" => (Kinds.Promise, null, "redis"), _ => (Kinds.Destination, (string?)null, "worker") };
            bed.Delete(type, ns, name);
            bed.Kit.Advance(TimeSpan.FromMinutes(1));
        }

        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.Null(bed.Get(Kinds.Promise, null, "redis"));
        Assert.Null(bed.Get(Kinds.Destination, null, "worker"));
        Assert.Equal(files, bed.Git.Files);
        Assert.Contains("placement-left", bed.EventTypes("a"));
    }

    [Fact]
    public void Deletion_that_waits_for_a_repository_says_what_lets_it_go_and_goes_when_the_store_is_deleted()
    {
        var bed = Placed(cleanup: "none");
        bed.Git.FailWith = ("the repository was deleted", Ports.Refusal.NotFound);
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("They stay there when GitStateStore store is deleted", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);

        bed.Delete(Kinds.GitStateStore, null, "store");
        bed.Kit.Advance(TimeSpan.FromSeconds(10));

        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.Contains(
            Assert.IsType<Ports.Outcome<IReadOnlyList<JsonObject>>.Done>(bed.Kit.Settle(() => bed.Kubernetes.List(Kinds.Event, "default", null, CancellationToken.None))).Value,
            e => e["reason"]!.ToString() == "FilesLeft" && e["message"]!.ToString().StartsWith("GitStateStore/store: not found; the files of", StringComparison.Ordinal));
    }

    [Fact]
    public void Store_that_comes_back_is_written_to_again()
    {
        var bed = Placed(cleanup: "none");
        bed.Delete(Kinds.GitStateStore, null, "store");
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 2\n"));
        bed.Kit.Advance(TimeSpan.FromMinutes(3));
        Assert.Contains("GitStateStore/store: not found", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);

        bed.Create(Kinds.GitStateStore, null, Samples.Store());
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Equal("x: 2\n", bed.Text(bed.Git.Files.Keys.Single(p => p.Contains("/redis/a/", StringComparison.Ordinal))));
    }

    /// <summary>A request at the Destination <c>worker</c>, which has its test documents.</summary>
    private static EngineBed Placed(string cleanup)
    {
        var bed = new EngineBed();
        bed.Start();
        bed.Create(Kinds.Secret, "default", Samples.Secret("one"));
        bed.Create(Kinds.GitStateStore, null, Samples.Store());
        var destination = Samples.Destination("worker", ("environment", "dev"));
        destination["spec"]!["cleanup"] = cleanup;
        destination["spec"]!["initWorkloads"] = new JsonObject { ["enabled"] = true };
        bed.Create(Kinds.Destination, null, destination);
        bed.Create(Kinds.Promise, null, Samples.Promise());
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Equal(3, bed.Git.Files.Count);
        return bed;
    }
}
