namespace Kratix.Actors.Standalone.Nodes;

/// <summary>
/// Containers whose image is the engine's own adapter run inside the node's process: no image to pull, no process to start.
/// On a cluster the same Pod runs them from the image.
/// </summary>
public interface IBuiltInContainers
{
    bool Handles(string image);

    /// <returns>The exit code. An exception becomes exit code 1 with its message in the container's log.</returns>
    Task<int> Run(BuiltInContainer container, CancellationToken ct);
}

/// <summary>One container to run inside the process, with everything a process in the image would see.</summary>
/// <param name="Log">Writes one line to the container's log; may be called from any thread.</param>
public sealed record BuiltInContainer(
    PodIdentity Pod,
    string Name,
    string Image,
    IReadOnlyList<string> Command,
    IReadOnlyList<string> Args,
    IReadOnlyDictionary<string, string> Env,
    IReadOnlyList<BuiltInMount> Mounts,
    Action<string> Log)
{
    /// <summary>Where a path inside the container lies on this machine; the deepest mount that holds it decides.</summary>
    /// <exception cref="InvalidOperationException">No mount holds the path.</exception>
    public string HostPath(string containerPath)
    {
        var mount = Mounts.Where(m => m.Holds(containerPath)).MaxBy(m => m.ContainerPath.Length)
            ?? throw new InvalidOperationException($"container {Name} of Pod {Pod} mounts nothing at {containerPath}");
        return containerPath.Length == mount.ContainerPath.Length
            ? mount.HostPath
            : Path.Combine(mount.HostPath, containerPath[(mount.ContainerPath.Length + 1)..]);
    }
}

/// <summary>A folder or file of this machine at a path of the container.</summary>
public sealed record BuiltInMount(string ContainerPath, string HostPath, bool ReadOnly)
{
    internal bool Holds(string path) =>
        path == ContainerPath || path.StartsWith(ContainerPath + "/", StringComparison.Ordinal);
}

/// <summary>For a node whose Pods have no built-in containers.</summary>
public sealed class NoBuiltInContainers : IBuiltInContainers
{
    public bool Handles(string image) => false;

    public Task<int> Run(BuiltInContainer container, CancellationToken ct) =>
        throw new InvalidOperationException($"no built-in container has the image {container.Image}");
}
