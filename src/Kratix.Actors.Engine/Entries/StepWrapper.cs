using System.Globalization;

namespace Kratix.Actors.Engine.Entries;

/// <summary>
/// A step with <c>onError: continue</c> or a <c>timeout</c> is started by this script, in its own image; all others are started as they are.
/// It passes signals on, ends the step at its time limit with code 124 as <c>timeout(1)</c> does, and where the Task is to continue, it notes the
/// exit code and succeeds. A time limit fails the step even then, as in Tekton.
/// </summary>
internal static class StepWrapper
{
    internal const string Script =
        """
        #!/bin/sh
        # run_step EXIT_CODE_FILE SECONDS COMMAND [ARGUMENT...]    EXIT_CODE_FILE -: fail as the command fails. SECONDS 0: no limit.
        file=$1 seconds=$2
        shift 2
        child= ended= late=
        # Before there is a child: process 1 of a container is not told of signals that it has no trap for.
        trap 'ended=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT
        trap 'late=1; kill -KILL "$child" 2>/dev/null' USR1
        "$@" &
        child=$!
        [ -z "$ended" ] || kill -TERM "$child" 2>/dev/null
        if [ "$seconds" != 0 ]; then
            (sleep "$seconds" && kill -USR1 $$) &
        fi
        wait "$child"
        code=$?
        # A signal interrupts wait: the command's own code comes when it has really ended.
        while [ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null; do
            wait "$child"
            code=$?
        done
        if [ -n "$late" ]; then
            echo "the step did not end within its timeout of ${seconds} s" >&2
            exit 124
        fi
        # Told to end: that is the Pod's end and nothing to go on after.
        [ "$file" = - ] || [ -n "$ended" ] && exit "$code"
        echo "$code" > "$file"
        [ "$code" = 0 ] || echo "the step failed with exit code $code; the Task continues, as its onError says" >&2

        """;

    /// <summary><paramref name="exitCodeFile"/> null: the step's failure fails the Task.</summary>
    internal static string[] Command(string wrapper, string? exitCodeFile, TimeSpan? timeout) =>
    [
        // Not by its own first line: where the image has no shell, the error then names the shell and not this file.
        "/bin/sh", wrapper, exitCodeFile ?? "-", ((long)Math.Ceiling(timeout?.TotalSeconds ?? 0)).ToString(CultureInfo.InvariantCulture),
    ];
}
