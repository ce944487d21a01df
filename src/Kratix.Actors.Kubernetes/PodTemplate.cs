using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Kubernetes;

/// <summary>
/// The Pod of a run: <c>reader</c> (fetches the object), the user's containers one after the other, and <c>writer</c> (hands in what they left) as
/// the last main container. The others before it, if the plan has some, run beside it, and it waits for their end. So the Pod has succeeded exactly
/// when the output has been handed in.
/// </summary>
internal static class PodTemplate
{
    public const string RunIdKey = RunPlan.RunIdAnnotation;
    public const string ManagedByKey = "app.kubernetes.io/managed-by";
    public const string ManagedBy = "Kratix";
    public const string AdapterCommand = "pipeline-adapter";

    private const string ObjectVolume = "kratix-object";
    private const string ResultsVolume = "shared-results";
    private static readonly string[] OwnVolumes = ["shared-input", "shared-output", "shared-metadata", ObjectVolume, ResultsVolume];
    private static readonly string[] PlannedElsewhere = ["containers", "initContainers", "volumes"];

    /// <summary>Null, or why no Pod can be made of this plan, for the author of the Pipeline.</summary>
    public static string? Problem(RunPlan plan)
    {
        if (plan.Containers.Count + plan.SideBySide.Count == 0)
            return $"run {plan.RunId} has no containers";
        var volume = plan.Volumes.Select(NameOf).FirstOrDefault(OwnVolumes.Contains);
        if (volume is not null)
            return $"a volume cannot be named \"{volume}\": that name is used for the directories below /kratix; choose another";
        var twice = plan.Containers.Concat(plan.SideBySide).Select(NameOf).GroupBy(n => n).FirstOrDefault(g => g.Count() > 1)?.Key;
        return twice is null ? null : $"two containers are named \"{twice}\"; each needs a name of its own";
    }

    public static JsonObject Build(RunPlan plan, PodRunnerOptions options)
    {
        var spec = new JsonObject
        {
            // A run is repeated by the engine, with empty directories; a container restarted in place finds its predecessor's leftovers, so a plan has to ask for that.
            ["restartPolicy"] = "Never",
            ["terminationGracePeriodSeconds"] = (long)options.TerminationGrace.TotalSeconds,
        };
        foreach (var (key, value) in plan.PodSpec ?? [])
        {
            if (PlannedElsewhere.Contains(key))
                throw new ArgumentException($"PodSpec of run {plan.RunId} has \"{key}\", which the plan has a place of its own for", nameof(plan));
            spec[key] = value?.DeepClone();
        }

        if (options.PullSecret is { } secret)
            spec["imagePullSecrets"] = new JsonArray([new JsonObject { ["name"] = secret }, .. (spec["imagePullSecrets"] as JsonArray ?? []).Select(s => s?.DeepClone())]);
        var taken = plan.Containers.Concat(plan.SideBySide).Select(NameOf).ToHashSet();
        var reader = BuiltIn(plan, options, "read", FreeName("reader", taken), Mount(ObjectVolume, "/kratix/object"));
        List<JsonNode> handedIn = [Mount("shared-output", "/kratix/output", true), Mount("shared-metadata", "/kratix/metadata", true)];
        if (KeepsResults(plan))
            handedIn.Add(Mount(ResultsVolume, AdapterFolders.InPod.Results, true));
        var writer = BuiltIn(plan, options, plan.SideBySide.Count == 0 ? "write" : "write-last", FreeName("writer", taken), [.. handedIn]);
        spec["initContainers"] = new JsonArray([reader, .. plan.Containers.Select(c => (JsonNode)WithMounts(plan, c!.AsObject()))]);
        spec["containers"] = new JsonArray([.. plan.SideBySide.Select(c => (JsonNode)WithMounts(plan, c!.AsObject())), writer]);
        spec["volumes"] = new JsonArray(
        [
            .. OwnVolumes.Where(v => v != ResultsVolume || KeepsResults(plan)).Select(v => (JsonNode)new JsonObject { ["name"] = v, ["emptyDir"] = new JsonObject() }),
            .. plan.Volumes.Select(v => v?.DeepClone()),
        ]);
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = Metadata(plan), ["spec"] = spec };
    }

    private static JsonObject Metadata(RunPlan plan)
    {
        var labels = new JsonObject();
        foreach (var (key, value) in plan.Labels)
            labels[key] = value;
        // Last, because runs are found by it.
        labels[ManagedByKey] = ManagedBy;
        var annotations = new JsonObject();
        foreach (var (key, value) in plan.Annotations)
            annotations[key] = value;
        // An annotation, because a label could not hold every run id.
        annotations[RunIdKey] = plan.RunId;
        var metadata = new JsonObject { ["name"] = plan.PodName, ["namespace"] = plan.Namespace, ["labels"] = labels, ["annotations"] = annotations };
        if (plan.Owner is { } owner)
            metadata["ownerReferences"] = new JsonArray(owner.DeepClone());
        return metadata;
    }

    private static bool KeepsResults(RunPlan plan) => !plan.ResultFiles.IsEmpty;

    private static JsonObject WithMounts(RunPlan plan, JsonObject container)
    {
        var result = container.DeepClone().AsObject();
        result["volumeMounts"] = new JsonArray(
        [
            Mount("shared-input", "/kratix/input"),
            Mount("shared-output", "/kratix/output"),
            Mount("shared-metadata", "/kratix/metadata"),
            // Mounted over the shared input, so that it is the same for every container whatever an earlier one did there.
            new JsonObject { ["name"] = ObjectVolume, ["mountPath"] = "/kratix/input/object.yaml", ["subPath"] = PipelineAdapter.ObjectFile, ["readOnly"] = true },
            .. KeepsResults(plan) ? (JsonNode[])[Mount(ResultsVolume, RunPlan.ResultsFolder)] : [],
            .. (container["volumeMounts"] as JsonArray ?? []).Select(m => m?.DeepClone()),
        ]);
        return result;
    }

    private static JsonObject BuiltIn(RunPlan plan, PodRunnerOptions options, string verb, string name, params ReadOnlySpan<JsonNode?> mounts)
    {
        var environment = plan.BuiltInEnv.DeepClone().AsArray();
        environment.Add(new JsonObject { ["name"] = PipelineAdapter.UrlVariable, ["value"] = plan.ExchangeUrl });
        environment.Add(new JsonObject { ["name"] = PipelineAdapter.TokenVariable, ["value"] = plan.ExchangeToken });
        var container = new JsonObject
        {
            ["name"] = name,
            ["image"] = options.AdapterImage,
            ["args"] = new JsonArray(AdapterCommand, verb),
            ["env"] = environment,
            ["volumeMounts"] = new JsonArray(mounts),
            // So that the reason a built-in container gives in its log reaches the request's status.
            ["terminationMessagePolicy"] = "FallbackToLogsOnError",
            ["resources"] = new JsonObject
            {
                ["requests"] = new JsonObject { ["cpu"] = "50m", ["memory"] = "64Mi" },
                ["limits"] = new JsonObject { ["memory"] = "256Mi" },
            },
            ["securityContext"] = new JsonObject
            {
                ["allowPrivilegeEscalation"] = false,
                ["privileged"] = false,
                ["readOnlyRootFilesystem"] = true,
                ["runAsNonRoot"] = true,
                ["runAsUser"] = options.AdapterUser,
                ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
                ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
            },
        };
        if (options.AdapterImagePullPolicy is { } policy)
            container["imagePullPolicy"] = policy;
        return container;
    }

    private static JsonObject Mount(string volume, string path, bool readOnly = false)
    {
        var mount = new JsonObject { ["name"] = volume, ["mountPath"] = path };
        if (readOnly)
            mount["readOnly"] = true;
        return mount;
    }

    /// <summary>A user's container may well be called "reader"; it keeps its name, ours steps aside.</summary>
    private static string FreeName(string wanted, HashSet<string> taken)
    {
        while (!taken.Add(wanted))
            wanted = $"kratix-{wanted}";
        return wanted;
    }

    private static string NameOf(JsonNode? named) => (string?)named?["name"] ?? "";
}
