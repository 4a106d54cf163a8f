#!/usr/bin/env python3
"""Names as ferry's own resolver meets them: against a DNS server of this test, in a network of its
own (unshare), so that /etc/resolv.conf and port 53 are the test's.

    tests/network/resolver_test.py --build build

The function is functions/weather. Exit status: 0, 1, or 77 where the kernel gives no such network or
clang-16 is missing.
"""

import argparse
import collections
import fcntl
import http.server
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
INSIDE = "FERRY_TEST_INSIDE"
PRIVATE = "10.0.0.5"  # that this network's loopback has beside 127.0.0.1
PUBLIC = "93.184.216.34"
ADDRESSES = {  # each query's answer in turn, the last one from then on
    "db.internal": [[PRIVATE]],
    "mixed.internal": [["127.0.0.1", PRIVATE]],
    "liar.example.com": [["127.0.0.1"], [PUBLIC]],
    "meta.example.com": [["169.254.169.254"]],
    "silent.example.com": None,
}


def enter():
    """Goes on in namespaces of its own."""
    if os.environ.get(INSIDE):
        return
    words = ["unshare", *([] if os.getuid() == 0 else ["--user", "--map-root-user"]), "--mount", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], capture_output=True).returncode:
        print("skipped: this machine gives no network namespace (unshare --net)")
        sys.exit(77)
    os.environ[INSIDE] = "1"
    os.execvp(words[0], [*words, sys.executable, *sys.argv])


def set_up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for name, address in ((b"lo", "127.0.0.1"), (b"lo:1", PRIVATE)):
            at = struct.pack("<16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(any_socket, 0x8916, at)  # SIOCSIFADDR
            fcntl.ioctl(any_socket, 0x8914, struct.pack("<16sH14x", name, 0x41))  # SIOCSIFFLAGS: up


class Dns:
    """Answers for ADDRESSES; names that are not there do not exist (RFC 1035, 4.1)."""

    def __init__(self):
        self.asked = collections.Counter()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            if answer := self.answer(query):
                self.socket.sendto(answer, peer)

    def answer(self, query):
        labels, at = [], 12
        while length := query[at]:
            labels.append(query[at + 1:at + 1 + length].decode())
            at += 1 + length
        question, name = query[12:at + 5], ".".join(labels).lower()
        is_a = query[at + 1:at + 3] == b"\0\1"
        turn = self.asked[name]
        self.asked[name] += is_a
        if name not in ADDRESSES:
            return query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + question  # NXDOMAIN
        if ADDRESSES[name] is None:
            return None
        found = ADDRESSES[name][min(turn, len(ADDRESSES[name]) - 1)] if is_a else []
        records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(each) for each in found)
        return (query[:2] + b"\x81\x80\0\1" + struct.pack(">H", len(found)) + b"\0\0\0\0" + question
                + records)


class Web(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"sky":"clear"}')


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        subprocess.run(["clang-16", "--target=wasm32-wasi", "-O2", "-I",
                        SOURCE / "sdk/c", SOURCE / "functions/weather/main.c", "-o", cls.folder / "f.wasm"],
                       check=True)
        resolver = cls.folder / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", resolver, "/etc/resolv.conf"], check=True)
        set_up_loopback()
        cls.dns = Dns()
        cls.web = http.server.ThreadingHTTPServer(("", 0), Web)
        cls.port = cls.web.server_address[1]
        threading.Thread(target=cls.web.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.web.shutdown)

    def ask(self, name, grant, expect):
        (self.folder / "ferry.toml").write_text(
            '[function]\nname = "f"\nwasm = "f.wasm"\n[limits]\nconnect_timeout = "500ms"\n'
            f'[grant]\nconnect = ["{grant}:{self.port}"]\n'
            f'env = {{ WEATHER_HOST = "{name}", WEATHER_PORT = "{self.port}" }}\n')
        began = time.monotonic()
        done = subprocess.run(
            [GIVEN.build / "bin/ferry", "run", self.folder, '{"city":"Oslo"}', "--allow", "--engine", "wasmi",
             "--output", "json"], capture_output=True, text=True, timeout=300)
        outcome = json.loads(done.stdout)
        self.assertEqual(outcome["status"], expect, outcome)
        return outcome, time.monotonic() - began

    def test_a_name_leads_to_a_connection(self):
        outcome, _ = self.ask("db.internal", "db.internal", "ok")
        self.assertEqual(outcome["reply"]["data"], {"sky": "clear"})
        [made] = outcome["connections"]
        self.assertEqual((made["name"], made["address"]), ("db.internal", f"{PRIVATE}:{self.port}"))
        self.assertEqual(self.dns.asked["db.internal"], 1)

    def test_addresses_that_may_not_be_used_are_passed_over(self):
        outcome, _ = self.ask("mixed.internal", "mixed.internal", "ok")
        self.assertEqual([each["address"] for each in outcome["connections"]], [f"{PRIVATE}:{self.port}"])

    def test_a_public_name_that_leads_inside_is_denied_and_not_looked_up_again(self):
        outcome, _ = self.ask("liar.example.com", "*.example.com", "denied")
        self.assertIn("liar.example.com leads to 127.0.0.1, a loopback address", json.dumps(outcome))
        self.assertEqual(self.dns.asked["liar.example.com"], 1)
        self.assertNotIn("connections", outcome)

    def test_metadata_is_out_of_reach_by_any_name(self):
        for grant in ("meta.example.com", "*.example.com"):
            outcome, _ = self.ask("meta.example.com", grant, "denied")
            self.assertIn("a cloud metadata address", json.dumps(outcome))

    def test_what_is_not_granted_is_not_asked_for(self):
        self.ask("other.example.com", "db.internal", "denied")
        self.assertEqual(self.dns.asked["other.example.com"], 0)

    def test_a_name_that_does_not_exist(self):
        outcome, _ = self.ask("none.example.com", "none.example.com", "failed")
        self.assertIn("weather: none.example.com", json.dumps(outcome["logs"]))

    def test_a_silent_server_ends_at_the_connect_timeout(self):
        outcome, took = self.ask("silent.example.com", "silent.example.com", "failed")
        self.assertGreaterEqual(self.dns.asked["silent.example.com"], 1)
        self.assertLess(outcome["usage"]["run_us"], 10e6)
        self.assertLess(took, 60)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    GIVEN = parser.parse_args()
    if shutil.which("clang-16") is None:
        print("skipped: clang-16 is not installed (tools/setup.sh functions)")
        sys.exit(77)
    enter()
    GIVEN.build = GIVEN.build.resolve()
    unittest.main(argv=[sys.argv[0]], verbosity=2)
