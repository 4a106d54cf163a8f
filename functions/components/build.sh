#!/bin/sh
# functions/components/build.sh NAME OUT.wasm: compiles a sample function that is a component. The
# toolchains are those that `tools/setup.sh components` puts into the cache; says why on stderr, in
# the last line, where it cannot.
#
# The interfaces of WASI (WIT) are those that jco brings along.
set -eu
name=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
functions=$(dirname "$here")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ferry-build/components
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# world VERSION: a folder of WIT whose world `proxy` is wasi:http's, at that version of WASI 0.2.
world() {
  builtin=$cache/node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12
  [ -d "$builtin" ] || { echo "no WIT: run tools/setup.sh components" >&2; exit 1; }
  mkdir -p "$work/wit/deps"
  for package in clocks random cli sockets filesystem http io; do
    mkdir "$work/wit/deps/$package"
    sed "s/@0\.2\.12/@$1/g; s/0\.2\.12;/$1;/g" "$builtin/wasi-$package/package.wit" \
      > "$work/wit/deps/$package/package.wit"
  done
  printf 'package ferry:samples;\nworld proxy { include wasi:http/proxy@%s; }\n' "$1" \
    > "$work/wit/world.wit"
}

case $name in
  hello-js)
    # The engine inside componentize-js exports the handler at this version and no other.
    world 0.2.10
    "$cache/node_modules/.bin/componentize-js" "$functions/hello-js/hello.mjs" \
      --wit "$work/wit" -n proxy -o "$work/out.wasm" >&2
    ;;
  hello-py)
    world 0.2.12
    "$cache/python/bin/componentize-py" -d "$work/wit" -w proxy \
      componentize -p "$functions/hello-py" app -o "$work/out.wasm" >&2
    ;;
  hello-rust-http)
    cp -r "$functions/hello-rust-http" "$functions/hello-rust" "$work"
    RUSTFLAGS="--remap-path-prefix=$work= --remap-path-prefix=$HOME=" \
      cargo build --release --locked --quiet --target wasm32-wasip2 \
      --manifest-path "$work/hello-rust-http/Cargo.toml" --target-dir "$cache/rust"
    cp "$cache/rust/wasm32-wasip2/release/hello_rust_http.wasm" "$work/out.wasm"
    ;;
  hello-rust-run)
    # hello-rust itself: a command becomes a component of wasi:cli/run.
    # A relative path: panics name the file.
    (cd "$functions" && rustc --edition 2021 --target wasm32-wasip2 -C opt-level=s -C lto \
      -C panic=abort -C strip=debuginfo hello-rust/main.rs -o "$work/out.wasm")
    ;;
  *)
    echo "no sample component '$name'" >&2
    exit 2
    ;;
esac
mv "$work/out.wasm" "$out"
