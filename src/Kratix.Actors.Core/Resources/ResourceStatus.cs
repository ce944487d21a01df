using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Resources;

/// <summary>What a request's <c>status</c> should be. Computed from state, published when it differs, never read back.</summary>
public static class ResourceStatus
{
    public const string Pending = "Pending";
    public const string Requested = "Resource requested";

    /// <summary>What the reference calls the version of a request that is bound to none: it runs with the newest, as all do here.</summary>
    public const string NewestVersion = "latest";

    public static JsonObject Of(ResourceState state)
    {
        var status = StatusDocument.Parse(state.StatusJson);
        var own = status["conditions"];
        status.Remove("conditions");
        status["message"] = Message(state, status["message"]);
        status["observedGeneration"] = state.ObservedGeneration;
        status["workflows"] = state.Workflow.Pipelines.Length;
        status["workflowsSucceeded"] = state.Workflow.Pipelines.Count(p => p.Phase == PipelinePhase.Succeeded);
        status["workflowsFailed"] = state.Workflow.Pipelines.Count(p => p.Phase == PipelinePhase.Failed);
        if (state.Completed is not null && state.Revision is not null)
        {
            status["promiseVersion"] = state.Revision.Version;
            status["resourceBindingVersion"] = NewestVersion;
        }

        status["kratix"] = Kratix(state);
        if (state.Completed is { } completed)
            status["lastSuccessfulConfigureWorkflowTime"] = StatusParts.Time(completed);
        status["conditions"] = StatusParts.Conditions(ResourceConditions.Of(state), state.Conditions, own);
        return status;
    }

    public static string DigestOf(ResourceState state) => Canonical.DigestOf(Of(state));

    private static JsonObject Kratix(ResourceState state)
    {
        var workflows = StatusParts.Workflows(state.Workflow, state.Object?.Generation ?? 0);
        if (state.Completed is { } completed)
            workflows["lastSuccessfulConfigureWorkflowTime"] = StatusParts.Time(completed);
        return new JsonObject
        {
            ["workflows"] = workflows,
            ["placements"] = StatusParts.Placements(state.Works),
            ["destination"] = StatusParts.Destinations(state.Works),
            ["commit"] = StatusParts.Commits(state.Works),
        };
    }

    /// <summary>What keeps the request from being served comes first: it is where a requester looks. Then what the Pipelines said.</summary>
    private static JsonNode? Message(ResourceState state, JsonNode? said) => state.Workflow.Stage switch
    {
        _ when StatusParts.Waiting(state.Workflow) is { } waiting => waiting,
        WorkflowStage.Succeeded when StatusParts.Problem(state.Works) is { } problem => problem,
        WorkflowStage.Succeeded => said?.DeepClone() ?? Requested,
        _ => said?.DeepClone() ?? Pending,
    };
}
