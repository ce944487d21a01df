using System.Collections.Immutable;
using System.Diagnostics;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Engine.Telemetry;

/// <summary>
/// Makes measurements and spans of events, once each is stored. It is told, and tells; what the engine does never depends on it.
/// </summary>
/// <param name="namesRequests">Whether the counters of the reference carry the name and namespace of the request.</param>
internal sealed class Observer(bool namesRequests)
{
    internal void Tell(ResourceState before, ResourceState after, ResourceEvent happened, string? traceParent)
    {
        var told = new Told(before.Id.Promise, before.Id.Namespace, before.Id.Name, after.Object?.Uid ?? "", after.Object?.Generation ?? 0, after.Completed, after.Object?.Deleting ?? false, traceParent);
        if (happened is ResourceEvent.Observed && (before.Object?.Generation != after.Object?.Generation || before.Object?.Uid != after.Object?.Uid))
            Span(told, "observed", happened.At, happened.At, null);
        Tell(told, happened, happened.At, before.Works, after.Works);
        if (after.Phase is ResourcePhase.Settled && before.Phase is not ResourcePhase.Settled && after.Completed is { } completed)
            Span(told, "DynamicResourceRequestReconcile", completed, happened.At, null);
    }

    internal void Tell(PromiseState before, PromiseState after, PromiseEvent happened, string? traceParent)
    {
        var told = new Told(before.Name, "", "", after.Object?.Uid ?? "", after.Object?.Generation ?? 0, after.Completed, after.Object?.Deleting ?? false, traceParent);
        if (happened is PromiseEvent.Observed && (before.Object?.Generation != after.Object?.Generation || before.Object?.Uid != after.Object?.Uid))
            Span(told, "observed", happened.At, happened.At, null);
        Tell(told, happened, happened.At, before.Works, after.Works);
    }

    private void Tell(Told told, object happened, DateTimeOffset at, Works before, Works after)
    {
        switch (happened)
        {
            case IRunEnded ended:
                Run(told, ended.Pipeline, ResultOf(ended), ended.Steps, (ended as IRunFailed)?.Reason);
                break;
            case IPlacementAnswered answered:
                Written(told, before, answered.Placement, (answered as IPlacementWritten)?.CommitId, (answered as IPlacementFailed)?.Reason, at);
                break;
            default:
                break;
        }

        Outcomes(told, before, after);
    }

    private static string ResultOf(IRunEnded ended) => ended switch
    {
        IRunFailed => "failure",
        ResourceEvent.RunSuspended or PromiseEvent.RunSuspended => "suspended",
        ResourceEvent.RunSuperseded or PromiseEvent.RunSuperseded => "superseded",
        _ => "success",
    };

    private static void Run(Told told, string pipeline, string result, ImmutableArray<StepReport> steps, string? failure)
    {
        KeyValuePair<string, object?>[] tags = [new("promise", told.Promise), new("pipeline", pipeline), new("action", told.Action), new("result", result)];
        EngineMeter.Runs.Add(1, tags);
        var ran = steps.Where(s => s is { StartedAt: not null, FinishedAt: not null }).ToList();
        foreach (var step in steps)
            EngineMeter.Steps.Add(1, new KeyValuePair<string, object?>("promise", told.Promise), new KeyValuePair<string, object?>("pipeline", pipeline), StepResult(step));
        foreach (var step in ran)
            EngineMeter.StepDuration.Record(
                (step.FinishedAt!.Value - step.StartedAt!.Value).TotalSeconds, new KeyValuePair<string, object?>("promise", told.Promise), new KeyValuePair<string, object?>("pipeline", pipeline));
        if (ran.Count == 0)
            return;
        var (from, to) = (ran.Min(s => s.StartedAt!.Value), ran.Max(s => s.FinishedAt!.Value));
        EngineMeter.RunDuration.Record((to - from).TotalSeconds, tags);
        if (!EngineTraces.AreWanted)
            return;
        var run = Span(told, $"pipeline {pipeline}", from, to, failure);
        foreach (var step in ran)
            EngineTraces.Tell(
                $"step {step.Name}", run, step.StartedAt!.Value, step.FinishedAt!.Value, step.Phase == StepPhase.Succeeded ? null : step.Reason ?? "failed",
                new KeyValuePair<string, object?>("container.image.name", step.Image), new KeyValuePair<string, object?>("process.exit.code", step.ExitCode));
    }

    private static KeyValuePair<string, object?> StepResult(StepReport step) => new("result", step.Phase == StepPhase.Succeeded ? "success" : "failure");

    private void Written(Told told, Works works, string name, string? commit, string? failure, DateTimeOffset at)
    {
        var pipeline = works.ByPipeline.Values.FirstOrDefault(w => w.Groups.Any(g => g.Placements.Any(p => p.Name == name)))?.Pipeline ?? "";
        var destination = works.Find(name)?.Destination ?? "";
        EngineMeter.PlacementWrites.Add(
            1, new KeyValuePair<string, object?>("result", failure is null ? "success" : "failure"), new KeyValuePair<string, object?>("promise", told.Promise),
            new KeyValuePair<string, object?>("resource", namesRequests ? told.Resource : ""), new KeyValuePair<string, object?>("destination", destination),
            new KeyValuePair<string, object?>("pipeline", pipeline));
        if (EngineTraces.AreWanted)
            Span(
                told, "WorkPlacementReconcile", told.Completed ?? at, at, failure, new("kratix.workplacement.name", name), new("kratix.destination.name", destination),
                new("kratix.commit", commit));
    }

    private void Outcomes(Told told, Works before, Works after)
    {
        if (ReferenceEquals(before, after))
            return;
        var known = before.Placements.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var placed in after.Placements.Where(p => !known.Contains(p.Name)))
            Outcome(told, "scheduled", placed.Destination);
        var misplaced = before.Placements.Where(p => p.Misplaced).Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var placed in after.Placements.Where(p => p.Misplaced && !misplaced.Contains(p.Name)))
            Outcome(told, "misplaced", placed.Destination);
        var waited = before.ByPipeline.SelectMany(w => w.Value.Groups.Where(g => g.Placements.IsEmpty).Select(g => (w.Key, g.Id))).ToHashSet();
        foreach (var _ in after.ByPipeline.SelectMany(w => w.Value.Groups.Where(g => g.Placements.IsEmpty).Select(g => (w.Key, g.Id))).Where(g => !waited.Contains(g)))
            Outcome(told, "unscheduled", "");
    }

    private void Outcome(Told told, string result, string destination) => EngineMeter.PlacementOutcomes.Add(
        1, new KeyValuePair<string, object?>("result", result), new KeyValuePair<string, object?>("promise", told.Promise),
        new KeyValuePair<string, object?>("resource", namesRequests ? told.Resource : ""), new KeyValuePair<string, object?>("namespace", namesRequests ? told.Namespace : ""),
        new KeyValuePair<string, object?>("destination", destination));

    /// <summary>Under the object's trace, named as the reference names its spans: the Promise, a slash, what was done.</summary>
    private static ActivityContext Span(
        Told told, string name, DateTimeOffset from, DateTimeOffset to, string? failure, params ReadOnlySpan<KeyValuePair<string, object?>> more)
    {
        if (!EngineTraces.AreWanted)
            return default;
        return EngineTraces.Tell(
            $"{told.Promise}/{name}", EngineTraces.ContextOf(told.Uid, told.Generation, told.TraceParent), from, to, failure,
            [
                new("kratix.promise.name", told.Promise), new("kratix.resource_request.name", told.Resource), new("kratix.resource_request.namespace", told.Namespace),
                new("kratix.action", told.Action == "delete" ? "delete" : told.Generation == 1 ? "create" : "update"), .. more,
            ]);
    }

    private sealed record Told(string Promise, string Namespace, string Resource, string Uid, long Generation, DateTimeOffset? Completed, bool Deleting, string? TraceParent)
    {
        internal string Action => Deleting ? "delete" : "configure";
    }
}
