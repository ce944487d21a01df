#!/usr/bin/env bash
# Builds container images on the spot, from Debian's static busybox; nothing is pulled. An image whose content is unchanged is left alone.
#   eng/images.sh              localhost/busybox:demo and every image of samples/images
#   eng/images.sh FOLDER...    localhost/busybox:demo and localhost/<folder name>:demo for each folder with a Containerfile
#   eng/images.sh NAME=FOLDER  the same under another name, for instance one that an upstream YAML uses
#   eng/images.sh --program [FOLDER]  localhost/kratix-actors:demo, from what is published now or has been built into FOLDER, on this machine's .NET runtime, git and ssh
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

label=io.github.kratix-actors.content
base_image=localhost/busybox:demo
engine=$(command -v podman || command -v docker) || { echo "images: neither podman nor docker found; run eng/install.sh" >&2; exit 1; }
present=$("$engine" images --filter "label=$label" --filter dangling=false --format "{{.Repository}}:{{.Tag}}" | while read -r name; do
    printf '%s %s\n' "$name" "$("$engine" image inspect --format "{{index .Config.Labels \"$label\"}}" "$name")"
done)

digest() { # of names, modes and bytes below the folders, and of the base image they stand on
    { for folder in "$@"; do (cd "$folder" && find . -type f -printf '%P %m\n' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum; find . -type l -printf '%P %l\n' | sort); done
      printf '%s' "${base_digest:-}"; } | sha256sum | cut -c1-32
}

build() { # build NAME FOLDER
    local name=$1 folder=$2 content log
    content=$(digest "$folder")
    if grep -qxF "$name $content" <<<"$present"; then echo "images: $name is current"; return; fi
    log=$(mktemp)
    "$engine" build -q --label "$label=$content" -t "$name" -f "$folder/Containerfile" "$folder" >"$log" 2>&1 ||
        { cat "$log" >&2; rm -f "$log"; echo "images: building $name from $folder failed" >&2; exit 1; }
    rm -f "$log"
    echo "images: built $name"
}

# Two runs at once would tear down each other's staging folder.
mkdir -p "$KRATIX_ACTORS_WORK"
exec 9>"$KRATIX_ACTORS_WORK/images.lock"
flock 9

stage_busybox() { # the root folder of the base image: one binary, a link per applet
    local source="$KRATIX_ACTORS_ROOT/samples/images/busybox" folder="$KRATIX_ACTORS_WORK/images/busybox" applet
    rm -rf "$folder"; mkdir -p "$folder"/root/{bin,etc,tmp,root,usr/bin,usr/local/bin}
    cp "$source/Containerfile" "$folder/"
    install -m 755 /bin/busybox "$folder/root/bin/busybox"
    install -m 755 "$source/field" "$folder/root/usr/local/bin/field"
    chmod 1777 "$folder/root/tmp"
    for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$folder/root/bin/$applet"; done
    ln -s ../../bin/env "$folder/root/usr/bin/env"
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$folder/root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$folder/root/etc/group"
    build "$base_image" "$folder"
    base_digest=$(digest "$folder")
}

stage_program() { # the context of the Containerfile at the top: what it stands on, from this machine, and the program
    local built=${1:-} base="$KRATIX_ACTORS_WORK/images/kratix-actors-base" folder="$KRATIX_ACTORS_WORK/images/kratix-actors" dotnet file
    dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
    rm -rf "$base" "$folder"; mkdir -p "$base"/root/{etc/ssl/certs,home,usr/bin,usr/lib,usr/share/dotnet/shared} "$folder/program"
    cp "$dotnet/dotnet" "$base/root/usr/share/dotnet/"
    cp -r "$dotnet/host" "$base/root/usr/share/dotnet/"
    cp -r "$dotnet"/shared/Microsoft.{NETCore,AspNetCore}.App "$base/root/usr/share/dotnet/shared/"
    ln -s ../share/dotnet/dotnet "$base/root/usr/bin/dotnet"
    cp "$(command -v git)" "$(command -v ssh)" "$base/root/usr/bin/"
    cp -r /usr/lib/git-core "$base/root/usr/lib/"
    cp -r /usr/share/git-core "$base/root/usr/share/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$base/root/etc/ssl/certs/"
    printf '%s\n' hosts:\ files\ dns >"$base/root/etc/nsswitch.conf"
    # In the place of busybox's: ssh does nothing for a user that has no name.
    printf 'root:x:0:0:root:/root:/bin/sh\nkratix:x:65532:65532:kratix:/home:/bin/false\n' >"$base/root/etc/passwd"
    # The libraries of all of these, and what .NET loads by name: OpenSSL.
    { find "$base/root" -type f \( -name '*.so' -o -perm -u+x \) -print0 | { xargs -0 -n 32 ldd 2>/dev/null || true; } | sed -nE 's/^.*[[:space:]](\/lib[^ ]+) \(0x.*/\1/p'; ldconfig -p | grep -oE '/lib[^ ]*/lib(ssl|crypto)\.so\.3$'; } | sort -u |
        while read -r file; do install -D "$(readlink -f "$file")" "$base/root$file"; done
    printf 'FROM %s\nCOPY root/ /\n' "$base_image" >"$base/Containerfile"
    build localhost/kratix-actors-base:demo "$base"
    base_digest=$(digest "$base")
    if [ -n "$built" ]; then cp -r "$built"/. "$folder/program/"; else dotnet publish "$KRATIX_ACTORS_ROOT/src/Kratix.Actors.Host" -c Release --use-current-runtime --no-self-contained -p:PublishReadyToRun=true -o "$folder/program" --nologo --verbosity quiet; fi
    rm -f "$folder"/program/*.pdb
    cp "$KRATIX_ACTORS_ROOT/Containerfile" "$folder/"
    build localhost/kratix-actors:demo "$folder"
}

stage_busybox
if [ "${1:-}" = --program ]; then stage_program "${2:-}"; exit; fi
if [ $# -eq 0 ]; then set -- "$KRATIX_ACTORS_ROOT"/samples/images/database-*/; fi
for argument in "$@"; do
    case $argument in
        *=*) build "${argument%%=*}" "${argument#*=}" ;;
        *)   build "localhost/$(basename "$argument"):demo" "$argument" ;;
    esac
done
