#!/bin/bash
# How long `make run` and `make test` take, by stage, from nothing and again: in a fresh clone with
# an empty home, so with no compiler cache, no crates and no downloads of anybody's.
#
#   bench/cold.sh run            `make run`, cold and again: with wasmi, the engine that compiles fastest
#   bench/cold.sh test           `make test` after it, cold (but for what `run` built)
#   bench/cold.sh ci             `.ci/run` alone, from nothing
#   bench/cold.sh --note TEXT    what else the machine was doing; part of the table's caption
#   bench/cold.sh --home DIR     the empty home, made here and kept: its caches serve the next build
#
# Rust's and Go's toolchains are taken from where they are; Debian's packages are installed already
# or counted under "setup". Writes docs/data/cold.json; bench/figures.py puts it into the docs.
set -euo pipefail
cd "$(dirname "$0")/.."
source=$PWD
note=
home=
commands=
while [ $# -gt 0 ]; do
  case $1 in
    --note) note=$2 && shift ;;
    --home) home=$(realpath -m "$2") && shift ;;
    run | test | ci) commands="$commands $1" ;;
    *) echo "cold.sh: '$1'? run, test, ci, --note TEXT or --home DIR" && exit 2 ;;
  esac
  shift
done
[ -n "$commands" ] || commands=" run"
case $commands in *test*) commands=" run test" ;; esac

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup} PATH=$HOME/.cargo/bin:$PATH:/usr/local/go/bin
export HOME=${home:-$folder/home}
mkdir "$HOME"
unset CARGO_HOME GOPATH GOCACHE XDG_CACHE_HOME CCACHE_DIR
git clone --quiet "$source" "$folder/ferry"
cd "$folder/ferry"

timed() { # NAME COMMAND…: runs it and notes its seconds
  local begin end name=$1
  shift
  begin=$(date +%s.%N)
  "$@" >"$folder/$name.log" 2>&1 || { tail -n 30 "$folder/$name.log" && exit 1; }
  end=$(date +%s.%N)
  echo "$name $begin $end" >>"$folder/times"
}
for command in $commands; do
  line="make $command"
  [ "$command" != ci ] || line=.ci/run
  timed "$command-cold" $line
  cp build/.ninja_log "$folder/$command.ninja"
  [ "$command" != run ] || timed run-warm make run
done

python3 - "$folder" "$source/docs/data/cold.json" "$note" $commands <<'END'
import collections, json, os, pathlib, subprocess, sys, time

folder, target, note, commands = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
wall = {}
for line in (folder / "times").read_text().splitlines():
    name, begin, end = line.split()
    wall[name] = float(end) - float(begin)


def stage(output):
    if "crates/" in output and output.endswith(".a"):
        return "engine crate " + pathlib.Path(output).parent.name
    if output.endswith((".o", ".gch")):
        return "C++ of the tests" if "/test_" in output or "tests/" in output else "C++ of ferry"
    if output.endswith(".wasm"):
        return "functions"
    return "libraries, programs and the rest"


rows = []
before = set()  # the log goes on from one command to the next
labels = {command: ".ci/run" if command == "ci" else f"make {command}" for command in commands}
for command in commands:
    spans = collections.defaultdict(list)
    lines = (folder / f"{command}.ninja").read_text().splitlines()[1:]
    seen = set()
    for line in lines:
        if line in before:
            continue
        begin, end, _, output, step = line.split("\t")
        if (begin, step) in seen:  # one step may have several outputs, each with a line
            continue
        seen.add((begin, step))
        spans[stage(output)].append((int(begin) / 1000, int(end) / 1000))
    before.update(lines)
    for name, parts in sorted(spans.items()):
        first, last = min(b for b, _ in parts), max(e for _, e in parts)
        # The other commands run ninja several times, each with a clock from nothing.
        when = f"{first:.0f} to {last:.0f} s" if command == "run" else ""
        rows.append([labels[command], name, str(len(parts)), when,
                     f"{sum(e - b for b, e in parts):.0f} s"])
    all_of_it = "all, after make run" if command == "test" else "all, from nothing"
    rows.append([labels[command], all_of_it, "", f"{wall[command + '-cold']:.0f} s", ""])
    if command + "-warm" in wall:
        rows.append([labels[command], "again", "", f"{wall[command + '-warm']:.1f} s", ""])
if os.path.exists(target):  # what was not measured now stays
    rows += [row for row in json.load(open(target))["tables"]["stages"]["rows"]
             if row[0] not in labels.values()]
rows.sort(key=lambda row: ["make run", "make test", ".ci/run"].index(row[0]))
model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")),
             "unknown CPU")
machine = f"{os.cpu_count()} cores, {model}, Linux {os.uname().release}"
json.dump({"command": "bench/cold.sh test`, `bench/cold.sh ci",
           "machine": machine + (f"; {note}" if note else ""),
           "date": time.strftime("%Y-%m-%d"),
           "tables": {"stages": {"columns": ["command", "stage", "steps", "when",
                                             "added up over the steps"], "rows": rows}}},
          open(target, "w"), indent=1)
print(f"written: {target}; bench/figures.py puts it into the docs")
END
