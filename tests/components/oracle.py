#!/usr/bin/env python3
"""Sample components answer through ferry as they do through wasmtime's own host.

    tests/components/oracle.py --build build [--count 200] [--engine ENGINE] [NAME…]

HTTP components get the same requests from `ferry serve` and `wasmtime serve`: status, body and the
headers that the component set are compared. Commands (wasi:cli/run) get the same standard input from
`ferry run` and `wasmtime run`: exit status and output. Requests are generated from a seed. The
conformance components report what each function of WASI gave; lines in which the hosts are known to
differ are named below, with the reason.

Exit status: 0 all the same, 1 a difference, 77 nothing to compare with: no wasmtime (it is put into
the cache by `tools/setup.sh components`), no sample components (`make functions-components`), or a ferry
that does not run them.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from ports import free_port

from sample_requests import HTTP, bodies, requests

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
RUN = ["hello-rust-run", "hello-rust-async-run", "hello-c-run", "hello-cpp-run"]
# One answer of many lines each, "what was called: what it gave" (conformance/).
CONFORMANCE = ["conformance-http", "conformance-run"]
# Lines in which the two hosts differ, and why ferry answers as it does.
EXPLAINED = {
    "past is ready": "WIT: ready once the clock has reached the instant",
    "read nothing": "WIT: true when the end of the file was reached, which reading nothing does not",
    "bad time": "WIT: nanoseconds are less than 1,000,000,000. wasmtime carries them over",
    "stream to what is read": "WIT: may fail with an error-code describing why the file cannot be "
                              "written. wasmtime fails at the first write",
    'stat "a/"': "POSIX: a path that ends in a slash is a directory's",
}
# What each host adds by itself.
HOSTS_OWN = {"date", "content-length", "transfer-encoding", "connection", "keep-alive", "server"}
PATIENCE = 600  # seconds to compile and start; the machine may be busy


def find_wasmtime():
    found = sorted((CACHE / "ferry-build/components/python/lib").glob(
        "python3*/site-packages/wasmtime_cli/wasmtime"))
    named = os.environ.get("FERRY_WASMTIME")
    return pathlib.Path(named) if named else found[0] if found else None


class Server:
    """A process that serves one component; `pattern` finds the port in what it prints."""

    def __init__(self, command, pattern, environment=None):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace", env=environment)
        self.lines = []
        self.port = None
        self.started = threading.Event()
        threading.Thread(target=self._read, args=(re.compile(pattern),), daemon=True).start()
        if not self.started.wait(PATIENCE) or self.port is None:
            self.process.kill()
            raise RuntimeError(f"{command[0]} did not start: {self.lines[-5:]}")

    def _read(self, pattern):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            found = pattern.search(line)
            if found and self.port is None:
                self.port = int(found[1])
                self.started.set()
        self.started.set()

    def ask(self, method, path, body, fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            own = {name.lower(): value for name, value in answer.getheaders()
                   if name.lower() not in HOSTS_OWN and not name.lower().startswith("ferry-")}
            return answer.status, sorted(own.items()), answer.read()
        finally:
            connection.close()

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)


def why_not(given, component):
    """What `ferry check` has against the component, or None."""
    done = subprocess.run([given.build / "bin/ferry", "check", component, "--output", "json"],
                          capture_output=True, timeout=PATIENCE)
    found = json.loads(done.stdout)
    return None if found["runs"] else found["findings"][0]["message"]


def servers(given, wasmtime, component, environment):
    ferry = Server([str(given.build / "bin/ferry"), "serve", str(component), "--listen",
                    "127.0.0.1:0", "--engine", given.engine], r"http://127\.0\.0\.1:(\d+)",
                   environment)
    try:
        other = Server([str(wasmtime), "serve", "-Scli", "--addr", f"127.0.0.1:{free_port()}",
                        str(component)], r"http://127\.0\.0\.1:(\d+)")
    except RuntimeError:
        ferry.end()
        raise
    return ferry, other


def compare_http(given, wasmtime, component, environment):
    ferry, other = servers(given, wasmtime, component, environment)
    different = 0
    try:
        for method, path, body, fields in requests(component.stem, given.seed, given.count):
            wanted = other.ask(method, path, body, fields)
            got = ferry.ask(method, path, body, fields)
            if wanted != got and not (wanted[0] == got[0] == 500 and b"wasmtime" in wanted[2]):
                different += 1
                print(f"{component.stem}: {method} {path} {(body or b'')[:80]} {fields}\n"
                      f"  wasmtime {str(wanted)[:400]}\n  ferry    {str(got)[:400]}")
    finally:
        ferry.end()
        other.end()
    return different


def compare_run(given, wasmtime, component, environment):
    different = 0
    with tempfile.TemporaryDirectory(prefix="ferry-oracle-") as folder:
        data = pathlib.Path(folder) / "data"
        for body in bodies(given.seed, given.count):
            data.write_bytes(body)
            with data.open("rb") as stdin:
                wanted = subprocess.run([wasmtime, "run", component], stdin=stdin,
                                        capture_output=True, timeout=PATIENCE)
            got = subprocess.run([given.build / "bin/ferry", "run", component, f"@{data}",
                                  "--engine", given.engine], capture_output=True, timeout=PATIENCE,
                                 env=environment)
            wanted = wanted.returncode != 0, wanted.stdout
            got = got.returncode != 0, got.stdout
            if wanted != got:
                different += 1
                print(f"{component.stem}: {body[:80]}\n  wasmtime {str(wanted)[:400]}\n"
                      f"  ferry    {str(got)[:400]}")
    return different


def lines_of(text):
    """Of a report, without the lines whose difference is explained."""
    lines = text.decode(errors="replace").lstrip("\0").splitlines()
    return [line for line in lines if line.split(": ")[0] not in EXPLAINED]


def compare_lines(component, wanted, got):
    wanted, got = lines_of(wanted), lines_of(got)
    different = 0 if len(wanted) == len(got) > 100 else 1
    for one, other in zip(wanted, got):
        if one != other:
            different += 1
            print(f"{component.stem}:\n  wasmtime {one}\n  ferry    {other}")
    return different


def compare_conformance(given, wasmtime, component, environment):
    if component.stem == "conformance-http":
        ferry, other = servers(given, wasmtime, component, environment)
        try:
            ask = ("POST", "/p?q", b"hello body", {"X-Sent": "a", "Connection": "keep-alive"})
            return compare_lines(component, other.ask(*ask)[2], ferry.ask(*ask)[2])
        finally:
            ferry.end()
            other.end()
    with tempfile.TemporaryDirectory(prefix="ferry-oracle-") as folder:
        reports = []
        for command in ([wasmtime, "run"], [given.build / "bin/ferry", "run", "--engine", given.engine]):
            data = pathlib.Path(folder) / str(len(reports))
            data.mkdir()
            options = ["--dir", f"{data}::/data", "--env", "GIVEN=1"]
            words = [*command, *options, component] if len(reports) == 0 else \
                [*command, component, "hello body", *options]
            done = subprocess.run(words, input=b"hello body", capture_output=True, timeout=PATIENCE,
                                  env=environment)
            reports.append(done.stdout)
        return compare_lines(component, *reports)


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    ask.add_argument("--count", type=int, default=200, help="requests for each component")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--engine", default="wasmtime")
    ask.add_argument("names", nargs="*", default=[*HTTP, *RUN, *CONFORMANCE])
    given = ask.parse_args()
    given.build = given.build.resolve()
    wasmtime = find_wasmtime()
    if wasmtime is None:
        print("skipped: no wasmtime to compare with: tools/setup.sh components")
        return 77
    compared = 0
    different = 0
    with tempfile.TemporaryDirectory(prefix="ferry-oracle-cache-") as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        for name in given.names:
            component = given.build / "functions" / f"{name}.wasm"
            if not component.exists():
                print(f"skipped: {name} is not built here (make functions-components)")
                continue
            if why := why_not(given, component):
                print(f"skipped: {name}: {why}")
                continue
            began = time.monotonic()
            compare = compare_run if name in RUN else compare_conformance \
                if name in CONFORMANCE else compare_http
            found = compare(given, wasmtime, component, environment)
            asked = 1 if name in CONFORMANCE else given.count
            print(f"{name}: {asked} requests, {found} answered otherwise "
                  f"({time.monotonic() - began:.0f} s)", flush=True)
            compared += 1
            different += found
    return 1 if different else 0 if compared else 77


if __name__ == "__main__":
    sys.exit(main())
