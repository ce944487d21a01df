using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Scenarios;

/// <summary>How transcripts write the end of a run: <c>run files=cm.yaml,far/a.yaml far=env:prod at=worker-1</c> or <c>run failed=exit_code_1</c>.</summary>
internal static class Outcomes
{
    public static RunResult Of(Words words) => words.Get("failed") is { } reason
        ? new RunResult.Failed(Given.Steps(1), reason.Replace('_', ' '))
        : new RunResult.Succeeded(Given.Steps(0), new RunOutput(
            [.. words.List("files").Select(f => Given.File(f, words.Get("content", "")))], words.Get("status")?.Replace('\'', '"'),
            words.Get("far") is { } labels ? [new SelectorEntry("far", Given.Labels(labels))] : []));

    public static ImmutableArray<Destination> Destinations(Words words) => [.. words.List("at").Select(name => Given.Destination(name, "env:dev"))];
}
