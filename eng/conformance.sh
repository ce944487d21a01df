#!/usr/bin/env bash
# Writes docs/conformance.md from the tests and from the results of their last full run.
# usage: eng/conformance.sh [RESULTS_FOLDER]    (the folder with the *.trx files of `dotnet test --logger trx --results-directory …`;
#                                                without it the results already on the page are kept, and new tests count as not run)
set -euo pipefail
[ $# -eq 0 ] || { [ $# -eq 1 ] && [ -d "$1" ]; } || { echo "usage: eng/conformance.sh [RESULTS_FOLDER] (a folder with *.trx files)" >&2; exit 2; }
results=keep
[ $# -eq 0 ] || results=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
CONFORMANCE_RESULTS=$results dotnet test tests/Kratix.Actors.Architecture.Tests --filter "FullyQualifiedName~ConformancePageTests.Page_and_tests_agree" --nologo --verbosity quiet
echo "wrote docs/conformance.md"
