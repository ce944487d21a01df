using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

/// <summary>The two documents by which a Destination shows that files arrive, and what its readiness says of them.</summary>
public sealed class TestDocumentsTests
{
    [Theory, Conformance("R110", "With initWorkloads the canaries are written: in nestedByMetadata under dependencies/ and resources/, in the other modes at the Destination's root.")]
    [InlineData(null, "worker/dependencies/kratix-canary-namespace.yaml", "worker/resources/kratix-canary-configmap.yaml")]
    [InlineData("none", "worker/kratix-canary-namespace.yaml", "worker/kratix-canary-configmap.yaml")]
    [InlineData("aggregatedYAML", "worker/kratix-canary-namespace.yaml", "worker/kratix-canary-configmap.yaml")]
    public void Documents_lie_where_the_mode_says(string? mode, string ns, string map)
    {
        var destination = Destination();
        if (mode is not null)
            destination["spec"]!["filepath"] = new JsonObject { ["mode"] = mode };
        var bed = With(destination);

        Assert.Equal([ns, map], bed.Git.Files.Keys.Order(StringComparer.Ordinal).OrderBy(p => p == map));
        Assert.Contains("name: kratix-worker-system", bed.Text(ns), StringComparison.Ordinal);
        Assert.Contains("canary: this confirms your infrastructure is reading from Kratix state stores", bed.Text(map), StringComparison.Ordinal);
        var commit = Assert.Single(Assert.Single(bed.Git.Commits));
        Assert.Equal(("kratix-canary", "Update", "destination/worker"), (commit.Placement, commit.Action, commit.Request));
        Assert.Equal(("True", "TestDocumentsWritten", "Test documents written to State Store"), Ready(bed));
    }

    [Fact, Conformance("R110", "Switched off, the canaries are taken back, and the Destination is Ready with reason DestinationReady; switched on again they come back.")]
    public void Documents_are_taken_back_when_they_are_switched_off()
    {
        var bed = With(Destination());
        Switch(bed, false);

        Assert.Empty(bed.Git.Files);
        Assert.Equal(("True", "DestinationReady", "Destination is ready"), Ready(bed));
        Switch(bed, true);
        Assert.Equal(2, bed.Git.Files.Count);
        Assert.Equal(3, bed.Git.Commits.Count);
    }

    [Fact]
    public void Documents_that_were_switched_off_while_the_engine_was_away_are_taken_back_by_the_next()
    {
        var bed = With(Destination());
        var next = bed.Restarted(OnStart.Off, () => bed.Kubernetes.Patch(
            Kinds.Destination, null, "worker", Ports.Kubernetes.PatchKind.Merge, Enabled(false), null, CancellationToken.None));
        next.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Empty(next.Git.Files);
    }

    [Fact]
    public void Documents_that_are_there_cost_a_restarted_engine_no_commit()
    {
        var bed = With(Destination());
        var next = bed.Restarted(OnStart.Off);
        next.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Single(next.Git.Commits);
        Assert.Equal("TestDocumentsWritten", Ready(next).Reason);
    }

    [Fact, Conformance("R112", "A Destination that was ready is not told unready by an engine that starts and has not found out yet.")]
    public void Destination_that_was_ready_stays_so_while_a_restarted_engine_looks_at_its_documents()
    {
        var bed = With(Destination());
        var told = bed.Told("Destination", "worker");
        var since = bed.Get(Kinds.Destination, null, "worker")!["status"]!["conditions"]![0]!["lastTransitionTime"]!.ToString();
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        var next = bed.Restarted(OnStart.Off);
        next.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(told, next.Told("Destination", "worker"));
        Assert.Equal(since, next.Get(Kinds.Destination, null, "worker")!["status"]!["conditions"]![0]!["lastTransitionTime"]!.ToString());
        Assert.Equal("True", Ready(next).Item1);
    }

    [Fact, Conformance("R110", "Ready is False with StateStoreWriteFailed and the reason while the test documents cannot be written, and True when they are.")]
    public void Destination_whose_documents_cannot_be_written_says_why()
    {
        var bed = new EngineBed();
        bed.Start();
        bed.Create(Kinds.Secret, "default", Samples.Secret("one"));
        bed.Create(Kinds.GitStateStore, null, Samples.Store());
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        bed.Git.Edit(files => files.SetItem("worker/dependencies", [1]));
        bed.Create(Kinds.Destination, null, Destination());
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(("False", "StateStoreWriteFailed"), (Ready(bed).Status, Ready(bed).Reason));
        Assert.StartsWith("Failed to write test documents to State Store: placement 'kratix-canary': ", Ready(bed).Message, StringComparison.Ordinal);
        bed.Git.Edit(files => files.Clear());
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(("True", "TestDocumentsWritten"), (Ready(bed).Status, Ready(bed).Reason));
    }

    [Fact, Conformance("R110", "Ready is False with StateStoreNotFound for a state store that is not there, and with StateStoreNotReady for one that cannot be used.")]
    public void Destination_without_a_store_that_can_be_used_says_so()
    {
        var bed = new EngineBed();
        bed.Start();
        bed.Create(Kinds.Destination, null, Destination());
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("False", "StateStoreNotFound", "GitStateStore/store: not found"), Ready(bed));

        bed.Create(Kinds.GitStateStore, null, Samples.Store());
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("False", "StateStoreNotReady", "GitStateStore/store: not ready"), Ready(bed));
    }

    [Fact]
    public void Request_is_placed_at_a_Destination_whose_documents_have_arrived_and_not_before()
    {
        var bed = EngineBed.WithPromise();
        bed.Delete(Kinds.Destination, null, "worker");
        bed.Git.FailWith = ("away", null);
        bed.Create(Kinds.Destination, null, Destination());
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Empty(bed.State("a").Works.Placements);

        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Documents_that_somebody_deleted_come_back_at_the_interval()
    {
        var bed = With(Destination());
        bed.Git.Edit(files => files.Clear());
        bed.Kit.Advance(TimeSpan.FromHours(11));

        Assert.Equal(2, bed.Git.Files.Count);
        Assert.Equal("TestDocumentsWritten", Ready(bed).Reason);
    }

    [Theory, Conformance("K31", "A Destination that is given another path, or another state store, takes its canaries along: they are written there, then taken back where they were.")]
    [InlineData(false)]
    [InlineData(true)]
    public void Documents_move_with_their_Destination(bool whileTheEngineIsAway)
    {
        var bed = With(Destination());
        bed.Git.Edit(files => files.SetItem("worker/dependencies/mine.yaml", [1]));
        var path = new JsonObject { ["spec"] = new JsonObject { ["path"] = "elsewhere" } };
        if (whileTheEngineIsAway)
            bed = bed.Restarted(OnStart.Off, () => bed.Kubernetes.Patch(Kinds.Destination, null, "worker", Ports.Kubernetes.PatchKind.Merge, path, null, CancellationToken.None));
        else
            bed.Patch(Kinds.Destination, null, "worker", path);
        bed.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(
            ["elsewhere/dependencies/kratix-canary-namespace.yaml", "elsewhere/resources/kratix-canary-configmap.yaml", "worker/dependencies/mine.yaml"],
            bed.Git.Files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("True", "TestDocumentsWritten"), (Ready(bed).Status, Ready(bed).Reason));
        Assert.Equal("elsewhere", Assert.Single(bed.Get(Kinds.Destination, null, "worker")!["status"]!["testDocuments"]!.AsArray())!["path"]!.ToString());
    }

    [Fact]
    public void Documents_that_move_to_another_store_do_not_wait_for_the_one_that_fails()
    {
        var bed = With(Destination());
        var other = Samples.Store("https://git.example.org/other");
        other["metadata"]!["name"] = "other";
        bed.Create(Kinds.GitStateStore, null, other);
        bed.Git.FailWith = ("away", null);
        bed.Patch(Kinds.Destination, null, "worker", new JsonObject { ["spec"] = new JsonObject { ["stateStoreRef"] = new JsonObject { ["name"] = "other" } } });
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(("True", 2, 2), (Ready(bed).Status, bed.Stores.Store("https://git.example.org/other#main").Files.Count, bed.Git.Files.Count));
        Assert.Equal(2, bed.Get(Kinds.Destination, null, "worker")!["status"]!["testDocuments"]!.AsArray().Count);

        // What is owed to the old store outlives the engine.
        bed = bed.Restarted(OnStart.Off);
        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(bed.Git.Files);
        Assert.Equal("other", Assert.Single(bed.Get(Kinds.Destination, null, "worker")!["status"]!["testDocuments"]!.AsArray())!["stateStoreRef"]!["name"]!.ToString());
    }

    [Fact]
    public void Documents_of_a_Destination_that_has_taken_over_the_place_stay()
    {
        var bed = With(Destination());
        bed = bed.Restarted(OnStart.Off, async () =>
        {
            await bed.Kubernetes.Patch(
                Kinds.Destination, null, "worker", Ports.Kubernetes.PatchKind.Merge, new JsonObject { ["spec"] = new JsonObject { ["path"] = "elsewhere" } }, null, CancellationToken.None);
            var next = Destination();
            next["metadata"]!["name"] = "a-next";
            await bed.Kubernetes.Create(Kinds.Destination, null, next, CancellationToken.None);
        });
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(4, bed.Git.Files.Count);
        Assert.Equal("True", Ready(bed, "a-next").Status);
        Assert.Equal("elsewhere", Assert.Single(bed.Get(Kinds.Destination, null, "worker")!["status"]!["testDocuments"]!.AsArray())!["path"]!.ToString());
    }

    [Fact]
    public void Documents_that_move_there_and_back_at_once_are_where_they_were()
    {
        var bed = With(Destination());
        foreach (var path in (string[])["elsewhere", "worker"])
            bed.Kit.Settle(() => bed.Kubernetes.Patch(
                Kinds.Destination, null, "worker", Ports.Kubernetes.PatchKind.Merge, new JsonObject { ["spec"] = new JsonObject { ["path"] = path } }, null, CancellationToken.None));
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(["worker/dependencies/kratix-canary-namespace.yaml", "worker/resources/kratix-canary-configmap.yaml"], bed.Git.Files.Keys.Order(StringComparer.Ordinal));
    }

    internal static (string? Status, string? Reason, string? Message) Ready(EngineBed bed, string destination = "worker")
    {
        var ready = bed.Get(Kinds.Destination, null, destination)!["status"]!["conditions"]![0]!;
        return (ready["status"]!.ToString(), ready["reason"]!.ToString(), ready["message"]!.ToString());
    }

    private static JsonObject Destination()
    {
        var destination = Samples.Destination("worker", ("environment", "dev"));
        destination["spec"]!.AsObject().Remove("initWorkloads");
        return destination;
    }

    private static EngineBed With(JsonObject destination)
    {
        var bed = new EngineBed();
        bed.Start();
        bed.Create(Kinds.Secret, "default", Samples.Secret("one"));
        bed.Create(Kinds.GitStateStore, null, Samples.Store());
        bed.Create(Kinds.Destination, null, destination);
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        return bed;
    }

    private static JsonObject Enabled(bool enabled) => new() { ["spec"] = new JsonObject { ["initWorkloads"] = new JsonObject { ["enabled"] = enabled } } };

    private static void Switch(EngineBed bed, bool enabled) => bed.Patch(Kinds.Destination, null, "worker", Enabled(enabled));
}
