#!/bin/sh
# tests/arm64.sh BUILD [WORDS…]: runs what is built of the tests in a build folder of the preset
# `arm64`, under QEMU, with further words for ctest (`make test-arm64`).
#
# Programs start one another, so the kernel has to know what runs an arm64 program
# (tools/with_arm64.py). Exit status 77: that is not possible here.
set -eu
build=$1
shift
QEMU_LD_PREFIX=$(sed -n 's/^FERRY_ARM64_ROOT:[A-Z]*=//p' "$build/CMakeCache.txt")
export QEMU_LD_PREFIX
# What QEMU 7.2 or the user namespace cannot do: openat2, which granted folders stand on; giving
# sockets to cores (SO_ATTACH_REUSEPORT_CBPF); the error of a program that cannot be started, out of
# posix_spawn; files of other users; and servers that reserve addresses for instances, which takes it
# 10 s each: on wasmtime the conformance of modules alone is run. Nor what is told by how much CPU time a
# function takes, since all take that of a long one. Tests in Python run whole programs, each start of which
# is seconds there.
cannot='^wasi\.(Escape|Files|Readdir|Paths|Poll|Tree)\.'
cannot="$cannot|^http\.Listener\.ConnectionsGo|^http\.LeaderFollowers\.AFunctionThatRanLong"
cannot="$cannot|^base\.Child\.ThatIsNoProgramIsAnError|^hostmain\.Packed\.AKeyThatOthersMayWrite"
cannot="$cannot|^engine\.Engines/Component.*/wasmtime\$|^host\..*/wasmtime\$"
cannot="$cannot|^host\.(GrantsTest|.*/Hostile)\.|^hostmain\.Packed\.OfAnotherVersionOrCpuIsRefused"
cannot="$cannot|^snapshot\.(samples|random|warm)\$"
here() {
  "$(dirname "$0")/../tools/with_arm64.py" ctest --test-dir "$build" --output-on-failure "$@"
}
status=0
here "$@" -R '^(base|bundle|engine|host|hostmain|http|reset|snapshot|wasi)\.' -E "$cannot" || status=$?
[ $status != 77 ] || exit 77
# Isolation on wasmtime all the same, by few events.
FERRY_ISOLATION_EVENTS=20 here "$@" -R '^host\.Engines/Isolation\..*/wasmtime$' || status=$?
exit $status
