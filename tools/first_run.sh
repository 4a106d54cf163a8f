#!/bin/sh
# tools/first_run.sh BUILD JOBS: what `make run` does in a configured build folder: builds ferry, one
# engine and the Go sample, no other engine, no ferry-host, no manuals and no tests; then runs the
# sample on one event.
#
# The engine is the default, wasmtime, where its crate is compiled already: crates are kept outside
# the tree. Otherwise it is wasmi, which compiles in a small part of the time.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1 jobs=$2
engine=wasmtime
if [ -n "$("$here/expect.sh" --crates "$build" ferry_engine_wasmtime)" ] &&
  ninja -C "$build" -t query ferry_engine_wasmi >/dev/null 2>&1; then
  engine=wasmi
fi
set -- ferry "ferry_engine_$engine" function-hello-go
"$here/expect.sh" "$build" "$@"
cmake --build "$build" -j "$jobs" --target "$@"

flag=
[ "$engine" = wasmtime ] || flag=" --engine $engine"
function=$build/functions/hello-go.wasm
cat <<END

An event comes in, a Go program compiled to WebAssembly answers it:
  $build/bin/ferry run$flag $function '{"name":"Ada"}'

END
# shellcheck disable=SC2086  # none, or two words
"$build/bin/ferry" run$flag "$function" '{"name":"Ada"}'
cat <<END


The first line is the function's log, the second its reply. Over HTTP:
  $build/bin/ferry serve$flag $function
END
[ -n "$flag" ] || exit 0
cat <<END

This was wasmi, an interpreter: of the engines it compiles fastest, and it runs functions slowest.
\`make build\` compiles wasmtime, the default engine, and the others, which are then kept for later
builds: about $("$here/expect.sh" --minutes "$build" programs) min on $(nproc) idle cores. After it, --engine is not needed.
END
