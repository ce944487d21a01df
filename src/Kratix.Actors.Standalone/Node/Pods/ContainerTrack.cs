namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>What a container of a Pod is doing, as <c>kubectl</c> shows it.</summary>
internal abstract record ContainerCondition
{
    private ContainerCondition() { }

    public sealed record Waiting(string Reason, string? Message) : ContainerCondition;

    public sealed record Running(DateTimeOffset StartedAt) : ContainerCondition;

    public sealed record Terminated(int ExitCode, string Reason, string? Message, DateTimeOffset StartedAt, DateTimeOffset FinishedAt) : ContainerCondition
    {
        public bool Succeeded => ExitCode == 0;
    }
}

/// <summary>One container over all its attempts. Changed only by the task that runs it, read by the status publisher.</summary>
internal sealed class ContainerTrack(ContainerSpec spec)
{
    public ContainerSpec Spec => spec;

    public volatile ContainerCondition Now = new ContainerCondition.Waiting("PodInitializing", null);

    public ContainerCondition.Terminated? Last { get; set; }

    /// <summary>Restarts so far; also the number of the present attempt.</summary>
    public int Attempt { get; set; }

    public bool IsBuiltIn { get; set; }

    /// <summary>How it ended, when it will not be started again.</summary>
    public ContainerCondition.Terminated? Ended => Now as ContainerCondition.Terminated;
}
