using System.Collections.Immutable;
using System.Globalization;
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
            words.Get("far") is { } labels ? [new SelectorEntry("far", Given.Labels(labels))] : []) { Control = Control(words) });

    /// <summary>Marks on an object: <c>marks=paused,again,suspended,requests</c>.</summary>
    public static Controls Marks(Words words, Controls before) => !words.Has("marks") ? before : words.List("marks").Select(m => m switch
    {
        "paused" => Controls.Paused,
        "again" => Controls.RunAgain,
        "suspended" => Controls.Suspended,
        "requests" => Controls.RunRequests,
        _ => throw new FormatException($"unknown mark '{m}'"),
    }).Aggregate(Controls.None, (all, one) => all | one);

    private static WorkflowControl? Control(Words words) => !words.Has("suspend") && !words.Has("retry-after") ? null : new WorkflowControl(
        words.Has("suspend"), words.Get("retry-after") is { } after ? TimeSpan.FromSeconds(int.Parse(after, CultureInfo.InvariantCulture)) : null,
        words.Get("message")?.Replace('_', ' '), words.Get("max") is { } max ? int.Parse(max, CultureInfo.InvariantCulture) : null);

    public static ImmutableArray<Destination> Destinations(Words words) => 
    [
        .. words.List("at").Select(name => Given.Destination(name, "env:dev")),
        .. words.List("leaving").Select(name => Given.Destination(name, "env:dev") with { Leaving = true }),
    ];
}
