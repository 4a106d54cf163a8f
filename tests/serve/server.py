"""A `ferry serve` of its own for a test: started, asked, ended."""

import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from processes import children

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["FERRY_BUILD"]).resolve()
FERRY = BUILD / "bin" / "ferry"
# How long anything may take before a test is called failed; nothing is measured by it.
PATIENCE = 60
COMPILING = 600  # a server compiles its functions before it serves: long under a sanitizer


def sanitized():
    """Whether ferry was compiled with a sanitizer, which a sandbox would keep from its files."""
    program = FERRY.read_bytes()
    return any(f"lib{name}.so".encode() in program for name in ("asan", "tsan"))


def environment(folder):
    return {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}


def make_guest(name, folder):
    """Compiles <name>.wat beside this file."""
    out = folder / f"{name}.wasm"
    subprocess.run(["wat2wasm", HERE / f"{name}.wat", "-o", out], check=True)
    return out


def write_function(name, wasm, folder, lines=(), limits=()):
    """A folder with a ferry.toml: what `ferry serve` takes as a function."""
    home = folder / name
    home.mkdir()
    shutil.copy(wasm, home / "f.wasm")
    text = ["[function]", f'name = "{name}"', 'wasm = "f.wasm"', *lines, "[limits]", *limits]
    (home / "ferry.toml").write_text("\n".join(text) + "\n")
    return home


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.fields = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()


class Server:
    """Use it in a `with`; it is ended by SIGTERM, and must then have ended well."""

    def __init__(self, folder, *functions, options=(), snapshots=False, log=None, variables=None,
                 descriptors=()):
        """`log`: a file that all lines go to, in place of the pipe from which they are read;
        `variables` of its environment and `descriptors` it has beside the usual ones."""
        command = [FERRY, "serve", *functions, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
        command += [] if snapshots else ["--no-snapshot"]
        command += [] if log is None else ["--log-file", log]
        self.log = log
        self.process = subprocess.Popen([*map(str, command), *options], stderr=subprocess.PIPE,
                                        env={**environment(folder), **(variables or {})},
                                        pass_fds=descriptors, text=True, errors="replace")
        self.lines = []
        self.grown = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        try:
            line = self.wait_for_line(r"ferry: serving ", patience=COMPILING)
        except AssertionError:
            self.process.kill()
            raise
        where = re.search(r"http://127\.0\.0\.1:(\d+)/.*admin on http://127\.0\.0\.1:(\d+)", line)
        self.port, self.admin_port = int(where[1]), int(where[2])

    def _lines(self):
        if self.log is None:
            yield from self.process.stderr
            return
        while not self.log.exists():
            time.sleep(0.01)
        with self.log.open() as file:
            while True:
                over = self.process.poll() is not None
                rest = file.readlines()
                yield from rest
                if over and not rest:
                    return
                time.sleep(0.01)

    def _read(self):
        for line in self._lines():
            with self.grown:
                self.lines.append(line.rstrip("\n"))
                self.grown.notify_all()
        with self.grown:
            self.lines.append(None)
            self.grown.notify_all()

    def wait_for_line(self, pattern, patience=PATIENCE):
        end = time.monotonic() + patience
        with self.grown:
            seen = 0
            while True:
                for line in self.lines[seen:]:
                    if line is None:
                        raise AssertionError(f"the server ended: {self.lines}")
                    if re.search(pattern, line):
                        return line
                seen = len(self.lines)
                if not self.grown.wait(max(0, end - time.monotonic())):
                    raise AssertionError(f"no line {pattern}: {self.lines}")

    def ask(self, method="POST", path="/", body=None, fields=None, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, fields or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def admin(self, path):
        return self.ask("GET", path, port=self.admin_port)

    def wait_for_metric(self, name, value):
        """Until the metric, of all workers together, has this value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            lines = self.admin("/metrics").body.decode().splitlines()
            told = [line.split()[-1] for line in lines if re.match(name + r"[ {]", line)]
            if told and sum(map(float, told)) == value:
                return
            time.sleep(0.01)
        raise AssertionError(f"{name} never was {value}")

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def workers(self):
        """Not the process that makes snapshots, which has a process group of its own."""
        def group_of(pid):
            try:
                return os.getpgid(pid)
            except ProcessLookupError:
                return None

        return [pid for pid in children(self.process.pid)
                if group_of(pid) == group_of(self.process.pid)]

    def end(self):
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process.poll() is None:
                status = self.end()
                if kind is None and status != 0:
                    raise AssertionError(f"the server ended with {status}: {self.lines}")
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.reader.join(PATIENCE)
            self.process.stderr.close()


def raw(server, data):
    """Sends bytes as they are; what is answered until the server closes."""
    with server.connect() as connection:
        try:
            connection.sendall(data)
        except OSError:
            pass  # it may close before all was sent; its answer is there nevertheless
        answer = b""
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            answer += piece
        return answer
