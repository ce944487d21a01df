using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Placement;

namespace Kratix.Actors.Core.Workflows;

/// <summary>The parts of a published status that Promises and requests have in common.</summary>
public static class StatusParts
{
    /// <summary>RFC 3339 in UTC, whole seconds, as Kubernetes writes times.</summary>
    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The engine's conditions, with the Pipelines' own behind them; the engine's types cannot be taken over.</summary>
    public static JsonArray Conditions(IReadOnlyList<Condition> conditions, ImmutableSortedDictionary<string, ConditionSince> times, JsonNode? added)
    {
        var result = new JsonArray();
        foreach (var c in conditions)
        {
            result.Add(new JsonObject
            {
                ["type"] = c.Type,
                ["status"] = c.Status,
                ["reason"] = c.Reason,
                ["message"] = c.Message,
                ["lastTransitionTime"] = Time(times[c.Type].At),
            });
        }

        foreach (var own in added as JsonArray ?? [])
        {
            if (own is JsonObject o && !conditions.Any(c => c.Type == o["type"]?.ToString()))
                result.Add(own.DeepClone());
        }

        return result;
    }

    private static JsonArray Pipelines(Workflow workflow) =>
    [
        .. workflow.Pipelines.Select((p, index) =>
        {
            var row = new JsonObject { ["name"] = p.Name, ["phase"] = p.Phase.ToString(), ["lastTransitionTime"] = Time(p.Since) };
            if (p.Message is not null)
                row["message"] = p.Message;
            if (p.Attempts is { } attempts)
                row["attempts"] = attempts;
            if (p.NextRetryAt is { } next)
                row["nextRetryAt"] = Time(next);
            if (workflow.Stage is WorkflowStage.Retrying retrying && retrying.Pipeline == index)
            {
                row["attempts"] = retrying.NextAttempt - 1;
                row["nextRetryAt"] = Time(retrying.At);
            }

            return row;
        }),
    ];

    /// <summary><c>status.kratix.workflows</c> but for its times. <paramref name="generation"/>: the object's.</summary>
    public static JsonObject Workflows(Workflow workflow, long generation)
    {
        var shown = new JsonObject { ["pipelines"] = Pipelines(workflow) };
        if (workflow.Stage is WorkflowStage.Suspended)
            shown["suspendedGeneration"] = generation;
        return shown;
    }

    /// <summary>Why the workflow does not go on by itself at once, or null.</summary>
    public static string? Waiting(Workflow workflow) => workflow.Stage switch
    {
        WorkflowStage.Failed failed => $"Pipeline {workflow.FailedPipeline} failed: {failed.Reason}",
        WorkflowStage.Retrying r => $"Pipeline {workflow.Pipelines[r.Pipeline].Name} failed: {r.Reason}; attempt {r.NextAttempt} follows at {Time(r.At)}",
        WorkflowStage.Suspended { At: { } at } s => $"Pipeline {workflow.Pipelines[s.Pipeline].Name} is suspended until {Time(at)}{Said(workflow, s)}",
        WorkflowStage.Suspended s => $"Pipeline {workflow.Pipelines[s.Pipeline].Name} is suspended{Said(workflow, s)}",
        _ => null,
    };

    private static string Said(Workflow workflow, WorkflowStage.Suspended suspended) =>
        workflow.Pipelines[suspended.Pipeline].Message is { } message ? $": {message}" : "";

    /// <summary>Where the files are: one row per placement or per group that has none.</summary>
    public static JsonArray Placements(Works works) =>
    [
        .. works.ByPipeline.Values.SelectMany(w => w.Groups.SelectMany(g => g.Placements.IsEmpty
            ? [new JsonObject { ["pipeline"] = w.Pipeline, ["directory"] = g.Directory, ["state"] = "Unscheduled", ["message"] = NoMatch(g) }]
            : g.Placements.Select(p => Row(w, g, p)))),
    ];

    public static string Destinations(Works works) => string.Join(",", works.Placements.Select(p => p.Destination).Distinct().Order(StringComparer.Ordinal));

    public static string Commits(Works works) => string.Join(",", works.Placements.Select(p => p.CommitId).OfType<string>().Distinct().Select(c => c[..Math.Min(c.Length, 10)]));

    /// <summary>What keeps the files from where they should be, in words, or null.</summary>
    public static string? Problem(Works works)
    {
        if (works.Placements.FirstOrDefault(p => p.Error is not null) is { } failing)
            return $"Writing to Destination {failing.Destination} ({failing.Location.StoreKind} {failing.Location.StoreName}) fails: {failing.Error}";
        if (works.Removals.FirstOrDefault(p => p.Error is not null) is { } held)
            return $"Taking files back from Destination {held.Destination} fails: {held.Error}. They stay there when {held.Location.StoreKind} {held.Location.StoreName} is deleted";
        if (works.Unscheduled.FirstOrDefault() is { } group)
            return NoMatch(group);
        if (Refused(works).FirstOrDefault() is { } refused)
            return refused;
        return works.Placements.FirstOrDefault(p => p.Misplaced) is { } misplaced
            ? $"Destination {misplaced.Destination} no longer has the labels that are wanted; the files stay there until they are rescheduled"
            : null;
    }

    /// <summary>Each match that does not take files which are for every match, in words.</summary>
    public static IEnumerable<string> Refused(Works works) => works.ByPipeline.Values.SelectMany(w => w.Groups.Where(g => g.RefusedBy is not null).SelectMany(
        g => g.RefusedBy!.Select(by => $"Destination {by.Key} does not take the files of Pipeline {w.Pipeline}: {by.Value}")));

    private static string NoMatch(WorkloadGroup group)
    {
        var labels = Scheduler.Merge(group.Selectors);
        var refused = group.Violations.IsDefaultOrEmpty ? "" : $", or it does not take these files: {group.Violations[0].Reason}";
        return (labels.Count == 0
            ? "No Destination is ready"
            : $"No ready Destination has the labels {string.Join(",", labels.Select(l => $"{l.Key}={l.Value}"))}") + refused;
    }

    private static JsonObject Row(Work work, WorkloadGroup group, Placement.Placement placement)
    {
        var row = new JsonObject
        {
            ["pipeline"] = work.Pipeline,
            ["directory"] = group.Directory,
            ["destination"] = placement.Destination,
            ["path"] = placement.Directory,
            ["state"] = placement.Error is not null ? "Failing" : !placement.IsWritten ? "Pending" : placement.Misplaced ? "Misplaced" : "Written",
        };
        if (placement.CommitId is not null)
            row["commit"] = placement.CommitId;
        if (placement.Error is not null)
            row["message"] = placement.Error;
        return row;
    }
}
