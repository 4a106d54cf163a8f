#!/usr/bin/env python3
"""SIGHUP: functions are read anew and the log file opened anew, and no request is lost.

    FERRY_BUILD=build tests/serve/reload_test.py

Exit status 77: wat2wasm is missing.
"""

import http.client
import pathlib
import shutil
import signal
import sys
import tempfile
import threading
import time
import unittest

from server import PATIENCE, Server, make_guest, write_function

REPLY = b"X-Version: two\n\nbody"  # with reply = "cgi", a header and a body


class Clients:
    """Clients that ask without a pause, half of them on connections that they keep."""

    def __init__(self, server, body):
        self.server, self.body = server, body
        self.seen, self.over = [], threading.Event()
        self.threads = [threading.Thread(target=each)
                        for each in 2 * (self._ask_anew, self._ask_on_one)]

    def _ask_anew(self):
        while not self.over.is_set():
            self._note(lambda: self.server.ask(body=self.body))

    def _ask_on_one(self):
        connection = self._connect()
        while not self.over.is_set():
            self._note(lambda: self._ask(connection))
            if connection.sock is None:  # the server said that it is the last
                connection = self._connect()
            time.sleep(0.001)
        connection.close()

    def _connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)

    def _ask(self, connection):
        connection.request("POST", "/", self.body)
        response = connection.getresponse()
        response.body = response.read()
        return response

    def _note(self, ask):
        try:
            self.seen.append(ask().body)
        except OSError as error:
            self.seen.append(repr(error))

    def __enter__(self):
        for each in self.threads:
            each.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for each in self.threads:
            each.join(PATIENCE)


class Reload(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-reload-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.home = write_function("f", make_guest("echo", self.folder), self.folder)
        self.manifest = self.home / "ferry.toml"

    def replace_in_manifest(self, old, new):
        self.manifest.write_text(self.manifest.read_text().replace(old, new))

    def wait_until(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def reload(self, server, expected):
        server.lines.clear()
        server.process.send_signal(signal.SIGHUP)
        return server.wait_for_line(expected)

    def test_a_changed_function_is_served_and_no_request_is_lost(self):
        with Server(self.folder, self.home, options=["--workers", "2"]) as server:
            before = set(server.workers())
            with Clients(server, REPLY) as clients:
                time.sleep(0.2)
                self.replace_in_manifest("[limits]", 'reply = "cgi"\n[limits]')
                self.reload(server, "ferry: reloaded f$")
                self.wait_until(lambda: clients.seen[-1] == b"body")
                self.assertEqual(server.admin("/readyz").status, 200)
                self.reload(server, "ferry: reloaded f$")  # and the same once more
                self.wait_until(lambda: not before & set(server.workers()))
            self.assertEqual(set(clients.seen), {REPLY, b"body"})
            self.assertEqual(server.ask(body=REPLY).fields["x-version"], "two")
            self.assertIn('ferry_reloads_total{result="done"} 2',
                          server.admin("/metrics").body.decode())

    def test_other_bytes_of_the_function_are_served(self):
        with Server(self.folder, self.home, options=["--workers", "2"]) as server:
            self.assertEqual(server.ask(body=b"asked").body, b"asked")
            nap = make_guest("nap", self.folder)
            nap.rename(self.home / "f.wasm")
            self.reload(server, "ferry: reloaded")
            self.wait_until(lambda: server.ask(body=b"asked").body == b"rested")
            # Its lines have its own digest.
            line = server.wait_for_line("slept$")
            self.assertRegex(line, r" f \S+ sha256:[0-9a-f]{12} slept$")

    def test_a_function_that_runs_is_finished(self):
        nap = make_guest("nap", self.folder)
        nap.rename(self.home / "f.wasm")
        with Server(self.folder, self.home, options=["--workers", "1"]) as server:
            answers = []
            client = threading.Thread(target=lambda: answers.append(server.ask(body=b"").body))
            client.start()
            server.wait_for_metric("ferry_in_flight", 1)
            self.replace_in_manifest("[limits]", "[limits]\ntimeout = '100ms'")
            self.reload(server, "ferry: reloaded")
            client.join(PATIENCE)
            self.assertEqual(answers, [b"rested"])
            self.assertEqual(server.ask(body=b"").status, 504, "the new limit")

    def test_what_cannot_be_used_changes_nothing(self):
        good, wasm = self.manifest.read_text(), (self.home / "f.wasm").read_bytes()
        with Server(self.folder, self.home, options=["--workers", "1"]) as server:
            before = server.workers()
            for manifest, module, why in (
                    (good.replace("[limits]", "[limit]"), wasm, "unknown key 'limit'"),
                    (good.replace('name = "f"', 'name = "g"'), wasm, "other names: g, and f before"),
                    (good + 'warm = "x"\n', wasm, "'warm'"),
                    (good, wasm[:40], "f.wasm"),
                    (good, b"no module", "f.wasm")):
                self.manifest.write_text(manifest)
                (self.home / "f.wasm").write_bytes(module)
                line = self.reload(server, "not reloaded")
                self.assertTrue(line.startswith("ferry: not reloaded, and served as before: "), line)
                self.assertIn(why, line)
                self.assertEqual(server.ask(body=b"asked").body, b"asked")
            self.assertEqual(server.workers(), before)
            self.assertEqual(server.admin("/readyz").status, 200)
            self.assertIn('ferry_reloads_total{result="failed"} 5',
                          server.admin("/metrics").body.decode())

    def test_the_log_file_is_opened_anew(self):
        log, moved = self.folder / "log", self.folder / "log.1"
        with Server(self.folder, self.home, options=["--workers", "1"], log=log) as server:
            def log_a_line(where):
                answer = server.ask(body="{", fields={"Content-Type": "application/json"})
                invocation = answer.fields["ferry-invocation"]
                self.wait_until(lambda: where.exists() and invocation in where.read_text())

            log_a_line(log)
            self.assertEqual(log.stat().st_mode & 0o777, 0o640)
            log.rename(moved)
            log_a_line(moved)
            self.replace_in_manifest("[limits]", "[limit]")  # the log comes first
            server.process.send_signal(signal.SIGHUP)
            self.wait_until(lambda: log.exists() and "not reloaded" in log.read_text())
            log_a_line(log)
            size = moved.stat().st_size
            self.replace_in_manifest("[limit]", "[limits]")
            server.process.send_signal(signal.SIGHUP)
            self.wait_until(lambda: "ferry: reloaded f" in log.read_text())
            self.assertEqual(moved.stat().st_size, size)

    def test_a_log_file_that_cannot_be_opened_ends_the_start(self):
        for path, why in ((self.folder / "none" / "log", "No such file"), ("/dev/stderr", "a pipe")):
            with self.assertRaisesRegex(AssertionError, why):
                Server(self.folder, self.home, options=["--log-file", str(path)])


if __name__ == "__main__":
    if shutil.which("wat2wasm") is None:
        print("wat2wasm is missing")
        sys.exit(77)
    unittest.main(verbosity=2)
