#!/usr/bin/env python3
"""What recording and telemetry cost a server, and how soon `ferry dev` serves what was saved.

    bench/workbench.py [--build build] [--rounds 9] [--seconds 2]
                       [--only recording|saving] [--figures FILE]

Recording: servers of one worker each stand side by side: as it is, with --record at 100 %, with that and
[record] redact, with --record at 1 %, with traces at 1 %, with metrics. In each round wrk asks every one of
them, in turns, for so many seconds; what counts is the CPU time of the worker for each event, against the
plain server's of the same round (another program on the machine slows all of them, and costs none of them CPU
time). The median over the rounds is printed, and the ratio of answers a second beside it.

Saving: a source is changed and written, a C and a Go function in turns; what counts is the time from there
until `ferry dev` says that the new build is served, and for Go the time of `go build` alone in the same folder
with the same kind of change.

Needs wrk, clang with wasi-libc, Go. Prints a table, and one line of JSON.
"""
import argparse
import http.server
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time


TICK = os.sysconf("SC_CLK_TCK")
GREETING = '{"name":"Ada"}'
BODIES = {"hello-c": GREETING, "hello-go": GREETING,
          "orders-go": (pathlib.Path(__file__).resolve().parent.parent /
                        "functions/orders-go/events/good.json").read_text()}


# One rule that finds something, one that looks everywhere, one for a header.
REDACT = '[record]\nredact = ["$.name", "$..email", "header:authorization"]\n'


class Sink(http.server.BaseHTTPRequestHandler):
    """A collector that takes everything."""

    def do_POST(self):  # pylint: disable=invalid-name
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server:
    def __init__(self, build, folder, function, options=(), variables=None):
        self.process = subprocess.Popen(
            [build / "bin/ferry", "serve", function, "--workers", "1", "--listen", "127.0.0.1:0",
             "--quiet", "--no-snapshot", "--engine", "wasmtime", "--log-format", "json", *options],
            stderr=subprocess.PIPE, text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **(variables or {})})
        line = ""
        while "serving" not in line:
            line = self.process.stderr.readline()
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", line)[1])
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.worker = int(children.read_text().split()[0])

    def cpu(self):
        """Seconds of CPU of the worker, threads that ended included."""
        fields = pathlib.Path(f"/proc/{self.worker}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def end(self):
        self.process.terminate()
        self.process.wait(60)


def ask(server, script, seconds):
    """Events, and CPU seconds for all of them."""
    before = server.cpu()
    done = subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", script,
                           f"http://127.0.0.1:{server.port}/"], capture_output=True, text=True,
                          check=True)
    if "Non-2xx" in done.stdout:
        raise SystemExit(done.stdout)
    return int(re.search(r"(\d+) requests in", done.stdout)[1]), server.cpu() - before


def recording(build, name, rounds, seconds):
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{collector.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        script = home / "post.lua"
        script.write_text(f'wrk.method = "POST"\nwrk.body = [[{BODIES[name]}]]\n'
                          'wrk.headers["Content-Type"] = "application/json"\n')
        function = build / f"functions/{name}.wasm"
        manifest = home / "ferry.toml"
        manifest.write_text(REDACT)
        traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_METRICS_EXPORTER": "none",
                  "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}
        metrics = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "none"}
        servers = {
            "plain": Server(build, home, function),
            "plain again": Server(build, home, function),
            "record 100 %": Server(build, home, function, ["--record", home / "all"]),
            "redact 100 %": Server(build, home, function, ["--record", home / "cut", "--manifest",
                                                           manifest]),
            "record 1 %": Server(build, home, function, ["--record", home / "some",
                                                         "--record-rate", "0.01"]),
            "traces 1 %": Server(build, home, function, variables=traces),
            "metrics": Server(build, home, function, variables=metrics),
        }
        cost = {each: [] for each in servers}
        rate = {each: [] for each in servers}
        try:
            for server in servers.values():
                ask(server, script, 1)
            for _ in range(rounds):
                told = {each: ask(server, script, seconds) for each, server in servers.items()}
                events, cpu = told["plain"]
                for each, (count, used) in told.items():
                    cost[each].append((used / count) / (cpu / events))
                    rate[each].append(count / events)
        finally:
            for server in servers.values():
                server.end()
            collector.shutdown()
    return {each: {"cpu": round(statistics.median(cost[each]), 3),
                   "answers": round(statistics.median(rate[each]), 3)} for each in servers}


def wait_for_build(process, number):
    for line in process.stderr:
        if f"serving build {number} after " in line:
            return
    raise SystemExit("ferry dev ended")


def saving(build, language, rounds):
    """Milliseconds from a save to the new build's being served; for Go also of `go build` alone."""
    env = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/local/go/bin", "GOFLAGS": "",
           "GOWORK": "off"}
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        env["XDG_CACHE_HOME"] = str(home / "cache")
        env["GOCACHE"] = str(home / "go")
        subprocess.run([build / "bin/ferry", "new", language, "saved", "--quiet"], cwd=home,
                       check=True, env=env)
        project = home / "saved"
        other = home / "alone"
        source = {"c": "main.c", "go": "handle.go"}[language]
        served, alone = [], []
        shutil.copytree(project, other)

        def save(where, number):
            text = (project if where is project else other) / source
            text.write_text(re.sub(r'"(?:world|the event has no name)[0-9]*', f'"world{number}',
                                   text.read_text()))

        with subprocess.Popen([build / "bin/ferry", "dev", project, "--listen", "127.0.0.1:0"],
                              stderr=subprocess.PIPE, text=True, env=env) as dev:
            wait_for_build(dev, 1)
            time.sleep(1)
            for number in range(2, rounds + 2):
                if language == "go":
                    save(other, number)
                    before = time.monotonic()
                    subprocess.run(["go", "build", "-trimpath", "-o", "saved.wasm", "."], cwd=other,
                                   env={**env, "GOOS": "wasip1", "GOARCH": "wasm"}, check=True)
                    alone.append((time.monotonic() - before) * 1000)
                before = time.monotonic()
                save(project, number)
                wait_for_build(dev, number)
                served.append((time.monotonic() - before) * 1000)
                time.sleep(0.5)
            dev.terminate()
    out = {"served_ms": round(statistics.median(served))}
    if alone:
        out["build_alone_ms"] = round(statistics.median(alone))
        out["ratio"] = round(statistics.median(a / b for a, b in zip(served, alone)), 2)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default="build")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--only", choices=("recording", "saving"))
    parser.add_argument("--figures", type=pathlib.Path)
    given = parser.parse_args()
    build = given.build.resolve()
    figures = {"recording": {}, "saving": {}}
    if given.only != "saving":
        figures["recording"] = {name: recording(build, name, given.rounds, given.seconds)
                                for name in BODIES}
    if given.only != "recording":
        figures["saving"] = {language: saving(build, language, given.rounds)
                             for language in ("c", "go")}
    for name, rows in figures["recording"].items():
        print(f"{name:12}  {'CPU an event':>14} {'answers a second':>18}   against the plain server")
        for each, row in rows.items():
            print(f"  {each:14} {row['cpu']:>10.3f} {row['answers']:>15.3f}")
    for language, row in figures["saving"].items():
        print(f"save to served, {language}: {row}")
    print(json.dumps(figures))
    if given.figures:
        given.figures.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
