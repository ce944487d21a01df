#!/usr/bin/env bash
# Builds container images on the spot, from Debian's static busybox; nothing is pulled. An image whose content is unchanged is left alone.
#   eng/images.sh              localhost/busybox:demo and every image of samples/images
#   eng/images.sh FOLDER...    localhost/busybox:demo and localhost/<folder name>:demo for each folder with a Containerfile
#   eng/images.sh NAME=FOLDER  the same under another name, for instance one that an upstream YAML uses
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

label=io.github.kratix-actors.content
base=localhost/busybox:demo
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
    build "$base" "$folder"
    base_digest=$(digest "$folder")
}

stage_busybox
if [ $# -eq 0 ]; then set -- "$KRATIX_ACTORS_ROOT"/samples/images/database-*/; fi
for argument in "$@"; do
    case $argument in
        *=*) build "${argument%%=*}" "${argument#*=}" ;;
        *)   build "localhost/$(basename "$argument"):demo" "$argument" ;;
    esac
done
