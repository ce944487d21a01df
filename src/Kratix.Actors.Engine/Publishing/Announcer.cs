using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// One object's Kubernetes Events for people who type <c>kubectl describe</c>. Best effort, as Events are everywhere: the audit is the journal.
/// That a Pipeline has started is told when it still runs after a while, or when it ends otherwise than well.
/// </summary>
internal sealed partial class Announcer(World world, PassingNews passing)
{
    private const string Started = "PipelineStarted";

    private readonly Lock _gate = new();
    private readonly Pause _pause = new(world.Time);
    private Told? _waiting;

    internal void Tell(ResourceState before, ResourceState after, ResourceEvent @event, JsonObject? item)
    {
        if (item is null)
            return;
        Settle(@event is ResourceEvent.RunSucceeded);
        foreach (var told in Of(before, after, @event))
            Post(item, told, "ResourceRequestController");
    }

    internal void Tell(PromiseState before, PromiseState after, PromiseEvent @event, JsonObject? item)
    {
        if (item is null)
            return;
        Settle(@event is PromiseEvent.RunSucceeded);
        foreach (var told in Of(before, after, @event))
            Post(item, told, "PromiseController");
    }

    /// <summary>What no event of the journal tells.</summary>
    internal void Tell(JsonObject? promise, string reason, string message)
    {
        if (promise is not null)
            Post(promise, ("Normal", reason, message), "PromiseController");
    }

    private static IEnumerable<(string Type, string Reason, string Message)> Of(ResourceState before, ResourceState after, ResourceEvent @event)
    {
        foreach (var told in OfWorkflow("resource", before.Workflow, after.Workflow, @event is ResourceEvent.RunFailed f ? f.Reason : null))
            yield return told;
        if (after.Phase is ResourcePhase.Paused && before.Phase is not ResourcePhase.Paused)
            yield return Paused;
        if (@event is ResourceEvent.PlacementFailed failed)
            yield return ("Warning", "FailedWriteToDestination", failed.Reason);
        if (@event is ResourceEvent.PlacementLeft left)
            yield return ("Warning", "FilesLeft", $"{left.Reason}; the files of {left.Placement} stay there");
        if (@event is ResourceEvent.PlacementsDrifted drifted)
            yield return ("Warning", "FilesChanged", $"Written again, because somebody changed them in the state store: {string.Join(", ", drifted.Placements)}");
        if (after.Works.Placements.Any(p => p.Misplaced) && !before.Works.Placements.Any(p => p.Misplaced))
            yield return Misplaced;
        if (after.Works.Unscheduled.Any() && !before.Works.Unscheduled.Any())
            yield return ("Normal", "NoMatchingDestination", StatusParts.Problem(after.Works) ?? "No matching destination");
        if (after.Phase is ResourcePhase.Settled && before.Phase is not ResourcePhase.Settled)
            yield return ("Normal", "ReconcileSucceeded", "Successfully reconciled");
    }

    private static IEnumerable<(string Type, string Reason, string Message)> Of(PromiseState before, PromiseState after, PromiseEvent @event)
    {
        foreach (var told in OfWorkflow("promise", before.Workflow, after.Workflow, @event is PromiseEvent.RunFailed f ? f.Reason : null))
            yield return told;
        if (after.Refusal is { } refusal && before.Refusal != refusal)
            yield return ("Warning", "Invalid Promise", refusal);
        if (after.Phase is PromisePhase.Paused && before.Phase is not PromisePhase.Paused)
            yield return Paused;
        if (after.Works.Placements.Any(p => p.Misplaced) && !before.Works.Placements.Any(p => p.Misplaced))
            yield return Misplaced;
        var (had, has) = (Requirements.Of(before), Requirements.Of(after));
        if (has is not null && has.Reason != had?.Reason)
            yield return ("Normal", has.Status == "True" ? "RequirementsFulfilled" : has.Reason, has.Message);
        if (after.Wave != before.Wave)
            yield return ("Normal", "ReconcilingResources", "Reconciling all resource requests");
        if (@event is PromiseEvent.PlacementFailed failed)
            yield return ("Warning", "FailedWriteToDestination", failed.Reason);
        if (@event is PromiseEvent.PlacementLeft left)
            yield return ("Warning", "FilesLeft", $"{left.Reason}; the files of {left.Placement} stay there");
        if (@event is PromiseEvent.PlacementsDrifted drifted)
            yield return ("Warning", "FilesChanged", $"Written again, because somebody changed them in the state store: {string.Join(", ", drifted.Placements)}");
        if (after.Serves && !before.Serves)
            yield return ("Normal", "Available", "Promise is available");
        if (before.Serves && !after.Serves && after.Object is { Deleting: false })
            yield return ("Warning", "Unavailable", "Promise is no longer available");
    }

    private static readonly (string Type, string Reason, string Message) Paused = ("Warning", "PausedReconciliation", $"Nothing new is begun while {Marks.Paused} is \"true\"");

    private static readonly (string Type, string Reason, string Message) Misplaced = ("Warning", "WorksMisplaced", "Target destination no longer matches destinationSelectors");

    private static IEnumerable<(string Type, string Reason, string Message)> OfWorkflow(string noun, Workflow before, Workflow after, string? failure)
    {
        var action = after.Action == WorkflowAction.Configure ? "Configure" : "Delete";
        if (after.Stage is WorkflowStage.Running running && (before.Run != after.Run || before.Stage != after.Stage))
            yield return ("Normal", Started, $"{action} Pipeline started: {after.Pipelines[running.Pipeline].Name}");
        if (after.Stage is WorkflowStage.Suspended && before.Stage != after.Stage)
            yield return ("Warning", "WorkflowSuspended", StatusParts.Waiting(after)!);
        if (failure is null)
            yield break;
        if (after.Stage is WorkflowStage.Failed)
        {
            yield return after.Action == WorkflowAction.Configure
                ? ("Warning", "ConfigureWorkflowFailed", $"A {noun}/configure Pipeline has failed: {after.FailedPipeline}: {failure}")
                : ("Warning", "Failed Pipeline", $"The Delete Pipeline has failed: {failure}");
        }
        else
            yield return ("Warning", "PipelineRetried", $"{action} Pipeline failed and is tried again: {failure}");
    }

    private void Post(JsonObject item, (string Type, string Reason, string Message) told, string reporter)
    {
        var news = new Told(item, told.Type, told.Reason, told.Message, reporter, world.Now);
        _ = told.Reason == Started ? SendLater(news) : Send(news);
    }

    /// <summary>What waits is old news when its Pipeline went through, and else the beginning of the story that is told now.</summary>
    private void Settle(bool wentThrough)
    {
        if (Taken(null) is { } waiting && !wentThrough)
            _ = Send(waiting);
        _pause.End();
    }

    private async Task SendLater(Told news)
    {
        lock (_gate)
            _waiting = news;
        await _pause.Wait(passing.Patience);
        if (Taken(news) is { } still)
            await Send(still);
    }

    /// <summary>Takes what waits, if it is <paramref name="expected"/> or that is null.</summary>
    private Told? Taken(Told? expected)
    {
        lock (_gate)
        {
            var waiting = _waiting;
            if (waiting is null || (expected is not null && !ReferenceEquals(waiting, expected)))
                return null;
            _waiting = null;
            return waiting;
        }
    }

    private async Task Send(Told news)
    {
        try
        {
            var body = EventBody.Of(news.Item, news.Type, news.Reason, news.Message, news.Reporter, news.At);
            var outcome = await world.Kubernetes.Create(Kinds.Event, body.Namespace(), body, CancellationToken.None);
            if (outcome.Failure is { } failure)
                LogLost(world.Log, news.Reason, failure);
        }
        catch (Exception cause)
        {
            LogLost(world.Log, news.Reason, cause.Message);
        }
    }

    [LoggerMessage(2002, LogLevel.Information, "The event {Reason} was not recorded: {Failure}")]
    private static partial void LogLost(ILogger logger, string reason, string failure);

    private sealed record Told(JsonObject Item, string Type, string Reason, string Message, string Reporter, DateTimeOffset At);
}
