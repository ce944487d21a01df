#!/usr/bin/env bash
# Builds what is measured and measures it; on a machine with nothing else to do, or the figures mean little.
# usage: bash eng/bench.sh [all | containers | engine | other-apis | passive | change | kernel | journal | git]... [--runs N] [--requests N] [--readme]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# A build server that lives on would share the cores with what is measured.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_USE_MSBUILD_SERVER=0
bash eng/install.sh
. eng/env.sh
bash eng/images.sh
# As it is shipped: compiled ahead, see eng/images.sh.
dotnet publish tests/Kratix.Actors.Benchmarks -c Release --use-current-runtime --no-self-contained -p:PublishReadyToRun=true -o artifacts/benchmarks --nologo --verbosity quiet
exec dotnet artifacts/benchmarks/Kratix.Actors.Benchmarks.dll "$@"
