#!/bin/sh
# tools/lint.sh format   lays out every C, C++ and Go file. Not the engines' Rust: a space more in it
#                        has that engine compiled anew, for many minutes.
# tools/lint.sh check    checks layout, clang-tidy, go vet and the house rules; changes nothing
# tools/lint.sh ci       the same where tests are what matters: a tool that is not here is named and
#                        left out, and clang-tidy looks at what changed last for LINT_SECONDS (120)
#                        at most; what it found clean, here or in another clone, it does not look at.
#                        What depends on the network or on the machine's speed (go vet fetches
#                        modules) is said and fails nothing: the workflow's job runs `check`
set -eu
cd "$(dirname "$0")/.."
mode=${1:-check}
cxx=$(git ls-files '*.cc' '*.h' '*.c')
units=$(git ls-files 'src/*.cc' 'tests/*_test.cc')
seconds=
if [ "$mode" = ci ]; then
  seconds="--seconds ${LINT_SECONDS:-120}"
  # What changed last comes first.
  units=$({ printf '%s\n--\n' "$units"; git log --format= --name-only -- src tests; echo "$units"; } |
    awk '$0 == "--" { all = 1; next }  !all { unit[$0] = 1; next }
      unit[$0] { print; unit[$0] = 0 }')
fi

if [ "$mode" = format ]; then
  # shellcheck disable=SC2086  # one word a file
  clang-format-16 -i $cxx
  gofmt -w functions tests
  exit 0
fi

status=0
problem() {
  echo "lint: $*" >&2
  status=1
}

# A problem, but in `ci`, where how much is looked at depends on the machine.
finding() {
  if [ "$mode" = ci ]; then echo "lint: $* (make lint fails for it)"; else problem "$*"; fi
}

# Whether a tool is here. Without it `check` has failed, and `ci` goes on.
have() {
  command -v "$1" >/dev/null && return 0
  if [ "$mode" = ci ]; then echo "lint: $1 is not here: $2 not checked"; else problem "$1 is not here"; fi
  return 1
}

# shellcheck disable=SC2086
if have clang-format-16 "the layout of C and C++ is"; then
  clang-format-16 --dry-run -Werror $cxx || problem "layout: run make format"
fi
if have gofmt "Go is"; then
  [ -z "$(gofmt -l functions tests)" ] || problem "layout of Go: run make format"
  for module in $(git ls-files '*go.mod'); do
    (cd "$(dirname "$module")" && go vet ./...) || finding "go vet: $module"
  done
fi

# House rules: CONTRIBUTING.md.
for file in $(git ls-files 'src/*.cc' 'src/*.h'); do
  lines=$(wc -l <"$file")
  [ "$lines" -le 600 ] || problem "$file has $lines lines; 600 is the most"
done
for file in $(git ls-files 'tests/*.cc'); do
  lines=$(wc -l <"$file")
  [ "$lines" -le 1000 ] || problem "$file has $lines lines; 1000 is the most"
done
deep=$(git ls-files 'src/*/*/*/*/*' 'docs/*/*/*/*/*')
[ -z "$deep" ] || problem "folders nested more than three deep: $deep"
unfinished=$(git grep -nE '\b(TO''DO|FIX''ME)\b|(//|#) *XX''X\b' -- src tests functions tools cmake || true)
[ -z "$unfinished" ] || problem "unfinished work: $unfinished"

tools/check_modules.py || problem "documents contradict the build"

# Only what is in this build's list can be checked: an engine may be left out.
# shellcheck disable=SC2086
if have clang-tidy-16 "what a compiler lets pass is"; then
  tools/tidy.py $seconds build-edit $units || finding "clang-tidy found something"
fi
[ $status = 0 ] && echo "lint: nothing to complain about"
exit $status
