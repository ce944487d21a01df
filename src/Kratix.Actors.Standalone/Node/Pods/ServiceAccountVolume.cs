using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>What a cluster adds to each Pod: a volume with the token of its ServiceAccount, and whom to trust.</summary>
internal static class ServiceAccountVolume
{
    public const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string Name = "kube-api-access";

    /// <summary>The Pod with the volume, unless it or its ServiceAccount does not want one, or brings its own.</summary>
    /// <param name="needsNone">Containers that are none, and so read no token.</param>
    public static async Task<PodSpec> AddTo(PodSpec pod, IPodStore store, Func<ContainerSpec, bool> needsNone, CancellationToken ct)
    {
        if (pod.InitContainers.Concat(pod.Containers).All(c => needsNone(c) || Has(c)) || pod.Volumes.Any(v => v.Name == Name)) return pod;
        var wanted = pod.MountsToken ?? (await store.ServiceAccount(pod.Identity.Namespace, pod.ServiceAccount, ct))?["automountServiceAccountToken"].IsFalse() != true;
        return !wanted ? pod : pod with
        {
            Volumes = pod.Volumes.Add(new VolumeSpec(Name, Source())),
            InitContainers = [.. pod.InitContainers.Select(Mounted)],
            Containers = [.. pod.Containers.Select(Mounted)],
        };

        ContainerSpec Mounted(ContainerSpec c) => needsNone(c) || Has(c) ? c : c with { Mounts = c.Mounts.Add(new MountSpec(Name, MountPath, "", "", ReadOnly: true)) };
    }

    private static bool Has(ContainerSpec container) => container.Mounts.Any(m => m.MountPath.TrimEnd('/') == MountPath);

    private static JsonObject Source() => new()
    {
        ["projected"] = new JsonObject
        {
            ["sources"] = new JsonArray(
                new JsonObject { ["serviceAccountToken"] = new JsonObject { ["path"] = "token", ["expirationSeconds"] = 3607 } },
                new JsonObject { ["configMap"] = new JsonObject { ["name"] = "kube-root-ca.crt", ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }) } },
                new JsonObject
                {
                    ["downwardAPI"] = new JsonObject
                    {
                        ["items"] = new JsonArray(new JsonObject { ["path"] = "namespace", ["fieldRef"] = new JsonObject { ["fieldPath"] = "metadata.namespace" } }),
                    },
                }),
        },
    };
}
