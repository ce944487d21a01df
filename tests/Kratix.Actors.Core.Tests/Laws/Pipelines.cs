using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>
/// What the Pipelines of the simulated world do: all of it follows from the spec they see. A <c>bad</c> spec fails always, a <c>flaky</c> one at the
/// first attempt; a <c>later</c> one asks to be tried again at the first attempt, a <c>held</c> one waits there for somebody. Specs differ in which files, directories and selectors come out, and one makes nothing at all.
/// </summary>
internal static class Pipelines
{
    public static readonly string[] Specs = ["good-0", "good-1", "good-2", "good-3", "flaky-1", "bad-1", "later-1", "held-1"];

    public static readonly string[] LastingSpecs = ["good-0", "good-1", "good-2", "good-3", "flaky-1", "later-1"];

    public static readonly PromiseRevision[] Revisions =
    [
        Given.Revision(Given.Plan("a", "x"), "r-one", Given.Selector("env:dev")),
        Given.Revision(Given.Plan("a,b", "x,y"), "r-two", Given.Selector("env:dev")),
        Given.Revision(Given.Plan("b,c"), "r-three"),
        Given.Revision(Given.Plan("", ""), "r-none"),
        Given.Revision(Given.Plan("a", "x"), "r-lenient") with { ReconcileAfterFailure = false },
    ];

    public static readonly Destination[] Destinations =
    [
        Given.Destination("dev-one", "env:dev"),
        Given.Destination("dev-two", "env:dev,zone:eu", FilepathMode.None),
        Given.Destination("prod", "env:prod"),
    ];

    public static RunResult Result(string spec, string pipeline, int attempt)
    {
        if (spec.StartsWith("bad", StringComparison.Ordinal) || (spec.StartsWith("flaky", StringComparison.Ordinal) && attempt == 1))
            return new RunResult.Failed(Given.Steps(1), $"container main of {pipeline} exited with code 1 on {spec}");
        return new RunResult.Succeeded(Given.Steps(0), attempt > 1 ? Output(spec, pipeline) : Output(spec, pipeline) with
        {
            Control = spec.StartsWith("later", StringComparison.Ordinal) ? new WorkflowControl(false, TimeSpan.FromSeconds(30), $"{pipeline} is not ready", 3)
                : spec.StartsWith("held", StringComparison.Ordinal) ? new WorkflowControl(true, null, $"{pipeline} wants approval", null) : null,
        });
    }

    public static RunOutput Output(string spec, string pipeline)
    {
        var status = $$"""{"endpoint":"{{spec}}","message":"{{pipeline}} ran"}""";
        return spec[^1] switch
        {
            '0' => new RunOutput([], status, []),
            '1' => new RunOutput([Given.File($"{pipeline}.yaml", spec), Given.File($"{pipeline}/{spec}.yaml", spec)], status, []),
            '2' => new RunOutput(
                [Given.File($"{pipeline}.yaml", spec), Given.File($"{pipeline}/{spec}.yaml", spec)], status, [new SelectorEntry(pipeline, Given.Labels("env:prod"))]),
            _ => new RunOutput([Given.File($"{pipeline}.yaml", "always the same")], status, [new SelectorEntry(".", Given.Labels("zone:eu"))]),
        };
    }
}
