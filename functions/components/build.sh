#!/bin/sh
# functions/components/build.sh NAME OUT.wasm: compiles a sample function that is a component, as the
# project that `ferry new` makes for its language does (../../templates). The toolchains are those that
# `tools/setup.sh components` puts into the cache; says why on stderr, in the last line, where it cannot.
set -eu
name=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
functions=$(dirname "$here")
templates=$(dirname "$functions")/templates
tests=$(dirname "$functions")/tests/components
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ferry-build/components
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# node MODULE: JavaScript or TypeScript, with what it imports.
node_component() {
  [ -d "$cache/node_modules" ] || { echo "no componentize-js: run tools/setup.sh components" >&2; exit 1; }
  cp -r "$functions/$name/." "$work"
  ln -s "$cache/node_modules" "$work/node_modules"
  sed 's/@WASM@/out.wasm/' "$templates/node/build.mjs" > "$work/build.mjs"
  (cd "$work" && node build.mjs "$1") >&2
}

# python MODULE: with the packages that pyproject.toml names.
python_component() {
  [ -x "$cache/python/bin/componentize-py" ] ||
    { echo "no componentize-py: run tools/setup.sh components" >&2; exit 1; }
  cp -r "$templates/python/web.py" "$templates/python/entry.py" "$templates/python/wit" "$work"
  cp -r "$functions/$name/." "$work"
  sed 's/@WASM@/out.wasm/' "$templates/python/build.py" > "$work/build.py"
  if [ -f "$work/pyproject.toml" ]; then
    (cd "$work" && PATH="$cache/python/bin:$PATH" python3 build.py) >&2
  else
    (cd "$work" && "$cache/python/bin/componentize-py" -d wit componentize "$1" -o out.wasm) >&2
  fi
}

# go_component [FOLDER]: a package main, with files of that other function.
go_component() {
  [ -d "$cache/node_modules" ] || { echo "no jco: run tools/setup.sh components" >&2; exit 1; }
  cp -r "$templates/go-component/wasihttp" "$templates/go-component/service.wit" "$work"
  if [ -n "${1:-}" ]; then cp "$functions/$1/main.go" "$work"; fi
  cp -r "$functions/$name/." "$work"
  [ -f "$work/go.mod" ] || printf 'module example.com/%s\n\ngo 1.24\n' "$name" > "$work/go.mod"
  ln -s "$cache/node_modules" "$work/node_modules"
  sed 's/@WASM@/out.wasm/' "$templates/go-component/build.mjs" > "$work/build.mjs"
  (cd "$work" && GOOS=wasip1 GOARCH=wasm GOFLAGS='' GOWORK=off \
    go build -buildmode=c-shared -trimpath -ldflags=-w -o core.wasm . && node build.mjs) >&2
}

# rust FOLDER FILE [OPTION]: a crate, which writes FILE.wasm. The same bytes wherever the clone is.
rust_component() {
  cp -r "$1" "$functions/hello-rust" "$work"
  RUSTFLAGS="--remap-path-prefix=$work= --remap-path-prefix=$HOME=" \
    cargo build --release --locked --quiet --target wasm32-wasip2 ${3:-} \
    --manifest-path "$work/$(basename "$1")/Cargo.toml" --target-dir "$cache/rust"
  cp "$cache/rust/wasm32-wasip2/release/$2.wasm" "$work/out.wasm"
}

# link_command OBJECT...: C or C++ on the C library of WASI 0.2: the one that Rust's target brings, which
# is wasi-libc, with its linker. wasi-sdk has both under one roof.
link_command() {
  host=$(rustc -vV | sed -n 's/^host: //p')
  libraries=$(rustc --print sysroot)/lib/rustlib
  libc=$libraries/wasm32-wasip2/lib/self-contained
  tools=$libraries/$host/bin
  "$tools/wasm-component-ld" --wasm-ld-path "$tools/gcc-ld/wasm-ld" --strip-debug \
    "$libc/crt1-command.o" "$@" -L "$libc" -lc "$(clang-16 --target=wasm32-wasi --print-libgcc-file-name)" \
    -o "$work/out.wasm"
}

case $name in
  hello-js) node_component hello.mjs ;;
  catalogue-js) node_component index.js ;;
  orders-ts) node_component index.ts ;;
  fetch-js) node_component fetch.mjs ;;
  hello-py) python_component app ;;
  markdown-py) python_component entry ;;
  hello-go-http) go_component hello-go ;;
  feed-go-http) go_component ;;
  hello-rust-http) rust_component "$functions/$name" hello_rust_http ;;
  summary-rust-http) rust_component "$functions/$name" summary_rust_http ;;
  fetch-rust-http) rust_component "$functions/$name" fetch_rust_http ;;
  hello-rust-async) rust_component "$functions/$name" hello_rust_async --lib ;;
  hello-rust-async-run)
    rust_component "$functions/hello-rust-async" examples/hello_rust_async_run --examples ;;
  conformance-http) rust_component "$tests/conformance" conformance_http ;;
  conformance-run) rust_component "$tests/conformance" conformance_run ;;
  hello-rust-run)
    # hello-rust itself: a command becomes a component of wasi:cli/run.
    # A relative path: panics name the file.
    (cd "$functions" && rustc --edition 2021 --target wasm32-wasip2 -C opt-level=s -C lto \
      -C panic=abort -C strip=debuginfo hello-rust/main.rs -o "$work/out.wasm")
    ;;
  hello-c-run)
    for file in main json; do
      clang-16 --target=wasm32-wasi -O2 -c "$functions/hello-c/$file.c" -o "$work/$file.o"
    done
    link_command "$work/main.o" "$work/json.o"
    ;;
  hello-cpp-run)
    llvm=$(dirname "$(dirname "$(readlink -f "$(command -v clang-16)")")")
    for file in main json; do
      clang++-16 --target=wasm32-wasi -O2 -std=c++20 -fno-exceptions -nostdinc++ \
        -isystem "$llvm/include/wasm32-wasi/c++/v1" -c "$functions/hello-cpp/$file.cc" -o "$work/$file.o"
    done
    link_command "$work/main.o" "$work/json.o" -L "$llvm/lib/wasm32-wasi" -lc++ -lc++abi
    ;;
  *)
    echo "no sample component '$name'" >&2
    exit 2
    ;;
esac
mv "$work/out.wasm" "$out"
