using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Kratix.Actors.Core.Workflows;

/// <summary>Why a workflow was started; decides who goes first.</summary>
public enum RunCause
{
    /// <summary>The object is new, or came back.</summary>
    Created,
    SpecChanged,
    PromiseChanged,
    Deleted,

    /// <summary>The reconciliation interval has passed.</summary>
    Interval,

    /// <summary>The engine was started with <c>reconcile.on-start = run</c>.</summary>
    Restart,

    /// <summary>A mark asked for it, or a pause ended while a run was under way.</summary>
    Asked,

    /// <summary>A pause ended.</summary>
    Unpaused,
}

/// <summary>Where a workflow stands.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "stage")]
[JsonDerivedType(typeof(Idle), "idle")]
[JsonDerivedType(typeof(Running), "running")]
[JsonDerivedType(typeof(Retrying), "retrying")]
[JsonDerivedType(typeof(Suspended), "suspended")]
[JsonDerivedType(typeof(Halted), "halted")]
[JsonDerivedType(typeof(Succeeded), "succeeded")]
[JsonDerivedType(typeof(Failed), "failed")]
public abstract record WorkflowStage
{
    private WorkflowStage() { }

    /// <summary>Never started.</summary>
    public sealed record Idle : WorkflowStage;

    /// <summary>
    /// Pipeline number <paramref name="Pipeline"/> (from 0) is on its <paramref name="Attempt"/>th attempt (from 1). <paramref name="Suspensions"/>:
    /// how many attempts before ended by suspending; they do not count as failures.
    /// </summary>
    public sealed record Running(int Pipeline, int Attempt, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Suspensions = 0) : WorkflowStage;

    /// <summary>The Pipeline failed and is tried again at <paramref name="At"/>.</summary>
    public sealed record Retrying(
        int Pipeline, int NextAttempt, DateTimeOffset At, string Reason, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Suspensions = 0) : WorkflowStage;

    /// <summary>The Pipeline asked to wait: it runs again at <paramref name="At"/>, or (null) when the mark is taken off.</summary>
    public sealed record Suspended(int Pipeline, int Attempt, int Suspensions, DateTimeOffset? At) : WorkflowStage;

    /// <summary>A pause stopped it between two runs; when the pause ends it begins anew.</summary>
    public sealed record Halted : WorkflowStage;

    public sealed record Succeeded(DateTimeOffset At) : WorkflowStage;

    /// <summary>The Pipeline failed for good; later ones are not run.</summary>
    public sealed record Failed(int Pipeline, string Reason, DateTimeOffset At) : WorkflowStage;
}

/// <summary>The words the reference uses for a Pipeline's progress.</summary>
public enum PipelinePhase
{
    Pending,
    Running,
    Succeeded,
    Failed,
    Suspended,
}

/// <summary>
/// One row of <c>status.kratix.workflows.pipelines</c>. <paramref name="Attempts"/>: how often in a row it has asked to be tried again, the next time at
/// <paramref name="NextRetryAt"/>.
/// </summary>
public sealed record PipelineProgress(
    string Name, int? BackoffLimit, PipelinePhase Phase, DateTimeOffset Since, string? Message = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Attempts = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? NextRetryAt = null);

/// <summary>
/// What a run was started for; when what is wished differs, the run is out of date. <paramref name="Generation"/> is the request's: a run reads
/// the object as it is then, so one that began between two changes of the spec, there and back, has seen what its digests do not tell.
/// <paramref name="Asked"/> and <paramref name="Wave"/> count what nothing in the spec tells: runs asked for by a mark or the end of a pause, of the object
/// itself and of all requests of its Promise.
/// </summary>
public sealed record RunTarget(
    string SpecDigest, string RevisionDigest, long Generation = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Asked = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Wave = 0);

/// <summary>
/// The progress of one workflow of one object. <paramref name="Run"/> counts the starts and never goes back, not even when the object is
/// deleted and made again, so run ids never repeat.
/// </summary>
public sealed record Workflow(
    WorkflowAction Action, long Run, RunCause Cause, RunTarget? Target, ImmutableArray<PipelineProgress> Pipelines, WorkflowStage Stage)
{
    public static readonly Workflow None = new(WorkflowAction.Configure, 0, RunCause.Created, null, [], new WorkflowStage.Idle());

    /// <summary>Starts the workflow from its first Pipeline; one without Pipelines has succeeded at once.</summary>
    public Workflow Start(WorkflowAction action, WorkflowPlan plan, RunTarget target, RunCause cause, DateTimeOffset at)
    {
        var started = new Workflow(action, Run + 1, cause, target,
            [.. plan.Of(action).Select(p => new PipelineProgress(p.Name, p.BackoffLimit, PipelinePhase.Pending, at))], Stage);
        return started.Enter(0, 1, at);
    }

    /// <summary>The running Pipeline succeeded: on to the next, or done.</summary>
    public Workflow PipelineSucceeded(DateTimeOffset at)
    {
        var running = Current;
        return Mark(running.Pipeline, PipelinePhase.Succeeded, null, at).Enter(running.Pipeline + 1, 1, at);
    }

    /// <summary>The running Pipeline failed, the last time with <paramref name="attempt"/>: again at <paramref name="retryAt"/>, or (null) for good.</summary>
    public Workflow PipelineFailed(string reason, int attempt, DateTimeOffset? retryAt, DateTimeOffset at)
    {
        var running = Current;
        return retryAt is { } when
            ? Mark(running.Pipeline, PipelinePhase.Running, $"attempt {attempt} failed: {reason}", at) with
            {
                Stage = new WorkflowStage.Retrying(running.Pipeline, attempt + 1, when, reason, running.Suspensions),
            }
            : Mark(running.Pipeline, PipelinePhase.Failed, reason, at) with { Stage = new WorkflowStage.Failed(running.Pipeline, reason, at) };
    }

    /// <summary>The running Pipeline asked to wait until <paramref name="retryAt"/>, or (null) until it is told to go on.</summary>
    public Workflow PipelineSuspended(string? message, DateTimeOffset? retryAt, DateTimeOffset at)
    {
        var running = Current;
        int? attempts = retryAt is null ? null : (Pipelines[running.Pipeline].Attempts ?? 0) + 1;
        var marked = Mark(running.Pipeline, PipelinePhase.Suspended, message, at);
        return marked with
        {
            Pipelines = marked.Pipelines.SetItem(running.Pipeline, marked.Pipelines[running.Pipeline] with { Attempts = attempts, NextRetryAt = retryAt }),
            Stage = new WorkflowStage.Suspended(running.Pipeline, running.Attempt, running.Suspensions, retryAt),
        };
    }

    /// <summary>The Pipeline that waits runs again: after a failure, or after it suspended. What it said of its waiting is shown until it ends.</summary>
    public Workflow RetryStarted(DateTimeOffset at) => Stage switch
    {
        WorkflowStage.Retrying r => this with { Stage = new WorkflowStage.Running(r.Pipeline, r.NextAttempt, r.Suspensions) },
        WorkflowStage.Suspended s => this with
        {
            Pipelines = Pipelines.SetItem(s.Pipeline, Pipelines[s.Pipeline] with { Phase = PipelinePhase.Running, Since = at }),
            Stage = new WorkflowStage.Running(s.Pipeline, s.Attempt + 1, s.Suspensions + 1),
        },
        _ => throw new InvalidOperationException($"nothing to try again in {Stage}"),
    };

    /// <summary>Between two Pipelines it stops here; what has ended stays as it is.</summary>
    public Workflow Halt() => Stage is WorkflowStage.Running running
        ? Mark(running.Pipeline, PipelinePhase.Pending, null, Pipelines[running.Pipeline].Since) with { Stage = new WorkflowStage.Halted() }
        : this;

    /// <summary>Its object is gone: the delete workflow counts as done, whatever has run of it.</summary>
    public Workflow GiveUp(DateTimeOffset at) => this with { Action = WorkflowAction.Delete, Stage = new WorkflowStage.Succeeded(at) };

    /// <summary>The Pipeline that runs now and its run id, or null.</summary>
    public (string Pipeline, string RunId, int Attempt)? Active(string entity, string uid) => Stage is WorkflowStage.Running running
        ? (Pipelines[running.Pipeline].Name, RunId.Of(entity, uid, Run, Action, Pipelines[running.Pipeline].Name, running.Attempt), running.Attempt)
        : null;

    /// <summary>How often the Pipeline that runs may yet fail and be tried again.</summary>
    public int RetriesLeft(RetrySchedule retry) =>
        Stage is WorkflowStage.Running running ? (Pipelines[running.Pipeline].BackoffLimit ?? retry.Limit) - (running.Attempt - running.Suspensions - 1) : 0;

    public string? FailedPipeline => Stage is WorkflowStage.Failed failed ? Pipelines[failed.Pipeline].Name : null;

    private WorkflowStage.Running Current => Stage as WorkflowStage.Running ?? throw new InvalidOperationException($"no Pipeline is running in {Stage}");

    private Workflow Enter(int pipeline, int attempt, DateTimeOffset at) => pipeline < Pipelines.Length
        ? Mark(pipeline, PipelinePhase.Running, null, at) with { Stage = new WorkflowStage.Running(pipeline, attempt) }
        : this with { Stage = new WorkflowStage.Succeeded(at) };

    private Workflow Mark(int pipeline, PipelinePhase phase, string? message, DateTimeOffset at)
    {
        var row = Pipelines[pipeline];
        var since = row.Phase == phase ? row.Since : at;
        var kept = phase == PipelinePhase.Running || phase == PipelinePhase.Suspended;
        return this with
        {
            Pipelines = Pipelines.SetItem(pipeline, row with
            {
                Phase = phase, Since = since, Message = message, Attempts = kept ? row.Attempts : null, NextRetryAt = kept ? row.NextRetryAt : null,
            }),
        };
    }
}
