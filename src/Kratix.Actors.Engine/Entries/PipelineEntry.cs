using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using static Kratix.Actors.Engine.Entries.EntryFields;

namespace Kratix.Actors.Engine.Entries;

/// <summary>A Kratix Pipeline: containers one after the other.</summary>
internal static class PipelineEntry
{
    private static readonly ImmutableHashSet<string> SpecFields = ["containers", "volumes", "imagePullSecrets", "jobOptions", "nodeSelector", "tolerations", "restartPolicy", "rbac"];
    private static readonly ImmutableHashSet<string> RightsFields = ["serviceAccount", "permissions"];
    private static readonly ImmutableHashSet<string> RuleFields = ["apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs", "resourceNamespace"];

    private static readonly ImmutableHashSet<string> ContainerFields =
        ["name", "image", "args", "command", "env", "envFrom", "volumeMounts", "imagePullPolicy", "securityContext", "resources"];

    /// <exception cref="PromiseRefusedException">It cannot be run.</exception>
    internal static void Check(JsonObject entry, string where)
    {
        var spec = entry["spec"]!.AsObject();
        var at = $"{where}.spec";
        Known(spec, SpecFields, at);
        Containers(spec, "containers", at, ContainerFields, OwnNames());
        if (spec["containers"] is null or JsonArray { Count: 0 })
            throw new PromiseRefusedException($"{at}.containers must list at least one container");
        var jobOptions = Map(spec, "jobOptions", $"{at}.jobOptions");
        if (jobOptions?["backoffLimit"] is { } limit && (limit.GetValueKind() != JsonValueKind.Number || limit.GetValue<double>() < 0))
            throw new PromiseRefusedException($"{at}.jobOptions.backoffLimit is {limit.ToJsonString()}; it must be a number, 0 or more");
        Seconds(jobOptions, "activeDeadlineSeconds", $"{at}.jobOptions");
        // The Pod is made long after anybody looks, so what goes into it as it is must at least have the right form.
        foreach (var field in new[] { "volumes", "imagePullSecrets", "tolerations" })
            Maps(spec, field, at);
        Map(spec, "nodeSelector", $"{at}.nodeSelector");
        if (spec["restartPolicy"]?.ToString() is not (null or "Never" or "OnFailure"))
            throw new PromiseRefusedException($"{at}.restartPolicy is {spec["restartPolicy"]!.ToJsonString()}; it must be Never or OnFailure");
        if (Map(spec, "rbac", $"{at}.rbac") is { } rbac)
            CheckRights(rbac, $"{at}.rbac");
    }

    private static void CheckRights(JsonObject rbac, string at)
    {
        Known(rbac, RightsFields, at);
        if (rbac["serviceAccount"] is { } account && !DnsLabel().IsMatch(account.ToString()))
            throw new PromiseRefusedException($"{at}.serviceAccount is {account.ToJsonString()}; it must name a ServiceAccount");
        var permissions = Maps(rbac, "permissions", at);
        for (var i = 0; i < permissions.Count; i++)
        {
            Known(permissions[i], RuleFields, $"{at}.permissions[{i}]");
            if (permissions[i]["verbs"] is not JsonArray { Count: > 0 })
                throw new PromiseRefusedException($"{at}.permissions[{i}].verbs must list at least one verb, such as get");
        }
    }

    /// <exception cref="PromiseRefusedException">It cannot be run.</exception>
    internal static RunParts Parts(JsonObject entry, string where)
    {
        Check(entry, where);
        var spec = entry["spec"]!.AsObject();
        var pod = new JsonObject();
        foreach (var field in new[] { "nodeSelector", "tolerations", "imagePullSecrets", "restartPolicy" })
        {
            if (spec[field] is { } value)
                pod[field] = value.DeepClone();
        }

        if (spec["jobOptions"]?["activeDeadlineSeconds"] is { } deadline)
            pod["activeDeadlineSeconds"] = deadline.DeepClone();
        return new RunParts(spec["containers"]!.DeepClone().AsArray(), [], spec["volumes"]?.DeepClone().AsArray() ?? [], pod);
    }
}
