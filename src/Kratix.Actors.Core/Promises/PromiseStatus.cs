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
        var result = new List<Condition> { Available(state) };
        var requirements = Requirements.Of(state);
        if (requirements is not null)
            result.Add(requirements);
        if (Workflows.Conditions.Delete(state.Workflow) is { } delete)
            result.Add(delete);
        else if (state.Workflow.Action == WorkflowAction.Configure && !state.Workflow.Pipelines.IsEmpty)
            result.Add(Workflows.Conditions.Configure(state.Workflow));
        if (state.Completed is not null)
            result.Add(works);
        result.Add(state.Refusal is { } refusal
            ? new(Workflows.Conditions.Reconciled, "False", "SpecRefused", refusal)
            : requirements?.Status == "False" && state.Phase is PromisePhase.Available ? new(Workflows.Conditions.Reconciled, "Unknown", "RequirementsNotFulfilled", "Pending")
            : Workflows.Conditions.Sum(state.Workflow, works, state.Phase is PromisePhase.Paused));
        return result;
    }

    private static Condition Available(PromiseState state)
    {
        if (state.IsAvailable)
            return new("Available", "True", "PromiseAvailable", "Ready to fulfil resource requests");
        if (state.Paused)
            return new("Available", "False", "PausedReconciliation", "Paused");
        return state.Workflow is { Action: WorkflowAction.Configure, Stage: WorkflowStage.Suspended }
            ? new("Available", "False", "WorkflowSuspended", "Suspended")
            : new("Available", "False", "PromiseUnavailable", "Cannot fulfil resource requests");
    }

    /// <summary><paramref name="progress"/>: what is to be said of its requests while they follow a change, or null.</summary>
    public static JsonObject Of(PromiseState state, string? progress = null)
    {
        var available = Available(state).Status == "True" ? "Available" : "Unavailable";
        var version = state.Object?.Version ?? "";
        var status = new JsonObject
        {
            ["status"] = available,
            ["version"] = version,
            ["message"] = Message(state, progress),
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
            ["workflows"] = StatusParts.Workflows(state.Workflow, state.Object?.Generation ?? 0),
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

        if (Requirements.Shown(state) is { Count: > 0 } required)
            status["requiredPromises"] = required;
        if (Requirements.ShownBy(state) is { Count: > 0 } requiredBy)
            status["requiredBy"] = requiredBy;
        status["kratix"] = kratix;
        return status;
    }

    public static string DigestOf(PromiseState state) => Canonical.DigestOf(Of(state));

    private static string Message(PromiseState state, string? progress) => state.Workflow.Stage switch
    {
        _ when state.Refusal is { } refusal => refusal,
        _ when StatusParts.Waiting(state.Workflow) is { } waiting => waiting,
        _ when StatusParts.Problem(state.Works) is { } problem => problem,
        WorkflowStage.Succeeded when progress is not null => progress,
        WorkflowStage.Succeeded => StatusDocument.Parse(state.StatusJson)["message"]?.ToString() ?? (state.Workflow.Pipelines.IsEmpty ? "" : "Promise configured"),
        _ => "Pending",
    };
}
