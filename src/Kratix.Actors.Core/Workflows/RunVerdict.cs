namespace Kratix.Actors.Core.Workflows;

/// <summary>What a Pipeline wants of its workflow, from <c>workflow-control.yaml</c>. <paramref name="MaxAttempts"/> bounds how often it may ask for another.</summary>
public sealed record WorkflowControl(bool Suspend, TimeSpan? RetryAfter, string? Message, int? MaxAttempts)
{
    public bool IsActive => Suspend || RetryAfter is not null;
}

/// <summary>How the end of a run is taken.</summary>
public abstract record RunVerdict
{
    private RunVerdict() { }

    public sealed record Succeeded(RunOutput Output) : RunVerdict;

    /// <summary>The Pipeline waits: until <paramref name="RetryAt"/>, or (null) until somebody takes the mark off. Nothing it left in the output counts.</summary>
    public sealed record Suspended(string? StatusJson, string? Message, DateTimeOffset? RetryAt) : RunVerdict;

    /// <summary><paramref name="Attempt"/>: the last one that the run made. <paramref name="RetryAt"/> null: given up.</summary>
    public sealed record Failed(string Reason, int Attempt, DateTimeOffset? RetryAt) : RunVerdict;

    /// <summary><paramref name="workflow"/>: its running Pipeline is the one that ended.</summary>
    public static RunVerdict Of(Workflow workflow, RunResult result, RetrySchedule retry, double jitter, DateTimeOffset at)
    {
        var running = (WorkflowStage.Running)workflow.Stage;
        var pipeline = workflow.Pipelines[running.Pipeline];
        return result switch
        {
            RunResult.Succeeded { Output: { Control: { IsActive: true } control } output } => OfControl(running, pipeline, output.StatusJson, control, at),
            RunResult.Succeeded succeeded => new Succeeded(succeeded.Output),
            RunResult.Failed failed => new Failed(
                failed.Reason, running.Attempt + failed.Restarts, at + retry.DelayAfter(running.Attempt + failed.Restarts - running.Suspensions, pipeline.BackoffLimit, jitter)),
            _ => throw new InvalidOperationException($"unknown result {result.GetType()}"),
        };
    }

    private static RunVerdict OfControl(WorkflowStage.Running running, PipelineProgress pipeline, string? statusJson, WorkflowControl control, DateTimeOffset at)
    {
        var attempts = (pipeline.Attempts ?? 0) + 1;
        if (control.RetryAfter is not null && attempts >= control.MaxAttempts)
            return new Failed($"it asked to be tried again, but attempt {attempts} was its last (maxAttempts: {control.MaxAttempts} in workflow-control.yaml){(control.Message is null ? "" : $": {control.Message}")}", running.Attempt, null);
        return new Suspended(statusJson, control.Message, at + control.RetryAfter);
    }
}
