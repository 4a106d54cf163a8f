#!/bin/sh
# tools/lint.sh format   lays out every C, C++ and Go file. Not the engines' Rust: a space more in it
#                        has that engine compiled anew, for many minutes.
# tools/lint.sh check    checks layout, clang-tidy, go vet and the house rules; changes nothing
set -eu
cd "$(dirname "$0")/.."
mode=${1:-check}
cxx=$(git ls-files '*.cc' '*.h' '*.c')
units=$(git ls-files 'src/*.cc' 'tests/*_test.cc')

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

# shellcheck disable=SC2086
clang-format-16 --dry-run -Werror $cxx || problem "layout: run make format"
[ -z "$(gofmt -l functions tests)" ] || problem "layout of Go: run make format"
for module in $(git ls-files '*go.mod'); do
  (cd "$(dirname "$module")" && go vet ./...) || problem "go vet: $module"
done

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
tools/tidy.py build-edit $units || problem "clang-tidy found something"
[ $status = 0 ] && echo "lint: nothing to complain about"
exit $status
