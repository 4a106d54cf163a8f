#!/usr/bin/env python3
"""What connections cost, paired in one run: bench/network.py --build build [--events 200] [FIGURE…]

    event      one plain-HTTP call and one PostgreSQL query: ferry against the same Go source under
               net/http, and what each part of it costs both
    pool       the query through PgBouncer, beside the query on a session of its own
    component  one plain-HTTP call by a component: ferry against `wasmtime serve`
    waiting    the 99th percentile of `hello` beside 1,000 events that wait, in one worker, and alone

All figures when none is named. Every event makes new connections. Requests go to each side in turn,
one at a time, so that both meet the same machine; medians, and their ratio. Needs
`tools/setup.sh network bench components` and `make functions-components`.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import servers

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/network"))
import services  # noqa: E402
from components import find_wasmtime  # noqa: E402

PASSWORD = "s3cret-Word"
WARM = 10  # events that are not counted
FIGURES = ("event", "pool", "component", "waiting")


class Side:
    """A server, and a connection to it that is kept."""

    def __init__(self, name, port, path="/"):
        self.name, self.path = name, path
        self.connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask(self, body):
        """Milliseconds until the answer was there."""
        start = time.perf_counter()
        self.connection.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self.name}: {answer.status}: {text}")
        return (time.perf_counter() - start) * 1e3


def in_turn(asks, events):
    """Of (side, body) pairs: each one's times, asked for one after the other."""
    times = [[] for _ in asks]
    for number in range(events + WARM):
        for which in range(len(asks)) if number % 2 else reversed(range(len(asks))):
            side, body = asks[which]
            took = side.ask(body)
            if number >= WARM:
                times[which].append(took)
    return times


class Bench:
    def __init__(self, given, work):
        self.given, self.work, self.running = given, work, []
        self.database = self.keep(services.postgres(work))
        source = ROOT / "bench/network"
        subprocess.run(["go", "build", "-o", work / "native", "."], check=True, cwd=source)
        self.upstream = self.native({"WAIT": given.wait})
        self.environment = {"DIRECT": self.url(self.database.port),
                            "UPSTREAM": f"http://localhost:{self.upstream}/upstream"}
        self.module = None

    def keep(self, server):
        self.running.append(server.end)
        return server

    def end(self):
        for end in reversed(self.running):
            end()

    @staticmethod
    def url(port):
        return f"postgres://me:{PASSWORD}@localhost:{port}/postgres"

    def native(self, environment):
        """A process of the native program; its port."""
        port = services.free_port()
        process = subprocess.Popen([self.work / "native"],
                                   env={**os.environ, **environment, "LISTEN": f"127.0.0.1:{port}"})
        self.running.append(lambda: (process.kill(), process.wait()))
        services.await_port(port, process, pathlib.Path(os.devnull))
        return port

    def serve(self, *words):
        """ferry serve with one worker; its port."""
        process = subprocess.Popen([self.given.build / "bin/ferry", "serve", *words, "--listen",
                                    "127.0.0.1:0", "--workers", "1", "--allow", "--engine", self.given.engine],
                                   stderr=subprocess.PIPE, text=True)
        self.running.append(lambda: (process.terminate(), process.wait()))
        for line in process.stderr:
            if found := re.search(r"serving .*http://127\.0\.0\.1:(\d+)", line):
                threading.Thread(target=process.stderr.read, daemon=True).start()
                return int(found[1])
        raise RuntimeError("ferry serve did not start")

    def go_function(self, name, environment):
        """The folder of bench/network as a function with these variables."""
        if self.module is None:
            overlay = subprocess.run([self.given.build / "bin/ferry", "build", "--go-overlay"], check=True,
                                     capture_output=True, text=True).stdout.strip()
            self.module = self.work / "module.wasm"
            subprocess.run(["go", "build", "-overlay", overlay, "-o", self.module, "."], check=True,
                           cwd=ROOT / "bench/network",
                           env={**os.environ, "GOOS": "wasip1", "GOARCH": "wasm"})
        return self.folder(name, self.module, environment)

    def folder(self, name, module, environment, limits=""):
        folder = self.work / name
        folder.mkdir()
        (folder / f"{name}.wasm").write_bytes(module.read_bytes())
        lines = ", ".join(f'{key} = "{value}"' for key, value in environment.items())
        ports = sorted({found for value in environment.values() for found in re.findall(r":(\d+)/", value)}
                       | ({environment["WEATHER_PORT"]} if "WEATHER_PORT" in environment else set()))
        grants = [f"{host}:{port}" for port in ports for host in ("localhost", "127.0.0.1")]
        (folder / "ferry.toml").write_text(
            f'[function]\nname = "{name}"\nwasm = "{name}.wasm"\n[grant]\nenv = {{ {lines} }}\n'
            f"connect = {json.dumps(grants)}\n{limits}")
        return folder

    def event(self):
        ours = Side("ferry", self.serve(self.go_function("event", self.environment)))
        native = Side("native Go", self.native(self.environment))
        for what, body in (("nothing", {}), ("one HTTP call", {"http": True}),
                           ("one query", {"database": "DIRECT"}),
                           ("one HTTP call and one query", {"http": True, "database": "DIRECT"})):
            text = json.dumps(body)
            a, b = map(statistics.median, in_turn([(ours, text), (native, text)], self.given.events))
            print(f"event, {what}: ferry {a:.2f} ms, native Go {b:.2f} ms, ratio {a / b:.2f}")

    def pool(self):
        environment = dict(self.environment)
        ways = {"DIRECT": "a session of its own", "SCRAM": "PgBouncer, auth_type = scram-sha-256",
                "MD5": "PgBouncer, auth_type = md5", "TRUST": "PgBouncer, auth_type = trust"}
        for name in ("SCRAM", "MD5", "TRUST"):
            kind = "scram-sha-256" if name == "SCRAM" else name.lower()
            pool = self.keep(services.pgbouncer(self.work, self.database, kind))
            environment[name] = self.url(pool.port)
        ours = Side("ferry", self.serve(self.go_function("pool", environment)))
        asks = [(ours, "{}"), *((ours, json.dumps({"database": name})) for name in ways)]
        nothing, direct, *others = map(statistics.median, in_turn(asks, self.given.events))
        print(f"pool, no query: {nothing:.2f} ms")
        for way, took in zip(ways.values(), (direct, *others)):
            print(f"pool, {way}: {took:.2f} ms, without the rest of the event {took - nothing:.2f} ms, "
                  f"{(took - nothing) / (direct - nothing):.2f} of a session of its own")

    def component(self):
        module = self.given.build / "functions/fetch-rust-http.wasm"
        body = self.environment["UPSTREAM"]
        ours = Side("ferry", self.serve(self.folder("component", module, {"UPSTREAM": body})))
        port = services.free_port()
        process = subprocess.Popen([find_wasmtime(), "serve", "-Scli", "-Ccache", "--addr", f"127.0.0.1:{port}",
                                    module], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.running.append(lambda: (process.terminate(), process.wait()))
        services.await_port(port, process, pathlib.Path(os.devnull))
        a, b = map(statistics.median,
                   in_turn([(ours, body), (Side("wasmtime serve", port), body)], self.given.events))
        print(f"component, one HTTP call: ferry {a:.2f} ms, wasmtime serve {b:.2f} ms, ratio {a / b:.2f}")

    def waiting(self):
        weather = self.work / "weather.wasm"
        subprocess.run(["clang-16", "--target=wasm32-wasi", "-O2", "-I",
                        ROOT / "sdk/c", ROOT / "functions/weather/main.c", "-o", weather], check=True)
        limits = '[limits]\ntimeout = "60s"\nmemory = "1MiB"\nconcurrency = %d\n' % (self.given.waiters + 8)
        waits = self.folder("waits", weather, {"WEATHER_HOST": "127.0.0.1",
                                               "WEATHER_PORT": str(self.upstream)}, limits)
        port = self.serve(waits, self.given.build / "functions/hello-c.wasm")
        hello = Side("hello", port, "/hello-c")
        alone, beside = [], []
        in_turn([(hello, servers.DATA)], 200)
        for _ in range(self.given.rounds):
            alone.append(p99(in_turn([(hello, servers.DATA)], self.given.events)[0]))
            wrk = subprocess.Popen(
                ["wrk", "-t1", f"-c{self.given.waiters}", "-d3600s", "--timeout", "60s",
                 f"http://127.0.0.1:{port}/waits"], stdout=subprocess.DEVNULL)
            try:
                self.await_waiters()
                beside.append(p99(in_turn([(hello, servers.DATA)], self.given.events)[0]))
            finally:
                wrk.kill()
                wrk.wait()
            time.sleep(2 * duration(self.given.wait))  # until the last of them has ended
        a, b = map(statistics.median, (alone, beside))
        print(f"waiting, p99 of hello: alone {a:.2f} ms, beside {self.given.waiters} events that wait "
              f"{self.given.wait} each {b:.2f} ms, ratio {b / a:.2f}")

    def await_waiters(self):
        """Until as many connections to the upstream are open as there are to be waiters."""
        end = time.monotonic() + services.PATIENCE
        wanted = f"0100007F:{self.upstream:04X}"
        while True:
            lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()
            held = sum(1 for line in lines if line.split()[2:4] == [wanted, "01"])
            if held >= self.given.waiters * 0.9:
                return
            if time.monotonic() > end:
                raise RuntimeError(f"{held} events wait, not {self.given.waiters}")
            time.sleep(0.2)


def p99(times):
    return sorted(times)[len(times) * 99 // 100]


def duration(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s)", text).groups()
    return int(number) / (1000 if unit == "ms" else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3, help="of the figure 'waiting'")
    parser.add_argument("--waiters", type=int, default=1000)
    parser.add_argument("--wait", default="5s", help="of each waiter, and of the next one after it")
    parser.add_argument("--engine", default="wasmtime")
    parser.add_argument("figures", nargs="*", choices=[*FIGURES, []], default=[])
    given = parser.parse_args()
    given.build = given.build.resolve()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        work.chmod(0o755)
        bench = Bench(given, work)
        try:
            print(f"engine {given.engine}, {given.events} events a figure, load average "
                  f"{os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}")
            for figure in given.figures or FIGURES:
                getattr(bench, figure)()
        finally:
            bench.end()


if __name__ == "__main__":
    main()
