#!/usr/bin/env python3
"""Functions that misbehave, in one worker with one that does not: each gets its own outcome, and
the next event is answered right. What the names mean is in functions/hostile.

    FERRY_BUILD=build tests/serve/hostile_test.py

Exit status 77: the functions were not built.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from server import BUILD, FERRY, PATIENCE, Server, environment, make_guest, write_function

HOSTILE = BUILD / "functions" / "hostile"
# Each with the status of its answer and the name of its outcome.
ANSWERED = {
    "deep-recursion": (500, "trapped"),
    "divide-by-zero": (500, "trapped"),
    "endless-loop": (504, "timeout"),
    "endless-start": (504, "timeout"),
    "exit-3": (500, "failed"),
    "log-endless-line": (200, None),
    "log-million": (200, None),
    "memory-past-limit": (500, "out-of-memory"),
    "memory-to-limit": (200, None),
    "no-memory": (204, None),
    "open-files": (200, None),
    "open-path": (200, None),
    "out-of-bounds": (500, "trapped"),
    "panic-go": (500, "failed"),
    "panic-rust": (500, "failed"),
    "sleep": (504, "timeout"),
    "stdout-gigabyte": (502, "output-too-large"),
    "data-out-of-bounds": (500, "trapped"),
    "elements-out-of-bounds": (500, "trapped"),
    "unnamed-frames": (500, "trapped"),
    "unreachable": (500, "trapped"),
    "wild-pointers": (204, None),
    "wrong-call": (500, "trapped"),
}
# These can't be loaded: the server says so and does not start.
REFUSED = ["memory-declared", "no-entry", "table-declared", "unknown-import", "unknown-wasi",
           "wrong-wasi-type"]


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-hostile-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)

    def test_the_next_event_is_answered_right(self):
        names = [name for name in ANSWERED if (HOSTILE / f"{name}.wasm").exists()]
        # Only those that never end get a short deadline: this may run on a busy machine.
        functions = [
            write_function(name, HOSTILE / f"{name}.wasm", self.folder, limits=[
                'memory = "64MiB"',
                'timeout = "500ms"' if ANSWERED[name][1] == "timeout" else 'timeout = "60s"'])
            for name in names]
        with Server(self.folder, make_guest("echo", self.folder), *functions,
                    options=["--workers", "1"]) as server:
            workers = server.workers()
            for turn in range(2):
                for name in names:
                    with self.subTest(name, turn=turn):
                        status, outcome = ANSWERED[name]
                        answer = server.ask(path=f"/{name}", body="x")
                        self.assertEqual(answer.status, status, answer.body[:500])
                        if outcome:
                            self.assertEqual(json.loads(answer.body)["outcome"], outcome)
                        nonce = f"{name} {turn}"
                        answer = server.ask(path="/echo", body=nonce)
                        self.assertEqual((answer.status, answer.body), (200, nonce.encode()))
            self.assertEqual(server.workers(), workers, "a guest ended its worker")

    def test_what_cannot_be_loaded_is_refused_at_the_start(self):
        for name in REFUSED:
            with self.subTest(name):
                run = subprocess.run(
                    [FERRY, "serve", HOSTILE / f"{name}.wasm", "--listen", "127.0.0.1:0"],
                    capture_output=True, text=True, timeout=PATIENCE,
                    env=environment(self.folder))
                self.assertEqual(run.returncode, 11, run.stderr)
                self.assertIn("ferry: ", run.stderr)


if __name__ == "__main__":
    if not (HOSTILE / "unreachable.wasm").exists():
        print(f"skipped: {HOSTILE} is not built (make functions)")
        sys.exit(77)
    unittest.main(verbosity=2)
