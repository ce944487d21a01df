using System.Collections.Immutable;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Placement;

/// <summary>What the end of a run comes to, for a Promise as for a request.</summary>
internal static class RunEnd
{
    /// <summary>
    /// How it is taken, and where its files go; null where none are placed. Files that a Destination does not take make it a failure. <paramref name="pipeline"/>: the one that ran.
    /// </summary>
    internal static (RunVerdict Verdict, Work? Work) Of(
        WorkOwner owner, Workflow workflow, Works works, PromiseRevision revision, string pipeline, RunResult result, IReadOnlyCollection<Destination> destinations, double jitter, DateTimeOffset at)
    {
        RunVerdict Verdict(RunResult of) => RunVerdict.Of(workflow, of, revision.Retry, jitter, at);
        var verdict = Verdict(result);
        if (verdict is not RunVerdict.Succeeded { Output: var output } || workflow.Action != WorkflowAction.Configure)
            return (verdict, null);
        var source = owner.Resource is null ? SelectorSource.PromiseWorkflow : SelectorSource.ResourceWorkflow;
        var placed = Placing.Place(owner, pipeline, Placing.Group(output.Files, output.Selectors, revision.Selectors, source), works, destinations);
        var work = Validity.Marked(Placing.Marked(placed, destinations), output);
        return Validity.Problem(work, output, destinations) is { } problem ? (Verdict(new RunResult.Failed(result.Steps, problem)), null) : (verdict, work);
    }
}
