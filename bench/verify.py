#!/usr/bin/env python3
"""How long verify takes, and what each platform's wire costs beside plain HTTP's.

bench/verify.py BUILD [--quick]      writes docs/data/verify.json

BUILD holds bin/ferry, bin/bench_adapters and functions/hello-c.wasm (make bench builds them into
build-bench). `run`: 30 cases over every platform on wasmtime, each process started anew, median of
five. `adapters`: bench_adapters, CPU time of an event on each platform, in turns of one run; median
and the middle half of the rounds.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def thirty(path):
    with open(path, "w", encoding="utf-8") as out:
        for number in range(30):
            name = "x" * (number * 50) + "é" * number
            out.write(f"[[case]]\nname = 'case {number}'\ndata = '{{\"name\":\"{name}\"}}'\n\n")


def run(build, quick):
    ferry, wasm = build / "bin" / "ferry", build / "functions" / "hello-c.wasm"
    with tempfile.TemporaryDirectory() as folder:
        cases = pathlib.Path(folder) / "cases.toml"
        thirty(cases)
        words = [ferry, "verify", wasm, cases, "--engine", "wasmtime", "--output", "json"]
        seconds, sides = [], 0
        for number in range(2 if quick else 6):
            from_ = time.monotonic()
            done = subprocess.run(words, capture_output=True, text=True, check=True,
                                  stdin=subprocess.DEVNULL)
            if number:  # the first compiles
                seconds.append(time.monotonic() - from_)
            sides = len(json.loads(done.stdout)["platforms"])
    return {"columns": ["cases", "platforms", "engine", "seconds"],
            "rows": [["30", str(sides), "wasmtime", f"{statistics.median(seconds):.2f}"]]}, seconds


def adapters(build, quick):
    rounds = ["3", "50"] if quick else ["21", "500"]
    out = subprocess.run([build / "bin" / "bench_adapters",
                          build / "functions" / "hello-c.wasm", *rounds],
                         capture_output=True, text=True, check=True).stdout
    found = json.loads(out)
    http = found["http"]
    rows = []
    for name, values in found.items():
        ratios = sorted(a / b for a, b in zip(values, http))
        low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
        rows.append([name, f"{statistics.median(values):.0f}", f"{statistics.median(ratios):.2f}",
                     f"{low:.2f} to {high:.2f}"])
    return {"columns": ["platform", "CPU time of an event, µs", "ratio to http", "middle half"],
            "rows": rows}, found


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("build", type=pathlib.Path)
    ask.add_argument("--quick", action="store_true")
    given = ask.parse_args()
    build = given.build.resolve()
    run_table, seconds = run(build, given.quick)
    adapter_table, raw = adapters(build, given.quick)
    data = {
        "command": f"bench/verify.py {given.build}" + (" --quick" if given.quick else ""),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "date": datetime.date.today().isoformat(),
        "tables": {"run": run_table, "adapters": adapter_table},
        "raw": {"seconds": seconds, "cpu_us": raw},
    }
    out = ROOT / "docs" / "data" / "verify.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(data, indent=1) + "\n")
    print(f"wrote {out.relative_to(ROOT)}")


main()
