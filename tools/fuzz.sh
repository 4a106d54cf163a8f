#!/bin/sh
# tools/fuzz.sh BUILD SECONDS [TARGET...]: runs each fuzz target that long, starting from its corpus.
# New inputs go to BUILD/corpus; one that crashes belongs in tests/corpus/<target>, beside the fix.
set -eu
build=$1
seconds=$2
shift 2
source=$(cd "$(dirname "$0")/.." && pwd)
if [ $# = 0 ]; then
  set -- "$build"/bin/fuzz_*
fi
found=0
failed=
for target; do
  name=${target##*fuzz_}
  target=$build/bin/fuzz_$name
  [ -x "$target" ] || { echo "fuzz: there is no $target" >&2; exit 1; }
  mkdir -p "$build/corpus/$name"
  echo "fuzz: $name for $seconds s"
  # Words that random bytes would not find, where a target has them; and inputs as large as it
  # takes to reach its bounds, where libFuzzer's own 4 KiB are less.
  words=
  [ ! -f "$source/tests/corpus/$name.dict" ] || words="-dict=$source/tests/corpus/$name.dict"
  case $name in
    zip|http_response|event_http|lambda_events) words="$words -max_len=98304" ;;
  esac
  # shellcheck disable=SC2086
  if ! "$target" $words -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="$build/crash-$name-" "$build/corpus/$name" \
    "$source/tests/corpus/$name" 2>"$build/fuzz-$name.log"; then
    tail -n 40 "$build/fuzz-$name.log" >&2
    echo "fuzz: $name FAILED; its input is $build/crash-$name-*" >&2
    failed="$failed $name"
  fi
  grep 'number_of_executed_units' "$build/fuzz-$name.log" || true
  found=$((found + 1))
done
[ -z "$failed" ] || { echo "fuzz: of $found targets failed:$failed" >&2; exit 1; }
echo "fuzz: $found targets, no crash"
