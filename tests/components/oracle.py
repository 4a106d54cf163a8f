#!/usr/bin/env python3
"""Sample components answer through ferry as they do through wasmtime's own host.

    tests/components/oracle.py --build build [--count 200] [--engine ENGINE] [NAME…]

HTTP components get the same requests from `ferry serve` and `wasmtime serve`: status, body and the
headers that the component set are compared. Commands (wasi:cli/run) get the same standard input from
`ferry run` and `wasmtime run`: exit status and output. Requests are generated from a seed.

Exit status: 0 all the same, 1 a difference, 77 nothing to compare with: no wasmtime (it is put into
the cache by `tools/setup.sh components`), no sample components (`make functions-components`), or a ferry
that does not run them.
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
HTTP = ["hello-rust-http", "hello-js", "hello-py"]
RUN = ["hello-rust-run"]
# What each host adds by itself.
HOSTS_OWN = {"date", "content-length", "transfer-encoding", "connection", "keep-alive", "server"}
PATIENCE = 120  # seconds to compile and start; the machine may be busy


def find_wasmtime():
    found = sorted((CACHE / "ferry-build/components/python/lib").glob(
        "python3*/site-packages/wasmtime_cli/wasmtime"))
    named = os.environ.get("FERRY_WASMTIME")
    return pathlib.Path(named) if named else found[0] if found else None


def bodies(rng, count):
    fixed = [b"", b"null", b"{}", b'{"name":"Ada"}', b'{"name":""}', b'{"name":7}', b"[1]", b"nope",
             b'{"name":"\xc3\xa4\xf0\x9f\x98\x80"}', json.dumps({"name": "x" * 100_000}).encode()]
    yield from fixed
    letters = "abc äöü\"\\\n\t<>&😀 {}[]:,019"
    for _ in range(max(0, count - len(fixed))):
        text = "".join(rng.choice(letters) for _ in range(rng.randrange(40)))
        kind = rng.randrange(4)
        if kind == 0:
            yield text.encode()
        elif kind == 1:
            yield json.dumps({"name": text}).encode()
        elif kind == 2:
            yield json.dumps({"name": text, "more": [text, {"name": 1}]}, ensure_ascii=False).encode()
        else:
            whole = json.dumps({"name": text}).encode()
            yield whole[:rng.randrange(len(whole))]


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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def why_not(given, component):
    """What `ferry check` has against the component, or None."""
    done = subprocess.run([given.build / "bin/ferry", "check", component, "--output", "json"],
                          capture_output=True, timeout=PATIENCE)
    found = json.loads(done.stdout)
    return None if found["runs"] else found["findings"][0]["message"]


def compare_http(given, wasmtime, component, environment):
    ferry = Server([str(given.build / "bin/ferry"), "serve", str(component), "--listen",
                    "127.0.0.1:0", "--engine", given.engine], r"http://127\.0\.0\.1:(\d+)",
                   environment)
    try:
        other = Server([str(wasmtime), "serve", "-Scli", "--addr", f"127.0.0.1:{free_port()}",
                        str(component)], r"http://127\.0\.0\.1:(\d+)")
    except RuntimeError:
        ferry.end()
        raise
    different = 0
    try:
        rng = random.Random(given.seed)
        for body in bodies(rng, given.count):
            method = rng.choice(["POST", "POST", "PUT"])
            path = rng.choice(["/", "/a/b?c=d", "/%20x"])
            fields = {"content-type": rng.choice(["application/json", "text/plain"]),
                      "x-seed": str(rng.randrange(1000))}
            wanted = other.ask(method, path, body, fields)
            got = ferry.ask(method, path, body, fields)
            if wanted != got:
                different += 1
                print(f"{component.stem}: {method} {path} {body[:80]}\n"
                      f"  wasmtime {str(wanted)[:400]}\n  ferry    {str(got)[:400]}")
    finally:
        ferry.end()
        other.end()
    return different


def compare_run(given, wasmtime, component, environment):
    different = 0
    with tempfile.TemporaryDirectory(prefix="ferry-oracle-") as folder:
        data = pathlib.Path(folder) / "data"
        for body in bodies(random.Random(given.seed), given.count):
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


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    ask.add_argument("--count", type=int, default=200, help="requests for each component")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--engine", default="wasmtime")
    ask.add_argument("names", nargs="*", default=HTTP + RUN)
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
            compare = compare_run if name in RUN else compare_http
            found = compare(given, wasmtime, component, environment)
            print(f"{name}: {given.count} requests, {found} answered otherwise "
                  f"({time.monotonic() - began:.0f} s)")
            compared += 1
            different += found
    return 1 if different else 0 if compared else 77


if __name__ == "__main__":
    sys.exit(main())
