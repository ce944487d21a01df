using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Kubernetes;

/// <summary>Reads a Pod made by <see cref="PodTemplate"/> as the report of its run.</summary>
internal static class PodStatus
{
    private static readonly string[] ImageProblems =
        ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"];

    /// <summary>Null for a Pod that is no run.</summary>
    public static RunReport? Read(JsonObject pod)
    {
        var metadata = pod["metadata"];
        if ((string?)metadata?["annotations"]?[PodTemplate.RunIdKey] is not { } runId || pod["spec"]?["initContainers"] is not JsonArray inits || inits.Count == 0)
            return null;
        var statuses = Statuses(pod["status"]?["initContainerStatuses"]);
        var mainStatuses = Statuses(pod["status"]?["containerStatuses"]);
        var mains = pod["spec"]!["containers"] as JsonArray ?? [];
        // The first is the reader; the user's containers follow.
        var steps = ImmutableArray.CreateBuilder<StepReport>();
        var readerName = (string)inits[0]!["name"]!;
        var before = statuses.GetValueOrDefault(readerName);
        foreach (var container in inits.Skip(1))
        {
            var status = statuses.GetValueOrDefault((string)container!["name"]!);
            steps.Add(Step(container, status, Succeeded(before)));
            before = status;
        }

        // The last is the writer; what is before it runs beside it.
        foreach (var container in mains.SkipLast(1))
            steps.Add(Step(container!, mainStatuses.GetValueOrDefault((string)container!["name"]!), Succeeded(before)));
        var writerName = (string?)mains.LastOrDefault()?["name"] ?? "writer";
        var writer = mainStatuses.GetValueOrDefault(writerName);
        var phase = Phase(pod, statuses.Values);
        return new RunReport(
            runId, (string?)metadata["namespace"] ?? "", (string?)metadata["name"] ?? "", phase, steps.ToImmutable(),
            Reason(pod, phase, steps.ToImmutable(), (readerName, statuses.GetValueOrDefault(readerName)), (writerName, writer)))
        {
            Restarts = statuses.Values.Concat(mainStatuses.Values).Sum(Restarts),
            RestartsInPlace = (string?)pod["spec"]!["restartPolicy"] == "OnFailure",
        };
    }

    private static RunPhase Phase(JsonObject pod, IEnumerable<JsonObject> inits) => (string?)pod["status"]?["phase"] switch
    {
        "Succeeded" => RunPhase.Succeeded,
        "Failed" => RunPhase.Failed,
        // Unknown: the node does not answer. The containers may well be running; only Kubernetes may declare them dead.
        "Running" or "Unknown" => RunPhase.Running,
        // A Pod whose init containers run still counts as pending for Kubernetes.
        _ => inits.Any(s => s["state"]?["running"] is not null || s["state"]?["terminated"] is not null) ? RunPhase.Running : RunPhase.Pending,
    };

    private static int Restarts(JsonObject? status) => (int?)status?["restartCount"] ?? 0;

    private static StepReport Step(JsonNode container, JsonObject? status, bool itsTurn) => Once(container, status, itsTurn) with { Restarts = Restarts(status) };

    private static StepReport Once(JsonNode container, JsonObject? status, bool itsTurn)
    {
        var name = (string)container["name"]!;
        var image = (string?)container["image"] ?? "";
        var state = status?["state"];
        // Between two attempts in place, what is known of it is how the last one ended.
        if ((state?["terminated"] ?? BetweenAttempts(status)) is JsonObject ended)
        {
            var code = (int?)ended["exitCode"] ?? -1;
            return new StepReport(
                name, image, code == 0 ? StepPhase.Succeeded : StepPhase.Failed, code, Time(ended["startedAt"]), Time(ended["finishedAt"]), code == 0 ? null : Ended(name, ended, code));
        }

        if (state?["running"] is JsonObject running)
            return new StepReport(name, image, StepPhase.Running, StartedAt: Time(running["startedAt"]));
        var waiting = state?["waiting"];
        var reason = (string?)waiting?["reason"];
        if (reason is not null && ImageProblems.Contains(reason))
            return new StepReport(name, image, StepPhase.Pulling, Reason: Words($"image \"{image}\": {reason}", (string?)waiting!["message"]));
        if (reason is null or "PodInitializing" or "ContainerCreating")
            return new StepReport(name, image, itsTurn ? StepPhase.Pulling : StepPhase.Waiting);
        return new StepReport(name, image, StepPhase.Waiting, Reason: Words(reason, (string?)waiting!["message"]));
    }

    private static string? Reason(
        JsonObject pod, RunPhase phase, ImmutableArray<StepReport> steps, (string Name, JsonObject? Status) reader, (string Name, JsonObject? Status) writer)
    {
        if (phase == RunPhase.Succeeded)
            return null;
        // What ended the whole Pod (a time limit, an eviction) explains its containers' exit codes, not the other way round.
        if ((string?)pod["status"]?["reason"] is { Length: > 0 } whole)
            return Words(whole, (string?)pod["status"]!["message"]);
        // A step's failure comes first: a writer beside it fails only for that reason.
        if (steps.FirstOrDefault(s => s.Phase == StepPhase.Failed) is { } failed)
            return failed.Reason;
        foreach (var (name, status) in (ReadOnlySpan<(string, JsonObject?)>)[reader, writer])
        {
            if (BuiltInTrouble(name, status) is { } trouble)
                return trouble;
        }

        if (steps.FirstOrDefault(s => s.Reason is not null) is { } step)
            return step.Reason;
        if (phase == RunPhase.Failed)
            return (string?)pod["status"]?["message"] ?? "the Pod failed and Kubernetes does not say why";
        if (pod["metadata"]?["deletionTimestamp"] is not null)
            return "the Pod is being deleted";
        return Unscheduled(pod);
    }

    private static string? BuiltInTrouble(string name, JsonObject? status)
    {
        if (status?["state"]?["terminated"] is JsonObject ended && (int?)ended["exitCode"] is { } code && code != 0)
            return $"built-in {Ended(name, ended, code)}";
        return status?["state"]?["waiting"] is JsonObject waiting && (string?)waiting["reason"] is { } reason && ImageProblems.Contains(reason)
            ? Words($"built-in container \"{name}\": image \"{status["image"]}\": {reason}", (string?)waiting["message"])
            : null;
    }

    private static string? Unscheduled(JsonObject pod) => (pod["status"]?["conditions"] as JsonArray ?? [])
        .Where(c => (string?)c?["type"] == "PodScheduled" && (string?)c["status"] == "False")
        .Select(c => Words((string?)c!["reason"] ?? "Unschedulable", (string?)c["message"]))
        .FirstOrDefault();

    private static string Ended(string name, JsonObject ended, int code)
    {
        var reason = (string?)ended["reason"];
        var how = reason switch
        {
            "OOMKilled" => $"container \"{name}\" used more memory than its limit and was killed (OOMKilled, exit code {code.ToString(CultureInfo.InvariantCulture)})",
            null or "Error" or "Completed" => $"container \"{name}\" exited with code {code.ToString(CultureInfo.InvariantCulture)}",
            _ => $"container \"{name}\" ended with {reason}, exit code {code.ToString(CultureInfo.InvariantCulture)}",
        };
        return Words(how, (string?)ended["message"]);
    }

    private static JsonNode? BetweenAttempts(JsonObject? status) =>
        (string?)status?["state"]?["waiting"]?["reason"] == "CrashLoopBackOff" ? status["lastState"]?["terminated"] : null;

    private static bool Succeeded(JsonObject? status) => (int?)status?["state"]?["terminated"]?["exitCode"] == 0;

    private static Dictionary<string, JsonObject> Statuses(JsonNode? list) =>
        (list as JsonArray ?? []).OfType<JsonObject>().GroupBy(s => (string?)s["name"] ?? "").ToDictionary(g => g.Key, g => g.First());

    private static DateTimeOffset? Time(JsonNode? node) =>
        DateTimeOffset.TryParse((string?)node, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    private static string Words(string what, string? more) => string.IsNullOrWhiteSpace(more) ? what : $"{what}: {more.Trim()}";
}
