#!/bin/bash
# What action.yml does with a function, apart from installing ferry: FERRY_FUNCTION is checked for
# FERRY_PLATFORMS (words), and verified with FERRY_CASES (words; none: generated ones). Findings go to
# the log as they are; the summary of the job, where GitHub keeps one, gets both reports.
set -uo pipefail
function=${FERRY_FUNCTION:?the path of a .wasm file, a ferry.toml or a folder with one}
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
status=0

# report TITLE COMMAND...: shows a command and what it says; keeps the worst exit status.
report() {
  local title=$1 said code
  shift
  echo "::group::$title"
  said=$("$@" 2>&1)
  code=$?
  printf '%s\n' "$said"
  echo "::endgroup::"
  { echo "### $title"; echo '```'; printf '%s\n' "$said"; echo '```'; } >>"$summary"
  if [ "$code" != 0 ]; then
    echo "::error title=$title::exit status $code: $*"
    [ "$code" -le "$status" ] || status=$code
  fi
}

for_platforms=()
for platform in ${FERRY_PLATFORMS:-all}; do for_platforms+=(--for "$platform"); done
report "ferry check" ferry check "$function" "${for_platforms[@]}"

read -r -a cases <<<"${FERRY_CASES:-}"
junit=()
[ -z "${FERRY_JUNIT:-}" ] || junit=(--junit "$FERRY_JUNIT")
report "ferry verify" ferry verify "$function" ${cases[@]+"${cases[@]}"} ${junit[@]+"${junit[@]}"}
exit "$status"
