#!/bin/sh
# Debian's arm64 libraries to link against, in a folder of their own: nothing of this machine is
# changed, and no program of theirs is run. Prints the folder. With them, the cross compiler, Rust's
# target and the emulator that runs what was built (tools/packages.txt, group arm64).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ferry-build
"$here/setup.sh" arm64 >&2
# What is linked (group build), and what tests link beside it.
libraries=$("$here/setup.sh" --list | awk '$1 ~ /-dev$/ { print $1 }
  /^libgmock/ { exit }' | sort | paste -sd, -)
packages=$libraries,libc6-dev,libstdc++-12-dev
key=$(printf '%s' "$packages" | sha256sum | cut -c 1-16)
root=$cache/arm64-$key
if [ ! -e "$root/made" ]; then
  echo "setup: fetching Debian's arm64 libraries into $root" >&2
  rm -rf "$root.work"
  mkdir -p "$cache"
  mmdebstrap --quiet --variant=extract --architectures=arm64 "--include=$packages" \
    bookworm "$root.work" >&2
  # Links that name a file from the root name another machine's.
  find "$root.work" -type l -lname '/*' | while read -r link; do
    target=$(readlink "$link")
    ln -sfn "$root$target" "$link"
  done
  # An emulator given this folder would find these in place of the machine's.
  rm -rf "$root.work/dev" "$root.work/etc" "$root.work/tmp" "$root.work/var"
  touch "$root.work/made"
  rm -rf "$root"
  mv "$root.work" "$root"
fi
echo "$root"
