using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

/// <summary>Destinations that change under what is placed on them.</summary>
public sealed class MisplacedTests
{
    [Fact, Conformance("R95", "A Destination that loses its labels leaves its placements misplaced, with their files kept.")]
    [Conformance("R96", "Deleting a misplaced WorkPlacement takes its files back and schedules a request's files anew.")]
    public void Request_at_a_Destination_that_lost_its_labels_is_misplaced_until_it_is_rescheduled()
    {
        var bed = Placed(out var placement);
        Label(bed, "worker", "prod");

        Assert.Equal("true", bed.Get(Kinds.WorkPlacement, "default", placement)!["metadata"]!["labels"]![Marks.Misplaced]!.ToString());
        Assert.Equal("Misplaced", Message(bed.Get(Kinds.WorkPlacement, "default", placement)!, "Ready"));
        Assert.Contains("misplaced: [", Message(bed.Redis1("a"), "WorksSucceeded")!, StringComparison.Ordinal);
        Assert.Equal("False", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
        Assert.Contains(bed.Git.Files.Keys, p => p.StartsWith("worker/resources", StringComparison.Ordinal));

        bed.Create(Kinds.Destination, null, Samples.Destination("other", ("environment", "dev")));
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        bed.Delete(Kinds.WorkPlacement, "default", placement);
        bed.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.DoesNotContain(bed.Git.Files.Keys, p => p.StartsWith("worker/resources", StringComparison.Ordinal));
        Assert.Contains(bed.Git.Files.Keys, p => p.StartsWith("other/resources", StringComparison.Ordinal));
        Assert.Equal("True", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
        Assert.Empty(bed.Plans);
    }

    [Fact]
    public void WorkPlacement_that_is_asked_for_by_its_annotation_is_scheduled_anew_and_says_where()
    {
        var bed = Placed(out var placement);
        Label(bed, "worker", "prod");
        bed.Create(Kinds.Destination, null, Samples.Destination("other", ("environment", "dev")));
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        bed.Patch(Kinds.WorkPlacement, "default", placement, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["kratix.io/reschedule"] = "true" } } });
        bed.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.All(bed.Git.Files.Keys, path => Assert.StartsWith("other/", path, StringComparison.Ordinal));
        Assert.Equal("True", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
        Assert.Single(bed.EventTypes("a"), "rescheduled");
        var events = Assert.IsType<Ports.Outcome<IReadOnlyList<JsonObject>>.Done>(bed.Kit.Settle(() => bed.Kubernetes.List(Kinds.Event, "default", null, CancellationToken.None))).Value;
        Assert.Equal($"{placement} goes from worker to other", Assert.Single(events, e => e["reason"]!.ToString() == "Rescheduled")["message"]!.ToString());

        // In its place it stays, and the annotation goes.
        var there = Assert.Single(bed.State("a").Works.Placements).Name;
        bed.Patch(Kinds.WorkPlacement, "default", there, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["kratix.io/reschedule"] = "true" } } });
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(bed.Get(Kinds.WorkPlacement, "default", there)!["metadata"]!["annotations"]?["kratix.io/reschedule"]);
        Assert.Equal(2, bed.EventTypes("a").Count(type => type == "rescheduled"));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Destination_that_matches_again_has_its_placements_in_place()
    {
        var bed = Placed(out var placement);
        Label(bed, "worker", "prod");
        Label(bed, "worker", "dev");

        Assert.Equal("True", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
        Assert.Equal("Ready", Message(bed.Get(Kinds.WorkPlacement, "default", placement)!, "Ready"));
    }

    [Fact]
    public void Destination_that_is_gone_leaves_its_files_and_says_so()
    {
        var bed = Placed(out _);
        bed.Delete(Kinds.Destination, null, "worker");
        bed.Kit.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("False", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
        Assert.Contains(bed.Git.Files.Keys, p => p.StartsWith("worker/resources", StringComparison.Ordinal));
    }

    [Fact]
    public void Engine_that_starts_anew_does_not_take_Destinations_for_gone_before_they_are_listed()
    {
        var bed = Placed(out _);
        var next = bed.Restarted(OnStart.Off);
        next.Kit.Advance(TimeSpan.FromSeconds(2));

        Assert.DoesNotContain("placements-judged", next.EventTypes("a"));
    }

    private static EngineBed Placed(out string placement)
    {
        var promise = Samples.Promise();
        promise["spec"]!["destinationSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { ["environment"] = "dev" } });
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        placement = Assert.Single(bed.State("a").Works.Placements).Name;
        return bed;
    }

    private static void Label(EngineBed bed, string destination, string environment)
    {
        bed.Patch(Kinds.Destination, null, destination, new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["environment"] = environment } } });
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
    }

    private static string? Message(JsonObject item, string type) =>
        (item["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(c => c?["type"]?.ToString() == type)?["message"]?.ToString();
}
