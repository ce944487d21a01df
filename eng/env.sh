# Sourced, not run: `. eng/env.sh`. Exports what the project's scripts, tests and program share.
# It changes nothing on the machine; eng/install.sh writes the files it points at.

KRATIX_ACTORS_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
KRATIX_ACTORS_WORK="${KRATIX_ACTORS_WORK:-$KRATIX_ACTORS_ROOT/.work}"
export KRATIX_ACTORS_ROOT KRATIX_ACTORS_WORK

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

# Only when the machine's own container configuration does not run a container: see probe_podman in eng/install.sh.
if [ -z "${CONTAINERS_CONF:-}" ] && [ -s "$KRATIX_ACTORS_WORK/containers/containers.conf" ]; then
    export CONTAINERS_CONF="$KRATIX_ACTORS_WORK/containers/containers.conf"
fi

# A kubectl that runs inside an image without libraries; present after `eng/install.sh --static-kubectl`.
if [ -x "$KRATIX_ACTORS_WORK/tools/usr/bin/kubectl" ]; then
    export KRATIX_ACTORS_STATIC_KUBECTL="$KRATIX_ACTORS_WORK/tools/usr/bin/kubectl"
fi

# A kubectl of a current release; present after `eng/install.sh --current-kubectl`.
if [ -x "$KRATIX_ACTORS_WORK/tools/current/kubectl" ]; then
    export KRATIX_ACTORS_CURRENT_KUBECTL="$KRATIX_ACTORS_WORK/tools/current/kubectl"
fi

# An SSH server for the tests; present after `eng/install.sh --sshd`.
if [ -x "$KRATIX_ACTORS_WORK/tools/usr/sbin/sshd" ]; then
    export KRATIX_ACTORS_SSHD="$KRATIX_ACTORS_WORK/tools/usr/sbin/sshd"
fi

# An S3 server for the tests; present after `eng/install.sh --s3`.
if [ -f "$KRATIX_ACTORS_WORK/tools/s3/node_modules/s3rver/bin/s3rver.js" ]; then
    export KRATIX_ACTORS_S3RVER="$KRATIX_ACTORS_WORK/tools/s3/node_modules/s3rver/bin/s3rver.js"
fi

# Kubernetes' API server and its store for the tests; present after `eng/install.sh --kube-apiserver`.
if [ -x "$KRATIX_ACTORS_WORK/tools/kube/kube-apiserver" ]; then
    export KRATIX_ACTORS_KUBE_APISERVER="$KRATIX_ACTORS_WORK/tools/kube/kube-apiserver" KRATIX_ACTORS_ETCD="$KRATIX_ACTORS_WORK/tools/kube/etcd"
fi
