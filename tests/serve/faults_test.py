#!/usr/bin/env python3
"""`ferry serve` while something around it fails: its log, its workers, its machine. Each test bears
the number of the fault that it holds shut.

    FERRY_BUILD=build tests/serve/faults_test.py [Case.test…]
"""

import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import memory_group
import small_disk
from ports import free_port
from processes import alive, busy, children, descendants, read
from server import (BUILD, COMPILING, FERRY, PATIENCE, Server, environment, make_guest,
                    sanitized)

# Far below the time that a request would hang, far above what a loaded machine needs.
AT_ONCE = 20
GO = BUILD / "functions" / "hello-go.wasm"
LARGE = BUILD / "functions" / "hello-js.wasm"


def ask(port, path="/", body=b"x", timeout=AT_ONCE):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", path, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=AT_ONCE).close()
    except ConnectionRefusedError:
        return True
    return False


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-faults-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.echo = make_guest("echo", cls.folder)
        cls.noisy = make_guest("noisy", cls.folder)

    def serve(self, guest, **streams):
        """A server whose stderr is not ours to read; its port, its admin port and its process."""
        port, admin = free_port(), free_port()
        process = subprocess.Popen(
            [FERRY, "serve", guest, "--listen", f"127.0.0.1:{port}", "--workers", "2",
             "--admin", f"127.0.0.1:{admin}"], env=environment(self.folder), **streams)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        end = time.monotonic() + COMPILING
        while time.monotonic() < end:
            self.assertIsNone(process.poll(), "the server ended")
            try:
                if ask(port)[0] == 200:
                    return port, admin, process
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        self.fail("the server never answered")

    def end(self, process, status=0):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(AT_ONCE), status)

    # The child that compiles went on for seconds, with the listening socket in its hands.
    def test_r12_it_is_ended_while_it_compiles(self):
        slow = self.folder / "slow"
        port = free_port()
        process = subprocess.Popen(
            [FERRY, "serve", "--engine", "wasmtime", GO, "--listen", f"127.0.0.1:{port}"],
            env=environment(slow), stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        compiles = self.wait_for(lambda: [
            pid for pid in descendants(process.pid)
            if b"__compile" in read(pid, "cmdline") and busy(pid)])
        below = [*descendants(process.pid), *compiles]
        for pid in compiles:  # so that it cannot end by itself, however long this takes
            os.kill(pid, signal.SIGSTOP)
            self.addCleanup(lambda pid=pid: alive(pid) and os.kill(pid, signal.SIGKILL))
        process.send_signal(signal.SIGTERM)
        process.wait(AT_ONCE)
        self.wait_for(lambda: not any(alive(pid) for pid in below) and refuses(port))

    def test_r12_there_is_no_proc(self):
        if sanitized():
            self.skipTest("a sanitizer needs /proc itself")
        inside = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
        if subprocess.run([*inside, "true"], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("mounts are not possible here")
        done = subprocess.run([*inside, FERRY, "run", self.echo, "-"], input=b"ping",
                              env=environment(self.folder / "no-proc"), capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (0, b"ping"), done.stderr)
        server = subprocess.Popen([*inside, FERRY, "serve", self.echo, "--listen", "127.0.0.1:0"],
                                  env=environment(self.folder / "no-proc"), stderr=subprocess.PIPE)
        self.addCleanup(server.stderr.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        said = b""
        while b"serving " not in said:
            line = server.stderr.readline()
            self.assertTrue(line, said)
            said += line
        port = int(re.search(rb"127\.0\.0\.1:(\d+)", said)[1])
        self.assertEqual(ask(port), (200, b"x"))
        self.end(server)

    def wait_for(self, what, patience=AT_ONCE):
        end = time.monotonic() + patience
        while True:
            try:
                if found := what():
                    return found
            except (FileNotFoundError, ProcessLookupError):
                pass
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def test_r2_stderr_is_full(self):
        with open("/dev/full", "wb") as full:
            port, _, process = self.serve(self.noisy, stderr=full)
        for _ in range(20):
            self.assertEqual(ask(port), (200, b"ok"))
        self.end(process)

    def test_r2_standard_streams_are_closed(self):
        def close():
            for stream in (0, 1, 2):
                os.close(stream)
        port, _, process = self.serve(self.noisy, preexec_fn=close)
        for stream in (0, 1, 2):
            self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{stream}"), "/dev/null")
        for _ in range(20):
            self.assertEqual(ask(port), (200, b"ok"))
        self.end(process)

    def test_r2_the_reader_of_the_log_is_gone(self):
        read, write = os.pipe()
        port, _, process = self.serve(self.noisy, stderr=write)
        os.close(write)
        os.close(read)
        for _ in range(20):
            self.assertEqual(ask(port), (200, b"ok"))
        self.kill_workers(process)  # the supervisor says so, and lives
        for _ in range(20):
            self.assertEqual(ask(port), (200, b"ok"))
        self.assertIsNone(process.poll())
        self.end(process)

    def test_r2_nobody_reads_the_log(self):
        read, write = os.pipe()
        port, admin, process = self.serve(self.noisy, stderr=write)
        os.close(write)
        for _ in range(100):  # 6 MB
            self.assertEqual(ask(port), (200, b"ok"))
        metrics = self.metrics(admin)
        self.assertGreater(metrics["ferry_log_dropped_lines_total"], 10)
        self.kill_workers(process)
        for _ in range(20):
            self.assertEqual(ask(port), (200, b"ok"))
        self.end(process)
        os.close(read)

    def test_r7_lines_of_two_workers_stay_whole(self):
        with Server(self.folder, self.noisy, options=["--workers", "2"]) as server:
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda _: ask(server.port), range(200)))
            self.assertEqual(set(answers), {(200, b"ok")})
            server.end()
            server.reader.join(PATIENCE)
            lines = [line for line in server.lines if line is not None
                     and " noisy " in line and not line.startswith("ferry:")]
            bad = [line[:100] for line in lines
                   if not re.fullmatch(r"\S+ noisy \S+ sha256:\S+ (x{1000,}.*|short\.+)", line)]
            self.assertEqual(bad, [])
            # A reader that is slower than two workers loses lines, but no part of one.
            self.assertGreater(sum("short" in line for line in lines), 0)
            self.assertEqual([line for line in server.lines if line and line.startswith("x")], [])

    def kill_workers(self, process):
        for pid in children(process.pid):
            with contextlib.suppress(ProcessLookupError):  # a child that compiled, and is done
                os.kill(pid, signal.SIGKILL)

    @staticmethod
    def metrics(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=AT_ONCE)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return {line.split()[0]: float(line.split()[1]) for line in text.splitlines()
                if line and not line.startswith("#") and "{" not in line}

    def ready(self, server):
        return server.admin("/readyz").status

    def wait_for_ready(self, server, status):
        end = time.monotonic() + PATIENCE
        while self.ready(server) != status:
            self.assertLess(time.monotonic(), end, f"readyz never was {status}")
            time.sleep(0.05)

    def test_r1_sigterm_to_one_worker(self):
        for workers in ("1", "2"):
            with self.subTest(workers), Server(self.folder, self.echo,
                                               options=["--workers", workers]) as server:
                first = server.workers()[0]
                os.kill(first, signal.SIGTERM)
                for _ in range(100):
                    self.assertEqual(ask(server.port), (200, b"x"))
                server.wait_for_line("was asked to end")
                self.wait_for_ready(server, 200)
                for _ in range(100):
                    self.assertEqual(ask(server.port), (200, b"x"))
                end = time.monotonic() + PATIENCE
                while first in server.workers():
                    self.assertLess(time.monotonic(), end, "the worker never ended")
                    time.sleep(0.05)
                for _ in range(100):
                    self.assertEqual(ask(server.port), (200, b"x"))

    def test_nothing_is_left_of_a_server_that_was_killed(self):
        port, _, process = self.serve(self.echo, stderr=subprocess.DEVNULL)
        below = descendants(process.pid)
        self.assertGreaterEqual(len(below), 2)
        process.kill()
        process.wait(AT_ONCE)
        self.wait_for(lambda: not any(alive(pid) for pid in below) and refuses(port))

    def test_r9_a_stopped_worker_is_noticed_and_replaced(self):
        with Server(self.folder, self.echo, options=["--workers", "2"]) as server:
            self.wait_for_ready(server, 200)
            stopped = server.workers()[0]
            os.kill(stopped, signal.SIGSTOP)
            self.wait_for_ready(server, 503)
            # From here on the others get the new connections.
            for _ in range(50):
                self.assertEqual(ask(server.port), (200, b"x"))
            server.wait_for_line("does not answer; killing it")
            self.wait_for_ready(server, 200)
            self.assertNotIn(stopped, server.workers())

    # The kernel ends what holds most, which must never be the supervisor.
    def test_the_kernel_ends_a_worker_when_memory_is_short(self):
        if sanitized():
            self.skipTest("a sanitizer needs more memory than the group has")
        group = memory_group.make(self, 256)
        log = self.folder / "hungry.log"
        with open(log, "w") as stderr:
            port, admin, process = self.serve(
                make_guest("hungry", self.folder), stderr=stderr,
                preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())))
        own, *below = (int(score) for pid in (process.pid, *children(process.pid))
                       if (score := read(pid, "oom_score_adj")))
        self.assertGreaterEqual(min(below), min(1000, own + 100))

        def status_for(pages):
            with contextlib.suppress(OSError, http.client.HTTPException):  # its worker was ended
                return ask(port, body=bytes(pages))[0]
        for _ in range(3):
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(status_for, [1600] * 8))
            self.wait_for(lambda: status_for(1) == 200)
        self.assertIsNone(process.poll())
        self.assertGreaterEqual(memory_group.kills(group), 1)
        self.assertGreaterEqual(self.metrics(admin)["ferry_worker_restarts_total"], 1)
        self.end(process)
        self.assertIn("was killed by signal 9, as the kernel does when memory is short; starting",
                      log.read_text())

    def test_r12_signals_that_are_no_orders(self):
        with Server(self.folder, self.echo, options=["--workers", "1"]) as server:
            for each in (signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2):
                server.process.send_signal(each)
                os.kill(server.workers()[0], each)
            self.assertEqual(ask(server.port), (200, b"x"))
            self.assertEqual(len([line for line in server.lines if "worker 0" in line]), 0)

    def test_r4_a_fork_that_fails_is_tried_again(self):
        if os.geteuid() == 0:
            self.skipTest("root has no limit of processes")
        with Server(self.folder, self.echo, options=["--workers", "2"]) as server:
            limits = resource.prlimit(server.process.pid, resource.RLIMIT_NPROC, (1, -1))
            os.kill(server.workers()[0], signal.SIGKILL)
            server.wait_for_line("start a worker process: .*; trying again in")
            for _ in range(50):
                self.assertEqual(ask(server.port), (200, b"x"))
            resource.prlimit(server.process.pid, resource.RLIMIT_NPROC, limits)
            self.wait_for_ready(server, 200)

    # The bundle's warning was read nowhere.
    def test_r11_a_full_disk_for_compiled_functions_is_told_once(self):
        disk = small_disk.mount(self, self.folder / "disk", "4k")
        with Server(self.folder, self.echo, self.noisy, options=["--workers", "2"],
                    variables={"XDG_CACHE_HOME": str(disk)}) as server:
            for path, answer in (("/echo", b"x"), ("/noisy", b"ok")):
                self.assertEqual(ask(server.port, path), (200, answer))
            server.end()
            server.reader.join(PATIENCE)
        told = [line for line in server.lines if line and "could not be kept" in line]
        self.assertEqual(len(told), 1, server.lines)
        self.assertIn("No space left on device", told[0])

    # A worker that finds its compiled code changed, by a disk or by somebody, is shut in and cannot
    # remove it: each event ended another one, also after the server was started again.
    @unittest.skipUnless(LARGE.exists(), "hello-js.wasm was not built")
    def test_compiled_code_that_was_changed_is_made_again(self):
        options = ["--workers", "1"]
        kept = self.folder / "changed"
        variables = {"XDG_CACHE_HOME": str(kept)}
        with Server(self.folder, LARGE, options=options, variables=variables) as server:
            server.wait_for_line("compiled in", patience=COMPILING)
        compiled = max((kept / "ferry").glob("*.ferry"), key=lambda each: each.stat().st_size)
        code = bytearray(compiled.read_bytes())
        # Of much code each piece is proven when it is run first, and most are not when it is loaded.
        for at in range(len(code) // 5, len(code) * 3 // 5, 64 << 10):
            code[at] ^= 0xff
        compiled.write_bytes(code)
        with Server(self.folder, LARGE, options=options, variables=variables) as server:
            def greeted():
                with contextlib.suppress(OSError, http.client.HTTPException):
                    answer = ask(server.port, body=b'{"name":"Ada"}')
                    return answer == (200, b'{"message":"Hello, Ada!"}')
            self.wait_for(greeted, patience=COMPILING)
            server.wait_for_line("A server's next worker makes it again")
            deaths = [line for line in server.lines if "ended with code 9" in line]
            self.assertEqual(len(deaths), 1, server.lines)
        self.assertNotEqual(compiled.read_bytes(), bytes(code))

    def test_r3_a_successor_that_cannot_start_leaves_its_neighbour_alone(self):
        with Server(self.folder, self.echo, options=["--workers", "2"]) as server:
            bundles = list((self.folder / "cache" / "ferry").glob("*.ferry"))
            kept = [(path, path.read_bytes()) for path in bundles]
            try:
                for path in bundles:
                    with open(path, "r+b") as file:
                        file.write(b"\xcc" * path.stat().st_size)
                os.kill(server.workers()[0], signal.SIGKILL)
                server.wait_for_line("worker 0 was killed by signal 9")
                for _ in range(100):
                    self.assertEqual(ask(server.port), (200, b"x"))
                self.wait_for_ready(server, 200)
            finally:
                for path, data in kept:
                    path.write_bytes(data)


if __name__ == "__main__":
    if shutil.which("wat2wasm") is None:
        print("wat2wasm is missing")
        sys.exit(77)
    unittest.main()
