#!/bin/sh
# Run in a copy of this folder before cargo: fetches the three crates of 2020 that today's compiler
# or CPUs no longer accept, and mends a line in each; and leaves a fourth out. Cargo.toml then uses
# them in place of the published ones. They are edited where they are built and are no part of our tree.
set -eu
mkdir -p ../fetch mended instead/wabt
# wabt reads modules that are text; what lucetc is given here is binary. It is C++, and takes as long
# to compile as all else but cranelift.
cat > instead/wabt/Cargo.toml <<'END'
[package]
name = "wabt"
version = "0.9.2"
edition = "2018"
[lib]
path = "lib.rs"
END
cp wabt.rs instead/wabt/lib.rs
exact='cranelift-codegen = "=0.51.0"\
raw-cpuid-6 = { package = "raw-cpuid", version = "=6.1.0" }\
raw-cpuid-7 = { package = "raw-cpuid", version = "=7.0.3" }'
sed -e '/^# Three crates/,$d' -e "/^\[dependencies\]/a\\
$exact" Cargo.toml > ../fetch/Cargo.toml
printf '[patch.crates-io]\nwabt = { path = "%s/instead/wabt" }\n' "$PWD" >> ../fetch/Cargo.toml
cp Cargo.lock ../fetch/
: > ../fetch/lib.rs
# Without the replacements the lock file names other sources for the three: hence not --locked.
# Everything else in it stays as it is.
( cd ../fetch && cargo fetch --quiet )
manifests=$(cd ../fetch && cargo metadata --format-version 1 --offline |
  grep -o '"manifest_path":"[^"]*"' | cut -d'"' -f4)
for crate in cranelift-codegen-0.51.0 raw-cpuid-6.1.0 raw-cpuid-7.0.3; do
  from=$(printf '%s\n' "$manifests" | grep "/$crate/Cargo.toml$" | head -n 1)
  [ -n "$from" ] || { echo "setup.sh: cargo did not fetch $crate" >&2; exit 1; }
  rm -rf "mended/$crate"
  cp -r "$(dirname "$from")" "mended/$crate"
  chmod -R u+w "mended/$crate"
  rm -f "mended/$crate/.cargo-ok" "mended/$crate/.cargo_vcs_info.json"
done

mend() { # file, how often it must be there, extended regex, replacement
  before=$(grep -cE "$3" "mended/$1" || true)
  [ "$before" -eq "$2" ] || { echo "setup.sh: $1 is not what was expected" >&2; exit 1; }
  sed -i -E "s/$3/$4/" "mended/$1"
}
# Since Rust 1.80 a boxed slice is iterated by value here, and the closure wants references.
mend cranelift-codegen-0.51.0/src/isa/x86/abi.rs 1 '^( *)\.into_iter\(\)$' '\1.iter()'
# A reserved register that newer CPUs fill; nothing reads it.
mend raw-cpuid-6.1.0/src/lib.rs 1 'assert!\(res\.eax == 0\);' ''
mend raw-cpuid-7.0.3/src/lib.rs 1 'assert!\(res\.eax == 0\);' ''
