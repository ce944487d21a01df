using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>From progress to the status a kubelet would write, and back after a restart.</summary>
internal static class PodStatus
{
    public static JsonObject Of(PodProgress progress, JsonObject? previous, DateTimeOffset now)
    {
        var status = new JsonObject { ["phase"] = progress.Phase };
        if (progress.Failure is { } failure)
        {
            status["reason"] = failure.Reason;
            status["message"] = failure.Message;
        }
        status["conditions"] = Conditions(progress, previous, now);
        status["hostIP"] = "127.0.0.1";
        status["startTime"] = Seconds(progress.StartTime);
        status["qosClass"] = Qos(progress.Pod);
        if (progress.InitContainers.Count > 0) status["initContainerStatuses"] = new JsonArray([.. progress.InitContainers.Select(c => (JsonNode)Container(c))]);
        status["containerStatuses"] = new JsonArray([.. progress.Containers.Select(c => (JsonNode)Container(c))]);
        return status;
    }

    /// <summary>Takes up what a status written earlier says of finished attempts.</summary>
    public static void Recall(PodProgress progress, JsonObject status)
    {
        if (Time(status, "startTime") is { } started) progress.StartTime = started;
        if (status.Text("phase") == "Failed" && status.TextOrNull("reason") is { } reason) progress.Failure = (reason, status.Text("message"));
        foreach (var written in status.Objects("initContainerStatuses").Concat(status.Objects("containerStatuses")))
        {
            if (progress.All.FirstOrDefault(c => c.Spec.Name == written.Text("name")) is not { } track) continue;
            track.Attempt = (int)(written.Number("restartCount") ?? 0);
            if (Terminated(written.At("state", "terminated")) is { } ended) track.Now = ended;
            track.Last = Terminated(written.At("lastState", "terminated"));
        }
    }

    private static JsonObject Container(ContainerTrack track)
    {
        var running = track.Now is ContainerCondition.Running;
        return new JsonObject
        {
            ["name"] = track.Spec.Name,
            ["image"] = track.Spec.Image,
            ["imageID"] = "",
            ["ready"] = track.Spec.IsInit ? track.Ended is { Succeeded: true } : running,
            ["started"] = running,
            ["restartCount"] = track.Attempt,
            ["state"] = State(track.Now),
            ["lastState"] = track.Last is null ? [] : State(track.Last),
        };
    }

    private static JsonObject State(ContainerCondition condition)
    {
        var (kind, body) = condition switch
        {
            ContainerCondition.Waiting waiting => ("waiting", With(new JsonObject { ["reason"] = waiting.Reason }, waiting.Message)),
            ContainerCondition.Running running => ("running", new JsonObject { ["startedAt"] = Milliseconds(running.StartedAt) }),
            ContainerCondition.Terminated ended => ("terminated", With(
                new JsonObject
                {
                    ["exitCode"] = ended.ExitCode, ["reason"] = ended.Reason, ["startedAt"] = Milliseconds(ended.StartedAt), ["finishedAt"] = Milliseconds(ended.FinishedAt),
                },
                ended.Message)),
            _ => throw new InvalidOperationException($"no such container condition: {condition}"),
        };
        return new JsonObject { [kind] = body };
    }

    private static JsonObject With(JsonObject o, string? message)
    {
        if (message is not null) o["message"] = message;
        return o;
    }

    private static JsonArray Conditions(PodProgress progress, JsonObject? previous, DateTimeOffset now)
    {
        var ready = progress.Phase == "Running" && progress.Containers.All(c => c.Now is ContainerCondition.Running);
        var reason = progress.Phase == "Succeeded" ? "PodCompleted" : ready ? null : "ContainersNotReady";
        return
        [
            Condition("Initialized", progress.Initialized, progress.Initialized ? null : "ContainersNotInitialized"),
            Condition("Ready", ready, reason),
            Condition("ContainersReady", ready, reason),
            Condition("PodScheduled", true, null),
        ];

        JsonObject Condition(string type, bool holds, string? why)
        {
            var value = holds ? "True" : "False";
            var before = previous?.Objects("conditions").FirstOrDefault(c => c.Text("type") == type);
            var since = before?.Text("status") == value ? before.Text("lastTransitionTime") : Seconds(now);
            var condition = new JsonObject { ["type"] = type, ["status"] = value, ["lastProbeTime"] = null, ["lastTransitionTime"] = since };
            if (why is not null) condition["reason"] = why;
            return condition;
        }
    }

    private static string Qos(PodSpec pod)
    {
        var all = pod.Containers.Concat(pod.InitContainers).ToList();
        if (all.All(c => c is { MemoryLimitBytes: { } memory, CpuLimit: { } cpu } && (c.MemoryRequestBytes ?? memory) == memory && (c.CpuRequest ?? cpu) == cpu)) return "Guaranteed";
        return all.Any(c => c.MemoryLimitBytes is not null || c.MemoryRequestBytes is not null || c.CpuLimit is not null || c.CpuRequest is not null) ? "Burstable" : "BestEffort";
    }

    private static ContainerCondition.Terminated? Terminated(JsonNode? node) => node is JsonObject o
        ? new ContainerCondition.Terminated((int)(o.Number("exitCode") ?? 0), o.Text("reason"), o.TextOrNull("message"), Time(o, "startedAt") ?? default, Time(o, "finishedAt") ?? default)
        : null;

    private static DateTimeOffset? Time(JsonObject o, string name) =>
        DateTimeOffset.TryParse(o.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static string Seconds(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    // Finer than a kubelet's, within what RFC 3339 allows: a step of a pipeline often takes less than a second.
    private static string Milliseconds(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
