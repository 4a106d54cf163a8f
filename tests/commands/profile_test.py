#!/usr/bin/env python3
"""`ferry run --profile`: a flame graph with the function's own names.

    FERRY_BUILD=build tests/commands/profile_test.py [Case.test…]
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

BUILD = pathlib.Path(os.environ["FERRY_BUILD"]).resolve()
FERRY = BUILD / "bin" / "ferry"
GO = BUILD / "functions" / "hello-go.wasm"

# Three quarters of its time in $often, one in $seldom.
WORKS = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "done")
  (func $spin (param $rounds i64) (result i64) (local $sum i64)
    (loop $on
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (local.get $rounds)))
      (br_if $on (i64.ne (local.tee $rounds (i64.sub (local.get $rounds) (i64.const 1)))
                         (i64.const 0))))
    (local.get $sum))
  (func $often (drop (call $spin (i64.const 300000))))
  (func $seldom (drop (call $spin (i64.const 100000))))
  (func $main (export "_start")
    (call $often) (call $seldom)
    (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 4))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    END))"""


class Profile(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-profile-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def make(self, text):
        source = self.folder / "works.wat"
        source.write_text(text)
        subprocess.run(["wat2wasm", "--debug-names", source, "-o", self.folder / "works.wasm"],
                       check=True)
        return "works.wasm"

    def run_ferry(self, *words):
        return subprocess.run([FERRY, "run", *words], cwd=self.folder, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, check=False,
                              env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache")})

    def samples(self, file):
        """By name, from the picture: in how many samples a function was on the stack."""
        found = {}
        root = xml.etree.ElementTree.parse(file).getroot()
        for title in root.iter("{http://www.w3.org/2000/svg}title"):
            name, count = re.match(r"(?s)(.*)\n(\d+) samples", title.text).groups()
            found[name] = found.get(name, 0) + int(count)
        return found

    def test_time_is_where_it_is_spent(self):
        done = self.run_ferry(self.make(WORKS.replace("END", "")), "--profile")
        self.assertEqual((done.returncode, done.stdout), (0, "done"), done.stderr)
        self.assertRegex(done.stderr, r"ferry: \d+ samples of \d+ events in \d\.\d s")
        self.assertRegex(done.stderr, r"(?m)^ +\d+\.\d %  spin$")
        found = self.samples(self.folder / "works-profile.svg")
        self.assertGreater(found["spin"], 100)
        self.assertAlmostEqual(found["often"] / (found["often"] + found["seldom"]), 0.75, delta=0.1)
        self.assertGreaterEqual(found["main"], found["often"] + found["seldom"])

    def test_the_outcome_is_the_events(self):
        done = self.run_ferry(self.make(WORKS.replace("END", "(call $proc_exit (i32.const 3))")),
                              "--profile")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("exit code 3", done.stderr)
        self.assertTrue((self.folder / "works-profile.svg").exists())

    @unittest.skipUnless(list(BUILD.glob("**/ferry-engine-wasmi.so")), "wasmi was not built")
    def test_an_interpreter_is_refused(self):
        done = self.run_ferry(self.make(WORKS.replace("END", "")), "--profile", "--engine", "wasmi")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--engine wasmtime", done.stderr)
        self.assertFalse((self.folder / "works-profile.svg").exists())

    def test_not_through_a_platform(self):
        done = self.run_ferry(self.make(WORKS.replace("END", "")), "--profile", "--platform", "lambda")
        self.assertEqual(done.returncode, 2, done.stderr)

    @unittest.skipUnless(GO.exists(), "hello-go.wasm was not built")
    def test_go_has_its_names(self):
        done = self.run_ferry(GO, '{"name":"Ada"}', "--profile")
        self.assertEqual((done.returncode, done.stdout), (0, '{"message":"Hello, Ada!"}'), done.stderr)
        found = self.samples(self.folder / "hello-go-profile.svg")
        self.assertTrue({"main.main", "encoding_json.Unmarshal"} <= found.keys(), sorted(found)[:50])


if __name__ == "__main__":
    unittest.main()
