#!/bin/sh
# Says what a build is about to do, and about how long that takes, before it does: in the build
# folder $1, for the targets that follow. Silent where it is a matter of seconds.
set -eu
cd "$1"
shift
cores=$(nproc)
# Every command of these targets, done already or not.
commands=$(ninja -t commands "$@") || exit 0
units=0
for object in $(printf '%s\n' "$commands" | sed -n 's/.* -o \([^ ]*\.o\) -c .*/\1/p'); do
  [ -e "$object" ] || units=$((units + 1))
done
seconds=$((units * 2))
crates=
while read -r name out minutes; do
  [ -n "$name" ] && [ ! -d "$out" ] || continue
  seconds=$((seconds + minutes * 60))
  crates="$crates${crates:+, }$name"
done <<END
$(printf '%s\n' "$commands" |
  sed -n 's/.*-DNAME=\([a-z-]*\) -DOUT=\([^ ]*\) .*-DCOST=about \([0-9]*\) CPU minute.*/\1 \2 \3/p')
END
[ $((seconds / cores)) -ge 20 ] || exit 0
minutes=$(((seconds / cores + 59) / 60))
echo "Building $units C++ files${crates:+ and, once, the engine crates $crates (Rust)}:" \
  "about $minutes min on $cores idle cores."
