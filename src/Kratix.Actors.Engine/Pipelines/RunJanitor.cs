using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>
/// Clears away what ended runs leave: a Pod that was given up while it still waits or runs, and finished Pods beyond those that are kept for their
/// logs. Called when the end of the run is stored, so nothing hangs on what it removes; what it misses, the next end of that Pipeline finds.
/// </summary>
public sealed partial class RunJanitor(World world, EngineSettings settings)
{
    /// <summary><paramref name="givenUp"/>: the Pod may still be at work, and nobody wants what it makes.</summary>
    internal void After(RunRequest ended, bool givenUp)
    {
        _ = Run();

        async Task Run()
        {
            try
            {
                await Clear(ended, givenUp);
            }
            catch (Exception cause)
            {
                LogLeft(world.Log, ended.RunId, cause.Message);
            }
        }
    }

    private async Task Clear(RunRequest ended, bool givenUp)
    {
        var (ns, name) = (RunPlanner.NamespaceOf(ended), RunPlanner.PodName(ended));
        if (givenUp)
            await Remove(ended.RunId, ns, name);
        // Most requests run once, and a listing for each would be the dearest thing that the API server is asked for them.
        if (ended.IsFirst)
            return;
        var labels = RunPlanner.OwnLabels(ended);
        var listed = await world.Kubernetes.List(Kinds.Pod, ns, string.Join(',', labels.Select(l => $"{l.Key}={l.Value}")), CancellationToken.None);
        if (listed is not Outcome<IReadOnlyList<JsonObject>>.Done { Value: var pods })
        {
            LogLeft(world.Log, ended.RunId, listed.Failure!);
            return;
        }

        // A later run of the Pipeline may be under way; an unfinished Pod that is older than this one is nobody's.
        var since = Created(pods.FirstOrDefault(p => p.Name() == name));
        foreach (var stale in pods.Where(p => !IsFinished(p) && since is not null && string.CompareOrdinal(Created(p), since) < 0))
            await Remove(ended.RunId, ns, stale.Name());
        foreach (var old in pods.Where(IsFinished).OrderByDescending(Created, StringComparer.Ordinal).Skip(settings.JobsToKeep))
            await Remove(ended.RunId, ns, old.Name());
    }

    /// <summary>Takes all Pods with these labels away: of an object that goes, where it does not own them.</summary>
    internal async Task<Outcome<Nothing>> RemoveAll(string? ns, string selector)
    {
        var listed = await world.Kubernetes.List(Kinds.Pod, ns, selector, CancellationToken.None);
        if (listed is not Outcome<IReadOnlyList<JsonObject>>.Done { Value: var pods })
            return listed.Select(_ => default(Nothing));
        foreach (var pod in pods)
        {
            var removed = await world.Runner.Remove(pod.Namespace()!, pod.Name(), CancellationToken.None);
            if (removed is not Outcome<Nothing>.Done)
                return removed;
        }

        return new Outcome<Nothing>.Done(default);
    }

    private async Task Remove(string runId, string ns, string pod)
    {
        if ((await world.Runner.Remove(ns, pod, CancellationToken.None)).Failure is { } failure)
            LogLeft(world.Log, runId, $"Pod {ns}/{pod}: {failure}");
    }

    private static bool IsFinished(JsonObject pod) => pod["status"]?["phase"]?.ToString() is "Succeeded" or "Failed";

    private static string? Created(JsonObject? pod) => pod?["metadata"]?["creationTimestamp"]?.ToString();

    [LoggerMessage(1401, LogLevel.Warning, "After run {RunId} something was left that should be removed: {Reason}")]
    private static partial void LogLeft(ILogger logger, string runId, string reason);
}
