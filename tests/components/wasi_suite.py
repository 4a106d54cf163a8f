#!/usr/bin/env python3
"""The tests of the WASI project for WASI 0.3, on ferry: which of them pass.

    git clone -b prod/testsuite-base https://github.com/WebAssembly/wasi-testsuite
    tests/components/wasi_suite.py --build build wasi-testsuite/tests/rust/testsuite/wasm32-wasip3

Each test is a component and a JSON file that says how it is run (doc/specification.md there). Prints a
line for each and a table by interface. Exit status: 0 all that ferry offers pass, 1 others, 77 there
is no such folder.
"""
import argparse
import collections
import http.client
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

PATIENCE = 120
# Tests whose outcome is another here, and why.
EXPLAINED = {
    "sockets-": "wasi:sockets 0.3 is not offered",
    "cli-env": "the environment has the event's CE_ variables too, and argument 0 is the function",
}


class Endpoint(http.server.BaseHTTPRequestHandler):
    """A service that the tests of wasi:http/client ask; `endpoints` is of the test's JSON."""
    protocol_version = "HTTP/1.1"
    endpoints = []

    def log_message(self, *_):
        pass

    def read_request(self):
        """The body and the trailers."""
        if self.headers.get("transfer-encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0))), []
        body = b""
        while size := int(self.rfile.readline() or "0", 16):  # a client may give up
            body += self.rfile.read(size)
            self.rfile.readline()
        trailers = []
        while (line := self.rfile.readline().strip()):
            trailers.append(tuple(part.strip().decode() for part in line.split(b":", 1)))
        return body, trailers

    def answer(self):
        body, trailers = self.read_request()
        found = [each for each in self.endpoints
                 if (each["method"], each["path"]) == (self.command, self.path)]
        self.close_connection = True
        if not found:
            self.send_response(404)
            self.send_header("content-length", "0")
            return self.end_headers()
        response = found[0].get("response", {"status": 200})
        self.send_response(response["status"])
        if found[0].get("mode") == "echo-headers":
            self.send_header("x-request-method", self.command)
            self.send_header("x-request-path", self.path)
            for name, value in self.headers.items():
                self.send_header(f"x-echo-{name}", value)
            for name, value in trailers:
                self.send_header(f"x-trailer-{name}", value)
        if "chunks" in response:
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for chunk in response["chunks"]:
                self.wfile.write(f"{len(chunk):x}\r\n{chunk}\r\n".encode())
            ends = "".join(f"{n}: {v}\r\n" for n, v in response.get("trailers", {}).items())
            return self.wfile.write(f"0\r\n{ends}\r\n".encode())
        text = body if found[0].get("mode") == "echo-body" else response.get("body", "").encode()
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer


class Servers:
    """Those that a test wants, by the environment variable that names each."""

    def __init__(self, wanted):
        self.running = []
        self.environment = {}
        for each in wanted:
            handler = type("Handler", (Endpoint,), {"endpoints": each.get("endpoints", [])})
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            self.environment[f"HTTP_SERVER_{each['name'].upper()}"] = \
                f"127.0.0.1:{server.server_address[1]}"
            if each.get("kind") == "closed":
                server.server_close()
                continue
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.running.append(server)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.running:
            server.shutdown()
            server.server_close()


def operations_of(spec):
    if "operations" in spec:
        return spec["operations"]
    run = {key: spec[key] for key in ("args", "env", "root") if key in spec}
    return [{"type": "run", **run}, {"type": "wait", "exit_code": spec.get("exit_code", 0)}]


def options_of(environment, root=None):
    words = ["--allow", "--timeout", "30s"]
    for name, value in environment.items():
        words += ["--env", f"{name}={value}"]
    return words + (["--dir", f"{root}::/"] if root else [])


def why_of(done):
    return (done.stderr.decode(errors="replace").strip().splitlines() or ["?"])[-1][:200]


def run_command(given, component, operations, folder):
    start = operations[0]
    root = None
    if start.get("root"):
        root = folder / "root"
        shutil.copytree(component.parent / start["root"], root)
    (folder / "stdin").write_text(
        "".join(each["payload"] for each in operations if each["type"] == "write"))
    words = [given.build / "bin/ferry", "run", component, f"@{folder / 'stdin'}",
             *options_of(start.get("env", {}), root)]
    for word in start.get("args", []):
        words += ["--arg", word]
    done = subprocess.run(words, capture_output=True, timeout=PATIENCE)
    for each in operations:
        if each["type"] == "read" and each.get("payload", ""):
            stream = done.stderr if each.get("id") == "stderr" else done.stdout
            if each["payload"].encode() not in stream:
                return f"{each.get('id')} has no {each['payload']!r}: {why_of(done)}"
        if each["type"] == "wait" and (each.get("exit_code", 0) == 0) != (done.returncode == 0):
            return f"exit status {done.returncode}: {why_of(done)}"
    return None


def ask(port, each):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(each["method"], each["path"], each.get("body"), each.get("headers", {}))
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        wanted = each["response"]
        if answer.status != wanted.get("status", 200):
            return f"{each['method']} {each['path']}: status {answer.status}, {body[:200]}"
        if "body" in wanted and body != wanted["body"]:
            return f"{each['method']} {each['path']}: body {body[:80]!r}"
        for name, value in wanted.get("headers", {}).items():
            if answer.headers.get(name) != value:
                return f"{each['method']} {each['path']}: {name} is {answer.headers.get(name)!r}"
        return None
    finally:
        connection.close()


def run_service(given, component, spec):
    with Servers(spec.get("servers", [])) as servers:
        process = subprocess.Popen(
            [given.build / "bin/ferry", "serve", component, "--listen", "127.0.0.1:0",
             *options_of(servers.environment),
             *(f"--connect={authority}" for authority in servers.environment.values())],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, errors="replace")
        try:
            lines = []
            for line in process.stderr:
                lines.append(line.strip())
                if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                    break
            else:
                return " ".join(lines)[:200]
            threading.Thread(target=process.stderr.read, daemon=True).start()
            for each in operations_of(spec):
                if each["type"] == "request" and (why := ask(int(found[1]), each)):
                    return why
            return None
        finally:
            process.terminate()
            process.wait(PATIENCE)


def run(given, component):
    """What went wrong, or None."""
    path = component.with_suffix(".json")
    spec = json.loads(path.read_text()) if path.exists() else {}
    if spec.get("world") == "wasi:http/service":
        return run_service(given, component, spec)
    with tempfile.TemporaryDirectory(prefix="ferry-wasi-suite-") as folder:
        return run_command(given, component, operations_of(spec), pathlib.Path(folder))


def main():
    ask_for = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    ask_for.add_argument("--build", type=pathlib.Path, required=True)
    ask_for.add_argument("folder", type=pathlib.Path)
    ask_for.add_argument("names", nargs="*")
    given = ask_for.parse_args()
    given.build = given.build.resolve()
    tests = sorted(given.folder.glob("*.wasm"))
    if not tests:
        print(f"skipped: {given.folder} has no tests; see the head of this file")
        return 77
    passed, count, failed = collections.Counter(), collections.Counter(), 0
    for component in tests:
        if given.names and component.stem not in given.names:
            continue
        why = run(given, component)
        group = component.stem.split("-")[0]
        count[group] += 1
        passed[group] += why is None
        explained = next((text for name, text in EXPLAINED.items()
                          if component.stem.startswith(name)), None)
        failed += why is not None and explained is None
        print(f"{component.stem}: {'ok' if why is None else explained or why}", flush=True)
    print("\n| tests | pass | of |\n|---|---|---|")
    for group, number in sorted(count.items()):
        print(f"| {group} | {passed[group]} | {number} |")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
