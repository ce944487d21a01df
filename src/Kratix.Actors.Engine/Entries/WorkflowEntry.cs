using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Promises;

namespace Kratix.Actors.Engine.Entries;

/// <summary>What an entry of a workflow may be written in.</summary>
internal enum Technology
{
    /// <summary><c>platform.kratix.io/v1alpha1 Pipeline</c></summary>
    Pipeline,

    /// <summary><c>v1 Pod</c></summary>
    Pod,

    /// <summary><c>tekton.dev/v1 Task</c></summary>
    Task,
}

/// <summary>
/// One entry of a workflow. Whatever it is written in, it becomes the parts of one Pod: from there on the engine knows steps and no technology.
/// </summary>
internal static class WorkflowEntry
{
    internal const string Accepted = "platform.kratix.io/v1alpha1 Pipeline, v1 Pod, tekton.dev/v1 Task";

    /// <exception cref="PromiseRefusedException">It is of another kind.</exception>
    internal static Technology TechnologyOf(JsonObject entry, string where) => (entry["apiVersion"]?.ToString(), entry["kind"]?.ToString()) switch
    {
        ("platform.kratix.io/v1alpha1", "Pipeline") => Technology.Pipeline,
        ("v1", "Pod") => Technology.Pod,
        ("tekton.dev/v1", "Task") => Technology.Task,
        var (version, kind) => throw new PromiseRefusedException($"unsupported pipeline {version}/{kind} at {where}; accepted: {Accepted}"),
    };

    /// <exception cref="PromiseRefusedException">It cannot be run.</exception>
    internal static void Check(Technology technology, JsonObject entry, string where)
    {
        HasSpec(entry, where);
        switch (technology)
        {
            case Technology.Pipeline:
                PipelineEntry.Check(entry, where);
                break;
            case Technology.Pod:
                PodEntry.Check(entry, where);
                break;
            case Technology.Task:
                TaskEntry.Check(entry, where);
                break;
            default:
                throw new InvalidOperationException($"unknown technology {technology}");
        }
    }

    /// <summary>How often a checked entry wants to be repeated; null: as the platform says.</summary>
    internal static int? BackoffLimit(JsonObject entry) => (int?)entry["spec"]!["jobOptions"]?["backoffLimit"]?.GetValue<double>();

    /// <summary>What the run's Pod is made of. <paramref name="podName"/>, <paramref name="ns"/>: what the Pod will be called.</summary>
    /// <exception cref="PromiseRefusedException">An earlier version accepted what this one cannot run.</exception>
    internal static RunParts Parts(RunRequest request, string podName, string ns)
    {
        var entry = request.Pipeline;
        var where = $"{entry["kind"]} {request.PipelineName}";
        var technology = TechnologyOf(entry, where);
        HasSpec(entry, where);
        return technology switch
        {
            Technology.Pipeline => PipelineEntry.Parts(entry, where),
            Technology.Pod => PodEntry.Parts(entry, where),
            Technology.Task => TaskEntry.Parts(entry, where, new TaskRunNames(podName, ns, request.RunId, request.PipelineName, request.Attempt - 1)),
            var other => throw new InvalidOperationException($"unknown technology {other}"),
        };
    }

    private static void HasSpec(JsonObject entry, string where)
    {
        if (entry["spec"] is not JsonObject)
            throw new PromiseRefusedException($"{where}.spec is missing");
    }
}
