using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests;

/// <summary>What becomes of a workflow of several Pipelines, of one that failed, and of one that runs while its object is deleted.</summary>
public sealed class WorkflowTests
{
    private static readonly EngineSettings OneAttempt = Samples.Settings with { Retry = Samples.Settings.Retry with { Limit = 0 } };

    [Fact, Conformance("R29", "A delete Pipeline waits until the running configure run of the same object has ended.")]
    public void Delete_Pipeline_waits_for_the_configure_run_of_its_object()
    {
        var bed = EngineBed.WithPromise(promise: Samples.Promise(withDelete: true));
        bed.Request("a");
        var configure = bed.TakePlan();
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Kit.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(bed.Plans);
        Assert.Contains(bed.Runner.Runs, r => r.RunId == configure.RunId);

        bed.Complete(configure, ("output/db.yaml", "x: 1\n"));
        var delete = bed.TakePlan();
        Assert.Equal("delete", delete.Labels["kratix.io/workflow-action"]);
        bed.Complete(delete);
        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.DoesNotContain(bed.Git.Files.Keys, f => f.Contains("/a/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Conformance("R31", "A failed workflow is run again at the interval when workflows.reconcileAfterFailure is true, and not when it is false.")]
    public void Failed_workflow_is_run_again_at_the_interval_if_the_platform_says_so(bool again)
    {
        var bed = EngineBed.WithPromise(OneAttempt);
        bed.Create(Kinds.ConfigMap, Kinds.SystemNamespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "kratix", ["namespace"] = Kinds.SystemNamespace },
            ["data"] = new JsonObject { ["config"] = $"workflows:\n  reconcileAfterFailure: {(again ? "true" : "false")}\n" },
        });
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        bed.Request("a");
        bed.Fail(bed.TakePlan());
        Assert.Equal("Failed", bed.Phase("a"));
        bed.Kit.Advance(TimeSpan.FromHours(9));
        Assert.Empty(bed.Plans);

        bed.Kit.Advance(TimeSpan.FromHours(3));
        Assert.Equal(again ? 1 : 0, bed.Plans.Count);
    }

    [Fact, Conformance("R62", "The output of a Pipeline that succeeded stays when a later one fails.")]
    public void Output_of_earlier_Pipelines_stays_when_a_later_one_fails()
    {
        var bed = EngineBed.WithPromise(OneAttempt, Of("first", "second"));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Complete(bed.TakePlan(), ("output/dns.yaml", "y: 1\n"));
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 2\n"));
        bed.Fail(bed.TakePlan());

        Assert.Equal("Failed", bed.Phase("a"));
        Assert.Equal("x: 2\n", bed.Text(Path("first", "db.yaml")));
        Assert.Equal("y: 1\n", bed.Text(Path("second", "dns.yaml")));
    }

    [Fact, Conformance("R66", "A Pipeline that is taken out of the workflow has its Work and files removed after the next run that succeeds.")]
    public void Pipeline_that_is_taken_out_has_its_files_removed_after_the_next_success()
    {
        var bed = EngineBed.WithPromise(promise: Of("first", "second"));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Complete(bed.TakePlan(), ("output/dns.yaml", "y: 1\n"));
        Assert.Equal(2, Works(bed));

        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = Of("first")["spec"]!.DeepClone() });
        var run = bed.TakePlan();
        Assert.Equal("y: 1\n", bed.Text(Path("second", "dns.yaml")));
        bed.Complete(run, ("output/db.yaml", "x: 1\n"));

        Assert.DoesNotContain(Path("second", "dns.yaml"), bed.Git.Files.Keys);
        Assert.Contains(Path("first", "db.yaml"), bed.Git.Files.Keys);
        Assert.Equal(1, Works(bed));
    }

    private static int Works(EngineBed bed) => bed.List(Kinds.Work).Count(w => w["spec"]!["resourceName"]?.ToString() == "a");

    private static string Path(string pipeline, string file) => $"worker/resources/default/redis/a/{pipeline}/5058f/{file}";

    private static JsonObject Of(params string[] pipelines)
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["resource"]!["configure"] = new JsonArray([.. pipelines.Select(Samples.Pipeline)]);
        return promise;
    }
}
