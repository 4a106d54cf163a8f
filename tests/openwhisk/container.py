"""A container as OpenWhisk's invoker sees it: a process with a port, a stdout and a stderr."""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from ports import free_port

SENTINEL = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"


class Stream:
    """Collects a pipe's lines on a thread of its own, as a container engine does."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.lines = []
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for raw in self.pipe:
            with self.changed:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def wait_for(self, count):
        """All lines, once `count` sentinels are among them."""
        with self.changed:
            done = self.changed.wait_for(
                lambda: self.lines.count(SENTINEL) >= count or None in self.lines, timeout=60)
            assert done and self.lines.count(SENTINEL) >= count, self.lines[-20:]
            return list(self.lines)

    def count(self):
        with self.changed:
            return self.lines.count(SENTINEL)


class Container:
    """`outside`: nothing tells the process that an invoker reads its output, so that it may say what
    it does."""

    def __init__(self, command, outside=False, **env):
        self.port = free_port()
        self.process = subprocess.Popen(
            command + ["--listen", f"127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **({} if outside else {"__OW_API_HOST": "http://127.0.0.1"}), **env})
        self.out = Stream(self.process.stdout)
        self.err = Stream(self.process.stderr)
        self._wait_until_up()

    def _wait_until_up(self):
        # The invoker too repeats /init while connections are refused.
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    raise AssertionError(f"it ended: {self.err.lines}")
                time.sleep(0.05)
        raise AssertionError("it never listened")

    def post_raw(self, path, body, method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            data = response.read()
            # No chunks and no 204: the invoker takes neither (contract).
            assert response.getheader("Content-Length") == str(len(data)), response.getheaders()
            assert response.status != 204
            return response.status, data
        finally:
            connection.close()

    def post(self, path, body):
        status, data = self.post_raw(path, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
        return status, json.loads(data)

    def init(self, code=None, main="main", env=None, name="test"):
        value = {"name": name, "main": main, "binary": True, "env": env or {}}
        if code is not None:
            value["code"] = code
        return self.post("/init", {"value": value})

    def run(self, value, **more):
        metadata = {"namespace": "ns", "action_name": "/ns/test", "action_version": "0.0.1",
                    "activation_id": "a1b2", "transaction_id": "t1",
                    "deadline": str(int(time.time() * 1000) + 60_000)}
        return self.post("/run", {"value": value, **metadata, **more})

    def close(self):
        self.process.terminate()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process.stdout.close()
            self.process.stderr.close()
        return code
