#!/usr/bin/env python3
"""Sockets that are not TCP ports of ferry's own, and a service manager: Unix sockets, systemd's
socket activation (LISTEN_FDS) and sd_notify.

    FERRY_BUILD=build tests/serve/sockets_test.py

Exit status 77: wat2wasm is missing.
"""

import http.client
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from server import COMPILING, FERRY, PATIENCE, Answer, environment, make_guest
from processes import children, descriptors  # server says where it is


# Puts descriptors in their places in the process that is to serve, which alone knows its id.
HAND_OVER = """
import fcntl, os, sys
count = int(sys.argv[1])
kept = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[2:2 + count]]
for place, fd in enumerate(kept):
    os.dup2(fd, 3 + place)
    os.close(fd)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


def ask(connection, body=b"asked"):
    try:
        connection.request("POST", "/", body)
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Notified:
    """The socket of a service manager; what it was told, line by line."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(COMPILING)

    def wait_for(self, line):
        end = time.monotonic() + COMPILING
        while time.monotonic() < end:
            if line in self.socket.recv(65536).decode().splitlines():
                return
        raise AssertionError(f"never told {line}")


class Sockets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-sockets-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.echo = make_guest("echo", cls.folder)

    def setUp(self):
        self.notified = Notified(pathlib.Path(tempfile.mkdtemp(dir=self.folder)))
        self.addCleanup(self.notified.socket.close)

    def start(self, *options, sockets=(), names="", more=None):
        """Started as systemd starts it: the sockets are descriptors 3 and up."""
        variables = {**environment(self.folder), "NOTIFY_SOCKET": self.notified.path, **(more or {})}
        command = [str(FERRY), "serve", str(self.echo), *map(str, options)]
        if sockets:
            variables.update(LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names)
            command = [sys.executable, "-c", HAND_OVER, str(len(sockets)),
                       *[str(each.fileno()) for each in sockets], *command]
        process = subprocess.Popen(command, env=variables, text=True, stderr=subprocess.PIPE,
                                   pass_fds=[each.fileno() for each in sockets])
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        return process

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=PATIENCE)[1]
        self.assertEqual(process.returncode, 0, said)
        return said

    def refused(self, *options, **how):
        process = self.start(*options, **how)
        said = process.communicate(timeout=COMPILING)[1]
        return process.returncode, said

    def test_unix_socket(self):
        path = self.folder / "f.sock"
        process = self.start("--listen", f"unix:{path}", "--workers", "2")
        self.notified.wait_for("READY=1")
        self.assertTrue(stat.S_ISSOCK(path.stat().st_mode))
        for _ in range(50):
            answer = ask(UnixConnection(path))
            self.assertEqual((answer.status, answer.body), (200, b"asked"))
        status, said = self.refused("--listen", f"unix:{path}")
        self.assertEqual(status, 10)
        self.assertIn("is in use", said)
        said = self.end(process)
        self.assertIn(f"echo on unix:{path}/ ", said)
        self.assertFalse(path.exists())

    def test_workers_cannot_talk_to_the_service_manager(self):
        # Only a process that is not shut in shows its descriptors to a user without rights.
        process = self.start("--listen", "127.0.0.1:0", "--workers", "1", "--no-sandbox")
        self.notified.wait_for("READY=1")
        lines = [line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()]
        datagrams = {f"socket:[{each[6]}]" for each in lines if each[4] == "0002"}
        self.assertTrue(datagrams)  # the supervisor's is one

        def held():
            return {each for child in children(process.pid) for each in descriptors(child)}

        end = time.monotonic() + PATIENCE
        while held() & datagrams:  # a process that was just forked closes it first
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        self.assertTrue(held())
        self.end(process)

    def test_unix_socket_of_a_killed_server_is_replaced(self):
        path = self.folder / "stale.sock"
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(path))
        stale.close()
        process = self.start("--listen", f"unix:{path}", "--workers", "1")
        self.notified.wait_for("READY=1")
        self.assertEqual(ask(UnixConnection(path)).status, 200)
        self.end(process)

    def test_unix_socket_in_the_place_of_a_file(self):
        path = self.folder / "a-file"
        path.write_text("mine")
        status, said = self.refused("--listen", f"unix:{path}")
        self.assertEqual(status, 2)
        self.assertIn("is not a socket", said)
        self.assertEqual(path.read_text(), "mine")

    def test_socket_activation_loses_no_request_from_server_to_server(self):
        with socket.create_server(("127.0.0.1", 0)) as main, \
                socket.create_server(("127.0.0.1", 0)) as admin:
            port = main.getsockname()[1]
            how = {"sockets": (main, admin), "names": "http:admin"}
            process = self.start("--workers", "2", **how)
            self.notified.wait_for("READY=1")
            readyz = http.client.HTTPConnection("127.0.0.1", admin.getsockname()[1], timeout=PATIENCE)
            readyz.request("GET", "/readyz")
            self.assertEqual(readyz.getresponse().status, 200)
            readyz.close()
            seen, over = [], threading.Event()

            def client():
                while not over.is_set():
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
                    try:
                        seen.append(ask(connection).status)
                    except OSError as error:
                        seen.append(repr(error))

            clients = [threading.Thread(target=client) for _ in range(4)]
            for each in clients:
                each.start()
            try:
                time.sleep(0.2)
                said = self.end(process)  # nobody serves now: who connects waits
                self.notified.wait_for("STOPPING=1")
                process = self.start("--workers", "2", **how)
                self.notified.wait_for("READY=1")
                time.sleep(0.2)
            finally:
                over.set()
                for each in clients:
                    each.join(PATIENCE)
            self.end(process)
        self.assertIn(f"echo on http://127.0.0.1:{port}/ ", said)
        self.assertGreater(len(seen), 20)
        self.assertEqual(set(seen), {200})

    def test_sockets_that_cannot_be_served_on(self):
        with socket.socket() as idle:
            status, said = self.refused(sockets=(idle,))
            self.assertEqual(status, 2)
            self.assertIn("not a listening stream socket", said)
        with socket.create_server(("127.0.0.1", 0)) as one, \
                socket.create_server(("127.0.0.1", 0)) as other:
            status, said = self.refused(sockets=(one, other))
            self.assertEqual(status, 2)
            self.assertIn("more than one socket", said)

    def test_sockets_of_another_process_are_left_alone(self):
        process = self.start("--listen", "127.0.0.1:0", "--workers", "1",
                             more={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
        self.notified.wait_for("READY=1")
        self.end(process)

    def test_watchdog(self):
        process = self.start("--listen", "127.0.0.1:0", "--workers", "1",
                             more={"WATCHDOG_USEC": "4000000"})
        self.notified.wait_for("READY=1")
        for _ in range(2):
            self.notified.wait_for("WATCHDOG=1")
        self.end(process)


if __name__ == "__main__":
    if shutil.which("wat2wasm") is None:
        print("wat2wasm is missing")
        sys.exit(77)
    unittest.main(verbosity=2)
