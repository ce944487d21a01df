using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>From the state's Works to the objects the reference knows. Pure.</summary>
internal static class WorkModels
{
    internal static IEnumerable<Model> Of(WorkOwner owner, Work work, OwnerReference reference)
    {
        var ns = NamespaceOf(owner);
        var labels = new JsonObject
        {
            [Marks.PromiseName] = owner.Promise,
            [Marks.WorkType] = owner.Resource is not null ? "resource" : work.Pipeline == FileLayout.StaticDependencies ? "static-dependency" : "promise",
            [Marks.PipelineName] = work.Pipeline,
        };
        if (owner.Resource is not null)
            labels[Marks.ResourceName] = owner.Resource;
        var spec = new JsonObject { ["promiseName"] = owner.Promise };
        if (owner.Resource is not null)
            spec["resourceName"] = owner.Resource;
        var groups = new JsonArray();
        foreach (var group in work.Groups)
        {
            groups.Add(new JsonObject
            {
                ["id"] = group.Id,
                ["directory"] = group.Directory,
                ["destinationSelectors"] = new JsonArray([.. group.Selectors.Select(s => new JsonObject
                {
                    ["matchLabels"] = Objects.Labels(s.MatchLabels),
                    ["source"] = s.Source switch { SelectorSource.Promise => "promise", SelectorSource.PromiseWorkflow => "promise-workflow", _ => "resource-workflow" },
                })]),
                ["workloads"] = Files(group.Files),
            });
        }

        var workSpec = spec.DeepClone().AsObject();
        workSpec["workloadGroups"] = groups;
        yield return new Model(Kinds.Work, Body(Kinds.Work, ns, work.Name, labels, workSpec, WorkStatus(work), reference));
        foreach (var group in work.Groups)
        {
            foreach (var placement in group.Placements)
            {
                var own = labels.DeepClone().AsObject();
                own[Marks.Work] = work.Name;
                own[Marks.WorkloadGroupId] = group.Id;
                own[Marks.TargetDestination] = placement.Destination;
                if (placement.Misplaced)
                    own[Marks.Misplaced] = "true";
                var placementSpec = spec.DeepClone().AsObject();
                placementSpec["id"] = group.Id;
                placementSpec["targetDestinationName"] = placement.Destination;
                placementSpec["workloads"] = Files(group.Files);
                yield return new Model(Kinds.WorkPlacement, Body(Kinds.WorkPlacement, ns, placement.Name, own, placementSpec, PlacementStatus(placement), reference));
            }
        }
    }

    internal static string NamespaceOf(WorkOwner owner) => owner.Namespace ?? Kinds.SystemNamespace;

    /// <summary>Of an owner by its entity's id: a request's says its namespace, a Promise's does not.</summary>
    internal static string NamespaceOf(string owner) => owner.Split('/') is [_, var ns, _] ? ns : Kinds.SystemNamespace;

    internal static string KeyOf(ResourceType type, string ns, string name) => $"{type.Plural}/{ns}/{name}";

    /// <summary>Of all that may be published for these: a WorkPlacement is there until its files are taken back.</summary>
    internal static IEnumerable<string> Keys(string ns, Works works) =>
    [
        .. works.ByPipeline.Values.Select(w => KeyOf(Kinds.Work, ns, w.Name)),
        .. works.Placements.Concat(works.Removals).Select(p => KeyOf(Kinds.WorkPlacement, ns, p.Name)),
    ];

    private static JsonArray Files(IEnumerable<FileEntry> files) =>
        [.. files.Select(f => new JsonObject { ["filepath"] = f.Path, ["size"] = f.Size, ["sha256"] = f.Digest })];

    private static JsonObject Body(ResourceType type, string ns, string name, JsonObject labels, JsonObject spec, JsonObject status, OwnerReference reference)
    {
        var metadata = new JsonObject { ["name"] = name, ["namespace"] = ns, ["labels"] = labels };
        if (reference.Uid.Length > 0)
            metadata["ownerReferences"] = new JsonArray(reference.ToJson());
        return new JsonObject { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
    }

    private static JsonObject WorkStatus(Work work)
    {
        var unscheduled = work.Groups.Where(g => g.Placements.IsEmpty).Select(g => g.Id).ToList();
        var failing = work.Groups.SelectMany(g => g.Placements).Where(p => p.Error is not null).Select(p => p.Name).ToList();
        var pending = work.Groups.SelectMany(g => g.Placements).Any(p => !p.IsWritten);
        var misplaced = work.Groups.Any(g => g.Placements.Any(p => p.Misplaced));
        var scheduled = unscheduled.Count > 0
            ? new Condition("ScheduleSucceeded", "False", "UnscheduledWorkloads", $"No matching destination found for workloadGroups: [{string.Join(",", unscheduled)}]")
            : failing.Count > 0 ? new Condition("ScheduleSucceeded", "False", "WorkplacementsFailing", $"Workplacements failed to write: [{string.Join(",", failing)}]")
            : misplaced ? new Condition("ScheduleSucceeded", "False", "DestinationSelectorMismatch", "Some workplacements are misplaced")
            : new Condition("ScheduleSucceeded", "True", "AllWorkplacementsScheduled", "All workplacements scheduled successfully");
        var ready = failing.Count > 0 ? new Condition("Ready", "False", "WorkplacementsFailing", "Failing")
            : unscheduled.Count > 0 ? new Condition("Ready", "False", "UnscheduledWorkloads", "Pending")
            : pending ? new Condition("Ready", "False", "WorkplacementsPending", "Pending")
            : misplaced ? new Condition("Ready", "False", "Misplaced", "Misplaced")
            : new Condition("Ready", "True", "AllWorkplacementsScheduled", "Ready");
        return new JsonObject
        {
            ["workPlacements"] = work.Groups.Length,
            ["workPlacementsCreated"] = work.Groups.Count(g => !g.Placements.IsEmpty),
            ["conditions"] = Conditions(scheduled, ready),
        };
    }

    private static JsonObject PlacementStatus(Placement placement)
    {
        var scheduled = placement.Misplaced
            ? new Condition("ScheduleSucceeded", "False", "DestinationSelectorMismatch", "Target destination no longer matches destinationSelectors")
            : new Condition("ScheduleSucceeded", "True", "ScheduledToDestination", "Scheduled to correct Destination");
        var status = placement switch
        {
            { Error: { } error } => Conditions(scheduled, new("WriteSucceeded", "False", "WorkloadsFailedWrite", error), new("Ready", "False", "WorkloadsFailedWrite", "Failing")),
            { IsWritten: true, Misplaced: true } => Conditions(
                scheduled, new("WriteSucceeded", "True", "WorkloadsWrittenToStateStore", "Workloads written to State Store"), new("Ready", "False", "Misplaced", "Misplaced")),
            { IsWritten: true } => Conditions(
                scheduled, new("WriteSucceeded", "True", "WorkloadsWrittenToStateStore", "Workloads written to State Store"),
                new("Ready", "True", "WorkloadsWrittenToTargetDestination", "Ready")),
            _ => Conditions(scheduled, new("Ready", "False", "ScheduledToDestination", "Pending")),
        };
        var result = new JsonObject { ["conditions"] = status };
        if (placement.CommitId is not null)
            result["versionID"] = placement.CommitId;
        return result;
    }

    private static JsonArray Conditions(params ReadOnlySpan<Condition> conditions)
    {
        var result = new JsonArray();
        foreach (var c in conditions)
        {
            result.Add(new JsonObject { ["type"] = c.Type, ["status"] = c.Status, ["reason"] = c.Reason, ["message"] = c.Message });
        }

        return result;
    }
}
