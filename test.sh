#!/usr/bin/env bash
# Installs what is missing, builds, runs every test. The last line is "N passed, N failed".
# usage: ./test.sh [PROJECT...]     e.g. ./test.sh Core Kernel; without names all, the fast ones first
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# Nothing that a build starts may outlive it.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_USE_MSBUILD_SERVER=0

bash eng/install.sh --sshd --s3 --static-kubectl --current-kubectl --kube-apiserver
. eng/env.sh
bash eng/images.sh

projects=("$@")
[ ${#projects[@]} -gt 0 ] || projects=(Architecture Core Kernel Host Journal Kubernetes Engine Simulation StateStores Standalone EndToEnd)

echo "test: building"
dotnet build Kratix.Actors.sln --nologo --verbosity quiet
# Here rather than by the test that needs it, so that no test waits for it.
case " ${projects[*]} " in *" EndToEnd "*) bash eng/images.sh --program artifacts/bin/Kratix.Actors.Host/debug ;; esac

results=$KRATIX_ACTORS_WORK/test-results
rm -rf "$results"
mkdir -p "$results"
broken=0
for name in "${projects[@]}"; do
    project=tests/Kratix.Actors.$name.Tests
    [ -d "$project" ] || continue
    echo "test: $name"
    # A failed test shows in the results; anything else that ends a run early must not look like a success either.
    dotnet test "$project" --no-build --nologo --verbosity quiet --blame-hang-timeout 10m --blame-hang-dump-type none \
        --logger "console;verbosity=minimal" --logger "trx;LogFileName=$name.trx" --results-directory "$results" || broken=1
    [ -s "$results/$name.trx" ] || { echo "test: $name left no results" >&2; echo '<ResultSummary outcome="Failed"><Counters total="0" executed="0" passed="0"/></ResultSummary>' > "$results/$name.trx"; }
done

bash eng/summary.sh "$results" || broken=1
exit $broken
