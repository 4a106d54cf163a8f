#!/bin/sh
# bench/run.sh BUILD: every benchmark that needs nothing but this machine, one after the other.
set -eu
build=$1
for function in hello-c hello-rust hello-go hello-go-reactor; do
  echo "== one event in the process: $function"
  "$build/bin/bench_events" "$build/functions/$function.wasm" '{"name":"Ada"}'
done
