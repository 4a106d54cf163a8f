#!/usr/bin/env python3
"""ferry while calls of its own fail: a full disk, no memory, no descriptors, no processes.

    tests/faults/faults.py --build build [--every] [--only SCENARIO] [--at KIND:HOW:N]

Each scenario is run once with its calls counted (inject.cc), then again and again with the n-th call
of one kind failing, alone or with all that follow. Without --every a few n of each kind are tried,
with it every one. Whatever fails:

  - nothing takes longer than its bound, and nothing ends by a signal;
  - exit code 0 goes with the right result, any other with a message that names the cause;
  - the next run, with nothing failing, gives the right result; what was not finished is not seen.
"""

import argparse
import concurrent.futures
import contextlib
import hashlib
import http.client
import http.server
import json
import mmap
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

KINDS = ["write", "read", "fd", "memory", "process", "sync", "name", "size", "wait"]
# How calls of a kind fail: once, or from then on.
FAULTS = [("write", "ENOSPC", True), ("write", "EIO", False), ("write", "short", True),
          ("read", "EIO", False), ("read", "short", True), ("fd", "EMFILE", False),
          ("fd", "EMFILE", True), ("memory", "ENOMEM", False), ("memory", "ENOMEM", True),
          ("process", "EAGAIN", False), ("process", "EAGAIN", True), ("sync", "EIO", False),
          ("name", "ENOSPC", True), ("size", "ENOSPC", True), ("wait", "EINTR", False)]
# What a message may call it.
NAMES = {"ENOSPC": ["No space left"], "EIO": ["Input/output error"],
         "EMFILE": ["Too many open files"], "ENOMEM": ["Cannot allocate memory", "emory", "address space"],
         "EAGAIN": ["Resource temporarily unavailable", "unavailable"]}
BOUND = 60  # seconds; a run takes less than one
LASTING = 5  # seconds that a server is asked which lacks something for good
# What a server that has begun to serve can do without: the threads that it has go on.
SPARED = ("process",)
EVENT = b'{"name":"Ada"}'
REPLY = b'{"message":"Hello, Ada!"}'


class Wrong(Exception):
    pass


class Counter:
    """The file in which inject.cc counts."""

    def __init__(self, folder):
        self.path = folder / "counts"
        self.path.write_bytes(bytes(mmap.PAGESIZE))

    def read(self):
        return dict(zip(KINDS, struct.unpack(f"{len(KINDS)}Q",
                                             self.path.read_bytes()[:8 * len(KINDS)])))


class Place:
    """A folder of one run: its cache, its counter, what it makes."""

    def __init__(self, options, fault=None):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-inject-"))
        self.counter = Counter(self.folder)
        self.fault = fault
        (self.folder / "tmp").mkdir()

    def environment(self, injected):
        env = {**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"),
               "XDG_DATA_HOME": str(self.folder / "data"), "TMPDIR": str(self.folder / "tmp")}
        if injected:
            env["LD_PRELOAD"] = str(self.options.library)
            env["FERRY_INJECT_COUNT"] = str(self.counter.path)
            if self.fault:
                env["FERRY_INJECT"] = self.fault
        return env

    def ferry(self, *words, stdin=b"", injected=True):
        """Exit code, stdout, stderr."""
        process = subprocess.Popen([self.options.ferry, *map(str, words)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment(injected), start_new_session=True)
        try:
            out, err = process.communicate(stdin, timeout=BOUND)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            _, err = process.communicate()
            raise Wrong(f"not over after {BOUND} s: {err.decode()[-300:]}") from None
        return process.returncode, out, err.decode(errors="replace")

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def check_end(place, code, err):
    """A run that was not a success says why."""
    if code < 0:
        raise Wrong(f"ended by signal {-code}: {err[-300:]}")
    if code == 0:
        return
    if "internal error" in err:
        raise Wrong(f"an internal error: {err[err.index('internal error'):][:300]}")
    how = place.fault.split(":")[1] if place.fault else ""
    names = NAMES.get(how, [])
    if not any(name in err for name in names):
        raise Wrong(f"exit code {code}, and the message does not name the cause: {err[-400:]!r}")


def expect(good, what):
    if not good:
        raise Wrong(what)


class Scenario:
    warm = False  # whether the function was compiled before
    always = ()  # kinds whose every call fails in turn, also without --every

    def prepare(self, place):
        if self.warm:
            place.ferry("run", place.options.function, "-", stdin=EVENT, injected=False)

    def act(self, place):
        raise NotImplementedError

    def after(self, place):
        """The same with nothing failing."""
        code, out, err = place.ferry("run", place.options.function, "-", stdin=EVENT,
                                     injected=False)
        expect((code, out) == (0, REPLY), f"afterwards: exit code {code}, {out!r}, {err[-300:]}")
        left = [str(path.relative_to(place.folder)) for path in
                (place.folder / "cache").rglob("*") if ".tmp-" in path.name]
        expect(not left, f"left behind: {left}")


class Run(Scenario):
    """ferry run, with nothing compiled."""

    def act(self, place):
        code, out, err = place.ferry("run", place.options.function, "-", stdin=EVENT)
        check_end(place, code, err)
        if code == 0:
            expect(out == REPLY, f"a wrong answer: {out!r}")


class RunAgain(Run):
    """ferry run of what was compiled."""
    warm = True


class Check(Scenario):
    """ferry check."""
    warm = True

    def act(self, place):
        code, out, err = place.ferry("check", place.options.function)
        check_end(place, code, err + out.decode())
        if code == 0:
            expect(b"It will run." in out, f"a wrong answer: {out[-300:]!r}")


class Pack(Scenario):
    """ferry pack, into a folder."""
    warm = True

    def prepare(self, place):
        super().prepare(place)
        self.pack(place, "other", False)  # makes the key

    def pack(self, place, out, injected=True):
        return place.ferry("pack", place.options.function, "--for", "image",
                           "--no-snapshot", "-o", place.folder / out, injected=injected)

    def act(self, place):
        code, _, err = self.pack(place, "out")
        check_end(place, code, err)
        if code == 0:
            self.same(place, "out")

    def same(self, place, out):
        files = {}
        for name in ("other", out):
            folder = place.folder / name
            files[name] = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).digest()
                           for path in folder.rglob("*") if path.is_file()}
        expect(files["other"] == files[out], f"another package: {sorted(files[out])}")

    def after(self, place):
        super().after(place)
        code, _, err = self.pack(place, "out", False)
        expect(code == 0, f"afterwards: exit code {code}: {err[-300:]}")
        self.same(place, "out")


class Prune(Scenario):
    """ferry cache --prune."""
    warm = True

    def act(self, place):
        code, _, err = place.ferry("cache", "--prune", "--max-size", "0MiB")
        check_end(place, code, err)


class Api(http.server.BaseHTTPRequestHandler):
    """Enough of OpenWhisk's for ferry deploy."""
    protocol_version = "HTTP/1.1"
    actions = {}

    def log_message(self, *words):
        pass

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = (self.server.server_address[1], self.path.split("?")[0])
        status, answer = 200, {}
        if self.command == "PUT":
            answer = self.actions[name] = json.loads(body)
        elif name in self.actions:
            answer = {**self.actions[name], "exec": {"kind": "wasm:1"}}
        else:
            status, answer = 404, {"error": "The requested resource does not exist."}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_any


class Deploy(Scenario):
    """ferry deploy of a small package to an API of ours."""

    def prepare(self, place):
        self.code = "QUJD" * 10_000
        (place.folder / "action.json").write_text(json.dumps(
            {"namespace": "_", "name": "hello", "limits": {"timeout": 3000}, "annotations": [],
             "exec": {"kind": "wasm:1", "main": "hello", "binary": True, "code": self.code}}))
        (place.folder / "ferry-package.json").write_text(json.dumps(
            {"format": 1, "platform": "openwhisk", "function": "hello", "digest": "sha256:00",
             "ferry": "0.1.0", "settings": {}}))

    def act(self, place):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as api:
            api.handle_error = lambda *words: None
            api.daemon_threads = True
            threading.Thread(target=api.serve_forever, daemon=True).start()
            try:
                port = api.server_address[1]
                code, out, err = place.ferry("deploy", place.folder, "--apihost",
                                             f"http://127.0.0.1:{port}", "--auth", "u:k")
                check_end(place, code, err)
                sent = Api.actions.pop((port, "/api/v1/namespaces/_/actions/hello"), None)
                if sent is not None:
                    expect(sent["exec"]["code"] == self.code, "other code was sent")
                if code == 0:
                    expect(sent is not None, f"nothing was sent: {out!r}")
            finally:
                api.shutdown()

    def after(self, place):
        pass


class Serve(Scenario):
    """ferry serve: it starts, answers, ends; or says why not."""
    warm = True
    always = ("process",)
    options = ["--no-snapshot"]

    def act(self, place):
        process = subprocess.Popen(
            [place.options.ferry, "serve", place.options.function, "--listen", "127.0.0.1:0",
             "--workers", "1", *self.options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=place.environment(True), start_new_session=True)
        lines = []
        announced = threading.Event()

        def read():
            for line in process.stderr:
                lines.append(line.decode(errors="replace"))
                if "serving " in lines[-1]:
                    announced.set()
            announced.set()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            expect(announced.wait(BOUND), f"neither serving nor over: {''.join(lines)[-300:]}")
            where = re.search(r"http://127\.0\.0\.1:(\d+)/", "".join(lines))
            if where:
                self.ask(place, int(where[1]), lines)
                process.send_signal(signal.SIGTERM)
            process.wait(BOUND)
        except subprocess.TimeoutExpired:
            raise Wrong(f"not over {BOUND} s after SIGTERM: {''.join(lines)[-300:]}") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            reader.join()
        check_end(place, process.returncode, "".join(lines))
        expect(where or process.returncode != 0, "it served nothing, and ended well")

    # An answer may be a refusal, and a connection may be cut where a worker died; but the server
    # is there again after a while, unless what it needs stays away: then it says so.
    def ask(self, place, port, lines):
        lasting = place.fault is not None and place.fault.endswith("+")
        end = time.monotonic() + (LASTING if lasting else BOUND)
        good = 0
        while good < 3:
            if time.monotonic() > end:
                said = "".join(lines)
                kind, how = place.fault.split(":")[:2] if lasting else ("", "")
                names = NAMES.get(how, []) if kind not in SPARED else []
                expect(any(name in said for name in names), f"no answer: {said[-300:]}")
                return
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            try:
                connection.request("POST", "/", EVENT, {"content-type": "application/json"})
                answer = connection.getresponse()
                body = answer.read()
                expect(answer.status != 200 or body == REPLY, f"a wrong answer: {body!r}")
                expect(answer.status == 200 or answer.status >= 500, f"status {answer.status}")
                good += answer.status == 200
                if answer.status != 200:
                    lines.append(body.decode(errors="replace"))  # it may say why
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
            finally:
                connection.close()


SCENARIOS = {"run": Run, "run-again": RunAgain, "check": Check, "pack": Pack, "prune": Prune,
             "deploy": Deploy, "serve": Serve}


def attempt(options, name, fault):
    """What was wrong with one run, or nothing; and how often calls were made."""
    place = Place(options, fault)
    try:
        scenario = SCENARIOS[name]()
        scenario.prepare(place)
        scenario.act(place)
        counts = place.counter.read()
        scenario.after(place)
        return None, counts
    except Wrong as wrong:
        return str(wrong), place.counter.read()
    finally:
        place.remove()


def points(count, every):
    if every or count <= 3:
        return range(1, count + 1)
    return sorted({1, (count + 1) // 2, count})


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--every", action="store_true", help="every call, and not a few")
    parser.add_argument("--only", choices=SCENARIOS, action="append")
    parser.add_argument("--at", metavar="KIND:HOW:N[+]", help="one fault alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    build = options.build.resolve()
    options.ferry = build / "bin" / "ferry"
    options.library = build / "tests" / "libferry_inject.so"
    options.function = build / "functions" / "hello-c.wasm"
    if not options.function.exists():
        print("the functions were not built: make functions")
        return 77
    tried = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name in options.only or SCENARIOS:
            wrong, counts = attempt(options, name, None)
            if wrong or not any(counts.values()):
                print(f"FAIL  {name} without a fault: {wrong or 'no call was counted'}")
                return 1
            faults = [options.at] if options.at else [
                f"{kind}:{how}:{n}{'+' if onwards else ''}" for kind, how, onwards in FAULTS
                for n in points(counts[kind], options.every or kind in SCENARIOS[name].always)]
            start = time.monotonic()
            bad = 0
            for fault, (wrong, _) in zip(faults, pool.map(
                    lambda fault, name=name: attempt(options, name, fault), faults)):
                if wrong:
                    bad += 1
                    print(f"FAIL  {name} {fault}: {wrong}", flush=True)
            print(f"{name}: {len(faults)} faults, {bad} of them badly taken "
                  f"({time.monotonic() - start:.0f} s; calls: "
                  f"{', '.join(f'{kind} {count}' for kind, count in counts.items())})", flush=True)
            tried += len(faults)
            failed += bad
    print(f"{tried} faults, {failed} badly taken")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
