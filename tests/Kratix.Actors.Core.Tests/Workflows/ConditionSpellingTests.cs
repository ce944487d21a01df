using System.Text.RegularExpressions;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Tests.Laws;
using Kratix.Actors.Core.Tests.Scenarios;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Workflows;

/// <summary>
/// Tools wait for conditions by type and reason, and people for messages. Whatever a life brings, nothing else is shown than these; and each of these is shown in some
/// life.
/// </summary>
public sealed class ConditionSpellingTests
{
    private static readonly string[] OfWorkflows =
    [
        "ConfigureWorkflowCompleted False/PipelinesInProgress/Pipelines are still in progress",
        "ConfigureWorkflowCompleted True/PipelinesExecutedSuccessfully/Pipelines completed",
        "ConfigureWorkflowCompleted False/ConfigureWorkflowFailed/A Configure Pipeline has failed: *",
        "DeleteWorkflowCompleted False/DeleteWorkflowFailed/The Delete Pipeline has failed",
        "DeleteWorkflowCompleted False/DeleteWorkflowSuspended/The delete workflow is suspended",
        "Reconciled True/Reconciled/Reconciled",
        "Reconciled Unknown/WorkflowPending/Pending",
        "Reconciled Unknown/Unpaused/Pending",
        "Reconciled Unknown/WorksPending/Pending",
        "Reconciled Unknown/PausedReconciliation/Paused",
        "Reconciled Unknown/WorkflowSuspended/Suspended",
        "Reconciled False/ConfigureWorkflowFailed/Failing",
        "Reconciled False/WorksFailing/Failing",
        // Ours: Kratix shows what it showed before the deletion.
        "Reconciled False/DeleteWorkflowFailed/Failing",
    ];

    private static readonly string[] OfPromises =
    [
        .. OfWorkflows,
        "RequirementsFulfilled True/RequirementsInstalled/Requirements fulfilled",
        "RequirementsFulfilled False/RequirementsNotInstalled/Requirements not fulfilled",
        "RequirementsFulfilled False/RequirementsNotAvailable/Requirements not fulfilled",
        "Available True/PromiseAvailable/Ready to fulfil resource requests",
        "Available False/PromiseUnavailable/Cannot fulfil resource requests",
        "Available False/PausedReconciliation/Paused",
        "Available False/WorkflowSuspended/Suspended",
        "WorksSucceeded True/WorksSucceeded/All works associated with this promise are ready",
        "WorksSucceeded Unknown/WorksPending/Some works associated with this promise are not ready: [*]",
        "WorksSucceeded False/WorksFailing/Some works associated with this promise are not ready: [*]",
        "WorksSucceeded False/WorksMisplaced/Some works associated with this promise are misplaced: [*]",
        "Reconciled Unknown/RequirementsNotFulfilled/Pending",
        // Ours: in Kratix such a Promise is refused at admission, or its reconciliation fails in the log.
        "Reconciled False/SpecRefused/*",
    ];

    private static readonly string[] OfRequests =
    [
        .. OfWorkflows,
        "PromiseAvailable False/PromiseRequirementsNotInstalled/Promise Requirements are not installed",
        "PromiseAvailable True/PromiseAvailable/Promise Requirements are met",
        "WorksSucceeded True/WorksSucceeded/All works associated with this resource are ready",
        "WorksSucceeded Unknown/WorksPending/Some works associated with this resource are not ready: [*]",
        "WorksSucceeded False/WorksFailing/Some works associated with this resource failed: [*]",
        "WorksSucceeded False/WorksMisplaced/Some works associated with this resource are misplaced: [*]",
    ];

    [Fact, Conformance("K3", "Conditions of Promises keep the reference's types, reasons and messages.")]
    public void Conditions_of_Promises_are_spelled_as_the_reference_spells_them() =>
        Verify(
            OfPromises,
            Seeds.Upto(90).SelectMany(seed => new PromiseWorld(seed).Live().States)
                .Append(new PromiseScript().After("observe requires=base; api-installed; others name=base unavailable")).SelectMany(PromiseStatus.Conditions));

    [Fact, Conformance("K3", "Conditions of requests keep the reference's types, reasons and messages.")]
    public void Conditions_of_requests_are_spelled_as_the_reference_spells_them() =>
        Verify(OfRequests, Seeds.Upto(60).SelectMany(seed => new ResourceWorld(seed).Live().States).SelectMany(ResourceConditions.Of));

    private static void Verify(string[] table, IEnumerable<Condition> shown)
    {
        var rows = table.Select(row => (Row: row, Pattern: new Regex($"^{Regex.Escape(row).Replace("\\*", ".+", StringComparison.Ordinal)}$", RegexOptions.Singleline))).ToList();
        var said = shown.Select(c => $"{c.Type} {c.Status}/{c.Reason}/{c.Message}").ToHashSet(StringComparer.Ordinal);
        Assert.Equal([], said.Where(s => !rows.Any(r => r.Pattern.IsMatch(s))));
        Assert.Equal([], rows.Where(r => !said.Any(r.Pattern.IsMatch)).Select(r => r.Row));
    }
}
