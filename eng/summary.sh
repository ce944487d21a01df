#!/usr/bin/env bash
# Sums the result files of a `dotnet test` run into one last line: "N passed, N failed", and ", N skipped" where there are any.
# Ends with 1 when a test failed or none ran: a run that tests nothing must not look like a success.
# usage: eng/summary.sh RESULTS_FOLDER    (the folder with the *.trx files)
set -euo pipefail
[ $# -eq 1 ] && [ -d "$1" ] || { echo "usage: eng/summary.sh RESULTS_FOLDER (a folder with *.trx files)" >&2; exit 2; }

# Each file has one <Counters total= executed= passed= failed= …/>. What was not executed was skipped.
# A run that broke off (its host crashed) says so in its outcome and has no failed test to show for it: that is one failure.
find "$1" -name '*.trx' -exec cat {} + | sed 's|>|>\n|g' | awk '
    function count(name,    text) {
        if (!match($0, " " name "=\"[0-9]+\"")) return 0
        text = substr($0, RSTART, RLENGTH)
        gsub(/[^0-9]/, "", text)
        return text + 0
    }
    /<ResultSummary / { broken = !/outcome="(Completed|Passed)"/ }
    /<Counters / {
        wrong = count("executed") - count("passed")
        passed += count("passed"); skipped += count("total") - count("executed"); failed += (broken && wrong == 0) ? 1 : wrong
    }
    END {
        printf("%d passed, %d failed%s\n", passed, failed, (skipped > 0) ? ", " skipped " skipped" : "")
        exit (failed > 0 || passed == 0) ? 1 : 0
    }'
