#!/usr/bin/env bash
# Is the simulation able to notice? Takes one protection after the other out of a copy of the source (eng/mutations/*.patch) and plays: each copy must fail,
# and the copy as it is must pass.
# usage: bash eng/mutations.sh [PATCH...]       SIMULATION_SEEDS=300: seeds that each copy is given to notice
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_USE_MSBUILD_SERVER=0
export SIMULATION_SEEDS=${SIMULATION_SEEDS:-300}

patches=("$@")
[ ${#patches[@]} -gt 0 ] || patches=(eng/mutations/*.patch)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | tar --null --files-from=- --create | tar --extract --directory "$copy"
project=tests/Kratix.Actors.Simulation.Tests

# Prints "passes" or "fails: WHY"; anything else that ends it early ends the script.
play() (
    cd "$copy"
    dotnet build "$project" --nologo --verbosity quiet > build.log 2>&1 || { cat build.log >&2; exit 1; }
    if dotnet test "$project" --no-build --nologo --filter "FullyQualifiedName~Every_wish" > play.log 2>&1; then
        echo "passes"
    else
        grep -q "seeds fail" play.log || { cat play.log >&2; exit 1; }
        echo "fails: $(grep -m1 -o 'repeat it with.*' play.log | cut -c1-120)"
    fi
)

result=$(play)
echo "as it is: $result"
[ "$result" = passes ] || exit 1
survivors=0
for patch in "${patches[@]}"; do
    patch -d "$copy" -p1 --quiet < "$patch"
    result=$(play)
    echo "$(basename "$patch" .patch) ($(head -1 "$patch")): $result"
    [ "$result" != passes ] || survivors=$((survivors + 1))
    patch -d "$copy" -p1 --quiet --reverse < "$patch"
done
echo "mutations: ${#patches[@]} played, $survivors not noticed"
[ $survivors -eq 0 ]
