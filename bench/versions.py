#!/usr/bin/env python3
"""Two builds of ferry against each other, in turns: does a change cost what users feel?

    bench/versions.py OLD NEW [--rounds 21] [events serve start]

OLD and NEW are folders built with the preset bench, of two commits; NEW's has the functions. Prints for
each figure the median of the rounds' ratios, new to old, and between which values half of them lie. Below
1 the new one is cheaper. events: CPU time of an event in the process. serve: CPU time of a request under
load, 16 connections. start: until the first answer, by the clock and in CPU time.
"""
import argparse
import os
import pathlib
import subprocess
import sys

from measures import Bench, first_answer, one_run
from servers import CORES, DATA, SERVER_CORE, Server, pinned, summary

HELLO = ("hello-c", "hello-rust", "hello-go")


def serve(build, wasm, extra):
    """`ferry serve` without a snapshot of its own making, which early versions never make."""
    program = build.bin / "ferry"
    known = subprocess.run([program, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    return Server("ferry serve", [program, "serve", wasm, "--workers", 1, "--listen", "127.0.0.1:PORT",
                                  *(["--no-snapshot"] if "--no-snapshot" in known else []), *extra],
                  SERVER_CORE)


class Sides:
    """The same figure of both builds, round by round."""

    def __init__(self, old, new, rounds):
        self.builds, self.rounds = (old, new), rounds
        self.functions = new.functions

    def compare(self, name, measure):
        """`measure(side)`: a dictionary of figures of build 0 or 1. The first round is not counted."""
        seen = []
        for number in range(self.rounds + 1):
            both = [measure(side) for side in (0, 1)]
            if number > 0:
                seen.append(both)
        for key in seen[0][0]:
            found = summary([new[key] / old[key] for old, new in seen])
            print(f"{name:34} {key:14} {found['median']:.3f}   "
                  f"{found['from']:.3f} to {found['to']:.3f}", flush=True)

    def events(self):
        for function in HELLO:
            running = [subprocess.Popen(
                [build.bin / "bench_events", self.functions / f"{function}.wasm", DATA, "200", "0"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=pinned(SERVER_CORE))
                for build in self.builds]

            def measure(side):
                running[side].stdin.write(b"\n")
                running[side].stdin.flush()
                values = [float(value) for value in running[side].stdout.readline().split()]
                return dict(zip(("new", "kept, signal", "kept"), values))

            self.compare(f"events, {function}", measure)
            for process in running:
                process.stdin.close()
                process.wait()

    def serve(self):
        for function, extra in [(each, ("--quiet",)) for each in HELLO] + [("hello-c", ())]:
            servers = [serve(build, self.functions / f"{function}.wasm", extra) for build in self.builds]
            name = f"serve, {function}" + ("" if extra else ", a log line each")
            self.compare(name, lambda side: {
                key: value for key, value in servers[side].load(1, 16).items() if key == "cpu_us"})
            for server in servers:
                server.stop()

    def start(self):
        os.sched_setaffinity(0, {SERVER_CORE})
        for function in HELLO:
            wasm = self.functions / f"{function}.wasm"
            hosts = [[build.packed(function, wasm) / "ferry-host", "--platform", "http", "--listen",
                      "127.0.0.1:PORT", "--workers", "1", "--quiet"] for build in self.builds]
            self.compare(f"start, ferry-host, {function}", lambda side: first_answer(function, hosts[side]))
            runs = [[build.bin / "ferry", "run", wasm] for build in self.builds]
            self.compare(f"start, ferry run, {function}", lambda side: one_run(function, runs[side]))
        os.sched_setaffinity(0, CORES)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help="events serve start")
    parser.add_argument("--rounds", type=int, default=21)
    given = parser.parse_intermixed_args()
    figures = given.figures or ["events", "serve", "start"]
    if unknown := set(figures) - {"events", "serve", "start"}:
        parser.error(f"no figure '{unknown.pop()}'; there are events, serve and start")
    for build in (given.old, given.new):
        if not (build / "bin/bench_events").exists():
            sys.exit(f"versions.py: {build} is not built with the preset bench (make bench-programs)")
    sides = Sides(Bench(given.old.resolve(), False), Bench(given.new.resolve(), False), given.rounds)
    print(f"{'figure':34} {'':14} new/old  half of the rounds")
    for name in figures:
        getattr(sides, name)()


if __name__ == "__main__":
    main()
