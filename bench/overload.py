#!/usr/bin/env python3
"""What is left of a server under three and ten times the load that it can bear.

    bench/overload.py [--build build] [--seconds 8]

One worker of `ferry serve` on a core of its own, wrk on the others. First the peak: the most answers
a second with few connections. Then 3 and 10 times as many connections as keep the worker busy, each
asking again as soon as it was answered: goodput is answers 200 a second. A probe beside asks ten times
a second over a connection of its own, and tells how long answers 200 and 503 took. Last a mix: one
function flooded by 640 connections, another asked by 16, against the same 16 alone. hello-go is measured from its snapshot, which the server makes
by itself, and without (`--no-snapshot`).

Needs wrk. Prints a table and one line of JSON.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
NO_SNAPSHOT = ("--no-snapshot",)
BUSY = 64  # connections that keep one worker busy


class Server:
    def __init__(self, build, folder, names, options=()):
        functions = [str(build / "functions" / f"{name}.wasm") for name in names]
        self.process = subprocess.Popen(
            [str(build / "bin" / "ferry"), "serve", *functions, "--workers", "1", "--listen",
             "127.0.0.1:0", "--admin", "127.0.0.1:0", *options], stderr=subprocess.PIPE, text=True,
            env={**os.environ, "XDG_CACHE_HOME": folder}, preexec_fn=lambda: pin({0}))
        for line in self.process.stderr:
            if found := re.search(r"127\.0\.0\.1:(\d+)/.*admin on http://127\.0\.0\.1:(\d+)", line):
                self.port, self.admin = int(found[1]), int(found[2])
                break
        else:
            raise SystemExit("the server did not start")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return {key: float(value) for key, value in
                (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))}

    def settle(self, names, snapshot):
        """Waits until what the server makes of the functions by itself is in use."""
        wanted = {f'ferry_function_interpreted{{function="{name}"}}': 0 for name in names}
        if snapshot:
            wanted['ferry_function_snapshot{function="hello-go"}'] = 1
        end = time.monotonic() + 120
        while any(self.metrics().get(key, value) != value for key, value in wanted.items()):
            if time.monotonic() > end:
                raise SystemExit(f"the server is not ready after 120 s: {self.metrics()}")
            time.sleep(0.2)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def pin(cores):
    if os.cpu_count() > 1:
        os.sched_setaffinity(0, cores)


def flood(port, path, connections, seconds):
    others = set(range(1, os.cpu_count())) or {0}
    return subprocess.Popen(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "report.lua"),
         f"http://127.0.0.1:{port}{path}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: pin(others))


def probe(port, path, seconds):
    """Milliseconds of answers, by status."""
    took = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", path, b'{"name":"Ada"}', {"content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        connection.close()
        took.setdefault(response.status, []).append((time.monotonic() - start) * 1000)
        time.sleep(0.1)
    return took


def goodput(server, function, path, connections, seconds):
    key = f'ferry_requests_total{{function="{function}",status="ok"}}'
    load = flood(server.port, path, connections, seconds)
    time.sleep(1)
    before, start = server.metrics(), time.monotonic()
    took = probe(server.port, path, seconds - 3)
    after, passed = server.metrics(), time.monotonic() - start
    load.wait()
    return {"connections": connections, "good": round((after[key] - before[key]) / passed),
            "refused": round((after["ferry_overloaded_total"] - before["ferry_overloaded_total"])
                             / passed),
            "held_mib": round(after["ferry_held_bytes"] / 2**20, 1),
            "p50_ms": {status: round(statistics.median(times), 2) for status, times in took.items()},
            "max_503_ms": round(max(took[503]), 2) if 503 in took else None}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build")
    parser.add_argument("--seconds", type=int, default=8)
    options = parser.parse_args()
    build = options.build.resolve()
    out = {"alone": {}, "mix": {}}
    with tempfile.TemporaryDirectory(prefix="ferry-overload-") as folder:
        for name, plain in (("hello-c", ()), ("hello-go", ()), ("hello-go", NO_SNAPSHOT)):
            server = Server(build, folder, [name], plain)
            server.settle([name], name == "hello-go" and not plain)
            rows = [goodput(server, name, "/", count, options.seconds)
                    for count in (BUSY // 2, BUSY, 3 * BUSY, 10 * BUSY, 30 * BUSY)]
            server.end()
            label = " ".join([name, *plain])
            out["alone"][label] = rows
            peak = max(row["good"] for row in rows)
            for row in rows:
                print(f"{label} {row['connections']:5} connections: {row['good']:7}/s "
                      f"({100 * row['good'] / peak:.0f} % of the peak), {row['refused']}/s refused, "
                      f"p50 ms {row['p50_ms']}, slowest 503 {row['max_503_ms']} ms", flush=True)
        for plain in ((), NO_SNAPSHOT):
            for quick, flooded in (("hello-c", "hello-go"), ("hello-go", "hello-c")):
                server = Server(build, folder, [quick, flooded], plain)
                server.settle([quick, flooded], not plain)
                alone = goodput(server, quick, f"/{quick}", 16, options.seconds)
                load = flood(server.port, f"/{flooded}", 10 * BUSY, options.seconds + 4)
                time.sleep(1)
                beside = goodput(server, quick, f"/{quick}", 16, options.seconds)
                load.wait()
                server.end()
                out["mix"][" ".join([quick, *plain])] = {"alone": alone, "beside": beside}
                share = 100 * beside["good"] / alone["good"]
                print(f"{' '.join([quick, *plain])} by 16 connections: {alone['good']}/s alone, "
                      f"{beside['good']}/s beside {flooded} flooded by {10 * BUSY} ({share:.0f} %), "
                      f"p50 ms {beside['p50_ms']}", flush=True)
    print(json.dumps(out))


if __name__ == "__main__":
    sys.exit(main())
