#!/usr/bin/env python3
"""Responses that reach the client in pieces, while the component still runs.

    tests/components/streaming_test.py --build DIR [Case.test…]

Asks conformance-http (make functions-components): /pieces waits between its pieces. Exit status: that of
unittest, 77 where the component is not built.
"""
import argparse
import atexit
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BUILD = None
PATIENCE = 900  # the component is compiled first; the machine may be busy
PIECES = [b"piece 1\n", b"piece 2\n", b"piece 3\n"]


def component():
    return BUILD / "functions/conformance-http.wasm"


class Server:
    def __init__(self, *words):
        self.process = subprocess.Popen([BUILD / "bin/ferry", "serve", component(), "--listen", "127.0.0.1:0",
                                         "--engine", "wasmtime", "--log-format", "json", *words],
                                        stderr=subprocess.PIPE, text=True, errors="replace")
        self.lines = []
        for line in self.process.stderr:
            if found := re.search(r"serving .*http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        self.reading = threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True)
        self.reading.start()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.reading.join(PATIENCE)


class Client:
    """One connection; what comes is kept with the time at which it came."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        atexit.register(self.socket.close)
        self.seen = b""
        self.at = []

    def ask(self, target, version="1.1", method="GET", fields=""):
        self.socket.sendall(f"{method} {target} HTTP/{version}\r\nHost: x\r\n{fields}\r\n".encode())

    def read_until(self, end):
        while end is None or end not in self.seen:
            got = self.socket.recv(65536)
            if not got:
                return self.seen
            self.seen += got
            self.at.append((len(self.seen), time.monotonic()))
        return self.seen

    def came(self, piece):
        """When the last byte of it did."""
        end = self.seen.index(piece) + len(piece)
        return next(when for size, when in self.at if size >= end)


class Streaming(unittest.TestCase):
    def serve(self, *words):
        server = Server(*words)
        self.addCleanup(server.stop)
        return server

    def test_pieces_come_as_they_are_made(self):
        client = Client(self.serve().port)
        client.ask("/pieces")
        answer = client.read_until(b"\r\n0\r\n\r\n")
        head, body = answer.split(b"\r\n\r\n", 1)
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"), head)
        self.assertIn(b"\r\nTransfer-Encoding: chunked", head)
        self.assertIn(b"\r\nContent-Type: text/event-stream", head)
        self.assertRegex(head, rb"\r\nferry-invocation: [0-9a-f-]{36}")
        self.assertEqual(body, b"".join(b"8\r\n%s\r\n" % piece for piece in PIECES) + b"0\r\n\r\n")
        for piece, after in zip(PIECES, PIECES[1:]):
            self.assertGreater(client.came(after) - client.came(piece), 0.15)
        # The connection goes on.
        client.seen = b""
        client.ask("/pieces", fields="Connection: close\r\n")
        self.assertTrue(client.read_until(None).endswith(b"\r\n0\r\n\r\n"))

    def test_what_breaks_off_has_no_end_and_is_logged(self):
        server = self.serve("--timeout", "1s")
        for target, status in (("/pieces-trap", "trapped"), ("/pieces-forever", "timeout"),
                               ("/pieces-spin", "timeout")):
            client = Client(server.port)
            client.ask(target)
            answer = client.read_until(None)
            self.assertIn(b"8\r\npiece 1\n\r\n", answer)
            self.assertNotIn(b"0\r\n\r\n", answer.split(b"\r\n\r\n", 1)[1])
            invocation = re.search(rb"ferry-invocation: (\S+)", answer)[1].decode()
            for _ in range(200):
                if any(invocation in line for line in server.lines):
                    break
                time.sleep(0.05)
            self.assertIn(invocation, "".join(server.lines))
            self.assertRegex("".join(line for line in server.lines if invocation in line), f"{status}|deadline")

    def test_old_clients_get_it_as_a_whole(self):
        server = self.serve()
        client = Client(server.port)
        client.ask("/pieces", version="1.0")
        head, body = client.read_until(None).split(b"\r\n\r\n", 1)
        self.assertIn(b"\r\nContent-Length: 24", head)
        self.assertEqual(body, b"".join(PIECES))
        # And where it fails they are told, since nothing of it was sent.
        client = Client(server.port)
        client.ask("/pieces-trap", version="1.0")
        self.assertTrue(client.read_until(None).startswith(b"HTTP/1.1 500 "))

    def test_others_are_served_meanwhile(self):
        server = self.serve("--workers", "1")
        waiting = [Client(server.port) for _ in range(8)]
        began = time.monotonic()
        for client in waiting:
            client.ask("/pieces")
        for client in waiting:
            client.read_until(b"\r\n0\r\n\r\n")
        self.assertLess(time.monotonic() - began, 8 * 0.6)

    def test_a_record_has_the_whole_reply(self):
        with tempfile.TemporaryDirectory(prefix="ferry-streaming-") as folder:
            server = self.serve("--record", folder, "--workers", "1")
            client = Client(server.port)
            client.ask("/pieces")
            client.read_until(b"\r\n0\r\n\r\n")
            server.stop()
            [record] = pathlib.Path(folder).glob("*.capsules")
            done = subprocess.run([BUILD / "bin/ferry", "replay", record, "--function", component(), "--show"],
                                  capture_output=True, check=True, timeout=PATIENCE)
            for piece in PIECES:
                self.assertIn(piece.strip(), done.stdout)


def main():
    global BUILD
    ask = argparse.ArgumentParser()
    ask.add_argument("--build", type=pathlib.Path, required=True)
    given, rest = ask.parse_known_args()
    BUILD = given.build.resolve()
    os.environ.setdefault("XDG_CACHE_HOME", str(BUILD / "tests/components"))
    if not component().exists():
        print("skipped: conformance-http is not built here: make functions-components")
        return 77
    done = unittest.main(argv=[sys.argv[0], *rest], verbosity=2, exit=False)
    return 0 if done.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
