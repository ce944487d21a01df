using System.Collections.Concurrent;
using Kratix.Actors.Standalone.Nodes.Pods;

namespace Kratix.Actors.Standalone.Nodes.Containers;

/// <summary>Sees to it that a container's image is here before the container is made. An image once seen is not asked for again.</summary>
internal sealed class Images(IContainerEngine engine)
{
    private readonly ConcurrentDictionary<string, ImageInfo> _seen = new(StringComparer.Ordinal);

    /// <returns>The image, or why it is not here.</returns>
    public async Task<(ImageInfo? Image, ContainerCondition.Waiting? Problem)> Ensure(ContainerSpec container, bool triedBefore, Action pulling, Func<Task<PullCredentials?>> credentials, CancellationToken ct)
    {
        var name = container.Image;
        if (container.PullPolicy != PullPolicy.Always)
        {
            if (_seen.TryGetValue(name, out var seen)) return (seen, null);
            if (await engine.Image(name, ct) is { } present) return (_seen[name] = present, null);
            if (container.PullPolicy == PullPolicy.Never) return (null, new ContainerCondition.Waiting("ErrImageNeverPull", $"Container image \"{name}\" is not present with pull policy of Never"));
        }
        else if (ImageNames.IsLocal(name) && await engine.Image(name, ct) is { } local)
        {
            return (_seen[name] = local, null); // made on this machine: there is no registry to ask
        }
        pulling();
        using var pullCredentials = await credentials();
        if (await engine.Pull(name, pullCredentials, ct) is { } error)
        {
            // A machine without its registry goes on with what it has; a cluster would let the Pod wait.
            if (container.PullPolicy == PullPolicy.Always && await engine.Image(name, ct) is { } older) return (_seen[name] = older, null);
            return (null, triedBefore
                ? new ContainerCondition.Waiting("ImagePullBackOff", $"Back-off pulling image \"{name}\": {error}")
                : new ContainerCondition.Waiting("ErrImagePull", $"Failed to pull image \"{name}\": {error}"));
        }
        return await engine.Image(name, ct) is { } pulled
            ? (_seen[name] = pulled, null)
            : (null, new ContainerCondition.Waiting("ErrImagePull", $"Failed to pull image \"{name}\": the engine pulled it, but does not find it"));
    }

    /// <summary>The engine did not find it after all: somebody removed it.</summary>
    public void Forget(string image) => _seen.TryRemove(image, out _);
}
