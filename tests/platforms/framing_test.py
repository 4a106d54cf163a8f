#!/usr/bin/env python3
"""Requests that two servers could read differently are refused on every platform's server alike:
they share one front. RFC 9112, 11 and what servers are known to have got wrong are the guide. The
platforms are those that `ferry platforms` lists.

    FERRY_BUILD=build tests/platforms/framing_test.py [Case.test…]
"""

import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "serve"))
from server import FERRY, PATIENCE, environment, make_guest  # noqa: E402

CLIENTS = {"lambda", "jsonl"}  # there ferry asks for work, and serves nothing
PATHS = {"azure": "/api/f", "openwhisk": "/run"}  # elsewhere /
BODY = b"{\"value\":{}}"
# What is answered to none of these: a second request hidden in the first.
HIDDEN = b"POST /hidden HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


def head(path, *lines, line="POST {} HTTP/1.1", host=b"Host: x"):
    fields = [line.format(path).encode()] + ([host] if host else []) + list(lines)
    return b"\r\n".join(fields) + b"\r\n\r\n"


def chunks(path, data):
    return head(path, b"Transfer-Encoding: chunked") + data


LENGTH = b"Content-Length: %d" % len(BODY)
ATTACKS = {
    # 6.3: which of them is the length
    "both lengths": lambda p: head(p, LENGTH, b"Transfer-Encoding: chunked") + b"0\r\n\r\n" + HIDDEN,
    "both lengths, the other way": lambda p: head(p, b"Transfer-Encoding: chunked", LENGTH) + BODY,
    "two lengths": lambda p: head(p, LENGTH, b"Content-Length: 3") + BODY,
    "one length twice": lambda p: head(p, LENGTH, LENGTH) + BODY,
    "a list of lengths": lambda p: head(p, b"Content-Length: 12, 12") + BODY,
    "a signed length": lambda p: head(p, b"Content-Length: +12") + BODY,
    "a negative length": lambda p: head(p, b"Content-Length: -1") + HIDDEN,
    "a length in hexadecimal": lambda p: head(p, b"Content-Length: 0xc") + BODY,
    "a length with a fraction": lambda p: head(p, b"Content-Length: 12.0") + BODY,
    "an empty length": lambda p: head(p, b"Content-Length: ") + HIDDEN,
    "a length past 64 bits": lambda p: head(p, b"Content-Length: 18446744073709551628") + BODY,
    # 6.1
    "an unknown coding": lambda p: head(p, b"Transfer-Encoding: gzip") + HIDDEN,
    "chunked is not the last": lambda p: head(p, b"Transfer-Encoding: chunked, gzip") + b"0\r\n\r\n",
    "chunked twice": lambda p: head(p, b"Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n",
    "two codings' lines": lambda p: head(p, b"Transfer-Encoding: chunked",
                                         b"Transfer-Encoding: identity") + b"0\r\n\r\n",
    "a coding like chunked": lambda p: head(p, b"Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "a coding behind a vertical tab": lambda p: head(p, b"Transfer-Encoding: \x0bchunked") +
    b"0\r\n\r\n",
    "chunked in HTTP/1.0": lambda p: head(p, b"Transfer-Encoding: chunked",
                                          line="POST {} HTTP/1.0") + b"0\r\n\r\n",
    # 2.2, 5
    "bare LF ends lines": lambda p: head(p, LENGTH).replace(b"\r\n", b"\n") + BODY,
    "bare LF ends one line": lambda p: head(p, b"A: b\nContent-Length: 12") + BODY,
    "bare CR in a value": lambda p: head(p, b"A: b\rContent-Length: 12") + HIDDEN,
    "a folded header": lambda p: head(p, b"A: b\r\n Content-Length: 12") + HIDDEN,
    "a folded first header": lambda p: head(p, LENGTH, host=b" Host: x") + BODY,
    "space before the colon": lambda p: head(p, b"Content-Length : 12") + BODY,
    "tab before the colon": lambda p: head(p, b"Transfer-Encoding\t: chunked") + b"0\r\n\r\n",
    "a header without a name": lambda p: head(p, b": b") + HIDDEN,
    "a header without a colon": lambda p: head(p, b"Content-Length 12") + HIDDEN,
    "a name that is not a token": lambda p: head(p, b"Content(Length): 12") + HIDDEN,
    "NUL in a value": lambda p: head(p, b"A: b\0c") + HIDDEN,
    "NUL in a name": lambda p: head(p, b"A\0b: c") + HIDDEN,
    "a control character in a value": lambda p: head(p, b"A: b\x08c") + HIDDEN,
    # 3
    "two Hosts": lambda p: head(p, b"Host: y", LENGTH) + BODY,
    "no Host": lambda p: head(p, LENGTH, host=None) + BODY,
    "two spaces in the request line": lambda p: head(p, line="POST  {} HTTP/1.1") + HIDDEN,
    "a tab in the request line": lambda p: head(p, line="POST\t{} HTTP/1.1") + HIDDEN,
    "NUL in the request line": lambda p: head(p, line="POST {}\0 HTTP/1.1") + HIDDEN,
    "a space in the target": lambda p: head(p, line="POST {} x HTTP/1.1") + HIDDEN,
    "no version": lambda p: head(p, line="POST {}") + HIDDEN,
    "an unknown version": lambda p: head(p, line="POST {} HTTP/1.10") + HIDDEN,
    "a version in lower case": lambda p: head(p, line="POST {} http/1.1") + HIDDEN,
    "a method that is not a token": lambda p: head(p, line="PO(ST {} HTTP/1.1") + HIDDEN,
    # 7.1
    "a chunk extension with a control character": lambda p: chunks(p, b"5;a=\x01\r\nhello\r\n0\r\n\r\n"),
    "a chunk extension with NUL": lambda p: chunks(p, b"5;a\0\r\nhello\r\n0\r\n\r\n"),
    "a chunk extension ended by LF": lambda p: chunks(p, b"5;a\nhello\r\n0\r\n\r\n"),
    "a chunk extension with a bare CR": lambda p: chunks(p, b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    "a chunk size past 64 bits": lambda p: chunks(p, b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "the largest chunk size": lambda p: chunks(p, b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    "a signed chunk size": lambda p: chunks(p, b"+5\r\nhello\r\n0\r\n\r\n"),
    "a negative chunk size": lambda p: chunks(p, b"-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size with 0x": lambda p: chunks(p, b"0x5\r\nhello\r\n0\r\n\r\n"),
    "space before a chunk size": lambda p: chunks(p, b" 5\r\nhello\r\n0\r\n\r\n"),
    "no chunk size": lambda p: chunks(p, b"\r\nhello\r\n0\r\n\r\n"),
    "a chunk size ended by LF": lambda p: chunks(p, b"5\nhello\r\n0\r\n\r\n"),
    "a chunk longer than its size": lambda p: chunks(p, b"5\r\nhello!\r\n0\r\n\r\n"),
    "a chunk ended by LF": lambda p: chunks(p, b"5\r\nhello\n0\r\n\r\n"),
    "a trailer with NUL": lambda p: chunks(p, b"5\r\nhello\r\n0\r\nA: \0\r\n\r\n"),
    "a folded trailer": lambda p: chunks(p, b"5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n"),
}
REFUSALS = {400, 413, 414, 431, 501, 505}


class Served:
    """`ferry serve --platform NAME` with a function that answers its input."""

    def __init__(self, platform, wasm, folder):
        self.path = PATHS.get(platform, "/")
        self.process = subprocess.Popen(
            [FERRY, "serve", wasm, "--platform", platform, "--listen", "127.0.0.1:0", "--workers",
             "1"], stderr=subprocess.PIPE, text=True, env=environment(folder))
        seen = []
        for line in self.process.stderr:
            seen.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
                return
        raise AssertionError(f"{platform} did not start: {seen}")

    def send(self, data):
        """What is answered until the server closes; our side stays open, as an attacker's does."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(data)
            answer = b""
            while True:
                try:
                    piece = connection.recv(65536)
                except ConnectionResetError:
                    return answer
                if not piece:
                    return answer
                answer += piece

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stderr.close()


class Framing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        wasm = make_guest("echo", folder)
        cls.servers = {}
        listed = json.loads(subprocess.run([FERRY, "platforms", "--output", "json"], check=True,
                                           capture_output=True).stdout)
        for platform in {each["name"] for each in listed} - CLIENTS:
            cls.servers[platform] = Served(platform, wasm, folder)
            cls.addClassCleanup(cls.servers[platform].close)

    def test_attacks_are_refused_and_the_connection_ended(self):
        for platform, server in self.servers.items():
            for name, attack in ATTACKS.items():
                with self.subTest(platform=platform, attack=name):
                    answer = server.send(attack(server.path))
                    found = re.match(rb"HTTP/1\.1 (\d+) ", answer)
                    self.assertTrue(found, answer)
                    self.assertIn(int(found[1]), REFUSALS, answer)
                    self.assertEqual(len(re.findall(rb"HTTP/1\.1 \d{3} ", answer)), 1, answer)

    def test_honest_requests_are_answered(self):
        for platform, server in self.servers.items():
            close = b"Connection: close"
            for name, request in {
                "with a length": head(server.path, close, LENGTH) + BODY,
                "in chunks": head(server.path, close, b"Transfer-Encoding: Chunked") +
                b"1;a=\"b\\\"c\"\r\n{\r\n00B;x\r\n\"value\":{}}\r\n0\r\nTrailer: x\r\n\r\n",
            }.items():
                with self.subTest(platform=platform, request=name):
                    answer = server.send(request)
                    self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
                    self.assertTrue(answer.rstrip().endswith(b"{}" if platform == "openwhisk"
                                                             else BODY), answer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
