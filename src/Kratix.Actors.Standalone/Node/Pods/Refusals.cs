namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>What a Pod may ask of a cluster and not of this node. Said by name, because a field that is passed over in silence is found out late.</summary>
internal static class Refusals
{
    /// <exception cref="ConfigException">Names the field and what to do.</exception>
    public static void Check(PodSpec pod, ContainerSpec container, bool allowPrivileged)
    {
        if (container.Security.Privileged && !allowPrivileged)
            throw new ConfigException($"container {container.Name}: securityContext.privileged is refused on this node; the setting kratix.standalone.node.allow-privileged allows it");
        if (container.Security.Seccomp is { } seccomp and not ("RuntimeDefault" or "Unconfined"))
            throw new ConfigException($"container {container.Name}: seccompProfile.type '{seccomp}' is not known to this node; known are RuntimeDefault and Unconfined");
        if (pod.SharedNamespaces is [var shared, ..])
            throw new ConfigException($"spec.{shared} is not supported by this node: each container has its own");
        if (container.Mounts.FirstOrDefault(m => m.SubPathExpr.Length > 0) is { } mount)
            throw new ConfigException($"container {container.Name}: subPathExpr of volume {mount.Volume} is not supported by this node; use subPath");
    }
}
