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
# or counted under "setup". Writes docs/data/cold.json, a table a command, which bench/figures.py puts
# into the docs.
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
case $commands in
  " ci") ;;
  *ci*) echo "cold.sh: ci begins from nothing: measure it alone" && exit 2 ;;
  *test*) commands=" run test" ;;
esac

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


model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")),
             "unknown CPU")
machine = f"{os.cpu_count()} cores, {model}, Linux {os.uname().release}" + (f"; {note}" if note else "")
tables = json.load(open(target))["tables"] if os.path.exists(target) else {}
before = set()  # the log goes on from one command to the next
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
        spans[stage(output)].append((int(end) - int(begin)) / 1000)
    before.update(lines)
    rows = [[name, str(len(spent)), f"{sum(spent):.0f} s"] for name, spent in sorted(spans.items())]
    rows.append(["all, by the clock", "", f"{wall[command + '-cold']:.0f} s"])
    if command + "-warm" in wall:
        rows.append(["again", "", f"{wall[command + '-warm']:.1f} s"])
    # Each with what it was measured by: the others stay as they were.
    tables[command] = {"command": f"bench/cold.sh {command}", "machine": machine,
                       "date": time.strftime("%Y-%m-%d"),
                       "columns": ["stage", "steps", "added up over the steps"], "rows": rows}
json.dump({"tables": tables}, open(target, "w"), indent=1)
print(f"written: {target}; bench/figures.py puts it into the docs")
END
