#!/bin/sh
# Says what a build is about to do, and about how long that takes, before it does.
#
#   tools/expect.sh BUILD TARGET…            a sentence; nothing where it is a matter of seconds
#   tools/expect.sh --minutes BUILD TARGET…  the number of minutes alone
#   tools/expect.sh --crates BUILD TARGET…   the engine crates that are not compiled yet
set -eu
mode=
case $1 in --*) mode=$1 && shift ;; esac
cd "$1"
shift
cores=$(nproc)
# Every command of these targets, done already or not.
commands=$(ninja -t commands "$@") || exit 0
units=0
for object in $(printf '%s\n' "$commands" | sed -n 's/.* -o \([^ ]*\.o\) -c .*/\1/p'); do
  [ -e "$object" ] || units=$((units + 1))
done
seconds=$((units * 6)) # of CPU time: most units are all files of a module
crates=
while read -r name out minutes; do
  [ -n "$name" ] && [ ! -d "$out" ] || continue
  seconds=$((seconds + minutes * 60))
  crates="$crates${crates:+, }$name"
done <<END
$(printf '%s\n' "$commands" |
  sed -n 's/.*-DNAME=\([a-z-]*\) -DOUT=\([^ ]*\) .*-DCOST=about \([0-9]*\) CPU minute.*/\1 \2 \3/p')
END
minutes=$(((seconds / cores + 59) / 60))
case $mode in
  --crates) echo "$crates" && exit ;;
  --minutes) echo "$minutes" && exit ;;
esac
[ $((seconds / cores)) -ge 20 ] || exit 0
what=
[ "$units" = 0 ] || what="$units C++ files"
[ -z "$crates" ] || what="$what${what:+ and, once, }engine crates ($crates)"
echo "Building $what: about $minutes min on $cores idle cores."
