using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;

namespace Kratix.Actors.Core.Workflows;

/// <summary>
/// What one run of a Pipeline left behind, read and validated. File contents live in the journal by digest.
/// <paramref name="StatusJson"/> is the content of <c>status.yaml</c> as a JSON object, or null where there was none.
/// </summary>
public sealed record RunOutput(ImmutableArray<FileEntry> Files, string? StatusJson, ImmutableArray<SelectorEntry> Selectors)
{
    /// <summary>The content of <c>workflow-control.yaml</c>, or null.</summary>
    public WorkflowControl? Control { get; init; }

    /// <summary>What the platform asks of output.</summary>
    public OutputValidation Validation { get; init; }

    /// <summary>Files that break a rule, of each directory of the root one for each rule: none is written where that rule is asked for, now or later.</summary>
    public ImmutableArray<OutputViolation> Violations { get; init; } = [];

    public static readonly RunOutput Empty = new([], null, []);

    /// <summary>What the steps of a Task wrote as its results, by name; null where there are none.</summary>
    public ImmutableSortedDictionary<string, string>? Results { get; init; }
}

/// <summary>One entry of <c>destination-selectors.yaml</c> (or the older <c>scheduling.yaml</c>). Directory <c>.</c> is the root.</summary>
public sealed record SelectorEntry(string Directory, ImmutableSortedDictionary<string, string> MatchLabels);

/// <summary>Where a step stands.</summary>
public enum StepPhase
{
    /// <summary>An earlier step has not finished.</summary>
    Waiting,

    /// <summary>The image is being fetched, or cannot be (then <see cref="StepReport.Reason"/> says why).</summary>
    Pulling,
    Running,

    /// <summary>Exit code 0.</summary>
    Succeeded,

    /// <summary>Any other exit code, or it could not be started.</summary>
    Failed,
}

/// <summary>What is known of one container of a run. Times are UTC. <paramref name="Restarts"/>: how often it was started again in place.</summary>
public sealed record StepReport(
    string Name, string Image, StepPhase Phase, int? ExitCode = null, DateTimeOffset? StartedAt = null, DateTimeOffset? FinishedAt = null, string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Restarts = 0);
