using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using static Kratix.Actors.Engine.Entries.EntryFields;

namespace Kratix.Actors.Engine.Entries;

/// <summary>A plain Pod: its init containers one after the other, then its containers all at once. The run ends when the last of them has ended.</summary>
internal static class PodEntry
{
    private static readonly ImmutableHashSet<string> SpecFields =
    [
        "activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases", "hostIPC",
        "hostNetwork", "hostPID", "hostUsers", "hostname", "imagePullSecrets", "initContainers", "nodeName", "nodeSelector", "os", "overhead", "preemptionPolicy",
        "priority", "priorityClassName", "readinessGates", "resourceClaims", "resources", "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates",
        "securityContext", "serviceAccount", "serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds",
        "tolerations", "topologySpreadConstraints", "volumes",
    ];

    private static readonly ImmutableHashSet<string> ContainerFields =
    [
        "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "name", "ports", "readinessProbe", "resizePolicy", "resources",
        "restartPolicy", "securityContext", "startupProbe", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices",
        "volumeMounts", "workingDir",
    ];

    private static readonly string[] Planned = ["containers", "initContainers", "volumes"];

    /// <exception cref="PromiseRefusedException">It cannot be run.</exception>
    internal static void Check(JsonObject entry, string where) => Parts(entry, where);

    /// <exception cref="PromiseRefusedException">It cannot be run.</exception>
    internal static RunParts Parts(JsonObject entry, string where)
    {
        var spec = entry["spec"]!.AsObject();
        var at = $"{where}.spec";
        Known(spec, SpecFields, at);
        if (Text(spec, "restartPolicy", at) is { } policy and not ("Never" or "OnFailure"))
            throw new PromiseRefusedException($"{at}.restartPolicy is \"{policy}\"; a Pod of a workflow must end, so it can only be Never (a failed run is repeated as a new Pod) or OnFailure (in place)");
        Seconds(spec, "activeDeadlineSeconds", at);
        var names = OwnNames();
        var steps = Containers(spec, "initContainers", at, ContainerFields, names);
        var sideBySide = Containers(spec, "containers", at, ContainerFields, names);
        if (steps.Concat(sideBySide).FirstOrDefault(c => c!["restartPolicy"] is not null) is { } restarting)
            throw new PromiseRefusedException($"{at}: container \"{restarting["name"]}\" has a restartPolicy, {restarting["restartPolicy"]!.ToJsonString()}; a container of a workflow's Pod runs once, to its end: leave the field out");
        if (sideBySide.Count == 0)
            throw new PromiseRefusedException($"{at}.containers must list at least one container");
        var pod = new JsonObject(spec.Where(kv => !Planned.Contains(kv.Key)).Select(kv => KeyValuePair.Create(kv.Key, kv.Value?.DeepClone())));
        return new RunParts(steps, sideBySide, [.. Maps(spec, "volumes", at).Select(v => v.DeepClone())], pod);
    }
}
