using System.Collections.Immutable;
using System.Globalization;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Host.Audit;

/// <summary>An event in words for people: short lines, the most important first.</summary>
internal sealed record AuditStory(IReadOnlyList<string> Lines)
{
    internal static AuditStory Of(string first, params IEnumerable<string> more) => new([first, .. more]);
}

/// <summary>Tells events. <c>before</c> is the state they happened in, which knows what a placement's name stands for.</summary>
internal static class AuditStories
{
    internal static AuditStory Tell(ResourceEvent happened, ResourceState before) => happened switch
    {
        ResourceEvent.Observed e => AuditStory.Of(
            $"generation {e.Object.Generation}, spec {Short(e.Object.SpecDigest)}{(e.Object.Deleting ? ", to be deleted" : "")}{Marked(e.Object.Controls)}",
            e.PromiseAvailable ? Revision(e.Revision) : $"{Revision(e.Revision)}, which is not available"),
        ResourceEvent.RunSucceeded e => Succeeded(e.Pipeline, e.RunId, e.Steps, e.Results, e.Work),
        ResourceEvent.RunSuperseded e => Superseded(e.Pipeline, e.RunId, e.Steps),
        ResourceEvent.RunFailed e => Failed(e.Pipeline, e.RunId, e.Attempt, e.Steps, e.Reason, e.RetryAt),
        ResourceEvent.RunSuspended e => Suspended(e.Pipeline, e.RunId, e.Steps, e.Message, e.RetryAt),
        ResourceEvent.RetryStarted => Retry,
        ResourceEvent.RunRequested e => Requested(e.Cause),
        ResourceEvent.Placed e => Placed(e.Works),
        ResourceEvent.PlacementsJudged e => Judged(e.Works, e.Misplaced),
        ResourceEvent.Rescheduled e => Rescheduled(e.Works),
        ResourceEvent.PlacementWritten e => Written(e.Placement, e.CommitId, e.Changed, before.Works),
        ResourceEvent.PlacementFailed e => NotWritten(e.Placement, e.Reason, before.Works),
        ResourceEvent.PlacementLeft e => AuditStory.Of($"the files of {e.Placement} stay at {Destination(e.Placement, before.Works)}: {e.Reason}"),
        ResourceEvent.PlacementsDrifted e => AuditStory.Of($"somebody changed what was written; it is written again: {string.Join(", ", e.Placements)}"),
        ResourceEvent.Vanished => Vanished,
        ResourceEvent.Released => Released,
        _ => throw new InvalidOperationException($"unknown event {happened.GetType().Name}"),
    };

    internal static AuditStory Tell(PromiseEvent happened, PromiseState before) => happened switch
    {
        PromiseEvent.Observed e => AuditStory.Of(
            $"generation {e.Object.Generation}, spec {Short(e.Object.SpecDigest)}{(e.Object.Deleting ? ", to be deleted" : "")}{Marked(e.Object.Controls)}",
            e.Definition.Api is { } api ? $"API {api.CrdName}" : "no API"),
        PromiseEvent.SpecRefused e => AuditStory.Of($"generation {e.Object.Generation} cannot be used: {e.Reason}"),
        PromiseEvent.ApiInstalled => AuditStory.Of("its API is established"),
        PromiseEvent.ApiRefused e => AuditStory.Of($"its API was refused: {e.Reason}"),
        PromiseEvent.RunSucceeded e => Succeeded(e.Pipeline, e.RunId, e.Steps, e.Results, e.Work),
        PromiseEvent.RunSuperseded e => Superseded(e.Pipeline, e.RunId, e.Steps),
        PromiseEvent.RunFailed e => Failed(e.Pipeline, e.RunId, e.Attempt, e.Steps, e.Reason, e.RetryAt),
        PromiseEvent.RunSuspended e => Suspended(e.Pipeline, e.RunId, e.Steps, e.Message, e.RetryAt),
        PromiseEvent.RetryStarted => Retry,
        PromiseEvent.RunRequested e => Requested(e.Cause),
        PromiseEvent.SurroundingsChanged e => AuditStory.Of(
            $"requires {Listed(e.Surroundings.Others.Select(o => $"{o.Key} {o.Value.Version}{(o.Value.Available ? "" : " (not available)")}"))}, required by {Listed(e.Surroundings.RequiredBy.Select(d => d.Promise))}"),
        PromiseEvent.Placed e => Placed(e.Works),
        PromiseEvent.PlacementsJudged e => Judged(e.Works, e.Misplaced),
        PromiseEvent.Rescheduled e => Rescheduled(e.Works),
        PromiseEvent.PlacementWritten e => Written(e.Placement, e.CommitId, e.Changed, before.Works),
        PromiseEvent.PlacementFailed e => NotWritten(e.Placement, e.Reason, before.Works),
        PromiseEvent.PlacementLeft e => AuditStory.Of($"the files of {e.Placement} stay at {Destination(e.Placement, before.Works)}: {e.Reason}"),
        PromiseEvent.PlacementsDrifted e => AuditStory.Of($"somebody changed what was written; it is written again: {string.Join(", ", e.Placements)}"),
        PromiseEvent.RequestsRemoved => AuditStory.Of("all its requests are gone"),
        PromiseEvent.CleanedUp e => AuditStory.Of(e.Step switch
        {
            CleanupStep.Runs => "the Pods of its own workflows are gone",
            CleanupStep.Revisions => "its PromiseRevisions are gone",
            _ => "what its Pipelines ran as is gone",
        }),
        PromiseEvent.ApiRemoved => AuditStory.Of("its API is gone"),
        PromiseEvent.Vanished => Vanished,
        PromiseEvent.Released => Released,
        _ => throw new InvalidOperationException($"unknown event {happened.GetType().Name}"),
    };

    private static readonly ImmutableSortedDictionary<string, string> NoResults = ImmutableSortedDictionary<string, string>.Empty;

    private static readonly AuditStory Retry = AuditStory.Of("the next attempt starts");

    private static readonly AuditStory Vanished = AuditStory.Of("it is gone, its finalizers were taken off: its delete Pipelines are not waited for");

    private static readonly AuditStory Released = AuditStory.Of("nothing of it is left; the object may go");

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none that is there";

    private static string Marked(Controls controls) => controls == Controls.None ? "" : $", marked {controls}";

    private static AuditStory Requested(RunCause cause) => AuditStory.Of(cause switch
    {
        RunCause.Interval => "the workflow starts again: the interval has passed",
        RunCause.Restart => "the workflow starts again: the engine was started",
        _ => $"the workflow starts again: {cause}",
    });

    private static AuditStory Succeeded(string pipeline, string run, ImmutableArray<StepReport> steps, ImmutableSortedDictionary<string, string>? results, Work? work) =>
        AuditStory.Of(
            $"{pipeline} succeeded (run {Short(run)})",
            [.. steps.Select(Step), .. (results ?? NoResults).Select(r => $"result {r.Key}: {r.Value.TrimEnd()}"), .. work is null ? [] : Groups(work)]);

    private static AuditStory Superseded(string pipeline, string run, ImmutableArray<StepReport> steps) =>
        AuditStory.Of($"{pipeline} ended (run {Short(run)}); nothing of it is used, something else is wished by now", steps.Select(Step));

    private static AuditStory Suspended(string pipeline, string run, ImmutableArray<StepReport> steps, string? message, DateTimeOffset? retryAt) => AuditStory.Of(
        $"{pipeline} asked to wait (run {Short(run)}){(message is null ? "" : $": {message}")}",
        [.. steps.Select(Step), retryAt is { } at ? $"again at {Time(at)}" : "until the label kratix.io/workflow-suspended is taken off"]);

    private static AuditStory Failed(string pipeline, string run, int attempt, ImmutableArray<StepReport> steps, string reason, DateTimeOffset? retryAt) => AuditStory.Of(
        $"{pipeline} failed, attempt {attempt} (run {Short(run)}): {reason}",
        [.. steps.Select(Step), retryAt is { } at ? $"again at {Time(at)}" : "given up"]);

    private static AuditStory Placed(ImmutableArray<Work> works) => new([.. works.SelectMany(Groups)]);

    private static AuditStory Judged(ImmutableArray<Work> works, ImmutableArray<string> misplaced) => AuditStory.Of(
        misplaced.IsEmpty ? "everything is where it should be" : $"misplaced: {string.Join(", ", misplaced)}", works.SelectMany(Groups));

    private static AuditStory Rescheduled(ImmutableArray<Work> works) => AuditStory.Of("scheduled anew", works.SelectMany(Groups));

    private static AuditStory Written(string placement, string commit, bool changed, Works works) => AuditStory.Of(
        $"{(works.Removals.Any(removed => removed.Name == placement) ? "removed from" : "written to")} {Destination(placement, works)}, commit {Short(commit)}{(changed ? "" : " (nothing had to change)")}");

    private static AuditStory NotWritten(string placement, string reason, Works works) => AuditStory.Of($"not written to {Destination(placement, works)}: {reason}");

    private static string Destination(string placement, Works works) => works.Find(placement)?.Destination ?? placement;

    private static IEnumerable<string> Groups(Work work) => work.Groups.Select(group =>
        $"{group.Files.Length} {(group.Files.Length == 1 ? "file" : "files")}{(group.Directory == "." ? "" : $" of {group.Directory}")} for "
        + (group.Placements.IsEmpty ? "no Destination yet: none matches" : string.Join(", ", group.Placements.Select(placement => placement.Destination))));

    private static string Step(StepReport step) =>
        $"{step.Name}: {(step.ExitCode is { } code ? $"exit {code}" : JsonWord(step.Phase))}{Duration(step)}{Restarts(step)}{(step.Reason is { Length: > 0 } reason ? $", {reason}" : "")}";

    private static string Restarts(StepReport step) => step.Restarts > 0 ? $", started again {step.Restarts} {(step.Restarts == 1 ? "time" : "times")} in place" : "";

    private static string JsonWord(StepPhase phase) => phase.ToString().ToLowerInvariant();

    private static string Duration(StepReport step) => step is { StartedAt: { } start, FinishedAt: { } end }
        ? string.Create(CultureInfo.InvariantCulture, $" in {(end - start).TotalSeconds:0.###} s")
        : "";

    private static string Revision(PromiseRevision revision) => $"Promise {revision.Promise} {revision.Version} ({Short(revision.Digest)})";

    private static string Short(string digest) => digest.Length > 10 ? digest[..10] : digest;

    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
