using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// Publishes an object's Works and WorkPlacements for people and tools that look for them: file lists with sizes and digests, Destination, commit,
/// conditions; never contents. The journal is the truth; what is published follows it, and goes with its owner.
/// </summary>
internal sealed partial class ReadModels(World world, EngineSettings settings)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _published = new(StringComparer.Ordinal);
    private IReadOnlyList<Model>? _wanted;
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));
    private readonly Pause _pause = new(world.Time);
    private TimeSpan _patience;
    private bool _busy;

    internal bool HasPublished
    {
        get
        {
            lock (_gate)
                return _published.Count > 0 || _wanted is not null;
        }
    }

    /// <summary>
    /// <paramref name="atRest"/>: no run is under way; until then what would be shown is about to change.
    /// <paramref name="patience"/>: how long this may wait for what comes next, which is then published in its place.
    /// </summary>
    internal void Publish(WorkOwner owner, Works works, JsonObject item, bool atRest, TimeSpan patience = default)
    {
        if (!settings.PublishReadModels || !atRest)
            return;
        Want([.. works.ByPipeline.Values.SelectMany(w => WorkModels.Of(owner, w, item, world.Now))], patience);
    }

    internal void Clear() => Want([], TimeSpan.Zero);

    private void Want(IReadOnlyList<Model> wanted, TimeSpan patience)
    {
        lock (_gate)
        {
            if (wanted.Count == 0 && _published.Count == 0 && _wanted is null)
                return;
            _wanted = wanted;
            _patience = patience;
            if (patience == TimeSpan.Zero)
                _pause.End();
            if (_busy)
                return;
            _busy = true;
        }

        _ = Drain();
    }

    private async Task Drain()
    {
        while (true)
        {
            Task pause;
            lock (_gate)
            {
                pause = _patience > TimeSpan.Zero ? _pause.Wait(_patience) : Task.CompletedTask;
                _patience = TimeSpan.Zero;
            }

            await pause;
            IReadOnlyList<Model> wanted;
            lock (_gate)
            {
                if (_wanted is null)
                {
                    _busy = false;
                    return;
                }

                wanted = _wanted;
                _wanted = null;
            }

            if (await TryAll(wanted))
            {
                _backoff.Reset();
                continue;
            }

            await Task.Delay(_backoff.Next(null), world.Time, CancellationToken.None);
            lock (_gate)
                _wanted ??= wanted;
        }
    }

    /// <summary>False when trying again may help.</summary>
    private async Task<bool> TryAll(IReadOnlyList<Model> wanted)
    {
        try
        {
            var done = true;
            foreach (var model in wanted)
                done &= await Apply(model);
            foreach (var gone in _published.Keys.Where(k => wanted.All(w => w.Key != k)).ToList())
                done &= await Remove(gone);
            return done;
        }
        catch (Exception cause)
        {
            LogFailed(world.Log, cause.Message);
            return false;
        }
    }

    private async Task<bool> Apply(Model model)
    {
        var digest = model.Digest;
        if (_published.GetValueOrDefault(model.Key) == digest)
            return true;
        var (ns, name) = (model.Body.Namespace()!, model.Body.Name());
        var outcome = await world.Kubernetes.Patch(model.Type, ns, name, PatchKind.Apply, model.Body, null, CancellationToken.None);
        if (outcome is Outcome<JsonObject>.Done applied)
        {
            model.AdoptTimes(applied.Value);
            outcome = await world.Kubernetes.Patch(model.Type, ns, name, PatchKind.Merge, new JsonObject { ["status"] = model.Status.DeepClone() }, "status", CancellationToken.None);
        }

        if (outcome.Failure is { } failure)
            LogFailed(world.Log, $"{model.Key}: {failure}");
        else
            _published[model.Key] = digest;
        return outcome is not Outcome<JsonObject>.Transient;
    }

    private async Task<bool> Remove(string key)
    {
        var parts = key.Split('/');
        var type = parts[0] == Kinds.Work.Plural ? Kinds.Work : Kinds.WorkPlacement;
        var outcome = await world.Kubernetes.Delete(type, parts[1], parts[2], CancellationToken.None);
        if (outcome.Failure is { } failure)
            LogFailed(world.Log, $"{key}: {failure}");
        else
            _published.Remove(key);
        return outcome is not Outcome<Nothing>.Transient;
    }

    [LoggerMessage(2003, LogLevel.Warning, "A Work or WorkPlacement was not published: {Failure}")]
    private static partial void LogFailed(ILogger logger, string failure);
}

/// <summary>An object to publish: spec and metadata in <paramref name="Body"/>, status apart.</summary>
internal sealed record Model(ResourceType Type, JsonObject Body, JsonObject Status)
{
    internal string Key => $"{Type.Plural}/{Body.Namespace()}/{Body.Name()}";

    /// <summary>Of all but the conditions' times.</summary>
    internal string Digest
    {
        get
        {
            var status = Status.DeepClone();
            foreach (var condition in status["conditions"]!.AsArray().OfType<JsonObject>())
                condition.Remove("lastTransitionTime");
            return Canonical.DigestOf(Body) + Canonical.DigestOf(status);
        }
    }

    /// <summary>Conditions that say what they said keep the time at which they began to.</summary>
    internal void AdoptTimes(JsonObject shown)
    {
        foreach (var condition in Status["conditions"]!.AsArray().OfType<JsonObject>())
        {
            var before = (shown["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(c => c?["type"]?.ToString() == condition["type"]?.ToString());
            if (before?["status"]?.ToString() == condition["status"]?.ToString() && before?["lastTransitionTime"] is { } since)
                condition["lastTransitionTime"] = since.DeepClone();
        }
    }
}

/// <summary>From the state's Works to the objects the reference knows. Pure.</summary>
internal static class WorkModels
{
    internal static IEnumerable<Model> Of(WorkOwner owner, Work work, JsonObject item, DateTimeOffset now)
    {
        var ns = owner.Namespace ?? Kinds.SystemNamespace;
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
        yield return new Model(Kinds.Work, Body(Kinds.Work, ns, work.Name, labels, workSpec, item), WorkStatus(work, now));
        foreach (var group in work.Groups)
        {
            foreach (var placement in group.Placements)
            {
                var own = labels.DeepClone().AsObject();
                own[Marks.Work] = work.Name;
                own[Marks.WorkloadGroupId] = group.Id;
                own[Marks.TargetDestination] = placement.Destination;
                var placementSpec = spec.DeepClone().AsObject();
                placementSpec["id"] = group.Id;
                placementSpec["targetDestinationName"] = placement.Destination;
                placementSpec["workloads"] = Files(group.Files);
                yield return new Model(Kinds.WorkPlacement, Body(Kinds.WorkPlacement, ns, placement.Name, own, placementSpec, item), PlacementStatus(placement, now));
            }
        }
    }

    private static JsonArray Files(IEnumerable<FileEntry> files) =>
        [.. files.Select(f => new JsonObject { ["filepath"] = f.Path, ["size"] = f.Size, ["sha256"] = f.Digest })];

    private static JsonObject Body(ResourceType type, string ns, string name, JsonObject labels, JsonObject spec, JsonObject item)
    {
        var metadata = new JsonObject { ["name"] = name, ["namespace"] = ns, ["labels"] = labels };
        if (item.Uid().Length > 0)
        {
            metadata["ownerReferences"] = new JsonArray(new JsonObject
            {
                ["apiVersion"] = item["apiVersion"]?.ToString(), ["kind"] = item["kind"]?.ToString(), ["name"] = item.Name(), ["uid"] = item.Uid(),
            });
        }

        return new JsonObject { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["metadata"] = metadata, ["spec"] = spec };
    }

    private static JsonObject WorkStatus(Work work, DateTimeOffset now)
    {
        var unscheduled = work.Groups.Where(g => g.Placements.IsEmpty).Select(g => g.Id).ToList();
        var failing = work.Groups.SelectMany(g => g.Placements).Where(p => p.Error is not null).Select(p => p.Name).ToList();
        var pending = work.Groups.SelectMany(g => g.Placements).Any(p => !p.IsWritten);
        var scheduled = unscheduled.Count > 0
            ? new Condition("ScheduleSucceeded", "False", "UnscheduledWorkloads", $"No matching destination found for workloadGroups: [{string.Join(",", unscheduled)}]")
            : failing.Count > 0 ? new Condition("ScheduleSucceeded", "False", "WorkplacementsFailing", $"Workplacements failed to write: [{string.Join(",", failing)}]")
            : new Condition("ScheduleSucceeded", "True", "AllWorkplacementsScheduled", "All workplacements scheduled successfully");
        var ready = failing.Count > 0 ? new Condition("Ready", "False", "WorkplacementsFailing", "Failing")
            : unscheduled.Count > 0 ? new Condition("Ready", "False", "UnscheduledWorkloads", "Pending")
            : pending ? new Condition("Ready", "False", "WorkplacementsPending", "Pending")
            : new Condition("Ready", "True", "AllWorkplacementsScheduled", "Ready");
        return new JsonObject
        {
            ["workPlacements"] = work.Groups.Length,
            ["workPlacementsCreated"] = work.Groups.Count(g => !g.Placements.IsEmpty),
            ["conditions"] = Conditions(now, scheduled, ready),
        };
    }

    private static JsonObject PlacementStatus(Placement placement, DateTimeOffset now)
    {
        var scheduled = new Condition("ScheduleSucceeded", "True", "ScheduledToDestination", "Scheduled to correct Destination");
        var status = placement switch
        {
            { Error: { } error } => Conditions(now, scheduled, new("WriteSucceeded", "False", "WorkloadsFailedWrite", error), new("Ready", "False", "WorkloadsFailedWrite", "Failing")),
            { IsWritten: true } => Conditions(
                now, scheduled, new("WriteSucceeded", "True", "WorkloadsWrittenToStateStore", "Workloads written to State Store"),
                new("Ready", "True", "WorkloadsWrittenToTargetDestination", "Ready")),
            _ => Conditions(now, scheduled, new("Ready", "False", "ScheduledToDestination", "Pending")),
        };
        var result = new JsonObject { ["conditions"] = status };
        if (placement.CommitId is not null)
            result["versionID"] = placement.CommitId;
        return result;
    }

    private static JsonArray Conditions(DateTimeOffset now, params ReadOnlySpan<Condition> conditions)
    {
        var result = new JsonArray();
        foreach (var c in conditions)
        {
            result.Add(new JsonObject
            {
                ["type"] = c.Type, ["status"] = c.Status, ["reason"] = c.Reason, ["message"] = c.Message, ["lastTransitionTime"] = StatusParts.Time(now),
            });
        }

        return result;
    }
}
