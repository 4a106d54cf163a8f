#!/bin/sh
# bench/peers/rust/build.sh FOLDER: compiles hello.rs into FOLDER/hello-rust-http.wasm, a component
# that `wasmtime serve` runs. Says why on stderr, last line, where it cannot.
#
# Any rustc will do whose standard library for wasm32-unknown-unknown is there: rustup's, or Debian's
# (libstd-rust-dev-wasm32). That target needs no adapter for preview 1, so the component is as small
# as Rust makes it. Debian's rustc is older than the cargo that may stand beside it, and the two do
# not go together: cargo fetches what Cargo.lock pins, and rustc is called for each crate.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
work=$out.work
target=wasm32-unknown-unknown

fail() {
  echo "$1" >&2
  exit 1
}

command -v cargo >/dev/null || fail "there is no cargo"
rustc=
for each in ${FERRY_WASM_RUSTC:-} rustc /usr/bin/rustc; do
  if sysroot=$("$each" --print sysroot 2>/dev/null) &&
    ls "$sysroot/lib/rustlib/$target/lib/"libstd-*.rlib >/dev/null 2>&1; then
    rustc=$each
    break
  fi
done
[ -n "$rustc" ] || fail "no rustc has $target (Debian: apt-get install rustc libstd-rust-dev-wasm32)"
linker=
for each in wasm-ld wasm-ld-16 rust-lld; do
  if command -v "$each" >/dev/null; then
    linker="-C linker=$each"
    break
  fi
done

rm -rf "$work"
mkdir -p "$work" "$out"
cargo build --release --locked --quiet --manifest-path "$here/Cargo.toml" --target-dir "$work" ||
  fail "cargo build of bench/peers/rust failed"
cargo metadata --locked --format-version 1 --filter-platform $target \
  --manifest-path "$here/Cargo.toml" > "$work/metadata.json"

# Where cargo put the sources of crate $1.
sources() {
  python3 -c 'import json, os, sys
for each in json.load(open(sys.argv[1]))["packages"]:
    if each["name"] == sys.argv[2]:
        print(os.path.dirname(each["manifest_path"]) + "/src")' "$work/metadata.json" "$1" | tail -1
}

# compile NAME ROOT FLAGS...
compile() {
  name=$1
  root=$2
  shift 2
  "$rustc" --edition 2021 --target $target -C opt-level=3 -C panic=abort -L "$work" \
    --crate-name "$name" "$root" "$@"
}

runtime=$(sources wit-bindgen-rt)
# Pointers have cast_mut() since Rust 1.65.
cp -R "$(sources wasi)" "$work/wasi"
sed -i 's/\(ptr[0-9]*\)\.cast_mut()/(\1 as *mut u8)/' "$work"/wasi/*.rs
library="--cap-lints allow --crate-type rlib"
compile bitflags "$(sources bitflags)/lib.rs" $library -o "$work/libbitflags.rlib"
compile wit_bindgen_rt "$runtime/lib.rs" $library --cfg 'feature="bitflags"' -L "$runtime" \
  -l static=wit_bindgen_cabi_realloc --extern bitflags="$work/libbitflags.rlib" \
  -o "$work/libwit_bindgen_rt.rlib"
compile wasi "$work/wasi/lib.rs" $library --cfg 'feature="std"' \
  --extern wit_bindgen_rt="$work/libwit_bindgen_rt.rlib" -o "$work/libwasi.rlib"
compile hello "$here/hello.rs" --crate-type cdylib -C lto -C strip=symbols $linker \
  --extern wasi="$work/libwasi.rlib" -o "$work/hello.wasm"
"$work/release/encode" "$work/hello.wasm" "$work/component.wasm"
mv "$work/component.wasm" "$out/hello-rust-http.wasm"
rm -rf "$work"
