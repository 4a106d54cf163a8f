#!/usr/bin/env python3
"""Every figure of docs/performance-figures.md, as ratios measured in one run.

    bench/run.py BUILD-DIR [--quick] [FIGURE...]      (default: all)

Servers are pinned to one core and the client to another; the candidates of a figure take turns in
short rounds, and what is reported is the median of rounds, so that a noisy machine is noisy for
all. CPU time is what a server's processes were charged for: the figure to trust where other
programs run. Each figure is merged into docs/data/performance.json, which the docs are filled
from, and into BUILD-DIR/bench.md; plots go to docs/data.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

import plot
import tables
from measures import Bench, Missing
from servers import CORES, HERE

NO_PEERS = {"spin", "soak", "many"}  # they compare ferry with itself
FIGURES = ("events", "snapshots", "serve", "default", "first", "workers", "scaling", "start", "spin", "soak", "many")


def cpu_name():
    with open("/proc/cpuinfo") as file:
        found = re.search(r"model name\s*: (.*)", file.read())
    return found.group(1) if found else platform.machine()


def markdown(result):
    lines = []
    for key, found in result["tables"].items():
        lines += [f"## {key}", "", "| " + " | ".join(found["columns"]) + " |",
                  "|" + "---|" * len(found["columns"])]
        lines += ["| " + " | ".join(map(str, row)) + " |" for row in found["rows"]]
        lines += ["", f"`{found['command']}`; {found['machine']}; {found['date']}.", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("figure", nargs="*", help=" ".join(FIGURES))
    parser.add_argument("--quick", action="store_true", help="few short rounds: does it work at all")
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent / "docs" / "data",
                        help="where performance.json and the plots go")
    options = parser.parse_intermixed_args()
    for name in options.figure:
        if name not in FIGURES:
            parser.error(f"no figure '{name}'; there are {', '.join(FIGURES)}")
    build = options.build.resolve()
    if not options.figure or set(options.figure) - NO_PEERS:
        subprocess.run([HERE / "setup.sh", build / "peers"], check=True)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "performance.json"
    result = {"tables": {}, "raw": {}}
    if path.exists():
        result = json.loads(path.read_text())  # the other figures stay as they were
    bench = Bench(build, options.quick)
    for name in options.figure or FIGURES:
        print(f"bench: {name}", file=sys.stderr)
        load = os.getloadavg()[0]
        begun = time.monotonic()
        try:
            raw = getattr(bench, name)()
        except Missing as why:
            print(f"bench: {name} left out: {why}", file=sys.stderr)
            continue
        fewer = f"SOAK_EVENTS={os.environ['SOAK_EVENTS']} " if (
            name == "soak" and "SOAK_EVENTS" in os.environ) else ""
        of_run = {"command": f"{fewer}make bench FIGURES={name}" +
                             (" (quick)" if options.quick else ""),
                  "machine": f"{len(CORES)} cores, {cpu_name()}, Linux "
                             f"{platform.release().split('-')[0]}, load average {load:.1f}",
                  "date": time.strftime("%Y-%m-%d", time.gmtime())}
        result.update({"command": "make bench", "machine": of_run["machine"],
                       "date": of_run["date"]})
        result["raw"][name] = raw
        for key, found in getattr(tables, name)(raw).items():
            result["tables"][key] = {**found, **of_run}
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        for file, svg in plot.of(name, raw):
            (options.out / f"{file}.svg").write_text(svg)
        (build / "bench.md").write_text(markdown(result))
        print(f"bench: {name} took {time.monotonic() - begun:.0f} s", file=sys.stderr)
    print((build / "bench.md").read_text())


if __name__ == "__main__":
    main()
