namespace Kratix.Actors.Kubernetes;

/// <summary>What a run's Pod gets besides the plan.</summary>
public sealed record PodRunnerOptions
{
    /// <summary>Image of the built-in containers; its entry point is this program.</summary>
    public required string AdapterImage { get; init; }

    /// <summary>Null: whatever Kubernetes takes for the image's tag.</summary>
    public string? AdapterImagePullPolicy { get; init; }

    /// <summary>A Secret for the registry of these images, before those that a Pipeline names; null: none.</summary>
    public string? PullSecret { get; init; }

    /// <summary>User of the built-in containers, who must not be root.</summary>
    public long AdapterUser { get; init; } = 65532;

    /// <summary>
    /// How long a container that is told to stop may take, unless the Pipeline says otherwise. Shorter than Kubernetes' 30 s, because a shell script
    /// that is process 1 does not hear the signal and would make everyone wait the full time.
    /// </summary>
    public TimeSpan TerminationGrace { get; init; } = TimeSpan.FromSeconds(10);
}
