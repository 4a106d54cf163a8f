#!/usr/bin/env python3
"""Each sample event that ferry ships goes through its platform's emulator and adapter, and becomes
the events that tests/project/samples.json has.

    tests/project/samples_test.py --build DIR [--update]

--update rewrites samples.json: read the difference. Exit status: that of unittest.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "samples.json"
BUILD = None
UPDATE = False

# Writes the event that it gets, whole, to its log.
TELLS = r"""(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "\00\10\00\00\00\00\0e\00")
  (data (i32.const 24) "\n")
  (func (export "_start")
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
    (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
    (i32.store (i32.const 0) (i32.const 24))
    (i32.store (i32.const 4) (i32.const 1))
    (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))))
"""


def ferry(*words, cwd, code=0):
    done = subprocess.run([BUILD / "bin/ferry", *words], cwd=cwd, capture_output=True, text=True,
                          check=False, timeout=120, stdin=subprocess.DEVNULL)
    if done.returncode != code:
        raise AssertionError(f"{words}: {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done


class Samples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ferry-samples-test-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        (self.home / "f.wat").write_text(TELLS)
        subprocess.run(["wat2wasm", "f.wat", "-o", "f.wasm"], cwd=self.home, check=True)
        (self.home / "ferry.toml").write_text(
            '[function]\nname = "tells"\nwasm = "f.wasm"\ninput = "cloudevent"\n')

    def events_of(self, name, text):
        done = ferry("run", ".", "--sample", name, cwd=self.home)
        out = []
        begin = '{"specversion"'
        for at in (found.start() for found in re.finditer(f"^{begin}", done.stderr, re.M)):
            event, _ = json.JSONDecoder().raw_decode(done.stderr, at)
            event = json.loads(re.sub(r"(127\.0\.0\.1):\d+", r"\1:PORT", json.dumps(event)))
            kept = {key: event[key] for key in ("type", "source", "subject", "datacontenttype")
                    if key in event}
            if event["id"] in text:  # else it is made anew each time
                kept["id"] = event["id"]
            kept["data"] = "data" in event or "data_base64" in event
            out.append(kept)
        return sorted(out, key=lambda each: json.dumps(each, sort_keys=True))

    def test_each_becomes_its_events(self):
        files = sorted((HERE.parent.parent / "templates/events").glob("*/*.*"))
        self.assertGreaterEqual(len(files), 50)
        got = {}
        for file in files:
            got[f"{file.parent.name}/{file.stem}"] = self.events_of(file.stem, file.read_text())
        if UPDATE:
            EXPECTED.write_text(json.dumps(got, indent=1, sort_keys=True) + "\n")
        expected = json.loads(EXPECTED.read_text())
        self.assertEqual(sorted(expected), sorted(got))
        for name, events in expected.items():
            with self.subTest(name):
                self.assertEqual(got[name], events)
                self.assertGreater(len(events), 0)

    def test_an_unknown_one_lists_them(self):
        said = ferry("run", ".", "--sample", "s4", cwd=self.home, code=2).stderr
        self.assertIn("did you mean 's3'?", said)
        self.assertIn("azure: azure-blob", said)
        said = ferry("run", ".", "x", "--sample", "s3", cwd=self.home, code=2).stderr
        self.assertIn("--sample", said)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--update", action="store_true")
    given, rest = parser.parse_known_args()
    BUILD, UPDATE = given.build.resolve(), given.update
    if not (BUILD / "bin/ferry").exists():
        print(f"skip: {BUILD}/bin/ferry is not built")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])
