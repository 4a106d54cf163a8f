#!/bin/sh
# Builds what ferry is measured against and prints the folder it is in: Wasmtime's own server and
# WASI (bench/wasmtime: some 15 CPU minutes, once; kept beside the engines' builds) and a native
# Go program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
key=$(cat "$here"/wasmtime/* | sha256sum | cut -c1-16)
out=${XDG_CACHE_HOME:-$HOME/.cache}/ferry-build/bench-wasmtime-$key
if [ ! -x "$out/wasmtime-serve" ] || [ ! -x "$out/wasmtime-events" ]; then
  echo "bench: building wasmtime serve with cargo, once; kept in $out" >&2
  target=${FERRY_CARGO_TARGET_DIR:-$out.work}
  cargo build --release --locked --manifest-path "$here/wasmtime/Cargo.toml" \
    --target-dir "$target" >&2
  mkdir -p "$out"
  cp "$target/release/wasmtime-serve" "$target/release/wasmtime-events" "$out/"
  [ -n "${FERRY_CARGO_TARGET_DIR:-}" ] || rm -rf "$out.work"
fi
(cd "$here/../functions/hello-go" && CGO_ENABLED=0 go build -o "$out/hello-go" .) >&2
echo "$out"
