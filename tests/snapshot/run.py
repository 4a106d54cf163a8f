#!/usr/bin/env python3
"""ferry build --snapshot, as a user meets it.

Takes the start-up of every sample function ahead and compares the result with the original; then
asks for what must be refused and reads the reason. Exit code 77, with the reason, where wasm-opt or
the sample functions are missing.

    tests/snapshot/run.py --build build
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

DATA = [b'{"name":"Ada"}', b'{"name":"\xc3\x89mile"}', b"{}", b"not json", b"", b'{"name":"' + b"x" * 100_000 + b'"}']

# name: (text format, words that the refusal must hold)
REFUSED = {
    "reads-nothing": (
        """(module (memory (export "memory") 1) (func (export "_start")))""",
        "does not import fd_read",
    ),
    "ends-before-reading": (
        """(module
             (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
             (memory (export "memory") 1)
             (func $never (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))
             (func (export "_start") (if (i32.load (i32.const 64)) (then (call $never)))))""",
        "it came to its end",
    ),
    "writes-first": (
        """(module
             (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
             (memory (export "memory") 1)
             (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00")
             (data (i32.const 16) "hi")
             (func (export "_start")
               (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
               (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))""",
        "wrote to stdout or stderr",
    ),
    "draws-randomness": (
        """(module
             (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
             (memory (export "memory") 1)
             (func (export "_start")
               (drop (call $random (i32.const 64) (i32.const 8)))
               (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))""",
        "--accept-frozen random",
    ),
    "writes-tables": (
        """(module
             (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
             (memory (export "memory") 1) (table 2 funcref)
             (func (export "_start")
               (table.set 0 (i32.const 0) (ref.null func))
               (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))""",
        "changes tables",
    ),
    "never-reads": (
        """(module
             (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
             (memory (export "memory") 1)
             (func (export "_start") (loop (br 0))
               (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))""",
        "did not end in time",
    ),
}

# Counts in memory before its first read, then replies with the count and what it read; reads in
# two pieces, so that the rewound read is the first of several.
PIECES = """(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $n (mut i32) (i32.const 0))
  (func $take (param $at i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (i32.const 2))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (loop $count
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (br_if $count (i32.lt_u (global.get $n) (i32.const 7))))
    (i32.store8 (i32.const 100) (i32.add (i32.const 48) (global.get $n)))
    (call $take (i32.const 101))
    (call $take (i32.const 103))
    (i32.store (i32.const 0) (i32.const 100))
    (i32.store (i32.const 4) (i32.const 5))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


class Bench:
    def __init__(self, build, folder):
        self.ferry = build / "bin" / "ferry"
        self.folder = pathlib.Path(folder)

    def run(self, *words, data=b""):
        # A hang ends; a build under ThreadSanitizer, some twenty times as slow, does not.
        return subprocess.run([self.ferry, *words], input=data, capture_output=True, timeout=600)

    def outcome(self, wasm, data, *words):
        done = self.run("run", wasm, "--output", "json", *words, data=data)
        whole = json.loads(done.stdout)
        return {
            "status": whole["status"],
            "reply": whole["reply"],
            "logs": [line["text"] for line in whole["logs"]],
            "exit": done.returncode,
        }

    def assemble(self, name, text):
        wat = self.folder / f"{name}.wat"
        wasm = self.folder / f"{name}.wasm"
        wat.write_text(text)
        subprocess.run(["wat2wasm", wat, "-o", wasm], check=True)
        return wasm

    def snapshot(self, wasm, *words):
        out = self.folder / f"{pathlib.Path(wasm).stem}.snapshot.wasm"
        return out, self.run("build", wasm, "--snapshot", "-o", out, *words)


def samples(bench, functions):
    for wasm in sorted(functions.glob("hello-*.wasm")):
        out, done = bench.snapshot(wasm, "--accept-frozen", "random")
        check(done.returncode == 0, f"{wasm.name}: {done.stderr.decode()}")
        for data in DATA:
            expected = bench.outcome(wasm, data)
            got = bench.outcome(out, data)
            check(got == expected, f"{wasm.name} on {data[:40]}: {got} instead of {expected}")
        print(f"ok   {wasm.name}: {done.stdout.decode().strip()}")


def pieces(bench):
    wasm = bench.assemble("pieces", PIECES)
    out, done = bench.snapshot(wasm)
    check(done.returncode == 0, done.stderr.decode())
    for name in (wasm, out):
        reply = bench.run("run", name, data=b"abcdef").stdout
        check(reply == b"7abcd", f"{name}: {reply}")
    print("ok   pieces: reads in pieces go on after the rewind")


def refusals(bench):
    for name, (text, words) in REFUSED.items():
        wasm = bench.assemble(name, text)
        out, done = bench.snapshot(wasm, "--timeout", "1s")
        said = done.stderr.decode()
        check(done.returncode == 1, f"{name}: exit {done.returncode}: {said}")
        check(words in said, f"{name}: the reason is missing: {said}")
        check(not out.exists(), f"{name}: refused, and written all the same")
        print(f"ok   {name}: {said.splitlines()[0]}")


def differing(bench, functions):
    """A function whose reply hangs on an attribute in the environment must be refused."""
    text = """(module
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (drop (call $sizes (i32.const 32) (i32.const 36)))
        (drop (call $environ (i32.const 1024) (i32.const 4096)))
        (i32.store (i32.const 0) (i32.const 30000))
        (i32.store (i32.const 4) (i32.const 100))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 0) (i32.const 4096))
        (i32.store (i32.const 4) (i32.load (i32.const 36)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""
    out, done = bench.snapshot(bench.assemble("replies-environ", text))
    said = done.stderr.decode()
    check(done.returncode == 1 and "behaves differently" in said, f"replies-environ: {said}")
    check(not out.exists(), "replies-environ: written all the same")
    print("ok   replies-environ: a snapshot that behaves differently is refused")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build", type=pathlib.Path)
    build = parser.parse_args().build.resolve()
    functions = build / "functions"
    if not list(functions.glob("hello-*.wasm")) or not shutil.which("wat2wasm"):
        print("SKIP: no sample functions (make functions) or no wat2wasm (wabt)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(build, folder)
        try:
            probe = bench.snapshot(bench.assemble("probe", PIECES))[1].stderr.decode()
            if "wasm-opt of binaryen is needed" in probe:
                print("SKIP: no wasm-opt; tools/setup.sh binaryen installs it")
                return 77
            pieces(bench)
            refusals(bench)
            differing(bench, functions)
            samples(bench, functions)
        except Failure as failure:
            print(f"FAIL {failure}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
