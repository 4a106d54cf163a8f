#!/bin/sh
# The official CloudEvents SDKs, each talking to a running `ferry serve`.
#
#   tests/interop/run.sh [--no-install] [python|javascript|go|rust|java]...     default: all
#
# The function is functions/echo-go, the events are in events.json, the SDKs' versions in each
# folder. What is missing is installed into ${XDG_CACHE_HOME:-~/.cache}/ferry-build/interop; with
# --no-install it is not, and the SDK is skipped. FERRY names the program (build/bin/ferry),
# FUNCTIONS the folder of the compiled functions (build/functions).
# Exit code: 0 all passed, 1 one did not, 77 all that was asked for was skipped.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
ferry=${FERRY:-$root/build/bin/ferry}
functions=${FUNCTIONS:-$root/build/functions}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ferry-build/interop

install=yes
if [ "${1:-}" = --no-install ]; then
  install=
  shift
fi
[ $# -gt 0 ] || set -- python javascript go rust java

# need LANGUAGE COMMAND...: sets `missing` to why this SDK can't be had, or to nothing.
missing=
need() {
  language=$1
  shift
  missing=
  for command in "$@"; do
    command -v "$command" >/dev/null || missing="there is no $command"
  done
  [ -n "$missing" ] || [ -n "$install" ] || [ -e "$stamp" ] ||
    missing="its SDK is not installed (make test-interop does that)"
  [ -z "$missing" ]
}

# stamp_of LANGUAGE FILE...: the folder whose name changes with what the files pin.
stamp_of() {
  folder=$cache/$1-$(cd "$here/$1" && shift && cat "$@" | sha256sum | cut -c1-12)
  stamp=$folder/installed
}

# fetch COMMAND...: its output is shown only when it fails.
fetch() {
  "$@" >"$folder/install.log" 2>&1 || {
    missing="its SDK could not be installed: $(tail -n 1 "$folder/install.log") ($folder/install.log)"
    return 1
  }
}

setup_python() {
  stamp_of python requirements.txt
  need python python3 || return 1
  [ -e "$stamp" ] && return
  echo "interop: installing from PyPI: $(grep -v '^#' "$here/python/requirements.txt" | tr '\n' ' ')"
  mkdir -p "$folder"
  fetch python3 -m venv --clear "$folder/venv" &&
    fetch "$folder/venv/bin/python" -m pip install -r "$here/python/requirements.txt" &&
    : >"$stamp"
}

setup_javascript() {
  stamp_of javascript package-lock.json
  need javascript node npm || return 1
  [ -e "$stamp" ] && return
  echo "interop: installing from npm: cloudevents and what it needs (tests/interop/javascript/package-lock.json)"
  mkdir -p "$folder"
  cp "$here/javascript/package.json" "$here/javascript/package-lock.json" "$folder/"
  fetch npm ci --prefix "$folder" --no-audit --no-fund --ignore-scripts && : >"$stamp"
}

setup_go() {
  stamp_of go go.mod go.sum main.go
  need go go || return 1
  [ -e "$stamp" ] && return
  echo "interop: compiling the Go client; Go fetches the modules of tests/interop/go/go.mod"
  mkdir -p "$folder"
  fetch env GOFLAGS=-mod=readonly GOWORK=off go build -C "$here/go" -o "$folder/client" . && : >"$stamp"
}

setup_rust() {
  stamp_of rust Cargo.toml Cargo.lock src/main.rs
  need rust cargo || return 1
  [ -e "$stamp" ] && return
  echo "interop: compiling the Rust client; cargo fetches the crates of tests/interop/rust/Cargo.lock"
  mkdir -p "$folder"
  fetch cargo build --release --locked --manifest-path "$here/rust/Cargo.toml" --target-dir "$folder/target" &&
    : >"$stamp"
}

setup_java() {
  stamp_of java pom.xml Client.java
  need java java javac mvn || return 1
  [ -e "$stamp" ] && return
  echo "interop: compiling the Java client; Maven fetches what tests/interop/java/pom.xml names"
  mkdir -p "$folder"
  fetch mvn -q -B -f "$here/java/pom.xml" -DoutputDirectory="$folder/lib" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies &&
    fetch javac -cp "$folder/lib/*" -d "$folder" "$here/java/Client.java" && : >"$stamp"
}

run_python() { "$folder/venv/bin/python" "$here/python/client.py" "$1" "$here/events.json"; }
run_go() { "$folder/client" "$1" "$here/events.json"; }
run_java() { java -cp "$folder:$folder/lib/*" Client "$1" "$here/events.json"; }
run_rust() { "$folder/target/release/client" "$1" "$here/events.json"; }
run_javascript() {
  # Modules are looked for where the script lies.
  cp "$here/javascript/client.mjs" "$folder/client.mjs"
  node "$folder/client.mjs" "$1" "$here/events.json"
}

[ -x "$ferry" ] || { echo "interop: $ferry is missing: make build" >&2; exit 1; }
[ -e "$functions/echo-go.wasm" ] || {
  echo "interop: SKIPPED: there is no $functions/echo-go.wasm (make functions; it takes Go)"
  exit 77
}

log=$(mktemp)
server=
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -f "$log"
}
trap stop EXIT

serve() {
  "$ferry" serve "$functions/echo-go.wasm" --manifest "$root/functions/echo-go/ferry.toml" \
    --listen 127.0.0.1:0 --workers 1 2>"$log" &
  server=$!
  tries=0
  while :; do
    url=$(sed -n 's/^ferry: serving .* on \(http:[^ ]*\).*/\1/p' "$log")
    [ -z "$url" ] || return 0
    tries=$((tries + 1))
    if [ $tries -gt 600 ] || ! kill -0 "$server" 2>/dev/null; then
      echo "interop: ferry serve did not start:" >&2
      cat "$log" >&2
      exit 1
    fi
    sleep 0.1
  done
}

passed=0
failed=0
for sdk in "$@"; do
  case $sdk in
    python | javascript | go | rust | java) ;;
    *) echo "interop: no SDK '$sdk'; there are python, javascript, go, rust and java" >&2; exit 2 ;;
  esac
  if ! "setup_$sdk"; then
    echo "interop: $sdk: SKIPPED: $missing"
    continue
  fi
  [ -n "$server" ] || serve
  if "run_$sdk" "$url"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
done
if [ $failed -gt 0 ]; then
  echo "interop: the server's last lines:" >&2
  tail -n 5 "$log" >&2
  exit 1
fi
[ $passed -gt 0 ] || exit 77
