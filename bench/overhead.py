#!/usr/bin/env python3
"""What the engine interface costs over wasmtime's C API itself: docs/data/overhead.json.

    bench/overhead.py BUILD-DIR [--quick]
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Events a round: rounds of some milliseconds each.
EVENTS = {"hello-c": 500, "hello-rust": 400, "hello-go": 15}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    rows, raw = [], []
    for name, events in EVENTS.items():
        out = subprocess.run(
            [given.build / "bin" / "bench_overhead", given.build / "functions" / f"{name}.wasm",
             '{"name":"Ada"}', str(events), "11" if given.quick else "401"],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        seen = json.loads(out)
        raw.append(seen)
        rows.append([name, f"{seen['straight_us']:.2f} µs", f"{seen['interface_us']:.2f} µs",
                     f"{seen['ratio']:.3f}", f"{seen['ratio_from']:.3f} to {seen['ratio_to']:.3f}"])
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    made = {
        "command": "make bench-overhead" + (" QUICK=1" if given.quick else ""),
        "machine": f"{len(os.sched_getaffinity(0))} cores, {cpu.group(1) if cpu else '?'}, Linux "
                   f"{platform.release()}, load {load:.1f}; CPU time, {raw[0]['rounds']} rounds that "
                   "take turns",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "tables": {"overhead": {
            "columns": ["an event in a new instance", "C API straight", "engine interface",
                        "ratio, median of rounds", "middle half"], "rows": rows}},
        "raw": raw,
    }
    folder = ROOT / "docs" / "data"
    folder.mkdir(exist_ok=True)
    (folder / "overhead.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    subprocess.run([ROOT / "bench" / "figures.py"], check=True)


if __name__ == "__main__":
    main()
