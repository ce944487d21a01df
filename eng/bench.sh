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
dotnet build -c Release tests/Kratix.Actors.Benchmarks --nologo --verbosity quiet
exec dotnet artifacts/bin/Kratix.Actors.Benchmarks/release/Kratix.Actors.Benchmarks.dll "$@"
