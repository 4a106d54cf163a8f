#!/usr/bin/env python3
"""Raw wasm that /init brings: answered at once, by an interpreter where the compiler takes long,
and from a snapshot later on; with the same answers all the time."""
import argparse
import base64
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from container import Container

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from processes import children, still_alive

OPTIONS = None
PATIENCE = 300  # seconds, for what compiles Go beside other work
SERVERS = {"ferry": ["ferry", "serve", "--platform", "openwhisk"],
           "ferry-host-full": ["ferry-host-full", "--platform", "openwhisk"]}
COMPILED = r"compiled in .* s; wasmtime .* answers now"
SNAPSHOT = r"events start from a snapshot of its start-up now \(.*same outcome as the original"

# Replies with how often it was asked, which is once, from the first state.
COUNTS = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 3)
  (func (export "_initialize") (local $at i32)
    (loop $on
      (i32.store offset=4096 (local.get $at) (i32.const 1))
      (br_if $on (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4)))
                           (i32.const 131072))))
    DRAWS
    (i32.store8 (i32.const 256) (i32.const 48)))
  (func (export "handle") (result i32)
    (i32.store8 (i32.const 256) (i32.add (i32.load8_u (i32.const 256)) (i32.const 1)))
    (i32.store (i32.const 0) (i32.const 257)) (i32.store (i32.const 4) (i32.const 7))
    (i64.store (i32.const 257) (i64.const 0x003a226e227b)) (i32.store8 (i32.const 262)
      (i32.load8_u (i32.const 256))) (i32.store8 (i32.const 263) (i32.const 125))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (i32.const 0)))"""


class Upload(unittest.TestCase):
    server = "ferry"

    def setUp(self):
        program, *words = SERVERS[self.server]
        path = os.path.join(OPTIONS.build, "bin", program)
        if not os.path.exists(path):
            self.skipTest(f"{program} was not built")
        self.command = [path, *words]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-upload-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def start(self, *words, **env):
        box = Container([*self.command, *words], outside=True,
                        **{"XDG_CACHE_HOME": str(self.folder / "cache"),
                           "XDG_CONFIG_HOME": str(self.folder / "config"), **env})
        self.addCleanup(box.close)
        return box

    def wasm(self, name):
        path = pathlib.Path(OPTIONS.build, "functions", name + ".wasm")
        if not path.exists():
            self.skipTest(f"{path.name} was not built")
        return path.read_bytes()

    def counting(self, draws=""):
        source, out = self.folder / "counts.wat", self.folder / "counts.wasm"
        source.write_text(COUNTS.replace("DRAWS", draws))
        subprocess.run(["wat2wasm", source, "-o", out], check=True)
        return out.read_bytes()

    def init(self, box, wasm):
        self.assertEqual(box.init(base64.b64encode(wasm).decode()), (200, {"ok": True}))

    def said(self, box, pattern):
        with box.err.changed:
            return [line for line in box.err.lines if line and re.search(pattern, line)]

    def searcher(self, box):
        """The process that looks for better versions; it ends when it has looked for all."""
        end = time.monotonic() + PATIENCE
        while not (pids := children(box.process.pid)):
            self.assertLess(time.monotonic(), end, "it was not started")
            time.sleep(0.01)
        return pids[0]

    def greet_until(self, box, *patterns):
        """Asks, each time by another name, until all was said."""
        end = time.monotonic() + PATIENCE
        asked = 0
        while not all(self.said(box, pattern) for pattern in patterns):
            self.assertLess(time.monotonic(), end, box.err.lines[-20:])
            name = f"N{asked}"
            self.assertEqual(box.run({"name": name}), (200, {"message": f"Hello, {name}!"}))
            asked += 1
            time.sleep(0.02)
        for _ in range(20):
            self.assertEqual(box.run({"name": "Ada"}), (200, {"message": "Hello, Ada!"}))

    def test_a_large_command_is_answered_at_once_and_ends_up_a_snapshot(self):
        box = self.start()
        begun = time.monotonic()
        self.init(box, self.wasm("hello-go"))
        self.assertEqual(box.run({"name": "Ada"}), (200, {"message": "Hello, Ada!"}))
        took = time.monotonic() - begun
        self.assertFalse(self.said(box, COMPILED), f"it was compiled first, in {took:.1f} s")
        self.greet_until(box, COMPILED, SNAPSHOT)

    def test_a_reactor_becomes_a_snapshot_and_meets_its_first_state(self):
        box = self.start()
        self.init(box, self.counting())
        end = time.monotonic() + PATIENCE
        while not self.said(box, SNAPSHOT):
            self.assertLess(time.monotonic(), end, box.err.lines[-20:])
            self.assertEqual(box.run({}), (200, {"n": 1}))
            time.sleep(0.02)
        for _ in range(20):
            self.assertEqual(box.run({}), (200, {"n": 1}))

    def test_what_cannot_be_a_snapshot_stays_as_it_is_with_a_reason(self):
        box = self.start()
        self.init(box, self.counting("(drop (call $random (i32.const 300) (i32.const 8)))"))
        end = time.monotonic() + PATIENCE
        while not self.said(box, "no snapshot: randomness was drawn"):
            self.assertLess(time.monotonic(), end, box.err.lines[-20:])
            self.assertEqual(box.run({}), (200, {"n": 1}))
            time.sleep(0.02)
        self.assertEqual(box.run({}), (200, {"n": 1}))
        self.assertFalse(self.said(box, SNAPSHOT))

    def test_no_snapshot_leaves_it(self):
        for words, env in ((["--no-snapshot"], {}), ([], {"FERRY_NO_SNAPSHOT": "1"})):
            with self.subTest(words=words, env=env):
                box = self.start(*words, **env)
                searcher = self.searcher(box)
                self.init(box, self.wasm("hello-go"))
                self.assertEqual(still_alive([searcher], PATIENCE), [])
                self.greet_until(box, COMPILED)
                self.assertFalse(self.said(box, "snapshot"))

    def test_the_process_that_searches_ends_with_the_container(self):
        box = self.start()
        searcher = self.searcher(box)
        box.process.kill()
        box.process.wait()
        self.assertEqual(still_alive([searcher], PATIENCE), [])

    def test_what_is_invalid_is_refused_by_init(self):
        box = self.start()
        wasm = self.wasm("hello-go")
        status, body = box.init(base64.b64encode(wasm[:len(wasm) // 2]).decode())
        self.assertEqual(status, 502, body)
        self.assertIn("error", body)
        self.init(box, self.wasm("hello-c"))
        self.assertEqual(box.run({"name": "Ada"}), (200, {"message": "Hello, Ada!"}))

    def test_an_invoker_reads_none_of_it(self):
        box = self.start(__OW_API_HOST="http://127.0.0.1")
        searcher = self.searcher(box)
        self.init(box, self.counting())
        self.assertEqual(still_alive([searcher], PATIENCE), [])
        for _ in range(20):
            self.assertEqual(box.run({}), (200, {"n": 1}))
        self.assertFalse(self.said(box, "ferry"))


class UploadToHost(Upload):
    server = "ferry-host-full"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    OPTIONS, left = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *left])
