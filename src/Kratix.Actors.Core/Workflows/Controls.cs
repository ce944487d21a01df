using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Kratix.Actors.Core.Workflows;

/// <summary>What users ask of an object by marks on it. The engine sets one of them itself, <see cref="Suspended"/>, and users take it off.</summary>
[Flags]
[JsonConverter(typeof(JsonStringEnumConverter<Controls>))]
public enum Controls
{
    None = 0,

    /// <summary><c>kratix.io/paused</c>: nothing new is begun, not even a deletion.</summary>
    Paused = 1,

    /// <summary><c>kratix.io/manual-reconciliation</c>: run from the first Pipeline, now. Taken off once it is recorded.</summary>
    RunAgain = 2,

    /// <summary><c>kratix.io/workflow-suspended</c>: taking it off goes on with the Pipeline that suspended.</summary>
    Suspended = 4,

    /// <summary><c>kratix.io/reconcile-resources</c> on a Promise: run all its requests again. Taken off once it is recorded.</summary>
    RunRequests = 8,
}

/// <summary>A mark that should be put on or taken off.</summary>
public sealed record Relabelling(Controls Mark, bool Present);

/// <summary>Which marks differ from what the state says.</summary>
public static class ControlMarks
{
    private static readonly Controls[] Requests = [Controls.RunAgain, Controls.RunRequests];

    /// <summary>
    /// Requests are taken off as soon as they are recorded; the mark of a suspension follows the workflow. While paused it stays as it is:
    /// the end of the pause starts anew in any case.
    /// </summary>
    public static ImmutableArray<Relabelling> Owed(Controls shown, Workflow workflow, bool paused)
    {
        var owed = ImmutableArray.CreateBuilder<Relabelling>();
        owed.AddRange(Requests.Where(r => shown.HasFlag(r)).Select(r => new Relabelling(r, false)));
        var suspended = workflow.Stage is WorkflowStage.Suspended;
        if (!paused && suspended != shown.HasFlag(Controls.Suspended))
            owed.Add(new Relabelling(Controls.Suspended, suspended));
        return owed.ToImmutable();
    }
}
