#!/usr/bin/env python3
"""The first answer of a function that nobody has compiled yet: by an interpreter, with the outcome
that compiled code would have come to; and compiled code afterwards.

    FERRY_BUILD=build tests/serve/quick_test.py [Case.test…]
"""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

from server import BUILD, COMPILING, FERRY, Server, environment

GO = BUILD / "functions" / "hello-go.wasm"
MEBIBYTE = 1 << 20


def leb(value):
    out = b""
    while True:
        out += bytes([value & 127 | (128 if value > 127 else 0)])
        value >>= 7
        if not value:
            return out


def large(name, text, folder):
    """A function of a mebibyte, so that it is worth an interpreter's while: most of it is a section
    that nobody reads."""
    source, out = folder / f"{name}.wat", folder / f"{name}.wasm"
    source.write_text(text)
    subprocess.run(["wat2wasm", source, "-o", out], check=True)
    padding = b"\x07padding" + bytes(MEBIBYTE)
    out.write_bytes(out.read_bytes() + b"\0" + leb(len(padding)) + padding)
    return out


TRAPS = '(module (memory (export "memory") 1) (func (export "_start") unreachable))'
RUNS_ON = """(module (memory (export "memory") 1) (func (export "_start") (local i64)
  (loop $on (local.set 0 (i64.add (local.get 0) (i64.const 1)))
    (br_if $on (i64.lt_u (local.get 0) (i64.const 1500000000))))))"""


@unittest.skipUnless(GO.exists(), "hello-go.wasm was not built")
@unittest.skipUnless((BUILD / "engines" / "ferry-engine-wasmi.so").exists() or
                     list(BUILD.glob("**/ferry-engine-wasmi.so")), "the engine wasmi was not built")
class Quick(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-quick-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def run_ferry(self, *words):
        return subprocess.run([FERRY, "run", *words, "--trace"], env=environment(self.folder),
                              text=True, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL)

    def wait_until_stored(self):
        end = time.monotonic() + COMPILING
        while not list((self.folder / "cache" / "ferry").glob("*.ferry")):
            self.assertLess(time.monotonic(), end, "nobody compiles it")
            time.sleep(0.05)

    def test_run_answers_at_once_and_compiles_for_the_next(self):
        first = self.run_ferry(GO, '{"name":"Ada"}')
        self.assertEqual((first.returncode, json.loads(first.stdout)),
                         (0, {"message": "Hello, Ada!"}), first.stderr)
        self.assertRegex(first.stderr, "answered by wasmi .* while it is compiled")
        self.wait_until_stored()
        second = self.run_ferry(GO, '{"name":"Ada"}')
        self.assertEqual(second.stdout, first.stdout)
        self.assertIn("cached bundle", second.stderr)

    def test_an_engine_that_was_asked_for_answers_itself(self):
        asked = self.run_ferry(GO, '{"name":"Ada"}', "--engine", "wasmtime")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertIn("compiled bundle", asked.stderr)
        self.assertNotIn("answered by", asked.stderr)

    def test_what_may_leave_traces_is_run_once(self):
        (self.folder / "data").mkdir()
        granted = self.run_ferry(GO, '{"name":"Ada"}', "--dir", f"{self.folder}/data::/data")
        self.assertEqual(granted.returncode, 0, granted.stderr)
        self.assertNotIn("answered by", granted.stderr)

    def test_a_trap_is_that_of_compiled_code(self):
        done = self.run_ferry(large("traps", TRAPS, self.folder))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("not answered by wasmi", done.stderr)
        self.assertRegex(done.stderr, "(cached|compiled) bundle")

    def test_what_takes_long_is_run_by_compiled_code(self):
        done = self.run_ferry(large("runs-on", RUNS_ON, self.folder), "--timeout", "60s")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("not answered by wasmi", done.stderr)
        self.assertRegex(done.stderr, "(cached|compiled) bundle")

    def test_serve_changes_over_when_it_is_compiled(self):
        with Server(self.folder, GO) as server:
            self.assertTrue([line for line in server.lines
                             if "hello-go: an interpreter answers until" in line], server.lines)
            compiled = False
            for n in range(10_000):
                answer = server.ask(body=json.dumps({"name": f"{n}"}))
                self.assertEqual((answer.status, json.loads(answer.body)["message"]),
                                 (200, f"Hello, {n}!"))
                if compiled:
                    break
                compiled = [line for line in server.lines if line and re.match(
                    r"ferry: hello-go: compiled in .* s; wasmtime .* answers now", line)]
            self.assertTrue(compiled, server.lines)
        with Server(self.folder, GO) as server:
            server.ask(body="{}")
            self.assertFalse([line for line in server.lines if "interpreter" in line])

    def test_serve_takes_traps_from_compiled_code(self):
        with Server(self.folder, large("traps", TRAPS, self.folder)) as server:
            answer = server.ask(body="{}")
            self.assertEqual(answer.status, 500)
            self.assertEqual(json.loads(answer.body)["outcome"], "trapped")
            server.wait_for_line("traps: compiled in", COMPILING)
            self.assertEqual(json.loads(server.ask(body="{}").body)["outcome"], "trapped")

    def test_several_functions_are_compiled_together(self):
        samples = [BUILD / "functions" / f"hello-{name}.wasm" for name in ("c", "cpp", "rust")]
        samples = [each for each in samples if each.exists()]
        if len(samples) < 2:
            self.skipTest("too few samples were built")
        with Server(self.folder, *samples) as server:
            self.assertTrue([line for line in server.lines if re.match(
                rf"ferry: compiling {len(samples)} functions for ", line)], server.lines)
            for each in samples:
                answer = server.ask(path=f"/{each.stem}", body='{"name":"Ada"}')
                self.assertEqual(answer.status, 200)

    def test_a_terminal_shows_how_far_compiling_is(self):
        samples = [BUILD / "functions" / f"hello-{name}.wasm" for name in ("c", "cpp", "rust")]
        samples = [each for each in samples if each.exists()]
        if len(samples) < 2:
            self.skipTest("too few samples were built")
        mine, its = pty.openpty()
        self.addCleanup(os.close, mine)
        server = subprocess.Popen([FERRY, "serve", *samples, "--listen", "127.0.0.1:0"],
                                  env=environment(self.folder), stdin=subprocess.DEVNULL,
                                  stderr=its)
        self.addCleanup(server.wait, 60)
        self.addCleanup(server.terminate)
        os.close(its)
        shown = ""
        while "http://" not in shown:  # it serves
            ready, _, _ = select.select([mine], [], [], COMPILING)
            self.assertTrue(ready, shown)
            shown += os.read(mine, 65536).decode()
        bars = re.findall(r"\r\x1b\[K(#*\.*) (\d)/(\d) hello-(?:c|cpp|rust)", shown)
        self.assertEqual(len(bars), len(samples), shown)
        self.assertEqual([int(done) for _, done, _ in bars][0], 0, shown)
        for bar, done, of in bars:
            self.assertEqual(int(of), len(samples))
            full = 30 * int(done) // int(of)
            self.assertEqual(bar, "#" * full + "." * (30 - full))
        self.assertIn("\r\x1b[K", shown[shown.rindex(bars[-1][0]):])  # and takes it away


if __name__ == "__main__":
    unittest.main()
