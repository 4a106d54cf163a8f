#!/usr/bin/env python3
"""What a function's own time goes into, by its own functions, for each language.

    bench/guests.py BUILD-DIR        (make bench-guests)

Runs `ferry run FUNCTION @event.json --profile`, which samples 2,000 times a second where the
function is while it answers one event again and again, each time from its first state. Functions
are taken as `ferry serve` has them after a while: as a snapshot, where one is made, and warmed.
The table goes to docs/data/guests.json. Samples are shares of the function's time, so that other
programs of the machine hardly change them.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVENT = '{"name":"Ada"}'
SHOWN = 6
# What is run: its file, and how its snapshot is made; None: as it is.
CANDIDATES = (
    ("C", "hello-c", None),
    ("Rust", "hello-rust", None),
    ("Go, as it is", "hello-go", None),
    ("Go, snapshot", "hello-go", ["--accept-frozen", "hash-key"]),
    ("Go reactor, warmed", "hello-go-reactor", ["--accept-frozen", "hash-key", "--warm", "EVENT"]),
    ("JavaScript, component", "hello-js", None),
    ("Python, component", "hello-py", None),
)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = re.search(r"model name\s*: (.*)", file.read())
    return (f"{len(os.sched_getaffinity(0))} cores, {cpu.group(1) if cpu else platform.machine()}, "
            f"Linux {platform.release().split('-')[0]}")


def profile(ferry, wasm, folder):
    done = subprocess.run([ferry, "run", wasm, f"@{folder}/event.json", "--profile"], cwd=folder,
                          text=True, capture_output=True, check=False)
    head = re.search(r"(\d+) samples? of (\d+) events? in [\d.]+ s \((\d+) us each\)", done.stderr)
    if done.returncode != 0 or not head:
        sys.exit(f"{wasm}: exit {done.returncode}\n{done.stderr}")
    top = re.findall(r"^ *([\d.]+) %  (.*)$", done.stderr, re.M)
    return int(head[1]), int(head[3]), [(name, float(share)) for share, name in top]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    build = parser.parse_args().build.resolve()
    ferry = build / "bin" / "ferry"
    rows, raw = [], {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "event.json").write_text(EVENT)
        for title, name, snapshot in CANDIDATES:
            wasm = build / "functions" / f"{name}.wasm"
            if not wasm.exists():
                print(f"guests: {title} left out: {wasm.name} was not built", file=sys.stderr)
                continue
            if snapshot is not None:
                out = folder / f"{name}-snapshot.wasm"
                words = [str(folder / "event.json") if word == "EVENT" else word
                         for word in snapshot]
                subprocess.run([ferry, "build", wasm, "--snapshot", *words, "-o", out, "--quiet"],
                               check=True)
                wasm = out
            samples, each, top = profile(ferry, wasm, folder)
            raw[title] = {"samples": samples, "us": each, "top": top}
            rows.append([title, each, samples,
                         ", ".join(f"`{name}` {share:.0f} %" for name, share in top[:SHOWN])])
            print(f"guests: {title}: {each} us, {samples} samples", file=sys.stderr)
    if not rows:
        sys.exit("guests: no function was built: make functions functions-components")
    (ROOT / "docs" / "data" / "guests.json").write_text(json.dumps({
        "command": "make bench-guests", "machine": machine(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "tables": {"guests": {"columns": ["function", "µs an event", "samples",
                                          "its functions in which it was found most"],
                              "rows": rows}},
        "raw": raw}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
