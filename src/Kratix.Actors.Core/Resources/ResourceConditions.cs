using System.Collections.Immutable;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Resources;

/// <summary>The conditions a request shows, from its state.</summary>
public static class ResourceConditions
{
    public const string PromiseAvailable = "PromiseAvailable";

    public static IReadOnlyList<Condition> Of(ResourceState state)
    {
        var result = new List<Condition>();
        if (state.Phase is ResourcePhase.Held)
            result.Add(new(PromiseAvailable, "False", "PromiseRequirementsNotInstalled", "Promise Requirements are not installed"));
        else if (state.Conditions.ContainsKey(PromiseAvailable))
            result.Add(new(PromiseAvailable, "True", "PromiseAvailable", "Promise Requirements are met"));
        var works = Conditions.Works(state.Works, "resource");
        if (state.Workflow.Action == WorkflowAction.Configure)
            result.Add(Conditions.Configure(state.Workflow));
        else if (Conditions.Delete(state.Workflow) is { } delete)
            result.Add(delete);
        if (state.Completed is not null)
            result.Add(works);
        result.Add(Conditions.Sum(state.Workflow, works, state.Phase is ResourcePhase.Paused));
        return result;
    }

    internal static ImmutableSortedDictionary<string, ConditionSince> Since(
        ResourceState state, ImmutableSortedDictionary<string, ConditionSince> before, DateTimeOffset at) => Conditions.Since(Of(state), before, at);
}
