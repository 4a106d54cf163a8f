#!/bin/sh
# bench/setup.sh FOLDER: puts what ferry is measured against into FOLDER, one by one. What cannot be
# had is left out, and FOLDER/NAME.missing says why; nothing else is lost by it.
#   hello-go, http-go              the same programs, compiled natively by stock Go
#   hello-rust-http.wasm           the same as a wasi:http component in Rust (bench/peers/rust: some
#                                  2 CPU minutes, once; kept beside the engines' builds)
#   wasmtime-serve, wasmtime-events  Wasmtime's own server and WASI (bench/wasmtime: some 20 CPU
#                                  minutes, once; kept beside the engines' builds). The server may
#                                  be the program that `tools/setup.sh components` installs.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out"
out=$(cd "$out" && pwd)  # what is built elsewhere comes here too
rm -f "$out"/*.missing

# missing WHY NAME...
missing() {
  why=$1
  shift
  for name in "$@"; do
    echo "bench: without $name: $why" >&2
    echo "$why" > "$out/$name.missing"
  done
}

if command -v go >/dev/null; then
  (cd "$here/../functions/hello-go" && CGO_ENABLED=0 GOFLAGS= GOWORK=off go build -o "$out/hello-go" .) >&2 ||
    missing "go build failed" hello-go
  CGO_ENABLED=0 GOFLAGS= GOWORK=off go build -o "$out/http-go" "$here/peers/http.go" >&2 ||
    missing "go build failed" http-go
else
  missing "there is no go" hello-go http-go
fi
command -v node >/dev/null || missing "there is no node" http-node
missing "no registry has it: crates.io holds an empty 'spin-cli' 0.0.0" spin
missing "no registry has it" wagi wasm-workers-server

cache=${XDG_CACHE_HOME:-$HOME/.cache}/ferry-build
key=$(cat "$here"/peers/rust/* "$here/../functions/hello-rust/json.rs" | sha256sum | cut -c1-16)
component=$cache/bench-rust-$key
if [ ! -f "$component/hello-rust-http.wasm" ]; then
  echo "bench: building the Rust component, once; kept in $component" >&2
  mkdir -p "$component"
  "$here/peers/rust/build.sh" "$component" 2>"$component/log" || tail -1 "$component/log" > "$component/why"
fi
if [ -f "$component/hello-rust-http.wasm" ]; then
  cp "$component/hello-rust-http.wasm" "$out/"
else
  missing "$(cat "$component/why")" hello-rust-http
fi

key=$(cat "$here"/wasmtime/* | sha256sum | cut -c1-16)
kept=$cache/bench-wasmtime-$key
# The program that `tools/setup.sh components` has installed does as well, where nobody built ours.
cli=$(ls "$cache"/components/python/lib/python3*/site-packages/wasmtime_cli/wasmtime 2>/dev/null | head -1)
if [ ! -x "$kept/wasmtime-serve" ] && [ -n "$cli" ]; then
  printf '#!/bin/sh\nexec "%s" serve -Scli "$@"\n' "$cli" > "$out/wasmtime-serve"
  chmod +x "$out/wasmtime-serve"
  missing "bench/wasmtime was not built" wasmtime-events
  exit 0
fi
if [ ! -x "$kept/wasmtime-serve" ] || [ ! -x "$kept/wasmtime-events" ]; then
  if ! command -v cargo >/dev/null; then
    missing "there is no cargo" wasmtime-serve wasmtime-events
    exit 0
  fi
  echo "bench: building wasmtime serve with cargo, once; kept in $kept" >&2
  target=${FERRY_CARGO_TARGET_DIR:-$kept.work}
  if cargo build --release --locked --manifest-path "$here/wasmtime/Cargo.toml" \
    --target-dir "$target" >&2; then
    mkdir -p "$kept"
    cp "$target/release/wasmtime-serve" "$target/release/wasmtime-events" "$kept/"
  fi
  [ -n "${FERRY_CARGO_TARGET_DIR:-}" ] || rm -rf "$kept.work"
fi
for name in wasmtime-serve wasmtime-events; do
  if [ -x "$kept/$name" ]; then
    cp "$kept/$name" "$out/$name"
  else
    missing "cargo build failed" "$name"
  fi
done
