#!/usr/bin/env python3
"""Has an event become dearer? In instructions, which do not depend on what else runs.

    bench/gate.py BUILD-DIR              fails if an event takes 5 % more than bench/gate.json says
    bench/gate.py BUILD-DIR --update     writes down what it takes now

Instructions of user space, counted by valgrind: two runs of different length, and the difference
for each event. Another compiler makes other code: write the figures down anew where it changes.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

# Valgrind counts each step of a string instruction, and where the C library begins to use them
# depends on the CPU: here it does not.
ENV = {**os.environ, "GLIBC_TUNABLES": "glibc.cpu.x86_rep_stosb_threshold=1000000000:"
                                       "glibc.cpu.x86_rep_movsb_threshold=1000000000"}
HERE = pathlib.Path(__file__).resolve().parent
BASELINE = HERE / "gate.json"
TOLERANCE = 1.05
# Long enough that the pages written at every event have been learned before the shorter run ends.
SHORT, LONG = 100, 600


def instructions(build, way, function, events):
    run = subprocess.run(
        ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
         build / "bin" / "bench_gate", way, function, str(events)], capture_output=True, text=True,
        env=ENV)
    found = re.search(r"I\s+refs:\s+([\d,]+)", run.stderr)
    if run.returncode != 0 or not found:
        sys.exit(f"bench-gate: {way} {function}:\n{run.stderr}")
    return int(found.group(1).replace(",", ""))


def snapshot_of_go(build):
    out = build / "snapshots" / "hello-go.wasm"
    if not out.exists():
        out.parent.mkdir(exist_ok=True)
        subprocess.run([build / "bin" / "ferry", "build", build / "functions" / "hello-go.wasm",
                        "--snapshot", "--accept-frozen", "hash-key", "-o", out], check=True,
                       stderr=subprocess.DEVNULL)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    build = options.build.resolve()
    hello = build / "functions" / "hello-c.wasm"
    cases = {"C hello, kept": ("invoke", hello),
             "C hello, HTTP request to answer": ("adapter", hello)}
    try:
        # Valgrind loses its way when a page is guarded under a Go guest: new instances only.
        cases["Go hello, snapshot, new instance"] = ("invoke-new", snapshot_of_go(build))
    except (OSError, subprocess.CalledProcessError):
        print("bench-gate: left out: Go hello, snapshot, new instance: no snapshot can be made here "
              "(tools/setup.sh binaryen)")
    before = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    now, dearer = {}, []
    for name, (way, function) in cases.items():
        # Once without valgrind: what is compiled and kept now is no part of the count.
        subprocess.run([build / "bin" / "bench_gate", way, function, "1"], check=True)
        now[name] = round((instructions(build, way, function, LONG)
                           - instructions(build, way, function, SHORT)) / (LONG - SHORT))
        was = before.get(name)
        ratio = now[name] / was if was else 1
        print(f"{name}: {now[name]:,} instructions"
              + (f", {ratio:.3f} of {was:,}" if was else ""))
        if ratio > TOLERANCE and not options.update:
            dearer.append(name)
    if options.update:
        BASELINE.write_text(json.dumps(now, indent=1) + "\n")
    if dearer:
        sys.exit("bench-gate: dearer by more than 5 %: " + "; ".join(dearer))


main()
