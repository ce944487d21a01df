using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Tests.Scenarios;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Promises;

public sealed class PromiseStatusTests
{
    private const string Able = "Available True/PromiseAvailable/Ready to fulfil resource requests";
    private const string Unable = "Available False/PromiseUnavailable/Cannot fulfil resource requests";
    private const string InProgress = "ConfigureWorkflowCompleted False/PipelinesInProgress/Pipelines are still in progress";
    private const string Completed = "ConfigureWorkflowCompleted True/PipelinesExecutedSuccessfully/Pipelines completed";
    private const string Ready = "WorksSucceeded True/WorksSucceeded/All works associated with this promise are ready";
    private const string Pending = "Reconciled Unknown/WorkflowPending/Pending";
    private const string Installed = "observe; api-installed; run files=crd.yaml at=worker-1";

    [Theory]
    [Conformance("R12", "A Promise shows whether it is available, with the reference's reasons.")]
    [InlineData("observe", Unable, Pending)]
    [InlineData("observe; api-installed", Unable, InProgress, Pending)]
    [InlineData(
        Installed, Able, Completed, "WorksSucceeded Unknown/WorksPending/Some works associated with this promise are not ready: [redis-setup-f59e9]",
        "Reconciled Unknown/WorksPending/Pending")]
    [InlineData(
        $"{Installed}; write-failed", Able, Completed, "WorksSucceeded False/WorksFailing/Some works associated with this promise are not ready: [redis-setup-f59e9]",
        "Reconciled False/WorksFailing/Failing")]
    [InlineData($"{Installed}; written", Able, Completed, Ready, "Reconciled True/Reconciled/Reconciled")]
    [InlineData($"{Installed}; written; observe spec=p2", Able, InProgress, Ready, Pending)]
    [InlineData($"{Installed}; written; observe spec=p2 invalid=spec.api_has_no_versions", Able, Completed, Ready, "Reconciled False/SpecRefused/spec.api has no versions")]
    [InlineData("observe invalid=spec.api_has_no_versions", Unable, "Reconciled False/SpecRefused/spec.api has no versions")]
    [InlineData(
        "observe limit=0; api-installed; run failed=exit_code_1", Unable, "ConfigureWorkflowCompleted False/ConfigureWorkflowFailed/A Configure Pipeline has failed: setup",
        "Reconciled False/ConfigureWorkflowFailed/Failing")]
    [InlineData("observe api=none configure=", Able, Ready, "Reconciled True/Reconciled/Reconciled")]
    [InlineData($"{Installed}; written; observe deleting", Unable, Ready, Pending)]
    [InlineData(
        "observe limit=0; api-installed; run; observe deleting; run failed=exit_code_1", Unable, "DeleteWorkflowCompleted False/DeleteWorkflowFailed/The Delete Pipeline has failed",
        Ready, "Reconciled False/DeleteWorkflowFailed/Failing")]
    public void Conditions_follow_the_table(string history, params string[] conditions) => Assert.Equal(
        conditions, PromiseStatus.Conditions(new PromiseScript().After(history)).Select(c => $"{c.Type} {c.Status}/{c.Reason}/{c.Message}"));

    [Theory]
    [InlineData("observe", "Pending")]
    [InlineData("observe; api-installed; run", "Promise configured")]
    [InlineData("observe; api-installed; run status={'message':'welcome'}", "welcome")]
    [InlineData("observe; api-refused reason=names_must_be_lower_case", "names must be lower case")]
    [InlineData("observe; api-installed; run failed=exit_code_1", "Pipeline setup failed: exit code 1; attempt 2 follows at 2026-03-01T12:00:13Z")]
    [InlineData("observe limit=0; api-installed; run failed=exit_code_1", "Pipeline setup failed: exit code 1")]
    [InlineData("observe; api-installed; run files=crd.yaml", "No ready Destination has the labels env=dev")]
    public void Message_says_what_an_operator_should_know(string history, string message) => Assert.Equal(message, Status(history)["message"]!.ToString());

    [Fact]
    [Conformance("R77", "Of a promise Pipeline's status.yaml only the message is shown.")]
    public void Pipelines_of_a_promise_set_the_message_only() => Assert.Null(Status("observe; api-installed; run status={'message':'welcome','endpoint':'x'}")["endpoint"]);

    [Fact]
    [Conformance("R16", "A Promise without Pipelines and API reaches Available.")]
    public void A_promise_without_pipelines_and_api_is_available_at_once()
    {
        var state = new PromiseScript().After("observe api=none configure=");
        Assert.IsType<PromisePhase.Available>(state.Phase);
        Assert.Equal("Available", PromiseStatus.Of(state)["status"]!.ToString());
    }

    [Fact]
    public void Kind_and_version_of_the_api_are_shown_once_it_is_installed()
    {
        Assert.Null(Status("observe")["kind"]);
        var status = Status(Installed);
        Assert.Equal("Redis marketplace.kratix.io/v1alpha1", $"{status["kind"]} {status["apiVersion"]}");
        Assert.Equal("Redis marketplace.kratix.io/v1alpha1", $"{status["kratix"]!["kind"]} {status["kratix"]!["apiVersion"]}");
    }

    [Fact]
    [Conformance("R11", "Removing all dependencies takes their files back.")]
    public void Dependencies_that_are_removed_are_taken_back()
    {
        var script = new PromiseScript();
        var state = script.After("observe api=none configure= dependencies; offer at=worker-1,worker-2; written; written");
        Assert.Equal(["worker-1", "worker-2"], state.Works.Placements.Select(p => p.Destination));
        var without = state.Definition! with { Dependencies = null, Revision = state.Definition!.Revision with { Digest = "p2" } };
        var decision = PromiseDecider.Decide(state, new PromiseCommand.Observe(state.Object! with { SpecDigest = "p2", Generation = 2 }, without, null, Given.Start.AddHours(1)));
        var next = PromiseEvolution.Evolve(state, Assert.IsType<Decision<PromiseEvent>.Happened>(decision).Event);
        Assert.Equal(2, PromiseObligations.Outstanding(next).OfType<PromiseEffect.WritePlacement>().Count(w => w.Write.IsRemoval));
    }

    private static JsonObject Status(string history) => PromiseStatus.Of(new PromiseScript().After(history));
}
