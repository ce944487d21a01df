using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests;

/// <summary>How runs end, and what becomes of their Pods.</summary>
public sealed class RunLifeTests
{
    [Fact, Conformance("K14", "A failing Pipeline is retried with back-off, up to its limit.")]
    public void Request_whose_run_fails_is_tried_again_and_given_up()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            bed.Fail(bed.TakePlan());
            Assert.Equal("Retrying", bed.Phase("a"));
            bed.Kit.Advance(TimeSpan.FromMinutes(5));
        }

        bed.Fail(bed.TakePlan());

        Assert.Equal("Failed", bed.Phase("a"));
        Assert.Contains("kubectl logs -n default", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal("False", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
    }

    [Fact]
    public void Request_whose_image_cannot_be_had_fails_and_its_Pod_is_removed()
    {
        var bed = Running(out var plan);
        bed.Kit.Dispatcher.InContext(() => bed.Runner.Report(plan.Namespace, plan.PodName, r => r with
        {
            Steps = [r.Steps[0] with { Phase = StepPhase.Pulling, Reason = "ImagePullBackOff: example/work:1 not found" }],
        }));
        bed.Kit.Advance(TimeSpan.FromMinutes(1.9));
        Assert.Equal("Running", bed.Phase("a"));

        bed.Kit.Advance(TimeSpan.FromMinutes(0.2));

        Assert.Equal("Retrying", bed.Phase("a"));
        Assert.DoesNotContain(bed.Runner.Runs, r => r.RunId == plan.RunId);
        Assert.Contains("example/work:1", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact, Conformance("R50", "With restartPolicy OnFailure a failing container is started again in place, and each time counts towards backoffLimit.")]
    public void Container_that_is_started_again_in_place_is_given_up_at_the_limit_and_its_Pod_goes_first()
    {
        var bed = Running(out var plan, promise: InPlace());
        Assert.Equal("OnFailure", plan.PodSpec!["restartPolicy"]!.ToString());
        for (var restarts = 0; restarts < 3; restarts++)
        {
            bed.Report(plan, r => Failing(r, restarts));
            Assert.Equal("Running", bed.Phase("a"));
        }

        bed.Report(plan, r => Failing(r, 3));

        Assert.Equal("Failed", bed.Phase("a"));
        Assert.Empty(bed.Runner.Runs);
        Assert.Contains("container work exited with code 3, the last of 4 times in place", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);
        var failed = bed.Event("a", "run-failed");
        Assert.Equal((4, 3), ((int)failed["attempt"]!, (int)failed["steps"]![0]!["restarts"]!));
    }

    [Fact]
    public void Run_that_fails_after_restarts_in_place_has_only_the_rest_of_its_attempts()
    {
        var bed = Running(out var plan, promise: InPlace());
        bed.Report(plan, r => Failing(r, 2) with { Phase = RunPhase.Failed, Reason = "Evicted: no room" });
        Assert.Equal("Retrying", bed.Phase("a"));
        bed.Kit.Advance(TimeSpan.FromMinutes(5));

        var last = bed.TakePlan();
        Assert.Null(last.PodSpec!["restartPolicy"]);
        bed.Fail(last);

        Assert.Equal("Failed", bed.Phase("a"));
    }

    [Fact]
    public void Attempts_in_place_are_counted_over_a_restart_of_the_engine()
    {
        var bed = Running(out var plan, promise: InPlace());
        bed.Report(plan, r => Failing(r, 2));
        var next = bed.Restarted(OnStart.Off);
        next.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Running", next.Phase("a"));

        next.Report(plan, r => Failing(r, 3));

        Assert.Equal("Failed", next.Phase("a"));
        Assert.Equal(4, (int)next.Event("a", "run-failed")["attempt"]!);
        Assert.Empty(next.Plans);
    }

    [Fact]
    public void Run_that_uses_up_its_attempts_in_place_is_not_over_before_its_Pod_is_gone()
    {
        var bed = Running(out var plan, promise: InPlace());
        bed.Runner.Fail = (verb, _) => verb == "remove" ? new Outcome<Ports.Nothing>.Transient("the API server is away") : null;
        bed.Report(plan, r => Failing(r, 3));
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("Running", bed.Phase("a"));

        bed.Runner.Fail = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("Failed", bed.Phase("a"));
        Assert.Empty(bed.Runner.Runs);
    }

    [Fact]
    public void Container_that_succeeds_when_it_is_started_again_in_place_has_made_one_run_of_it()
    {
        var bed = Running(out var plan, promise: InPlace());
        bed.Report(plan, r => Failing(r, 1));
        bed.Complete(plan, ("output/db.yaml", "x: 1\n"));

        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Empty(bed.Plans);
    }

    [Fact]
    public void Failed_run_that_ended_by_itself_keeps_its_Pod_for_the_log()
    {
        var bed = Running(out var plan);
        bed.Fail(plan);

        Assert.Contains(bed.Runner.Runs, r => r.RunId == plan.RunId);
    }

    [Fact]
    [Conformance("R63", "Of a Pipeline's finished runs only the newest few are kept, failed or not.")]
    public void Finished_Pods_beyond_those_to_keep_are_removed_oldest_first()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        var removed = Removed(bed);
        for (var i = 0; i < 4; i++)
        {
            var plan = bed.TakePlan();
            Finished(bed, plan.Namespace, plan.PodName, plan.Labels);
            bed.Complete(plan, ("output/db.yaml", $"x: {i}\n"));
            bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = $"s{i}" } });
        }

        Assert.Equal(2, removed.Distinct().Count());
    }

    [Fact, Conformance("R63", "Runs of another action's Pipeline of the same name are not among those that are removed.")]
    public void Pods_of_another_action_with_a_Pipeline_of_the_same_name_stay()
    {
        var promise = Samples.Promise(withDelete: true);
        promise.Set("spec.workflows.resource.delete.0.metadata.name", "configure");
        var bed = EngineBed.WithPromise(Samples.Settings with { JobsToKeep = 1 }, promise);
        bed.Request("a");
        var removed = Removed(bed);
        for (var i = 0; i < 2; i++)
        {
            var plan = bed.TakePlan();
            Finished(bed, plan.Namespace, plan.PodName, plan.Labels);
            Finished(bed, plan.Namespace, $"of-delete-{i}", plan.Labels.SetItem(Marks.WorkflowAction, "delete"));
            bed.Complete(plan, ("output/db.yaml", $"x: {i}\n"));
            bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = $"s{i}" } });
        }

        Assert.Single(removed);
        Assert.DoesNotContain(removed, pod => pod.StartsWith("of-delete", StringComparison.Ordinal));
    }

    [Theory, Conformance("R31", "A workflow that failed for good is tried again at the interval, unless the setting says otherwise.")]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void Failed_workflow_is_tried_again_at_the_interval_as_the_setting_says(bool setting, int runs)
    {
        var bed = EngineBed.WithPromise(Samples.Settings with { ReconcileAfterFailure = setting, Retry = new RetrySchedule(0, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) });
        bed.Request("a");
        bed.Fail(bed.TakePlan());
        Assert.Equal("Failed", bed.Phase("a"));

        bed.Kit.Advance(TimeSpan.FromHours(11.5));

        Assert.Equal(runs, bed.Plans.Count);
    }

    [Fact, Conformance("R29", "A delete Pipeline waits for a configure run of the same object that is under way.")]
    public void Delete_Pipeline_waits_for_the_run_under_way()
    {
        var bed = Running(out var plan, promise: Samples.Promise(withDelete: true));
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Kit.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(bed.Plans);

        bed.Complete(plan, ("output/db.yaml", "x: 1\n"));

        Assert.Equal("delete", bed.TakePlan().Labels[Marks.WorkflowAction]);
    }

    [Fact]
    public void Run_whose_Pod_somebody_deleted_is_started_again_under_its_name()
    {
        var bed = Running(out var plan);
        bed.Kit.Settle(() => bed.Runner.Remove(plan.Namespace, plan.PodName, CancellationToken.None));

        var again = bed.TakePlan();
        Assert.Equal(plan.RunId, again.RunId);
        bed.Complete(again, ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Run_whose_Pod_was_deleted_before_its_creation_was_answered_is_started_again()
    {
        var bed = EngineBed.WithPromise();
        var answer = new TaskCompletionSource();
        bed.Runner.BeforeAnswer = _ => answer.Task;
        bed.Request("a");
        var plan = bed.TakePlan();

        bed.Kit.Settle(() => bed.Runner.Remove(plan.Namespace, plan.PodName, CancellationToken.None));
        bed.Kit.Dispatcher.InContext(answer.SetResult);

        Assert.Equal(plan.RunId, bed.TakePlan().RunId);
    }

    [Fact, Conformance("K19", "A creation that is on its way when the journal fails makes no Pod of a run that is over.")]
    public void Request_that_starts_again_waits_for_the_creation_that_is_on_its_way()
    {
        var bed = EngineBed.WithPromise();
        var arrives = new TaskCompletionSource();
        bed.Runner.BeforeCreation = _ => arrives.Task;
        bed.Request("a");
        var first = bed.State("a").ActiveRun!.Value.RunId;
        bed.Runner.BeforeCreation = null;
        bed.Journal.Failing = (call, entity) => call == nameof(IJournal.Append) && entity.EndsWith("/a", StringComparison.Ordinal) ? new JournalException("the disk is full") : null;
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Marks.ManualReconciliation] = "true" } } });
        bed.Journal.Failing = null;
        bed.Kit.Advance(TimeSpan.FromSeconds(30));

        bed.Kit.Dispatcher.InContext(arrives.SetResult);
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.NotEqual(first, bed.State("a").ActiveRun!.Value.RunId);
        Assert.Equal(bed.State("a").ActiveRun!.Value.RunId, Assert.Single(bed.Runner.Runs).RunId);
    }

    [Fact, Conformance("K19", "The run of an object that was replaced by another of its name is ended, also when its Pod comes to life only then.")]
    public void Run_of_an_object_that_was_replaced_is_ended_when_its_creation_is_answered()
    {
        var bed = EngineBed.WithPromise();
        var arrives = new TaskCompletionSource();
        bed.Runner.BeforeCreation = _ => arrives.Task;
        bed.Request("a");
        bed.Runner.BeforeCreation = null;
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } });
        bed.Request("a");
        bed.Kit.Advance(TimeSpan.FromSeconds(30));

        bed.Kit.Dispatcher.InContext(arrives.SetResult);
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(bed.State("a").ActiveRun!.Value.RunId, Assert.Single(bed.Runner.Runs).RunId);
    }

    [Fact]
    public void Run_whose_Pod_was_deleted_after_it_handed_in_has_succeeded()
    {
        var bed = Running(out var plan);
        bed.Kit.Settle(() => bed.Engine.Exchange.Submit(plan.RunId, plan.ExchangeToken, Samples.Tar(("output/db.yaml", "x: 1\n")), CancellationToken.None));
        bed.Kit.Settle(() => bed.Runner.Remove(plan.Namespace, plan.PodName, CancellationToken.None));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Empty(bed.Plans);
    }

    [Fact]
    public void Run_that_succeeded_without_handing_in_has_failed()
    {
        var bed = Running(out var plan);
        bed.Kit.Dispatcher.InContext(() => bed.Runner.Finish(plan.Namespace, plan.PodName, 0));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("Retrying", bed.Phase("a"));
        Assert.Contains("/kratix/output was not received", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact, Conformance("K19", "A run that was under way when the engine stopped is found again, not started twice.")]
    public void Run_under_way_when_the_engine_stops_is_adopted_by_the_next()
    {
        var bed = Running(out var plan);

        var next = bed.Restarted(OnStart.Off);
        next.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(next.Plans);
        next.Complete(plan, ("output/db.yaml", "x: 1\n"));

        Assert.Equal("Settled", next.Phase("a"));
    }

    /// <summary>An engine with a request <c>a</c> whose first run is under way.</summary>
    private static EngineBed Running(out RunPlan plan, JsonObject? promise = null)
    {
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Request("a");
        plan = bed.TakePlan();
        return bed;
    }

    /// <summary>Pods that the engine removes from now on.</summary>
    private static List<string> Removed(EngineBed bed)
    {
        var removed = new List<string>();
        bed.Runner.Fail = (verb, pod) =>
        {
            if (verb == "remove")
                removed.Add(pod);
            return null;
        };
        return removed;
    }

    /// <summary>The Pod of a run is there, and ended well.</summary>
    private static void Finished(EngineBed bed, string ns, string pod, IReadOnlyDictionary<string, string> labels)
    {
        bed.Create(Kinds.Pod, ns, new JsonObject { ["metadata"] = new JsonObject { ["name"] = pod, ["labels"] = Objects.Labels(labels) } });
        bed.Kit.Settle(() => bed.Kubernetes.Patch(
            Kinds.Pod, ns, pod, PatchKind.Merge, new JsonObject { ["status"] = new JsonObject { ["phase"] = "Succeeded" } }, "status", CancellationToken.None));
    }

    private static JsonObject InPlace()
    {
        var promise = Samples.Promise();
        promise.Set("spec.workflows.resource.configure.0.spec.restartPolicy", "OnFailure");
        return promise;
    }

    private static RunReport Failing(RunReport report, int restarts) => report with
    {
        Phase = RunPhase.Running, Restarts = restarts, Steps = [report.Steps[0] with { Phase = StepPhase.Failed, ExitCode = 3, Restarts = restarts }],
    };
}
