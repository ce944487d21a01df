using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>What a Promise's <c>status</c> should be. Computed from state, published when it differs, never read back.</summary>
public static class PromiseStatus
{
    public static IReadOnlyList<Condition> Conditions(PromiseState state)
    {
        var works = Workflows.Conditions.Works(state.Works, "promise");
        var result = new List<Condition>
        {
            state.Serves || state.Phase is PromisePhase.Available
                ? new("Available", "True", "PromiseAvailable", "Ready to fulfil resource requests")
                : new("Available", "False", "PromiseUnavailable", "Cannot fulfil resource requests"),
        };
        if (state.Phase is PromisePhase.DeleteFailed)
            result.Add(Workflows.Conditions.DeleteFailed());
        else if (state.Workflow.Action == WorkflowAction.Configure && !state.Workflow.Pipelines.IsEmpty)
            result.Add(Workflows.Conditions.Configure(state.Workflow));
        if (state.Completed is not null)
            result.Add(works);
        result.Add(state.Refusal is { } refusal
            ? new(Workflows.Conditions.Reconciled, "False", "SpecRefused", refusal)
            : Workflows.Conditions.Sum(state.Workflow, works));
        return result;
    }

    public static JsonObject Of(PromiseState state)
    {
        var available = state.Serves || state.Phase is PromisePhase.Available ? "Available" : "Unavailable";
        var version = state.Object?.Version ?? "";
        var status = new JsonObject
        {
            ["status"] = available,
            ["version"] = version,
            ["message"] = Message(state),
            ["observedGeneration"] = state.ObservedGeneration,
            ["workflows"] = state.Workflow.Pipelines.Length,
            ["workflowsSucceeded"] = state.Workflow.Pipelines.Count(p => p.Phase == PipelinePhase.Succeeded),
            ["workflowsFailed"] = state.Workflow.Pipelines.Count(p => p.Phase == PipelinePhase.Failed),
            ["conditions"] = StatusParts.Conditions(Conditions(state), state.Conditions, null),
        };
        var kratix = new JsonObject
        {
            ["status"] = available,
            ["version"] = version,
            ["workflows"] = new JsonObject { ["pipelines"] = StatusParts.Pipelines(state.Workflow) },
        };
        if (state.InstalledApi is not null && state.Definition?.Api is { } api)
        {
            foreach (var target in new[] { status, kratix })
            {
                target["kind"] = api.Kind;
                target["apiVersion"] = api.ApiVersion;
            }
        }

        if (state.Completed is { } completed)
        {
            status["lastAvailableTime"] = StatusParts.Time(completed);
            kratix["lastAvailableTime"] = StatusParts.Time(completed);
        }

        status["kratix"] = kratix;
        return status;
    }

    public static string DigestOf(PromiseState state) => Canonical.DigestOf(Of(state));

    private static string Message(PromiseState state) => state.Workflow.Stage switch
    {
        _ when state.Refusal is { } refusal => refusal,
        WorkflowStage.Failed failed => $"Pipeline {state.Workflow.FailedPipeline} failed: {failed.Reason}",
        WorkflowStage.Retrying retrying => $"Pipeline {state.Workflow.Pipelines[retrying.Pipeline].Name} failed: {retrying.Reason}; attempt {retrying.NextAttempt} follows at {StatusParts.Time(retrying.At)}",
        _ when StatusParts.Problem(state.Works) is { } problem => problem,
        WorkflowStage.Succeeded => StatusDocument.Parse(state.StatusJson)["message"]?.ToString() ?? (state.Workflow.Pipelines.IsEmpty ? "" : "Promise configured"),
        _ => "Pending",
    };
}
