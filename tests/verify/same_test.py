#!/usr/bin/env python3
"""Runs of one case are alike: each with the same clock and randomness, and with its own log.

    tests/verify/same_test.py --build build

Exit status 77: wat2wasm is missing.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = None
SQS = {"Records": [{"messageId": name, "eventSource": "aws:sqs", "body": name,
                    "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders"}
                   for name in ("m-1", "m-2")]}


class Same(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-same-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def ferry(self, *words):
        return subprocess.run([BUILD / "bin" / "ferry", *words], cwd=self.folder,
                              capture_output=True, text=True, errors="replace",
                              env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache")})

    def verified(self, *words):
        done = self.ferry("verify", *words, "--output", "json", "--engine", "wasmtime")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode, json.loads(done.stdout)

    def test_a1_a_function_that_tells_time_and_randomness_verifies(self):
        subprocess.run(["wat2wasm", HERE / "draws.wat", "-o", self.folder / "draws.wasm"],
                       check=True)
        status, report = self.verified("draws.wasm")
        self.assertEqual((status, report["differences"]), (0, 0), report)
        self.assertGreater(len(report["platforms"]), 4)
        # Compared as a whole, and not as something that varies.
        cases = report["engines"][0]["cases"]
        self.assertTrue(cases)
        for one in cases:
            self.assertTrue(one["steady"], one)
        # Outside of comparisons it does draw.
        first, second = (self.ferry("run", "draws.wasm", "x").stdout for _ in range(2))
        self.assertNotEqual(first, second)

    def test_a2_a_snapshot_is_compared_under_the_same_time_and_randomness(self):
        subprocess.run(["wat2wasm", HERE / "draws.wat", "-o", self.folder / "draws.wasm"],
                       check=True)
        done = self.ferry("build", "draws.wasm", "--snapshot", "-o", "ready.wasm")
        if "wasm-opt" in done.stderr and done.returncode != 0:
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout + done.stderr, r"same outcome as the original on \d+ events\n")

    def test_a2_packages_are_the_same_bytes(self):
        go = BUILD / "functions" / "hello-go.wasm"
        if not go.exists() or not (BUILD / "bin" / "ferry-host").exists():
            self.skipTest("no hello-go or no ferry-host in this build")
        made = []
        for name in ("one", "two"):
            done = self.ferry("pack", go, "--for", "lambda", "-o", name)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("differ", done.stderr)
            made.append({str(each.relative_to(self.folder / name)):
                         hashlib.sha256(each.read_bytes()).hexdigest()
                         for each in sorted((self.folder / name).rglob("*")) if each.is_file()})
        self.assertTrue(made[0])
        self.assertEqual(made[0], made[1])

    def test_f4_a_case_has_its_own_log(self):
        (self.folder / "sqs.json").write_text(json.dumps(SQS))
        (self.folder / "cases.toml").write_text(
            '[[case]]\nname = "queue"\nnative = { platform = "lambda", input_file = "sqs.json" }\n'
            '[[case]]\nname = "single"\ndata = "Ada"\ncontent_type = "text/plain"\n'
            '[case.expect]\nlog = ["Ada"]\n')
        # Logs what it reads, a line for each event.
        (self.folder / "log.wat").write_text('''(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 100))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
    (i32.store (i32.const 4) (i32.load (i32.const 16)))
    (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))))''')
        subprocess.run(["wat2wasm", "log.wat"], cwd=self.folder, check=True)
        status, report = self.verified("log.wasm", "cases.toml")
        self.assertEqual((status, report["differences"]), (0, 0), report)

    def test_f5_requests_with_either_line_end(self):
        home = self.folder / "echo"
        home.mkdir()
        for end, name in (("\n", "lf"), ("\r\n", "crlf")):
            (home / f"{name}.http").write_bytes(
                end.join(("POST /a HTTP/1.1", "Content-Type: text/plain", "", "hi")).encode())
        (home / "cases.toml").write_text("".join(
            f'[[case]]\nname = "{name}"\nnative = {{ platform = "http", input_file = "{name}.http" }}\n'
            '[case.expect]\nhttp = 200\nanswer = "hi"\n' for name in ("lf", "crlf")))
        subprocess.run(["wat2wasm", HERE.parent / "serve" / "echo.wat", "-o", home / "echo.wasm"],
                       check=True)
        status, report = self.verified(str(home / "echo.wasm"), str(home / "cases.toml"))
        self.assertEqual((status, report["differences"]), (0, 0), report)

    def test_f5_what_was_not_answered_is_not_recorded(self):
        (self.folder / "cases.toml").write_text(
            '[[case]]\nname = "bad"\nnative = { platform = "http", input = "no request" }\n')
        subprocess.run(["wat2wasm", HERE.parent / "serve" / "echo.wat", "-o", "echo.wasm"],
                       cwd=self.folder, check=True)
        done = self.ferry("verify", "echo.wasm", "cases.toml", "--engine", "wasmtime",
                          "--record", "recorded")
        self.assertNotEqual(done.returncode, 0)
        written = "".join(each.read_text() for each in (self.folder / "recorded").rglob("*.toml"))
        self.assertNotIn("answer", written)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    given, rest = parser.parse_known_args()
    BUILD = given.build.resolve()
    if shutil.which("wat2wasm") is None:
        print("wat2wasm is missing")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
