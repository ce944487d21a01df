using System.Collections.Immutable;
using System.Globalization;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Engine.Entries;

/// <summary>
/// What steps leave in a Task's directory of results, by file name. A result of the Task starts with a letter or digit, so what starts with a dot is a
/// step's: <c>.STEP</c> its exit code, <c>.STEP.RESULT</c> its results. A step's name has no dot.
/// </summary>
internal static class StepFiles
{
    internal static string ExitCode(string step) => $".{step}";

    internal static string Result(string step, string result) => $".{step}.{result}";

    /// <summary>The declared results that were written, a step's as <c>STEP/RESULT</c>.</summary>
    internal static ImmutableSortedDictionary<string, string> Results(IReadOnlyDictionary<string, string> files, ImmutableArray<string> declared) => declared
        .Where(file => files.ContainsKey(file) && file.LastIndexOf('.') != 0)
        .ToImmutableSortedDictionary(NameOf, file => files[file], StringComparer.Ordinal);

    private static string NameOf(string file) => file[0] == '.' ? $"{file[1..file.IndexOf('.', 1)]}/{file[(file.IndexOf('.', 1) + 1)..]}" : file;

    /// <summary>Steps whose failure the Task survived have succeeded for Kubernetes; here they get the exit code they really had.</summary>
    internal static ImmutableArray<StepReport> WithExitCodes(ImmutableArray<StepReport> steps, IReadOnlyDictionary<string, string> files, ImmutableArray<string> declared) =>
    [
        .. steps.Select(step => declared.Contains(ExitCode(step.Name)) && files.TryGetValue(ExitCode(step.Name), out var text)
            && int.TryParse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var code) && code != 0
                ? step with { Phase = StepPhase.Failed, ExitCode = code, Reason = "the Task continued, as onError says" }
                : step),
    ];
}
