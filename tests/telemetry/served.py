"""What the tests of traces and of metrics have in common: a server with a function, and a collector."""
import argparse
import http.server
import importlib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "serve"))
PATIENCE = 60


class Collector:
    """Takes what is posted to /v1/traces; use it in a `with`."""

    def __init__(self):
        self.requests, self.grown = [], threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.grown:
                    outer.requests.append((self.path, dict(self.headers), json.loads(body)))
                    outer.grown.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def spans(self, least):
        """All spans, once there are that many."""
        end = time.monotonic() + PATIENCE
        with self.grown:
            while True:
                found = [span for _, _, body in self.requests for resource in body["resourceSpans"]
                         for scope in resource["scopeSpans"] for span in scope["spans"]]
                if len(found) >= least:
                    return found
                if not self.grown.wait(max(0.0, end - time.monotonic())):
                    raise AssertionError(f"{len(found)} spans, not {least}")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Served(unittest.TestCase):
    """Has a function in a folder of its own; `self.server` is tests/serve/server.py."""

    def setUp(self):
        self.server = importlib.import_module("server")  # it reads FERRY_BUILD
        folder = tempfile.TemporaryDirectory(prefix="ferry-telemetry-test-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.function = self.server.make_guest("echo", self.home)

    def serve(self, **variables):
        for name, value in variables.items():
            os.environ[name] = value
            self.addCleanup(os.environ.pop, name, None)
        return self.server.Server(self.home, self.function, options=["--workers", "1"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    known, rest = parser.parse_known_args()
    os.environ["FERRY_BUILD"] = str(known.build.resolve())
    if not shutil.which("wat2wasm"):
        print("no wat2wasm on this machine")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])
