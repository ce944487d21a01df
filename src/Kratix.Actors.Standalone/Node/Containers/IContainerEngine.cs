using Kratix.Actors.Standalone.Nodes.Pods;

namespace Kratix.Actors.Standalone.Nodes.Containers;

/// <summary>A program of this machine that runs containers.</summary>
internal interface IContainerEngine : IAsyncDisposable
{
    /// <summary>Who runs containers, for the log.</summary>
    string Description { get; }

    /// <summary>Creates, starts and sees out one container; the container stays, stopped. Cancelling abandons it: it runs on.</summary>
    Task<RunResult> Run(ContainerRun run, CancellationToken ct);

    /// <summary>Sees out a container that runs already.</summary>
    Task<RunResult> Wait(KeptContainer container, ContainerSpec spec, string logPath, CancellationToken ct);

    /// <param name="credentials">For its registry; null asks as nobody.</param>
    /// <returns>Null when the image is here now, else why not.</returns>
    Task<string?> Pull(string image, PullCredentials? credentials, CancellationToken ct);

    /// <summary>An image that is here; null when it is not.</summary>
    Task<ImageInfo?> Image(string image, CancellationToken ct);

    /// <summary>All containers this node ever made and did not remove.</summary>
    Task<IReadOnlyList<KeptContainer>> List(CancellationToken ct);

    /// <summary>Asks to end, and after the grace period kills. Containers that are not there are no error.</summary>
    Task Stop(IReadOnlyList<string> names, TimeSpan grace, CancellationToken ct);

    /// <summary>Removes a container that was made and, because the node was killed, never started.</summary>
    Task Discard(KeptContainer container);

    /// <summary>Removes containers, killing what still runs. Containers that are not there are no error. Not to be interrupted: half a removal is worse than none.</summary>
    Task Remove(IReadOnlyList<string> names);
}

/// <param name="User">Whom the image runs as by itself; empty for root.</param>
internal sealed record ImageInfo(string User)
{
    public bool RunsAsRoot => User.Length == 0 || User.Split(':')[0] is "0" or "root";
}

internal sealed record BindMount(string HostPath, string ContainerPath, bool ReadOnly);

/// <summary>One attempt to run one container.</summary>
internal sealed record ContainerRun(
    string Name,
    PodSpec Pod,
    ContainerSpec Container,
    int Attempt,
    IReadOnlyDictionary<string, string> Env,
    IReadOnlyList<string> Command,
    IReadOnlyList<string> Args,
    IReadOnlyList<BindMount> Mounts,
    string LogPath);

internal abstract record RunResult
{
    private RunResult() { }

    /// <summary>The container ran and ended. Times are null when only the node's own clock knows them.</summary>
    public sealed record Exited(int ExitCode, bool OutOfMemory, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt) : RunResult;

    public sealed record ImageMissing : RunResult;

    /// <summary>The container exists, but its command could not be started.</summary>
    public sealed record NotStarted(string Message) : RunResult;

    /// <summary>The engine refused to make the container.</summary>
    public sealed record NotCreated(string Message) : RunResult;
}

internal enum KeptState
{
    Created,
    Running,
    Exited,
}

/// <summary>A container found in the engine, with the labels that tell what it was for.</summary>
internal sealed record KeptContainer(
    string Name, string PodUid, string Container, int Attempt, KeptState State, int ExitCode, bool OutOfMemory, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt)
{
    /// <summary>The engine's own name for it; empty where it has none.</summary>
    public string Id { get; init; } = "";
}
