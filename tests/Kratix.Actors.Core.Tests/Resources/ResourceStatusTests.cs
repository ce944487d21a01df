using System.Text.Json.Nodes;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Tests.Scenarios;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Resources;

public sealed class ResourceStatusTests
{
    private const string Done = "run files=cm.yaml at=worker-1";
    private const string InProgress = "ConfigureWorkflowCompleted False/PipelinesInProgress/Pipelines are still in progress";
    private const string Completed = "ConfigureWorkflowCompleted True/PipelinesExecutedSuccessfully/Pipelines completed";
    private const string Pending = "Reconciled Unknown/WorkflowPending/Pending";

    [Theory]
    [Conformance("R76", "WorksSucceeded and Reconciled follow from the workflow and its works, spelled as the reference spells them.")]
    [Conformance("K22", "Reconciled is True when everything is written and acknowledged, and not before.")]
    [InlineData("observe", InProgress, Pending)]
    [InlineData("observe; run failed=exit_code_1", InProgress, Pending)]
    [InlineData("observe unavailable", "PromiseAvailable False/PromiseRequirementsNotInstalled/Promise Requirements are not installed", InProgress, Pending)]
    [InlineData("observe unavailable; observe", "PromiseAvailable True/PromiseAvailable/Promise Requirements are met", InProgress, Pending)]
    [InlineData(
        "observe limit=0; run failed=exit_code_1", "ConfigureWorkflowCompleted False/ConfigureWorkflowFailed/A Configure Pipeline has failed: configure",
        "Reconciled False/ConfigureWorkflowFailed/Failing")]
    [InlineData(
        $"observe; {Done}", Completed, "WorksSucceeded Unknown/WorksPending/Some works associated with this resource are not ready: [redis-example-configure-78d8c]",
        "Reconciled Unknown/WorksPending/Pending")]
    [InlineData(
        "observe; run files=cm.yaml", Completed, "WorksSucceeded Unknown/WorksPending/Some works associated with this resource are not ready: [redis-example-configure-78d8c]",
        "Reconciled Unknown/WorksPending/Pending")]
    [InlineData(
        $"observe; {Done}; write-failed", Completed, "WorksSucceeded False/WorksFailing/Some works associated with this resource failed: [redis-example-configure-78d8c]",
        "Reconciled False/WorksFailing/Failing")]
    [InlineData($"observe; {Done}; written", Completed, "WorksSucceeded True/WorksSucceeded/All works associated with this resource are ready", "Reconciled True/Reconciled/Reconciled")]
    [InlineData(
        $"observe; {Done}; written; observe revision=r2 configure=", Completed,
        "WorksSucceeded Unknown/WorksPending/Some works associated with this resource are not ready: [redis-example-configure-78d8c.worker-1-5058f]",
        "Reconciled Unknown/WorksPending/Pending")]
    [InlineData($"observe; {Done}; written; observe spec=s2", InProgress, "WorksSucceeded True/WorksSucceeded/All works associated with this resource are ready", Pending)]
    [InlineData("observe; run; observe deleting", "WorksSucceeded True/WorksSucceeded/All works associated with this resource are ready", Pending)]
    [InlineData(
        "observe limit=0; run; observe deleting; run failed=exit_code_1", "DeleteWorkflowCompleted False/DeleteWorkflowFailed/The Delete Pipeline has failed",
        "WorksSucceeded True/WorksSucceeded/All works associated with this resource are ready", "Reconciled False/DeleteWorkflowFailed/Failing")]
    public void Conditions_follow_the_table(string history, params string[] conditions) => Assert.Equal(
        conditions, ResourceConditions.Of(new ResourceScript().After(history)).Select(c => $"{c.Type} {c.Status}/{c.Reason}/{c.Message}"));

    [Theory]
    [Conformance("R72", "The counters of workflows are right during and after runs.")]
    [InlineData("observe configure=a,b limit=0", 2, 0, 0)]
    [InlineData("observe configure=a,b limit=0; run", 2, 1, 0)]
    [InlineData("observe configure=a,b limit=0; run; run", 2, 2, 0)]
    [InlineData("observe configure=a,b limit=0; run; run failed=exit_code_1", 2, 1, 1)]
    [InlineData("observe configure=", 0, 0, 0)]
    public void Counters_follow_the_pipelines(string history, int workflows, int succeeded, int failed)
    {
        var status = Status(history);
        Assert.Equal((workflows, succeeded, failed), ((int)status["workflows"]!, (int)status["workflowsSucceeded"]!, (int)status["workflowsFailed"]!));
    }

    [Theory]
    [Conformance("R71", "The message goes from Pending to Resource requested unless a Pipeline sets one.")]
    [InlineData("observe", "Pending")]
    [InlineData("observe unavailable", "Pending")]
    [InlineData("observe; run", "Resource requested")]
    [InlineData("observe; run status={'message':'ready'}", "ready")]
    [InlineData("observe; run status={'message':'ready'}; observe spec=s2", "Pending")]
    [InlineData("observe configure=a,b; run status={'message':'half'}", "half")]
    [InlineData("observe; run failed=container_main_exited_with_code_1", "Pipeline configure failed: container main exited with code 1; attempt 2 follows at 2026-03-01T12:00:12Z")]
    [InlineData("observe limit=0; run failed=container_main_exited_with_code_1", "Pipeline configure failed: container main exited with code 1")]
    [InlineData("observe; run files=cm.yaml", "No ready Destination has the labels env=dev")]
    [InlineData($"observe; {Done}; write-failed reason=authentication_failed", "Writing to Destination worker-1 (GitStateStore default) fails: authentication failed")]
    public void Message_says_what_a_requester_should_know(string history, string message) => Assert.Equal(message, Status(history)["message"]!.ToString());

    [Fact]
    [Conformance("R73", "Each Pipeline shows its phase and when it changed.")]
    public void Pipelines_show_phases_and_times()
    {
        var rows = Status("observe configure=a,b,c; run; run failed=exit_code_1")["kratix"]!["workflows"]!["pipelines"]!.AsArray();
        Assert.Equal(["a Succeeded 2026-03-01T12:00:02Z", "b Running 2026-03-01T12:00:02Z", "c Pending 2026-03-01T12:00:01Z"], rows.Select(r => $"{r!["name"]} {r["phase"]} {r["lastTransitionTime"]}"));
        Assert.Equal(("1", "2026-03-01T12:00:13Z"), (rows[1]!["attempts"]!.ToString(), rows[1]!["nextRetryAt"]!.ToString()));
    }

    [Fact]
    [Conformance("R74", "observedGeneration is the generation that was served.")]
    public void ObservedGeneration_is_the_one_that_was_served()
    {
        Assert.Equal(0, (long)Status("observe")["observedGeneration"]!);
        Assert.Equal(1, (long)Status("observe; run")["observedGeneration"]!);
        Assert.Equal(1, (long)Status("observe; run; observe spec=s2")["observedGeneration"]!);
        Assert.Equal(2, (long)Status("observe; run; observe spec=s2; run")["observedGeneration"]!);
    }

    [Fact]
    [Conformance("R75", "lastSuccessfulConfigureWorkflowTime is when ConfigureWorkflowCompleted became True.")]
    public void Success_time_is_that_of_the_condition()
    {
        var status = Status("observe; run; observe spec=s2; run");
        var condition = status["conditions"]!.AsArray().Single(c => c!["type"]!.ToString() == Conditions.ConfigureWorkflowCompleted)!;
        Assert.Equal("2026-03-01T12:00:04Z", status["lastSuccessfulConfigureWorkflowTime"]!.ToString());
        Assert.Equal("2026-03-01T12:00:04Z", status["kratix"]!["workflows"]!["lastSuccessfulConfigureWorkflowTime"]!.ToString());
        Assert.Equal("2026-03-01T12:00:04Z", condition["lastTransitionTime"]!.ToString());
    }

    [Fact]
    [Conformance("K22", "The request's status names Destination and commit.")]
    public void Placements_name_destination_path_and_commit()
    {
        var kratix = Status($"observe; {Done}; written commit=0123456789abcdef")["kratix"]!;
        var row = Assert.Single(kratix["placements"]!.AsArray())!;
        Assert.Equal(
            "worker-1 worker-1/resources/default/redis/example/configure/5058f Written 0123456789abcdef",
            $"{row["destination"]} {row["path"]} {row["state"]} {row["commit"]}");
        Assert.Equal(("worker-1", "0123456789"), (kratix["destination"]!.ToString(), kratix["commit"]!.ToString()));
    }

    [Fact]
    [Conformance("R67", "Keys of status.yaml appear in the request's status.")]
    public void Pipelines_conditions_stand_behind_the_engine_s_and_cannot_replace_them()
    {
        var status = Status("observe; run status={'endpoint':'redis:6379','conditions':[{'type':'Ready','status':'True'},{'type':'Reconciled','status':'False'}]}");
        Assert.Equal("redis:6379", status["endpoint"]!.ToString());
        Assert.Equal(["ConfigureWorkflowCompleted", "WorksSucceeded", "Reconciled", "Ready"], status["conditions"]!.AsArray().Select(c => c!["type"]!.ToString()));
        Assert.Equal("True", status["conditions"]![2]!["status"]!.ToString());
    }

    [Fact]
    public void A_condition_keeps_its_time_while_its_status_stays()
    {
        var status = Status($"observe; {Done}; write-failed; write-failed reason=other");
        Assert.Equal("2026-03-01T12:00:03Z", status["conditions"]!.AsArray().Single(c => c!["type"]!.ToString() == "WorksSucceeded")!["lastTransitionTime"]!.ToString());
    }

    [Fact]
    [Conformance("R23", "What is not spec runs nothing.")]
    public void A_new_manager_of_the_same_spec_is_nothing()
    {
        var state = new ResourceScript().After("observe; run");
        Assert.IsType<Decision<ResourceEvent>.Nothing>(
            ResourceDecider.Decide(state, new ResourceCommand.Observe(state.Object! with { By = "kubectl-label" }, state.Revision!, true, Given.Start.AddHours(1))));
    }

    private static JsonObject Status(string history) => ResourceStatus.Of(new ResourceScript().After(history));
}
