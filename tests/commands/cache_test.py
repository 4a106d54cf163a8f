#!/usr/bin/env python3
"""What ferry keeps on disk: the store of compiled functions when it is damaged, full, too large or not
to be had; and what killed processes leave.

    FERRY_BUILD=build tests/commands/cache_test.py [Case.test…]
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import small_disk

BUILD = pathlib.Path(os.environ["FERRY_BUILD"]).resolve()
FERRY = BUILD / "bin" / "ferry"
HELLO = BUILD / "functions" / "hello-c.wasm"
GO = BUILD / "functions" / "hello-go.wasm"
NOBODY = 65534


class OnDisk(unittest.TestCase):
    def setUp(self):
        if not HELLO.exists():
            self.skipTest("hello-c is not built here")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="test-cache-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.folder.chmod(0o777)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.folder),
                    "XDG_CACHE_HOME": str(self.folder / "cache"), "TMPDIR": str(self.folder)}
        self.store = self.folder / "cache" / "ferry"

    def run_ferry(self, *words, env=None, user=None, data="", status=0):
        done = subprocess.run([FERRY, *map(str, words)], env={**self.env, **(env or {})}, text=True,
                              input=data, capture_output=True, user=user, cwd=self.folder)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def greet(self, wasm=HELLO, **more):
        done = self.run_ferry("run", wasm, '{"name":"Ada"}', **more)
        self.assertEqual(done.stdout, '{"message":"Hello, Ada!"}')
        return done.stderr

    def bundles(self):
        return sorted(self.store.glob("*.ferry"))

    def test_damaged_bundle_is_noticed_and_made_again(self):
        # A Go program's code is proven apart from the rest, when it is used.
        wasm = GO if GO.exists() else HELLO
        self.greet(wasm)
        end = time.monotonic() + 120
        while not self.bundles() and time.monotonic() < end:
            time.sleep(0.05)  # the first event may be answered before the compiler is done
        (bundle,) = self.bundles()
        size = bundle.stat().st_size
        for place in (size // 2, size // 4, size // 3):
            with open(bundle, "r+b") as file:
                file.seek(place)
                was = file.read(16)
                file.seek(place)
                file.write(bytes(byte ^ 0x55 for byte in was))
            done = subprocess.run([FERRY, "run", wasm, '{"name":"Ada"}'], env=self.env, text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True)
            if done.returncode != 0:  # found out after the function had begun: that event is lost
                self.assertIn("It is made again at the next start", done.stderr)
            self.greet(wasm)
            self.greet(wasm)

    def test_nowhere_to_keep_anything(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to be another user")
        try:
            subprocess.run([FERRY, "version"], user=NOBODY, stdout=subprocess.DEVNULL, check=True)
        except PermissionError:
            self.skipTest(f"another user may not enter {BUILD.resolve()}")
        home = self.folder / "closed"
        home.mkdir(mode=0o755)
        env = {"HOME": str(home)}
        self.env.pop("XDG_CACHE_HOME")
        told = self.greet(env=env, user=NOBODY)
        self.assertEqual(told.count("compiled functions are not kept"), 1, told)
        self.assertIn("hint: set XDG_CACHE_HOME", told)
        # Nor a folder for temporary files.
        env["TMPDIR"] = str(home)
        self.assertIn("not kept", self.greet(env=env, user=NOBODY))
        self.assertEqual(list(home.iterdir()), [])

    def test_full_disk_is_told(self):
        disk = small_disk.mount(self, self.folder / "disk", "64k")
        told = self.greet(env={"XDG_CACHE_HOME": str(disk)})
        self.assertIn("could not be kept", told)
        self.assertIn("No space left", told)
        self.assertNotIn("it is kept", told)

    def test_killed_processes_leave_nothing(self):
        scratch = self.folder / f"ferry-scratch-{os.geteuid()}"
        for _ in range(3):
            process = subprocess.Popen([FERRY, "verify", HELLO, "--engine", "wasmtime"],
                                       env=self.env, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True)
            deadline = time.monotonic() + 60
            while not list(scratch.glob("ferry-verify-*")) and process.poll() is None:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        # Children of the killed may live a little longer, and write there.
        deadline = time.monotonic() + 60
        while left := list(scratch.glob("*")):
            self.assertLess(time.monotonic(), deadline, left)
            for each in left:  # as if it had been some time ago
                os.utime(each, (time.time() - 3600,) * 2)
            self.run_ferry("verify", HELLO, "--engine", "wasmtime", "--platform", "http")
        self.assertEqual([path for path in self.store.iterdir() if ".tmp-" in path.name], [])

    def test_cache_shows_and_prunes(self):
        self.greet()
        shown = json.loads(self.run_ferry("cache", "--output", "json").stdout)
        (entry,) = shown["functions"]
        self.assertEqual((entry["function"], entry["engine"]), ("hello-c", "wasmtime"))
        self.assertEqual(shown["folder"], str(self.store))
        self.assertEqual(shown["bytes"], entry["bytes"])
        self.assertIn("hello-c", self.run_ferry("cache").stdout)
        self.run_ferry("cache", "--max-size", "1MiB", status=2)
        self.run_ferry("cache", "--prune", "--max-size", "1GiB")
        self.assertEqual(len(self.bundles()), 1)
        os.utime(self.bundles()[0], (time.time() - 10 * 86400,) * 2)
        self.run_ferry("cache", "--prune", "--max-age", "20")
        self.assertEqual(len(self.bundles()), 1)
        self.run_ferry("cache", "--prune", "--max-age", "9")
        self.assertEqual(self.bundles(), [])
        self.greet()
        self.run_ferry("cache", "--clear")
        self.assertEqual(self.bundles(), [])

    def test_cache_is_bounded_by_itself(self):
        self.greet()
        (old,) = self.bundles()
        os.utime(old, (time.time() - 3 * 86400,) * 2)
        # The same with a custom section more is another function.
        other = self.folder / "other.wasm"
        other.write_bytes(HELLO.read_bytes() + b"\x00\x02\x01x")
        self.greet(other, env={"FERRY_CACHE_DAYS": "2"})
        self.assertNotIn(old, self.bundles())
        self.assertEqual(len(self.bundles()), 1)
        other.write_bytes(HELLO.read_bytes() + b"\x00\x02\x01y")
        self.greet(other, env={"FERRY_CACHE_SIZE": "1KiB"})
        self.assertEqual(len(self.bundles()), 1)  # what was just made stays

    def test_use_makes_young(self):
        self.greet()
        (bundle,) = self.bundles()
        os.utime(bundle, (time.time() - 3 * 86400,) * 2)
        self.greet()
        self.assertLess(time.time() - bundle.stat().st_mtime, 3600)

    def test_leftovers_of_writers_are_pruned(self):
        self.greet()
        left = self.store / "abc.ferry.tmp-ABCDEF"
        left.write_bytes(b"x" * 1000)
        self.run_ferry("cache", "--prune")
        self.assertTrue(left.exists())  # its writer may be at it
        os.utime(left, (time.time() - 7200,) * 2)
        self.run_ferry("cache", "--prune")
        self.assertFalse(left.exists())


if __name__ == "__main__":
    done = unittest.main(exit=False, verbosity=2).result
    sys.exit(77 if done.wasSuccessful() and done.testsRun == len(done.skipped)
             else not done.wasSuccessful())
