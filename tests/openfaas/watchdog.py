#!/usr/bin/env python3
"""A real of-watchdog in http mode before `ferry serve --platform openfaas`.

    FERRY_BUILD=build OF_WATCHDOG=/path/of-watchdog tests/openfaas/watchdog.py

Exit status 77: OF_WATCHDOG names no program. (go build in its repository makes it.)
"""

import http.client
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "serve"))
from server import FERRY, PATIENCE, Answer, environment, make_guest  # noqa: E402
from ports import free_port  # noqa: E402  server says where it is

WATCHDOG = os.environ.get("OF_WATCHDOG", "")


class Watchdog(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        echo = make_guest("echo", folder)
        cls.port, upstream = free_port(), free_port()
        cls.process = subprocess.Popen([WATCHDOG], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env={
            **environment(folder), "mode": "http", "port": str(cls.port),
            "upstream_url": f"http://127.0.0.1:{upstream}", "healthcheck_interval": "100ms",
            "fprocess": f"{FERRY} serve {echo} --platform openfaas --workers 1 "
                        f"--listen 127.0.0.1:{upstream}"})
        cls.addClassCleanup(cls.process.wait)
        cls.addClassCleanup(cls.process.terminate)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if cls.ask("POST", "/", b"x").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("nobody answers behind the watchdog")

    @classmethod
    def ask(cls, method, path, body=None, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", cls.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, fields or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def test_bodies_come_through_whole(self):
        for body in (b"", b"hello", bytes(range(256)) * 4096):
            answer = self.ask("POST", "/", body)
            self.assertEqual((answer.status, answer.body), (200 if body else 204, body))

    def test_the_callers_id_is_the_invocations(self):
        answer = self.ask("POST", "/", b"x", {"X-Call-Id": "call-7"})
        self.assertEqual(answer.fields["ferry-invocation"], "call-7")

    def test_events_go_in(self):
        bad = self.ask("POST", "/", b"{}", {"ce-specversion": "1.0", "ce-type": "t",
                                            "ce-source": "/s", "ce-id": ""})
        self.assertEqual(bad.status, 400)

    def test_health(self):
        self.assertEqual(self.ask("GET", "/_/health").status, 200)


if __name__ == "__main__":
    if not os.access(WATCHDOG, os.X_OK):
        print("skipped: OF_WATCHDOG names no program")
        sys.exit(77)
    unittest.main(verbosity=2)
