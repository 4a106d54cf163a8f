#!/usr/bin/env python3
"""Warm first states: a reactor's snapshot after the events that `[function] warm` or --warm names.

    FERRY_BUILD=build tests/snapshot/warm_test.py [Case.test…]
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["FERRY_BUILD"]).resolve()
FERRY = BUILD / "bin" / "ferry"
REACTOR = BUILD / "functions" / "hello-go-reactor.wasm"

HEAD = """(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func $take
    (i32.store (i32.const 0) (i32.const 256))
    (i32.store (i32.const 4) (i32.const 64))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 4) (i32.load (i32.const 8))))
  (func $echo (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "handle") (result i32)
"""
# Makes a table the first time, and replies with what it read.
TABLE = HEAD + """
    (local $at i32)
    (if (i32.eqz (i32.load (i32.const 1024))) (then
      (local.set $at (i32.const 2048))
      (loop $on
        (i32.store (local.get $at) (local.get $at))
        (br_if $on (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4)))
                             (i32.const 130000))))
      (i32.store (i32.const 1024) (i32.const 1))))
    (call $take) (call $echo) (i32.const 0)))"""
# Replies with how many events it has had.
COUNTS = HEAD + """
    (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1)))
    (i32.store8 (i32.const 256) (i32.add (i32.const 48) (i32.load (i32.const 1024))))
    (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 1))
    (call $echo) (i32.const 0)))"""
# Replies with one byte that it drew at its first event and kept.
DRAWS = HEAD + """
    (if (i32.eqz (i32.load (i32.const 1024))) (then
      (drop (call $random (i32.const 1024) (i32.const 8)))
      (i32.store (i32.const 1024) (i32.const 1))))
    (call $take) (call $echo) (i32.const 0)))"""
# Fails where it is given data.
FAILS = HEAD + "(call $take) (i32.ne (i32.load (i32.const 8)) (i32.const 0))))"
MAIN = HEAD.replace('(export "handle") (result i32)', '(export "_start")') + "(call $take) (call $echo)))"


# A component in its lowered form. Its first event takes stdout and makes a table, which all others
# find; each replies with a byte of it.
COMPONENT = """(module
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[constructor]request-options" (func $options (result i32)))
  (memory (export "memory") 2)
  (global $out (mut i32) (i32.const 0))
  (func (export "ferry:run") (result i32) (local $at i32)
    (if (i32.eqz (global.get $out)) (then
      (global.set $out (call $stdout))
      (loop $on
        (i32.store8 (i32.add (i32.const 1024) (local.get $at)) (i32.const 66))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $on (i32.lt_u (local.get $at) (i32.const 100000))))
      KEEPS))
    (call $write (global.get $out) (i32.const 100000) (i32.const 1) (i32.const 16))
    (i32.const 0)))"""
JS = BUILD / "functions" / "hello-js.wasm"


class Warm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-warm-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.event = cls.folder / "event.json"
        cls.event.write_text('{"name":"Ada"}')

    def make(self, text):
        """A folder of its own with the function f.wasm."""
        home = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (home / "f.wat").write_text(text)
        subprocess.run(["wat2wasm", home / "f.wat", "-o", home / "f.wasm"], check=True)
        return home

    def ferry(self, *words, data=""):
        return subprocess.run([FERRY, *words], input=data, capture_output=True, text=True,
                              env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache")},
                              check=False)

    def build(self, wasm, *options):
        out = wasm.with_name("fast.wasm")
        done = self.ferry("build", wasm, "--snapshot", "-o", out, *options)
        return done, out

    def test_every_event_starts_after_the_warm_one(self):
        home = self.make(TABLE)
        done, out = self.build(home / "f.wasm", "--warm", self.event)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("warmed by 1 event", done.stdout + done.stderr)
        # The table costs more instructions than an event may take now.
        limits = home / "limits.toml"
        limits.write_text("[limits]\ninstructions = 5000\n")
        cold = self.ferry("run", home / "f.wasm", "abc", "--manifest", limits)
        self.assertEqual(cold.returncode, 4, cold.stderr)
        warm = self.ferry("run", out, "abc", "--manifest", limits)
        self.assertEqual((warm.returncode, warm.stdout), (0, "abc"), warm.stderr)

    def test_the_manifest_names_files_beside_it(self):
        home = self.make(TABLE)
        (home / "first.json").write_text("{}")
        (home / "ferry.toml").write_text('[function]\nwasm = "f.wasm"\nwarm = ["first.json"]\n')
        done, _ = self.build(home / "f.wasm")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("warmed by 1 event", done.stdout + done.stderr)

    def test_a_file_outside_the_folder_must_be_allowed(self):
        home = self.make(TABLE)
        (home / "ferry.toml").write_text(
            f'[function]\nwasm = "f.wasm"\nwarm = ["{self.event}"]\n')
        done, _ = self.build(home / "f.wasm")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(f"be given the file {self.event.resolve()} as an event", done.stderr)

    def test_one_that_answers_otherwise_is_refused(self):
        home = self.make(COUNTS)
        done, out = self.build(home / "f.wasm")
        self.assertEqual(done.returncode, 0, done.stderr)
        out.unlink()
        done, out = self.build(home / "f.wasm", "--warm", self.event)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("it behaves differently", done.stderr)
        self.assertRegex(done.stderr, r"(?s)original: .*reply 1.*snapshot: .*reply 2")
        self.assertFalse(out.exists())

    def test_what_it_drew_is_frozen(self):
        home = self.make(DRAWS)
        done, _ = self.build(home / "f.wasm")
        self.assertEqual(done.returncode, 0, done.stderr)
        done, _ = self.build(home / "f.wasm", "--warm", self.event)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--accept-frozen random", done.stderr)

    def test_a_warm_event_must_end_well(self):
        home = self.make(FAILS)
        done, _ = self.build(home / "f.wasm", "--warm", self.event)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("a warm event did not end well: it returned 1", done.stderr)

    def test_a_command_cannot_be_warmed(self):
        home = self.make(MAIN)
        done, _ = self.build(home / "f.wasm", "--warm", self.event)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("a command ends with its event", done.stderr)

    def test_a_file_that_is_not_there_is_named(self):
        home = self.make(TABLE)
        done, _ = self.build(home / "f.wasm", "--warm", "nowhere.json")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nowhere.json", done.stderr)

    def test_a_component_without_a_start_up(self):
        home = self.make(COMPONENT.replace("KEEPS", ""))
        done, _ = self.build(home / "f.wasm")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--warm FILE", done.stderr)
        done, out = self.build(home / "f.wasm", "--warm", self.event, "--warm", self.event)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("warmed by 2 events", done.stdout + done.stderr)
        # The table costs more instructions than an event may take now; stdout is open all the same.
        limits = home / "limits.toml"
        limits.write_text("[limits]\ninstructions = 5000\n")
        cold = self.ferry("run", home / "f.wasm", "--manifest", limits)
        self.assertEqual(cold.returncode, 4, cold.stderr)
        warm = self.ferry("run", out, "--manifest", limits)
        self.assertEqual((warm.returncode, warm.stdout), (0, "B"), warm.stderr)

    def test_a_component_that_keeps_what_belongs_to_an_event(self):
        home = self.make(COMPONENT.replace("KEEPS", "(drop (call $options))"))
        done, _ = self.build(home / "f.wasm", "--warm", self.event)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("after a warm event it keeps a handle of type request-options", done.stderr)

    def test_a_server_says_why_it_does_not_warm(self):
        """It said that the function runs nothing before its first event, and to name one that warms it."""
        home = self.make(COMPONENT.replace("KEEPS", "(drop (call $options))"))
        server = subprocess.Popen([FERRY, "serve", home / "f.wasm", "--listen", "127.0.0.1:0", "--warm",
                                   self.event], stderr=subprocess.PIPE, text=True,
                                  env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache")})
        try:
            line = next(line for line in server.stderr if "no snapshot" in line)
        finally:
            server.terminate()
            server.communicate(timeout=60)
        self.assertIn("after a warm event it keeps a handle of type request-options", line)

    @unittest.skipUnless(JS.exists(), "hello-js.wasm was not built")
    def test_a_component_of_javascript_hands_out_one_fetch_event(self):
        """Its engine throws at the second one: a warmed function could answer nothing."""
        home = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copy(JS, home / "f.wasm")
        done, _ = self.build(home / "f.wasm", "--warm", self.event)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("it behaves differently", done.stderr)
        self.assertIn("uncaught exception", done.stderr)

    @unittest.skipUnless(REACTOR.exists(), "hello-go-reactor.wasm was not built")
    def test_a_go_reactor(self):
        home = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copy(REACTOR, home / "f.wasm")
        done, out = self.build(home / "f.wasm", "--warm", self.event, "--accept-frozen", "hash-key")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("Ada", "Grace"):
            got = self.ferry("run", out, f'{{"name":"{name}"}}')
            self.assertEqual(got.stdout, f'{{"message":"Hello, {name}!"}}', got.stderr)


if __name__ == "__main__":
    unittest.main()
