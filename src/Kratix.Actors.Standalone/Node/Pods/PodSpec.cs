using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Pods;

internal enum RestartPolicy
{
    Always,
    OnFailure,
    Never,
}

internal enum PullPolicy
{
    IfNotPresent,
    Always,
    Never,
}

/// <summary>The part of a Pod that does not change: what to run.</summary>
internal sealed record PodSpec(
    PodIdentity Identity,
    JsonObject Metadata,
    RestartPolicy RestartPolicy,
    ImmutableArray<ContainerSpec> InitContainers,
    ImmutableArray<ContainerSpec> Containers,
    ImmutableArray<VolumeSpec> Volumes,
    string Hostname,
    bool HostNetwork,
    string ServiceAccount,
    bool? MountsToken,
    int GraceSeconds,
    long? ActiveDeadlineSeconds,
    long? FsGroup,
    ImmutableArray<string> PullSecrets,
    ImmutableArray<string> SharedNamespaces)
{
    public static PodSpec Of(JsonObject pod)
    {
        var spec = pod.Child("spec") ?? [];
        var security = spec.Child("securityContext") ?? [];
        var identity = PodIdentity.Of(pod);
        return new PodSpec(
            identity,
            pod.Child("metadata") ?? [],
            spec.TextOrNull("restartPolicy") switch { "Never" => RestartPolicy.Never, "OnFailure" => RestartPolicy.OnFailure, _ => RestartPolicy.Always },
            ContainerSpec.All(spec["initContainers"], security, isInit: true),
            ContainerSpec.All(spec["containers"], security, isInit: false),
            [.. spec.Objects("volumes").Select(v => new VolumeSpec(v.Text("name"), v))],
            spec.TextOrNull("hostname") ?? identity.Name[..Math.Min(63, identity.Name.Length)].TrimEnd('-', '.'),
            spec["hostNetwork"].IsTrue(),
            spec.TextOrNull("serviceAccountName") ?? "default",
            spec["automountServiceAccountToken"] is { } mounts ? mounts.IsTrue() : null,
            (int)(spec.Number("terminationGracePeriodSeconds") ?? 30),
            spec.Number("activeDeadlineSeconds"),
            security.Number("fsGroup"),
            [.. spec.Objects("imagePullSecrets").Select(s => s.Text("name"))],
            [.. ((string[])["hostPID", "hostIPC", "shareProcessNamespace"]).Where(n => spec[n].IsTrue())]);
    }
}

/// <param name="Source">The volume as the Pod spells it: its one key beside <c>name</c> tells the kind.</param>
internal sealed record VolumeSpec(string Name, JsonObject Source);

internal sealed record MountSpec(string Volume, string MountPath, string SubPath, string SubPathExpr, bool ReadOnly);

/// <summary>Null means: as the image or the engine has it.</summary>
internal sealed record SecuritySpec(
    long? RunAsUser, long? RunAsGroup, bool RunAsNonRoot, bool Privileged, bool NoNewPrivileges, bool ReadOnlyRoot, string? Seccomp,
    ImmutableArray<string> AddCapabilities, ImmutableArray<string> DropCapabilities, ImmutableArray<long> SupplementalGroups);

/// <param name="ExplainsByLog">The end of its log stands in the status of a container that failed.</param>
internal sealed record ContainerSpec(
    string Name, string Image, bool IsInit, ImmutableArray<string> Command, ImmutableArray<string> Args, string? WorkingDir, JsonArray Env, JsonArray EnvFrom,
    ImmutableArray<MountSpec> Mounts, PullPolicy PullPolicy, SecuritySpec Security, long? MemoryLimitBytes, long? MemoryRequestBytes, decimal? CpuLimit, decimal? CpuRequest,
    string TerminationMessagePath, bool ExplainsByLog)
{
    public static ImmutableArray<ContainerSpec> All(JsonNode? containers, JsonObject podSecurity, bool isInit) =>
        [.. (containers as JsonArray ?? []).OfType<JsonObject>().Select(c => Of(c, podSecurity, isInit))];

    private static ContainerSpec Of(JsonObject c, JsonObject podSecurity, bool isInit) => new(
        c.Text("name"),
        c.Text("image"),
        isInit,
        c.Texts("command"),
        c.Texts("args"),
        c.TextOrNull("workingDir"),
        c["env"] as JsonArray ?? [],
        c["envFrom"] as JsonArray ?? [],
        [.. c.Objects("volumeMounts").Select(m => new MountSpec(m.Text("name"), m.Text("mountPath"), m.Text("subPath"), m.Text("subPathExpr"), m["readOnly"].IsTrue()))],
        c.TextOrNull("imagePullPolicy") switch { "Always" => PullPolicy.Always, "Never" => PullPolicy.Never, _ => PullPolicy.IfNotPresent },
        SecurityOf(c.Child("securityContext") ?? [], podSecurity),
        (long?)Quantity.Parse(c.At("resources", "limits", "memory")),
        (long?)Quantity.Parse(c.At("resources", "requests", "memory")),
        Quantity.Parse(c.At("resources", "limits", "cpu")),
        Quantity.Parse(c.At("resources", "requests", "cpu")),
        c.TextOrNull("terminationMessagePath") is { Length: > 0 } path ? path : "/dev/termination-log",
        c.Text("terminationMessagePolicy") == "FallbackToLogsOnError");

    private static SecuritySpec SecurityOf(JsonObject own, JsonObject pod) => new(
        own.Number("runAsUser") ?? pod.Number("runAsUser"),
        own.Number("runAsGroup") ?? pod.Number("runAsGroup"),
        (own["runAsNonRoot"] ?? pod["runAsNonRoot"]).IsTrue(),
        own["privileged"].IsTrue(),
        own["allowPrivilegeEscalation"].IsFalse(),
        own["readOnlyRootFilesystem"].IsTrue(),
        (own.Child("seccompProfile") ?? pod.Child("seccompProfile"))?.TextOrNull("type"),
        (own.Child("capabilities") ?? []).Texts("add"),
        (own.Child("capabilities") ?? []).Texts("drop"),
        [.. (pod["supplementalGroups"] as JsonArray ?? []).Select(g => long.Parse(g.AsText(), CultureInfo.InvariantCulture))]);
}
