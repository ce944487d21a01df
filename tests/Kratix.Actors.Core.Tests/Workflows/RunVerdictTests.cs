using System.Collections.Immutable;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Workflows;

public sealed class RunVerdictTests
{
    private static readonly RetrySchedule Retry = new(6, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));
    private static readonly DateTimeOffset At = Given.Start;

    [Fact, Conformance("R50", "Attempts in place and attempts as new Pods count together towards backoffLimit.")]
    public void Attempts_in_place_count_towards_the_limit()
    {
        var workflow = Started(backoffLimit: 3);
        Assert.Equal(3, workflow.RetriesLeft(Retry));

        var failed = Failed(workflow, restarts: 2);
        Assert.Equal((3, At + TimeSpan.FromSeconds(40)), (failed.Attempt, failed.RetryAt));
        workflow = workflow.PipelineFailed(failed.Reason, failed.Attempt, failed.RetryAt, At).RetryStarted(At);

        Assert.Equal(4, workflow.Active("redis/default/example", "u1")!.Value.Attempt);
        Assert.Equal(0, workflow.RetriesLeft(Retry));
        Assert.Null(Failed(workflow, restarts: 0).RetryAt);
    }

    [Fact]
    public void Waiting_that_a_Pipeline_asked_for_leaves_the_retries_as_they_were()
    {
        var workflow = Started(backoffLimit: null).PipelineSuspended(null, At, At).RetryStarted(At);

        Assert.Equal(6, workflow.RetriesLeft(Retry));
        Assert.Equal(2, workflow.Active("redis/default/example", "u1")!.Value.Attempt);
    }

    private static RunVerdict.Failed Failed(Workflow workflow, int restarts) => Assert.IsType<RunVerdict.Failed>(
        RunVerdict.Of(workflow, new RunResult.Failed(Given.Steps(1), "exit 1") { Restarts = restarts }, Retry, 0, At));

    private static Workflow Started(int? backoffLimit) => Workflow.None.Start(
        WorkflowAction.Configure, new WorkflowPlan(ImmutableArray.Create(new PipelineSummary("main", backoffLimit)), []), new RunTarget("s1", "r1"), RunCause.Created, At);
}
