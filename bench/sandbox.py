#!/usr/bin/env python3
"""What the sandbox of a worker costs: CPU time of its start, and of each request, with and without.

    bench/sandbox.py [--build build] [--rounds 4]

One worker of `ferry serve hello-c.wasm` on a core of its own and wrk with 64 connections on the others,
in turn with the sandbox and with --no-sandbox. What the kernel charged the worker for is counted, so
that other work on the machine disturbs little. Needs wrk.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile
import time

from overload import BUSY, HERE, Server, flood

OK = 'ferry_requests_total{function="hello-c",status="ok"}'


def cpu_seconds(pid):
    return time.clock_gettime(~pid << 3 | 2)  # the process's own clock


def measure(build, folder, options):
    """Milliseconds of the start, microseconds of a request."""
    server = Server(build, folder, ["hello-c"], options)
    supervisor = server.process.pid
    children = pathlib.Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text()
    worker = int(children.split()[0])
    start = cpu_seconds(worker)
    load = flood(server.port, "/", BUSY, 4)
    time.sleep(0.7)
    requests, used = server.metrics()[OK], cpu_seconds(worker)
    time.sleep(2.5)
    requests, used = server.metrics()[OK] - requests, cpu_seconds(worker) - used
    load.wait()
    server.end()
    return start * 1e3, used * 1e6 / requests


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build")
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    seen = {"sandbox": [], "no sandbox": []}
    with tempfile.TemporaryDirectory(prefix="ferry-sandbox-") as folder:
        for _ in range(options.rounds):
            seen["sandbox"].append(measure(options.build.resolve(), folder, []))
            seen["no sandbox"].append(measure(options.build.resolve(), folder, ["--no-sandbox"]))
    for name, rows in seen.items():
        starts, requests = zip(*rows)
        print(f"{name:10} start {statistics.median(starts):.2f} ms, request "
              f"{statistics.median(requests):.2f} us (from {min(requests):.2f} to "
              f"{max(requests):.2f}) of CPU time")


if __name__ == "__main__":
    sys.exit(main())
