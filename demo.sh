#!/usr/bin/env bash
# Installs what is missing, builds, starts the platform, runs the main job, shows the result.
# usage: ./demo.sh [--keep]      --keep leaves the platform running at the end
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
keep=no
case "${1:-}" in
    --keep) keep=yes ;;
    "") ;;
    *) echo "usage: ./demo.sh [--keep]" >&2; exit 2 ;;
esac
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_USE_MSBUILD_SERVER=0

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi
started=$(date +%s.%N)
part=''
timings=()
elapsed() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f s", b - a }'; }
# Names the part that begins and notes how long the one before it took.
begin() {
    [ -z "$part" ] || timings+=("$(printf '%-44s %8s' "$part" "$(elapsed "$part_started")")")
    part=$1 part_started=$(date +%s.%N)
    [ -z "$part" ] || printf '\n%s== %s%s\n' "$bold" "$part" "$plain"
}
# Shows a command as one would type it, then runs it.
run() { printf '%s$ %s%s\n' "$dim" "$*" "$plain"; "$@"; }

begin "Installing what is missing"
bash eng/install.sh
. eng/env.sh
bash eng/images.sh

begin "Building"
dotnet build src/Kratix.Actors.Host -c Release --nologo --verbosity quiet
program="$PWD/artifacts/bin/Kratix.Actors.Host/release/kratix-actors"
work=$KRATIX_ACTORS_WORK/demo
data=$work/data
repository=$work/repository.git

begin "Starting the platform"
# A demo that was left running with --keep makes way for this one; its own lock says which process that is.
if [ -s "$data/up.pid" ] && kill "$(cat "$data/up.pid")" 2>/dev/null; then
    echo "stopping the demo that was left running"
    tail --pid="$(cat "$data/up.pid")" -f /dev/null
fi
rm -rf "$work"
mkdir -p "$work"
git init --quiet --bare --initial-branch=main "$repository"
mkfifo "$work/ready"
setsid "$program" up --data-folder "$data" --set kratix.api.port=0 --set kratix.http.port=0 > "$work/ready" 2> "$work/platform.log" &
platform=$!
stop() {
    kill "$platform" 2>/dev/null || return 0
    wait "$platform" || true
}
failed() { echo; echo "demo: failed; the platform's log ($work/platform.log) ends with:" >&2; tail -n 20 "$work/platform.log" >&2; }
trap 'status=$?; [ $status -eq 0 ] || failed; { [ $keep = yes ] && [ $status -eq 0 ]; } || stop' EXIT
exec 3< "$work/ready"
ready=no
while IFS= read -r line <&3; do
    echo "$line"
    case "$line" in export\ KUBECONFIG=*) ready=yes; break ;; esac
done
[ $ready = yes ] || exit 1
export KUBECONFIG="$data/kubeconfig"

begin "Registering a repository and two Destinations"
sed "s|file:///REPOSITORY|file://$repository|" samples/demo/stores.yaml > "$work/stores.yaml"
run kubectl apply -f "$work/stores.yaml"
run kubectl wait --for=condition=Ready destinations --all --timeout=60s
run kubectl get destinations --show-labels

begin "Installing a Promise"
run kubectl apply -f samples/demo/promise.yaml
run kubectl wait --for=condition=Available promise/database --timeout=60s
run kubectl wait --for=condition=Established crd/databases.demo.example --timeout=60s
run kubectl get promises

begin "Submitting three requests"
run kubectl apply -f samples/demo/requests.yaml
run kubectl wait --for=condition=Reconciled databases --all --timeout=120s
run kubectl get databases
run git -C "$repository" ls-tree -r --name-only main
run git -C "$repository" log --format='%h %an %s%n%w(0,4,4)%(trailers)' main

begin "Changing one request"
run kubectl patch database orders --type merge -p '{"spec":{"size":"large"}}'
run kubectl wait --for=jsonpath='{.status.observedGeneration}'=2 database/orders --timeout=120s
run kubectl wait --for=condition=Reconciled database/orders --timeout=120s
run kubectl get database orders
run git -C "$repository" log -1 --stat --format='%h %s' main

begin "Deleting one request"
run kubectl delete database sessions --timeout=120s
run kubectl get databases
run git -C "$repository" log -1 --stat --format='%h %s' main

begin "The audit"
run "$program" audit database/default/orders --data-folder "$data"
run "$program" audit database/default/sessions --data-folder "$data"
run "$program" audit verify --data-folder "$data"

begin ""
printf '\n%s== How long it took%s\n' "$bold" "$plain"
printf '%s\n' "${timings[@]}"
printf '%-44s %8s\n\n' "all" "$(elapsed "$started")"
echo "data folder: $data"
echo "repository:  $repository"
if [ $keep = yes ]; then
    echo "still running as process $platform; use it with: export KUBECONFIG=$data/kubeconfig"
    echo "stop it with: kill $platform"
else
    stop
    echo "carry on with: . eng/env.sh && $program up --data-folder $data"
fi
