#!/bin/sh
# tests/arm64.sh BUILD [WORDS…]: runs what is built of the tests in a build folder of the preset
# `arm64`, under QEMU, with further words for ctest (`make test-arm64`).
#
# Programs start one another, so the kernel has to know what runs an arm64 program. Where it does
# not, it is said in a user namespace, for these tests alone: since Linux 6.7 each has rules of its
# own. Exit status 77: neither is possible here.
set -eu
build=$1
rules=/proc/sys/fs/binfmt_misc
if [ ! -e "$rules/qemu-aarch64" ]; then
  if [ "${FERRY_ARM64_INSIDE:-}" = 1 ]; then
    mount -t binfmt_misc binfmt_misc "$rules"
    cat /usr/lib/binfmt.d/qemu-aarch64.conf >"$rules/register"
  elif unshare --user --map-root-user --mount mount -t binfmt_misc binfmt_misc "$rules" \
    2>/dev/null; then
    FERRY_ARM64_INSIDE=1 exec unshare --user --map-root-user --mount "$0" "$@"
  else
    echo "skipped: this kernel runs no arm64 programs; systemd-binfmt or Linux 6.7 would"
    exit 77
  fi
fi
shift
QEMU_LD_PREFIX=$(sed -n 's/^FERRY_ARM64_ROOT:[A-Z]*=//p' "$build/CMakeCache.txt")
export QEMU_LD_PREFIX
# What QEMU 7.2 or the user namespace cannot do: openat2, which granted folders stand on; giving
# sockets to cores (SO_ATTACH_REUSEPORT_CBPF); the error of a program that cannot be started, out of
# posix_spawn; files of other users; and servers that reserve addresses for instances, which takes it
# 10 s each. Tests in Python want `ferry`, which is not built for arm64 here.
cannot='^wasi\.(Escape|Files|Readdir|Paths|Poll)\.'
cannot="$cannot|^http\.Listener\.ConnectionsGoToTheSocketOfTheCoreTheyArriveOn"
cannot="$cannot|^base\.Child\.ThatIsNoProgramIsAnError|^hostmain\.Packed\.AKeyThatOthersMayWrite"
cannot="$cannot|^hostmain\.Packed\.OfAnotherVersionOrCpuIsRefused|^snapshot\.(samples|random|warm)\$"
ctest --test-dir "$build" --output-on-failure "$@" \
  -R '^(base|hostmain|http|reset|snapshot|wasi)\.' -E "$cannot"
