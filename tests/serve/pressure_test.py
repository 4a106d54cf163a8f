#!/usr/bin/env python3
"""When memory runs short, a server gives back what it holds for kept instances.

    FERRY_BUILD=build tests/serve/pressure_test.py

The kernel's word comes from a library for LD_PRELOAD: a real lack would be one for everybody here.
Exit status 77: wat2wasm is missing.
"""

import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from server import HERE, PATIENCE, Server, make_guest, write_function


class Pressure(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-pressure-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.library = self.folder / "pressure.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.library, HERE / "pressure.c", "-ldl"],
                       check=True)

    def metric(self, server, name):
        [value] = re.findall(rf"^{name}(?:{{.*}})? (\S+)$",
                             server.admin("/metrics").body.decode(), re.MULTILINE)
        return float(value)

    def wait_until(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def ask_until_kept(self, server):
        """The metric is that at the end of an event, before its own instance is kept."""
        def asked():
            self.assertEqual(server.ask(body=b"asked").body, b"asked")
            return self.metric(server, "ferry_kept_bytes") > 0

        self.wait_until(asked)

    def test_what_is_kept_is_given_back_and_counted(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            kernel = socket.create_connection(listener.getsockname(), timeout=PATIENCE)
            given, _ = listener.accept()
        with kernel, given:
            variables = {"LD_PRELOAD": str(self.library), "FERRY_TEST_PRESSURE": str(given.fileno())}
            function = write_function("f", make_guest("echo", self.folder), self.folder)
            with Server(self.folder, function, options=["--workers", "1"], variables=variables,
                        descriptors=[given.fileno()]) as server:
                # What it asked to be woken for: waiting for a tenth of some time.
                some, stalled, of = kernel.recv(64).rstrip(b"\0").split()
                self.assertEqual(some, b"some")
                self.assertEqual(int(stalled) * 10, int(of))

                self.ask_until_kept(server)
                self.assertEqual(self.metric(server, "ferry_memory_pressure_total"), 0)
                kernel.send(b"!", socket.MSG_OOB)
                self.wait_until(lambda: self.metric(server, "ferry_memory_pressure_total") > 0)
                self.assertEqual(self.metric(server, "ferry_kept_bytes"), 0)
                given.recv(1, socket.MSG_OOB)  # it is over
                self.ask_until_kept(server)


if __name__ == "__main__":
    if shutil.which("wat2wasm") is None:
        print("wat2wasm is missing")
        sys.exit(77)
    unittest.main(verbosity=2)
