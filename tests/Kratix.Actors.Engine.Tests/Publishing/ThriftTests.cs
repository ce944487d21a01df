using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Tests.Publishing;

/// <summary>What a request costs the API server, whose capacity bounds how many requests there can be.</summary>
public sealed class ThriftTests
{
    [Fact]
    public void Request_that_goes_through_at_once_costs_a_status_an_Event_and_a_write_of_each_read_model()
    {
        var bed = EngineBed.WithPromise();
        var writes = Writes(bed);
        bed.Create(EngineBed.Redis, "default", Samples.Request("a"));
        writes.Clear();
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));

        Assert.Equal("True", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["Event", "Redis", "Work", "WorkPlacement"], writes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_that_takes_longer_is_shown_and_told_while_it_lasts()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("Pending", bed.Redis1("a")["status"]!["message"]!.ToString());
        Assert.Equal(["PipelineStarted"], Reasons(bed));
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        Assert.Equal(["PipelineStarted", "ReconcileSucceeded"], Reasons(bed));
    }

    [Fact]
    public void Run_that_fails_at_once_is_told_from_its_beginning()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Fail(bed.TakePlan());

        Assert.Equal(["PipelineRetried", "PipelineStarted"], Reasons(bed));
    }

    [Fact]
    public void Changed_wish_is_not_shown_as_fulfilled_while_it_runs()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });

        Assert.NotEqual("True", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
    }

    [Fact]
    public void Read_models_that_are_right_are_not_written_by_the_next_engine()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        var somebodys = new JsonObject { ["status"] = new JsonObject { ["message"] = "somebody's" } };
        List<string> writes = [];
        var next = bed.Restarted(OnStart.Verify, async () =>
        {
            await bed.Kubernetes.Patch(EngineBed.Redis, "default", "a", PatchKind.Merge, somebodys, "status", CancellationToken.None);
            writes = Writes(bed);
        });
        next.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("Resource requested", next.Redis1("a")["status"]!["message"]!.ToString());
        Assert.Contains("Redis", writes);
        Assert.DoesNotContain("WorkPlacement", writes);
    }

    [Fact]
    public void Condition_of_a_read_model_that_says_what_it_said_keeps_its_time_over_a_restart()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        var placement = bed.State("a").Works.Placements.Single().Name;
        var since = Times(bed, placement);
        var next = bed.Restarted(OnStart.Verify);
        next.Kit.Advance(TimeSpan.FromMinutes(5));
        next.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        next.Complete(next.TakePlan(), ("output/db.yaml", "size: large\n"));

        Assert.Equal(12, next.Get(Kinds.WorkPlacement, "default", placement)!["spec"]!["workloads"]![0]!["size"]!.GetValue<int>());
        Assert.Equal(since, Times(next, placement));
    }

    [Fact]
    public void Push_that_takes_long_is_shown_while_it_lasts_and_its_end_at_once()
    {
        var bed = EngineBed.WithPromise();
        var pushed = new TaskCompletionSource();
        bed.Git.BeforeWrite = _ => pushed.Task;
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        var placement = bed.State("a").Works.Placements.Single();
        Assert.Equal("Pending", bed.Redis1("a")["status"]!["kratix"]!["placements"]![0]!["state"]!.ToString());
        Assert.Equal("False", EngineBed.Condition(bed.Get(Kinds.WorkPlacement, "default", placement.Name)!, "Ready"));

        bed.Kit.Dispatcher.InContext(pushed.SetResult);
        bed.Kit.Run();
        Assert.Equal("Written", bed.Redis1("a")["status"]!["kratix"]!["placements"]![0]!["state"]!.ToString());
        Assert.Equal("True", EngineBed.Condition(bed.Get(Kinds.WorkPlacement, "default", placement.Name)!, "Ready"));
    }

    [Fact]
    public void Observation_of_what_the_engine_wrote_itself_leads_to_no_further_write()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        var writes = Writes(bed);
        bed.Kubernetes.Interrupt("a new connection lists everything again");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(writes);
    }

    private static List<string> Times(EngineBed bed, string placement) =>
        [.. bed.Get(Kinds.WorkPlacement, "default", placement)!["status"]!["conditions"]!.AsArray().Select(c => c!["lastTransitionTime"]!.ToString())];

    private static List<string> Reasons(EngineBed bed) =>
        [.. Events(bed).Where(e => e["involvedObject"]!["name"]!.ToString() == "a").Select(e => e["reason"]!.ToString()).Order(StringComparer.Ordinal)];

    private static IReadOnlyList<JsonObject> Events(EngineBed bed) =>
        ((Outcome<IReadOnlyList<JsonObject>>.Done)bed.Kit.Settle(() => bed.Kubernetes.List(Kinds.Event, "default", null, CancellationToken.None))).Value;

    private static List<string> Writes(EngineBed bed)
    {
        var writes = new List<string>();
        bed.Kubernetes.Fail = (verb, type, _) =>
        {
            if (verb is "patch" or "create" or "delete")
                writes.Add(type.Kind);
            return null;
        };
        return writes;
    }
}
