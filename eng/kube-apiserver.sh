#!/usr/bin/env bash
# Makes Kubernetes' own API server, for tests, and says what it does; eng/install.sh --kube-apiserver runs it. Running it again changes nothing.
#   .work/tools/kube/kube-apiserver   built from Debian's source package of Kubernetes, which Debian itself builds only kubectl from
#   .work/tools/kube/etcd             Debian's, unpacked, not installed
# Everything comes by apt, which checks Debian's signatures; the sources are also compared with the digest below. Nothing is installed on the machine.
set -euo pipefail
[ $# -eq 0 ] || { echo "usage: eng/kube-apiserver.sh    (it takes no arguments)" >&2; exit 2; }
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

say()  { printf 'kube-apiserver: %s\n' "$*"; }
fail() { printf 'kube-apiserver: %s\n' "$*" >&2; exit 1; }

version=1.20.2
sources=b83c0780efb182d928dc63d46488a847f161f04e40a94b96bf5247dd671ecdfc # SHA-256 of Debian's kubernetes_….orig.tar.gz
go=golang-1.19
reflect=golang-github-modern-go-reflect2-dev

folder="$KRATIX_ACTORS_WORK/tools/kube"
# The last to be put there: with it, everything is, made by this script as it now stands.
stamp=$(sha256sum <"${BASH_SOURCE[0]}")
if [ "$(cat "$folder/stamp" 2>/dev/null)" = "$stamp" ]; then say "$folder/kube-apiserver ($version)"; exit 0; fi
command -v apt-get >/dev/null || fail "this is not Debian: put kube-apiserver and etcd of your own into $folder"

mkdir -p "$folder"
build=$(mktemp -d "$folder/build.XXXXXX")
trap 'chmod -R u+w "$build"; rm -rf "$build"' EXIT

quietly() { # shows what a command said when it failed
    "$@" >"$build/log" 2>&1 </dev/null || { cat "$build/log" >&2; fail "$1 failed, see above"; }
}

# Source packages are not listed on most machines: apt gets lists of its own for them, from where the machine has its Debian packages.
fetch() {
    local apt=(-qq -o "Dir::Etc::sourcelist=$build/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$build/lists" -o "Dir::Cache=$build/cache" -o Acquire::Retries=3)
    mkdir -p "$build/packages" "$build/lists/partial" "$build/cache/archives/partial"
    apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' 'Codename: bookworm' >"$build/sources.list"
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' 'Codename: bookworm' >>"$build/sources.list"
    grep -q . "$build/sources.list" || fail "this machine has no package lists of Debian 12: run apt-get update"
    quietly apt-get "${apt[@]}" update
    cd "$build/packages"
    quietly apt-get "${apt[@]}" source --download-only --tar-only kubernetes
    quietly apt-get "${apt[@]}" download "$go-go" "$go-src" "$reflect" etcd-server
    sha256sum --quiet -c - <<<"$sources  $(echo kubernetes_*.orig.tar.gz)" || fail "the sources are not those of $version"
    for package in *.deb; do dpkg-deb -x "$package" "$build/root"; done
}

# Inside GOPATH, because the go.mod of that time is not what Go 1.19 wants beside a vendor folder.
lay_out() {
    tree="$build/go/src/k8s.io/kubernetes"
    mkdir -p "$tree"
    tar -xzf "$build"/packages/kubernetes_*.orig.tar.gz -C "$tree" --strip-components=1
    # What is vendored reads maps in a way that newer compilers broke: the server would crash on the first custom object.
    rm -r "$tree/vendor/github.com/modern-go/reflect2"
    cp -r "$build/root/usr/share/gocode/src/github.com/modern-go/reflect2" "$tree/vendor/github.com/modern-go/"
    # With the Go of its time an empty string in a custom object is one; with newer ones it would be taken for null, and refused.
    sed -i 's/if data == nil || reflect.DeepEqual(.*ValueOf(data)) {$/if data == nil {/' "$tree/vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go"
    grep -q 'if data == nil {$' "$tree/vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go" || fail "vendored kube-openapi is not what was expected"
    export GOROOT="$build/root/usr/lib/go-1.19" GOPATH="$build/go" GOCACHE="$build/cache/go" GOTMPDIR="$build" GO111MODULE=off GOFLAGS=-p=2 GOTOOLCHAIN=local CGO_ENABLED=0
    export PATH="$GOROOT/bin:$PATH"
    cd "$tree"
}

# The one generated file that the sources do not bring along, made as their Makefile.generated_files does.
generate() {
    quietly nice go build -o "$build/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
    local packages
    packages=$(grep -Rl --include='*.go' '+k8s:openapi-gen=' vendor/k8s.io/ pkg cmd plugin | grep -vE '^vendor/k8s.io/(code-generator|sample-apiserver|kube-openapi|gengo)/' |
        xargs -n1 dirname | LC_ALL=C sort -u | sed 's#^#k8s.io/kubernetes/#' | paste -sd,)
    quietly nice "$build/openapi-gen" -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r /dev/null
}

compile() {
    local names=k8s.io/kubernetes/vendor/k8s.io/component-base/version
    quietly nice go build -trimpath -ldflags "-s -w -X $names.gitVersion=v$version -X $names.gitMajor=1 -X $names.gitMinor=20" -o "$build/kube-apiserver" ./cmd/kube-apiserver
}

say "fetching Debian's sources of Kubernetes, Go and etcd (apt-get)"
fetch
say "building kube-apiserver $version in $folder (minutes, and 3 GiB that go afterwards)"
lay_out
generate
compile
install -m 755 "$build/root/usr/bin/etcd" "$folder/etcd"
mv "$build/kube-apiserver" "$folder/kube-apiserver"
echo "$stamp" >"$folder/stamp"
say "$folder/kube-apiserver ($version)"
