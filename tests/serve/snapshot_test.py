#!/usr/bin/env python3
"""Snapshots that `ferry serve` makes by itself: what is answered before, during and after, and that
nothing that becomes of the making disturbs serving.

    FERRY_BUILD=build tests/serve/snapshot_test.py [Case.test…]
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from server import BUILD, COMPILING, FERRY, PATIENCE, Server, environment, write_function
from processes import children, still_alive  # server says where it is

GO = BUILD / "functions" / "hello-go.wasm"
C = BUILD / "functions" / "hello-c.wasm"
TAKEN = r"events start from a snapshot of its start-up now"


def maker_of(server):
    """The process that makes snapshots: the one child with a priority below the others'."""
    usual = os.getpriority(os.PRIO_PROCESS, server.process.pid)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for pid in children(server.process.pid):
            try:
                if os.getpriority(os.PRIO_PROCESS, pid) > usual:
                    return pid
            except ProcessLookupError:
                pass
        time.sleep(0.005)
    raise AssertionError(f"nobody makes a snapshot: {server.lines}")


@unittest.skipUnless(GO.exists(), "hello-go.wasm was not built")
@unittest.skipUnless(C.exists(), "hello-c.wasm was not built")
class Snapshots(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-snapshots-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)

    def serve(self, *functions, options=()):
        return Server(self.folder, *functions, options=["--workers", "2", *options],
                      snapshots=True)

    def ask(self, server, name="Ada", path="/"):
        answer = server.ask(path=path, body=json.dumps({"name": name}))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(json.loads(answer.body)["message"], f"Hello, {name}!")
        return answer

    def test_answers_are_right_before_during_and_after(self):
        with self.serve(GO) as server:
            self.ask(server)
            server.wait_for_metric("ferry_function_snapshot", 0)
            failed = []
            over = threading.Event()

            def keep_asking():
                n = 0
                while not over.is_set():
                    n += 1
                    try:
                        self.ask(server, f"number {n}")
                    except Exception as why:  # noqa: BLE001: shown below
                        failed.append(why)
                        return
                    time.sleep(0.02)  # the maker wants some of the machine, too
                if n < 2:
                    failed.append("asked too little")
            askers = [threading.Thread(target=keep_asking) for _ in range(3)]
            for asker in askers:
                asker.start()
            line = server.wait_for_line(TAKEN, COMPILING)
            server.wait_for_metric("ferry_function_snapshot", 2)
            time.sleep(0.3)
            over.set()
            for asker in askers:
                asker.join()
            self.assertEqual(failed, [])
            self.assertRegex(line, r"^ferry: hello-go: .*same outcome as the original on \d+ events")
            self.assertIn("--no-snapshot", line)
            for n in range(20):
                self.ask(server, f"after {n}")
            self.assertFalse([line for line in server.lines if line and "broken" in line])

    def test_a_new_worker_serves_from_it_too(self):
        with self.serve(GO) as server:
            server.wait_for_line(TAKEN, COMPILING)
            server.wait_for_metric("ferry_function_snapshot", 2)
            os.kill(server.workers()[0], signal.SIGKILL)
            server.wait_for_line("was killed by signal 9")
            server.wait_for_metric("ferry_worker_restarts_total", 1)
            server.wait_for_metric("ferry_ready", 1)
            server.wait_for_metric("ferry_function_snapshot", 2)
            for n in range(20):
                self.ask(server, f"name {n}")

    def test_one_that_is_refused_is_served_as_it_is(self):
        quick = write_function("quick", C, self.folder)
        counted = write_function("counted", C, self.folder, limits=["instructions = 100000000"])
        (self.folder / "data").mkdir()
        with self.serve(quick, options=["--dir", f"{self.folder}/data::/data"]) as server:
            line = server.wait_for_line("ferry: quick: ", COMPILING)
            self.assertIn("no snapshot: it was granted folders", line)
            self.ask(server)
        with self.serve(quick, counted) as server:
            line = server.wait_for_line("ferry: counted: ", COMPILING)
            self.assertIn("no snapshot: its instructions are limited", line)
            self.assertTrue([line for line in server.lines
                             if line.startswith("ferry: quick: no snapshot: it starts quickly")],
                            server.lines)
            self.ask(server, path="/quick")
            self.ask(server, path="/counted")
            server.wait_for_metric("ferry_function_snapshot", 0)

    def test_what_is_recorded_draws_what_a_replay_draws(self):
        """Recorded events of a Go program's snapshot differed from their replay."""
        (self.folder / "records").mkdir()
        with self.serve(GO, options=["--record", self.folder / "records"]) as server:
            server.wait_for_line("ferry: hello-go: no snapshot: events are recorded, and its "
                                 "start-up draws", COMPILING)
            self.ask(server)
            server.wait_for_metric("ferry_function_snapshot", 0)

    def test_its_makers_death_disturbs_nobody(self):
        with self.serve(GO) as server:
            os.kill(maker_of(server), signal.SIGKILL)
            server.wait_for_line("ferry: hello-go: .*its process was ended by signal 9")
            self.ask(server)
            server.wait_for_metric("ferry_worker_restarts_total", 0)
            server.wait_for_metric("ferry_function_snapshot", 0)

    def test_sigterm_while_it_is_made(self):
        with self.serve(GO) as server:
            maker = maker_of(server)
            begun = time.monotonic()
            while not (at_work := children(maker)) and time.monotonic() < begun + PATIENCE:
                time.sleep(0.005)
            self.assertEqual(server.end(), 0)
            self.assertEqual(still_alive([maker, *at_work], PATIENCE), [])

    def test_it_can_be_left(self):
        with self.serve(GO, options=["--no-snapshot"]) as server:
            self.ask(server)
            time.sleep(0.2)
            self.assertEqual(len(children(server.process.pid)), 2)
            self.ask(server)
        self.assertFalse([line for line in server.lines if line and "snapshot" in line])

    def test_workers_in_a_sandbox_change_over(self):
        with self.serve(GO, options=["--sandbox", "all"]) as server:
            self.ask(server)
            server.wait_for_line(TAKEN, COMPILING)
            server.wait_for_metric("ferry_function_snapshot", 2)
            for n in range(20):
                self.ask(server, f"name {n}")

    def test_a_process_without_workers_does_the_same(self):
        log = self.folder / "jsonl.log"
        with open(log, "w", encoding="utf-8") as errors, subprocess.Popen(
                [FERRY, "serve", "--platform", "jsonl", GO], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors, text=True, env=environment(self.folder)) as process:
            def ask(name):
                process.stdin.write(json.dumps({"name": name}) + "\n")
                process.stdin.flush()
                outcome = json.loads(process.stdout.readline())
                self.assertEqual(outcome["reply"]["data"]["message"], f"Hello, {name}!")
            ask("Ada")
            end = time.monotonic() + COMPILING
            n = 0
            while TAKEN not in log.read_text():
                self.assertLess(time.monotonic(), end, log.read_text())
                n += 1
                ask(f"number {n}")
                time.sleep(0.02)
            for n in range(20):
                ask(f"after {n}")
            searcher = children(process.pid)
            process.stdin.close()
            self.assertEqual(process.wait(PATIENCE), 0)
            self.assertEqual(still_alive(searcher, PATIENCE), [])

    def test_no_snapshot_is_left_in_the_store(self):
        store = self.folder / "cache" / "ferry"
        with self.serve(GO) as server:
            before = set(store.glob("*.ferry"))
            server.wait_for_line(TAKEN, COMPILING)
        self.assertEqual(set(store.glob("*.ferry")), before)


if __name__ == "__main__":
    unittest.main()
