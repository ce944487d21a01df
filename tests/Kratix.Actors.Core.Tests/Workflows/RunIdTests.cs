using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Workflows;

public sealed class RunIdTests
{
    [Fact]
    public void Run_ids_are_pinned_because_what_runs_during_an_upgrade_must_be_found_by_its_name() =>
        Assert.Equal("8404589a2466008e65c954133a366b10", RunId.Of("redis/default/example", "u1", 1, WorkflowAction.Configure, "a", 1));

    [Fact]
    public void Run_ids_differ_with_everything_that_makes_a_run() => Assert.Equal(7, new HashSet<string>
    {
        RunId.Of("e", "u", 1, WorkflowAction.Configure, "a", 1), RunId.Of("f", "u", 1, WorkflowAction.Configure, "a", 1),
        RunId.Of("e", "v", 1, WorkflowAction.Configure, "a", 1), RunId.Of("e", "u", 2, WorkflowAction.Configure, "a", 1),
        RunId.Of("e", "u", 1, WorkflowAction.Delete, "a", 1), RunId.Of("e", "u", 1, WorkflowAction.Configure, "b", 1),
        RunId.Of("e", "u", 1, WorkflowAction.Configure, "a", 2),
    }.Count);
}
