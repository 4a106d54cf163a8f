#!/bin/sh
# tools/release.sh notes VERSION    what CHANGELOG.md says of VERSION, without the heading; fails
#                                   unless CMakeLists.txt and CHANGELOG.md both have that version
# tools/release.sh begin VERSION    sets the version in CMakeLists.txt, and gives the section
#                                   "Unreleased" of CHANGELOG.md the heading "VERSION (today)"
# In the folder that has both files. docs/releasing.md.
set -eu
verb=${1:-} version=${2:-}
stop() { echo "release: $*" >&2; exit 1; }
case $version in
  *[!0-9.]* | .* | *. | *..* | '') echo "tools/release.sh notes|begin VERSION, such as 0.2.0" >&2; exit 2 ;;
esac
has() { awk -v version="$1" '/^## / && $2 == version { found = 1 } END { exit !found }' CHANGELOG.md; }
case $verb in
  notes)
    grep -q "^project(ferry VERSION $version " CMakeLists.txt || stop "CMakeLists.txt has another version than $version"
    has "$version" || stop "CHANGELOG.md has no section '## $version (DATE)'"
    awk -v version="$version" '/^## / { on = ($2 == version); next } on' CHANGELOG.md ;;
  begin)
    has Unreleased || stop "CHANGELOG.md has no section 'Unreleased'"
    has "$version" && stop "CHANGELOG.md has a section of $version already"
    sed -i "s/^project(ferry VERSION [0-9.]* /project(ferry VERSION $version /" CMakeLists.txt
    sed -i "s/^## Unreleased\$/## Unreleased\n\n## $version ($(date -u +%Y-%m-%d))/" CHANGELOG.md ;;
  *) echo "tools/release.sh notes|begin VERSION" >&2; exit 2 ;;
esac
