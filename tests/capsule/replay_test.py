#!/usr/bin/env python3
"""Recording and replaying, from outside: each sample and each hostile function served with --record,
its capsules replayed on every engine without a difference; and capsules that are bad.

    tests/capsule/replay_test.py --build DIR [--cache DIR]

--cache: what is compiled for replays is kept there instead of in the user's own cache.
Exit status: that of unittest.
"""
import argparse
import concurrent.futures
import datetime
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

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "serve")]
from engines_same import keep_in  # noqa: E402

BUILD = None
server = None  # tests/serve/server.py, once FERRY_BUILD is known

# Draws everything that a replay has to give again: both clocks, randomness, a sleep.
DRAWS = r"""(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $now (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\64\00\00\00\20\00\00\00")
  (data (i32.const 208) "\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\40\42\0f\00")
  (func (export "_start")
    (drop (call $random (i32.const 100) (i32.const 16)))
    (drop (call $now (i32.const 0) (i64.const 0) (i32.const 116)))
    (drop (call $poll (i32.const 200) (i32.const 300) (i32.const 1) (i32.const 400)))
    (drop (call $now (i32.const 1) (i64.const 0) (i32.const 124)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 80)))))
"""

# Answers with how opening /data/secret ended, and how many variables there are.
REACHES = r"""(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\64\00\00\00\08\00\00\00")
  (data (i32.const 200) "secret")
  (func (export "_start")
    (i32.store (i32.const 100) (call $open (i32.const 3) (i32.const 0) (i32.const 200) (i32.const 6)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 300)))
    (drop (call $environ (i32.const 104) (i32.const 108)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 80)))))
"""


def ferry(*words, code=0, env=None, cwd=None):
    done = subprocess.run([BUILD / "bin/ferry", *words], capture_output=True, text=True,
                          check=False, timeout=600, errors="replace", cwd=cwd,
                          env=env and {**os.environ, **env})
    if code is not None and done.returncode != code:
        raise AssertionError(f"{words}: {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done


class Replay(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ferry-replay-test-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.capsules = self.home / "capsules"

    def guest(self, text, name="f"):
        (self.home / f"{name}.wat").write_text(text)
        subprocess.run(["wat2wasm", f"{name}.wat", "-o", f"{name}.wasm"], cwd=self.home, check=True)
        return self.home / f"{name}.wasm"

    def recorded(self):
        """All capsules, each whole."""
        done = ferry("replay", self.capsules, "--export", code=None)
        if done.returncode == 10:
            self.assertIn("there is no capsule", done.stderr)
            return []
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def exported(self, name="exported.capsules"):
        """A file of what was recorded, as lines of JSON."""
        file = self.home / name
        file.write_text("".join(json.dumps(one, separators=(",", ":"), ensure_ascii=False) + "\n"
                                for one in self.recorded()))
        return file

    def serve(self, function, bodies, *options):
        with server.Server(self.home, function, options=["--record", self.capsules, "--workers",
                                                         "1", "--quiet", *options]) as running:
            return [running.ask(body=body) for body in bodies]

    def engines(self):
        return [one["name"] for one in json.loads(ferry("engines", "--output", "json").stdout)]

    def replay_everywhere(self, function):
        files = sorted(map(str, self.capsules.iterdir()))
        for engine in self.engines():
            if ferry("check", function, "--engine", engine, code=None).returncode not in (0, 1):
                continue
            done = ferry("replay", *files, "--function", function, "--engine", engine, "--quiet",
                         code=None)
            if done.returncode == 10 and "does not" in done.stderr + done.stdout:
                continue  # this engine cannot run it, and says why
            self.assertEqual(done.returncode, 0, f"{engine}: {done.stdout}{done.stderr}")

    def test_time_and_randomness_come_again(self):
        function = self.guest(DRAWS)
        answers = self.serve(function, [b"1", b"2", b"3"])
        self.assertEqual(len({answer.body for answer in answers}), 3)
        self.assertEqual(len(self.recorded()), 3)
        self.replay_everywhere(function)

    def test_samples_come_again(self):
        for name in ("hello-c", "hello-go", "orders-go", "words"):
            function = BUILD / "functions" / f"{name}.wasm"
            if not function.exists():
                continue
            with self.subTest(name):
                shutil.rmtree(self.capsules, ignore_errors=True)
                self.serve(function, [b'{"name":"Ada"}', b"", b"\xff\x00", b"not json"])
                self.assertEqual(len(self.recorded()), 4)
                self.replay_everywhere(function)

    def test_hostile_functions_come_again(self):
        ran = 0
        for function in sorted((BUILD / "functions/hostile").glob("*.wasm")):
            # What never ends is ended by a clock that no capsule holds; too slow or too large here.
            if any(word in function.stem for word in ("endless", "gigabyte", "million", "sleep",
                                                      "memory", "table")):
                continue
            if ferry("check", function, code=None).returncode != 0:
                continue
            with self.subTest(function.stem):
                shutil.rmtree(self.capsules, ignore_errors=True)
                self.serve(function, [b"{}"])
                if not self.recorded():
                    continue
                ran += 1
                files = sorted(map(str, self.capsules.iterdir()))
                ferry("replay", *files, "--function", function, "--quiet")
        self.assertGreater(ran, 3)

    def test_a_difference_is_shown_field_by_field(self):
        first = self.guest(DRAWS)
        self.serve(first, [b"1"])
        other = self.guest(DRAWS.replace("(i32.const 16)", "(i32.const 8)"), "g")
        file = str(next(self.capsules.iterdir()))
        done = ferry("replay", file, "--function", other, code=10)
        self.assertIn("--other-function", done.stderr)
        done = ferry("replay", file, "--function", other, "--other-function", code=1)
        self.assertIn("changed by this build: ok on wasmtime as recorded, but:\n"
                      "  reply\n    recorded: ", done.stdout)
        self.assertIn("after a repair its outcome differs, as it should", done.stdout)
        done = ferry("replay", file, "--function", other, "--other-function", "--output", "json",
                     code=1)
        answer = json.loads(done.stdout)
        self.assertEqual([one["field"] for one in answer["differences"]], ["reply"])
        self.assertIn("less time or randomness", " ".join(answer["notes"]))

    def test_only_failures(self):
        function = BUILD / "functions/orders-go.wasm"
        if not function.exists():
            self.skipTest("orders-go is not built here")
        self.serve(function, [b"no order"] * 3, "--record-only", "failures")
        statuses = {one["outcome"]["status"] for one in self.recorded()}
        self.assertNotIn("ok", statuses)

    def test_a_burst_is_written_in_batches(self):
        """None is lost when the server ends, and only the first of a batch has its origin."""
        function = self.guest(DRAWS)
        with server.Server(self.home, function, options=[
                "--record", self.capsules, "--workers", "1", "--quiet"]) as running:
            def ask(number):
                return running.ask(body=b"%d" % number).status
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                self.assertEqual(set(pool.map(ask, range(400))), {200})
        kept = self.recorded()
        self.assertEqual(sorted(int(one["data"]) for one in kept), list(range(400)))
        files = b"".join(file.read_bytes() for file in self.capsules.iterdir())
        self.assertLess(files.count(b"[limits]"), 200)
        self.assertEqual({one["function"]["name"] for one in kept}, {"f"})
        self.replay_everywhere(function)

    def test_one_of_several_is_exported_and_is_a_capsule_by_itself(self):
        function = self.guest('(module (memory (export "memory") 1)'
                              ' (func (export "_start") unreachable))')
        with server.Server(self.home, function, options=[
                "--record", self.capsules, "--workers", "1", "--quiet"]) as running:
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda _: running.ask(body=b"{}"), range(50)))
        one = self.recorded()[33]
        done = ferry("replay", self.capsules, "--invocation", one["invocation"], "--export")
        self.assertEqual(json.loads(done.stdout), one)
        alone = self.home / "one.capsules"
        alone.write_text(done.stdout)
        self.assertIn("trapped on wasmtime, as recorded",
                      ferry("replay", alone, "--function", function).stdout)

    def test_attributes_that_nobody_asked_for_are_those_of_the_request(self):
        """The function does not look at them; one that prints its environment gets the same."""
        function = self.guest(DRAWS)
        with server.Server(self.home, function, options=[
                "--record", self.capsules, "--workers", "1", "--quiet"]) as running:
            running.ask(path="/a/b?c=d", body=b"{}", fields={
                "X-Request-Id": "mine", "Accept-Language": "eo", "Authorization": "secret",
                "Content-Type": "application/json"})
            port = running.port
        event = self.recorded()[0]["event"]
        self.assertLess(abs(datetime.datetime.fromisoformat(event.pop("time")[:19])
                            - datetime.datetime.utcnow()).total_seconds(), 60)
        self.assertTrue(event["source"].endswith(f":{port}/a/b"), event["source"])
        del event["source"]
        event.pop("httpacceptencoding", None)
        event.pop("httpuseragent", None)
        event.pop("httpaccept", None)
        self.assertEqual(event, {
            "specversion": "1.0", "id": "mine", "type": "http.request", "subject": "/a/b",
            "datacontenttype": "application/json", "httpmethod": "POST", "httpquery": "c=d",
            "httpacceptlanguage": "eo"})
        self.assertEqual(self.recorded(), self.recorded())

    def test_a_killed_worker_leaves_whole_capsules(self):
        function = self.guest(DRAWS)
        with server.Server(self.home, function, options=[
                "--record", self.capsules, "--workers", "1", "--quiet"]) as running:
            for number in range(20):
                running.ask(body=b"%d" % number)
            running.wait_for_metric("ferry_recorded_total", 20)  # without any more events
            worker = running.workers()[0]
            os.kill(worker, signal.SIGKILL)
            running.wait_for_metric("ferry_worker_restarts_total", 1)
            self.assertEqual(len(self.recorded()), 20)

    def test_rate(self):
        self.serve(self.guest(DRAWS), [b"{}"] * 20, "--record-rate", "0.25")
        self.assertEqual(len(self.recorded()), 5)

    def test_size_is_bounded_and_the_oldest_goes(self):
        self.serve(self.guest(DRAWS), [b"x" * 20_000] * 60, "--record-size", "256KiB")
        size = sum(file.stat().st_size for file in self.capsules.iterdir())
        self.assertLessEqual(size, 256 << 10)
        kept = self.recorded()
        self.assertGreater(len(kept), 3)
        self.assertLess(len(kept), 15)

    def test_a_full_disk_does_not_stop_serving(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount a small tmpfs")
        self.capsules.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", self.capsules],
                                 check=False, capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("cannot mount a tmpfs here")
        try:
            function = self.guest(DRAWS)
            with server.Server(self.home, function, options=[
                    "--record", self.capsules, "--workers", "1"]) as running:
                for _ in range(40):
                    self.assertEqual(running.ask(body=b"y" * 5_000).status, 200)
                running.wait_for_line("was not recorded, and serving continues")
                said = [line for line in running.lines if line and "was not recorded" in line]
                self.assertEqual(len(said), 1)
                end = time.monotonic() + 20  # the last batch is written when its time has come
                while True:
                    metrics = {line.split()[0]: float(line.split()[1])
                               for line in running.admin("/metrics").body.decode().splitlines()
                               if line.startswith("ferry_record")}
                    if sum(metrics.values()) >= 40 or time.monotonic() > end:
                        break
                    time.sleep(0.05)
                self.assertGreater(metrics["ferry_record_lost_total"], 10)
                self.assertGreaterEqual(metrics["ferry_recorded_total"], 1)
                self.assertEqual(sum(metrics.values()), 40)
            for one in self.recorded():
                self.assertEqual(one["ferry_capsule"], 2)
        finally:
            subprocess.run(["umount", "-l", self.capsules], check=False)

    def test_a_folder_that_cannot_be_written(self):
        (self.home / "file").write_text("x")
        done = ferry("serve", self.guest(DRAWS), "--listen", "127.0.0.1:0", "--record",
                     self.home / "file", code=10)
        self.assertIn("file", done.stderr)
        done = ferry("serve", self.guest(DRAWS), "--record", self.home / "c", "--record-rate", "7",
                     code=2)
        self.assertIn("FERRY_RECORD_RATE", done.stderr)

    def test_what_was_sent_and_where_it_ended_is_shown(self):
        function = self.guest('(module (memory (export "memory") 1) (func $deep unreachable)'
                              ' (func (export "_start") (call $deep)))')
        self.serve(function, [b'{"a":\n"\x1b[2J"}'.replace(b"\x1b", b"\\u001b")])
        file = next(self.capsules.iterdir())
        done = ferry("replay", file, "--function", function, "--show")
        self.assertIn("  event\n    http.request from ", done.stdout)
        self.assertIn('  data\n    {"a":\n', done.stdout)
        self.assertIn("  ended\n    unreachable\n", done.stdout)
        self.assertIn("1: function 0", done.stdout)
        self.assertNotIn("  event", ferry("replay", file, "--function", function).stdout)

    def test_bad_capsules(self):
        function = self.guest(DRAWS)
        self.serve(function, [b"1", b"2"])
        good = self.exported().read_text()
        entries = next(self.capsules.iterdir()).read_bytes()
        bad = self.home / "bad.capsules"
        for text, code, said in (
                ("", 10, "there is no capsule"),
                ("{}", 11, "ferry_capsule"),
                ("nonsense\n" + good, 11, "bad.capsules:1"),
                (good.replace('"ferry_capsule":2', '"ferry_capsule":9'), 11, "version 9"),
                (good.replace('"ferry_capsule":2', '"ferry_capsule":2,"like":1'), 11,
                 "no line before it has that number"),
                (good[:-20], 0, "its last capsule is not whole"),
                (entries[:-20], 0, "its last capsule is not whole"),
                (entries.replace(b"ferry-capsules 3", b"ferry-capsules 4"), 11, "version 4"),
                (entries[:17] + b"\x02\0\0\0\x09\x01" + entries[17:], 11, "at offset 21"),
                (good.replace('"manifest":"', '"manifest":"nonsense = ['), 11, "manifest")):
            with self.subTest(said):
                bad.write_bytes(text if isinstance(text, bytes) else text.encode())
                done = ferry("replay", bad, "--function", function, code=code)
                self.assertIn(said, done.stdout + done.stderr)

    def test_bad_capsules_as_cases(self):
        function = self.guest(DRAWS)
        self.serve(function, [b"1", b"2"])
        good = self.exported().read_text()
        entries = next(self.capsules.iterdir()).read_bytes()
        bad = self.home / "bad.capsules"
        for text, code, said in (
                (b"", 0, "holds no capsule"),
                (b"nonsense\n" + good.encode(), 11, "bad.capsules:1"),
                (good.replace('"ferry_capsule":2', '"ferry_capsule":9').encode(), 11, "version 9"),
                (good[:-20].encode(), 0, "its last capsule is not whole"),
                (entries[:-20], 0, "its last capsule is not whole"),
                (entries.replace(b"ferry-capsules 3", b"ferry-capsules 4"), 11, "version 4"),
                (entries[:17] + b"\x02\0\0\0\x09\x01" + entries[17:], 11, "at offset 21")):
            with self.subTest(said):
                bad.write_bytes(text)
                # Beside a case that is good, since none at all is an error of its own.
                (self.home / "good.toml").write_text(
                    '[[case]]\nname = "any"\ndata = "1"\n[case.expect]\nstatus = "ok"\n')
                done = ferry("verify", function, bad, self.home / "good.toml", "--engine",
                             "wasmtime", "--platform", "http", code=None)
                self.assertEqual(done.returncode, code, done.stdout + done.stderr)
                self.assertIn(said, done.stdout + done.stderr)

    def test_a_capsule_of_another_digest(self):
        """It is refused by name; of a case the digest says nothing, since a repair has another."""
        function = self.guest(DRAWS)
        self.serve(function, [b"1"])
        capsule = self.recorded()[0]
        digest = capsule["function"]["digest"]
        capsule["function"]["digest"] = "sha256:" + "ab" * 32
        bad = self.home / "bad.capsules"
        bad.write_text(json.dumps(capsule) + "\n")
        done = ferry("replay", bad, "--function", function, code=10)
        self.assertIn("sha256:" + "ab" * 32, done.stderr)
        self.assertIn(digest, done.stderr)
        self.assertIn("--other-function", done.stderr)
        done = ferry("replay", bad, "--function", function, "--other-function")
        self.assertIn("another build than the recorded one, with the same outcome", done.stdout)
        ferry("verify", function, bad, "--engine", "wasmtime", "--platform", "http")

    def test_a_capsule_with_paths_out_of_its_folder(self):
        """What a stranger's capsule names is neither opened for its function nor written."""
        outside = self.home / "outside"
        outside.mkdir()
        (outside / "secret").write_text("secret\n")
        folder = self.home / "inside"
        folder.mkdir()
        function = self.guest(REACHES)
        self.serve(function, [b"1"])
        capsule = self.recorded()[0]
        # There is no folder (EBADF), and these are the event's attributes.
        self.assertEqual(capsule["outcome"]["reply"]["data"], "\x08\0\0\0\x08\0\0\0")
        manifest = capsule["manifest"]
        for old, new in (("dirs = []\n", f'dirs = ["{outside}::/data", "../outside::/data"]\n'),
                         ("env_from = []\n", 'env_from = ["STRANGE"]\n'),
                         ("[function]\n", '[function]\nfiles = ["../outside::/data", '
                          '"../../../../../../etc::/etc"]\n')):
            self.assertIn("\n" + old, "\n" + manifest)
            manifest = manifest.replace(old, new)
        up = "../" * 3 + "outside/written"
        capsule.update(manifest=manifest, files=up, invocation=up, withheld=[up])
        capsule["function"].update(name=up, abi=up)
        capsule["event"].update(id=up, subject=up, source=up)
        bad = folder / "bad.capsules"
        bad.write_text(json.dumps(capsule) + "\n")
        cases = folder / "cases"
        cases.mkdir()
        shutil.copy(bad, cases)

        def tree():
            return {path: path.read_bytes() if path.is_file() else b""
                    for path in self.home.rglob("*") if "cache" not in path.parts}
        before = tree()
        for words in (("replay", bad, "--function", function, "--show"),
                      ("replay", bad, "--function", function, "--trace", "wasi", "--output", "json"),
                      ("replay", bad, "--export"),
                      ("verify", function, bad, "--engine", "wasmtime"),
                      ("verify", function, cases, "--engine", "wasmtime", "--output", "json")):
            with self.subTest(words[0]):
                done = ferry(*words, env={"STRANGE": "stranger", "XDG_CACHE_HOME":
                                          str(self.home / "cache")}, cwd=folder)
                self.assertNotIn("secret\n", done.stdout)
                self.assertNotIn("stranger", done.stdout)
        self.assertEqual(tree(), before)
        # What the command line grants is reached, and so is not as recorded.
        for grant in (f"--dir={outside}::/data", "--env=STRANGE=stranger"):
            ferry("replay", bad, "--function", function, grant, code=1)

    def test_a_platforms_own_table_is_carried(self):
        function = self.guest(DRAWS)
        (self.home / "ferry.toml").write_text("[lambda]\nstreaming = true\n")
        self.serve(function, [b"1"])
        file = next(self.capsules.iterdir())
        self.assertIn("[lambda]", self.recorded()[0]["manifest"])
        ferry("replay", file, "--function", function)

    def test_trace(self):
        function = self.guest(DRAWS)
        self.serve(function, [b"1"])
        done = ferry("replay", next(self.capsules.iterdir()), "--function", function, "--trace",
                     "wasi")
        lines = [line for line in done.stderr.splitlines() if line.startswith("wasi: ")]
        names = [line.split()[1].split("(")[0] for line in lines]
        self.assertEqual(names, ["random_get", "clock_time_get", "poll_oneoff", "clock_time_get",
                                 "fd_write"])
        self.assertIn("= success, 32 bytes", lines[-1])

    def test_capsules_are_cases_of_verify(self):
        function = BUILD / "functions/hello-c.wasm"
        if not function.exists():
            self.skipTest("hello-c is not built here")
        self.serve(function, [b'{"name":"Ada"}'])
        ferry("verify", function, self.capsules, "--engine", "wasmtime")

    def test_a_case_tells_a_crash_from_a_refusal(self):
        """Both are failures; only their exit codes are different."""
        exits = ('(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
                 ' (memory (export "memory") 1)'
                 ' (func (export "_start") (call $exit (i32.const 2))))')
        crashes = self.guest(exits)
        self.serve(crashes, [b"{}"])
        ferry("verify", crashes, self.capsules, "--engine", "wasmtime", "--platform", "http")
        refuses = self.guest(exits.replace("i32.const 2", "i32.const 1"), "g")
        done = ferry("verify", refuses, self.capsules, "--engine", "wasmtime", "--platform", "http",
                     code=1)
        self.assertIn("exit code 2", done.stdout)
        self.assertIn("exit code 1", done.stdout)
        done = ferry("replay", self.capsules, "--function", refuses, "--other-function", code=1)
        self.assertIn("changed by this build: failed (exit code 1) on wasmtime, "
                      "and failed (exit code 2) was recorded:", done.stdout)

    def test_a_file_of_a_worker_that_recorded_nothing_is_named(self):
        function = self.guest(DRAWS)
        self.serve(function, [b"1"])
        empty = self.capsules / "000009.capsules"
        empty.write_bytes(b"")
        said = f"{empty} holds no capsule"
        self.assertIn(said, ferry("replay", self.capsules, "--function", function).stderr)
        done = ferry("verify", function, self.capsules, "--engine", "wasmtime", "--platform",
                     "http")
        self.assertEqual(done.stderr.count(said), 1)
        self.assertIn(said, ferry("replay", empty, "--function", function, code=10).stderr)
        for file in self.capsules.iterdir():
            file.unlink()
        done = ferry("replay", self.capsules, "--function", function, code=10)
        self.assertIn("there is no file of capsules (*.capsules) in", done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path)
    known, rest = parser.parse_known_args()
    BUILD = known.build.resolve()
    os.environ["FERRY_BUILD"] = str(BUILD)
    import server  # noqa: E402, it reads the variable
    if known.cache:
        keep_in(known.cache)
    if not shutil.which("wat2wasm"):
        print("no wat2wasm on this machine")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])
