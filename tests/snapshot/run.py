#!/usr/bin/env python3
"""ferry build --snapshot, as a user meets it.

Takes the start-up of every sample function ahead and compares the result with the original; then
asks for what must be refused and reads the reason. What a Go program draws at random must be drawn
anew at each event, on new instances and on kept ones. Exit code 77, with the reason, where wasm-opt
or the functions are missing.

    tests/snapshot/run.py --build build [--only samples|random] [--long]
"""

import argparse
import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

DATA = [b'{"name":"Ada"}', b'{"name":"\xc3\x89mile"}', b"{}", b"not json", b"", b'{"name":"' + b"x" * 100_000 + b'"}']

# Reads at the bottom of a recursion, and says on the way up how deep that was.
DEEP = """(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $down (param $left i32) (result i32) (local $a i64) (local $b i64) (local $c i64)
    (local.set $a (i64.extend_i32_u (local.get $left)))
    (local.set $b (i64.mul (local.get $a) (local.get $a)))
    (local.set $c (i64.mul (local.get $b) (local.get $a)))
    (if (i32.eqz (local.get $left)) (then
      (i32.store (i32.const 0) (i32.const 100))
      (i32.store (i32.const 4) (i32.const 4))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (return (i32.const 0))))
    (i32.add (call $down (i32.sub (local.get $left) (i32.const 1)))
      (i64.eq (local.get $c) (i64.mul (local.get $b) (local.get $a)))))
  (func (export "_start")
    (if (i32.ne (call $down (i32.const {depth})) (i32.const {depth})) (then (unreachable)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""

# Traps in a function with a name, once there is data.
TRAPS = """(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $never_called)
  (func $handler unreachable)
  (func $entry (export "_start")
    (i32.store (i32.const 0) (i32.const 100))
    (i32.store (i32.const 4) (i32.const 4))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (if (i32.load (i32.const 8)) (then (call $handler)))))"""

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
    "too-deep": (
        DEEP.format(depth=200_000),
        "call stack exhausted",
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
        # What is made with one engine is run on another, and this one compiles fastest.
        self.engine = ["--engine", "wasmer:singlepass"] if self.has("wasmer") else []

    def has(self, engine):
        return any((self.ferry.parent / "engines").glob(f"*{engine}*"))

    def run(self, *words, data=b""):
        # A hang ends; a build under ThreadSanitizer, some twenty times as slow, does not.
        return subprocess.run([self.ferry, *words], input=data, capture_output=True, timeout=300)

    def outcome(self, wasm, data, *words):
        done = self.run("run", wasm, "--output", "json", *words, data=data)
        whole = json.loads(done.stdout)
        return {
            "status": whole["status"],
            "reply": whole["reply"],
            "logs": [line["text"] for line in whole["logs"]],
            "exit": done.returncode,
        }

    def assemble(self, name, text, *words):
        wat = self.folder / f"{name}.wat"
        wasm = self.folder / f"{name}.wasm"
        wat.write_text(text)
        subprocess.run(["wat2wasm", *words, wat, "-o", wasm], check=True)
        return wasm

    def snapshot(self, wasm, *words, engine=None):
        engine = self.engine if engine is None else ["--engine", engine]
        out = self.folder / f"{pathlib.Path(wasm).stem}.snapshot.wasm"
        return out, self.run("build", wasm, "--snapshot", "-o", out, *engine, *words)


def samples(bench, functions):
    for wasm in sorted(functions.glob("hello-*.wasm")):
        out, done = bench.snapshot(wasm, "--accept-frozen", "random")
        if b"it runs nothing before its first event" in done.stderr:  # components
            print(f"ok   {wasm.name}: {done.stderr.decode().strip()}")
            continue
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


def deep(bench):
    """Stacks far deeper than a backtrace is long, one that takes more than a page."""
    for depth in (100, 2_500):
        wasm = bench.assemble("deep", DEEP.format(depth=depth))
        out, done = bench.snapshot(wasm, engine="wasmtime")  # its frames are small
        check(done.returncode == 0, f"{depth} deep: {done.stderr.decode()}")
        for name in (wasm, out):
            reply = bench.run("run", name, data=b"abcd").stdout
            check(reply == b"abcd", f"{name}, {depth} deep: {reply}")
    print("ok   deep: the whole stack is taken ahead")


def names(bench):
    """A trap is told by the names of functions that the original has."""
    wasm = bench.assemble("names", TRAPS, "--debug-names")
    out, done = bench.snapshot(wasm)
    check(done.returncode == 0, done.stderr.decode())
    for name in (wasm, out):
        trap = bench.run("run", name, "--engine", "wasmtime", data=b"abcd").stderr.decode()
        check(re.search(r"1: handler\n +2: entry\n", trap), f"{name}: {trap}")
    print("ok   names: functions of a snapshot have those of the original")


def growing_reactor(bench):
    """A reactor whose _initialize grows its memory and leaves something there."""
    wasm = bench.assemble(
        "growing",
        """(module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (global $at (mut i32) (i32.const 0))
          (func (export "_initialize")
            (global.set $at (i32.shl (memory.grow (i32.const 3)) (i32.const 16)))
            (i32.store (i32.add (global.get $at) (i32.const 70000)) (i32.const 0x6f6c6548)))
          (func (export "handle") (result i32)
            (i32.store (i32.const 0) (i32.add (global.get $at) (i32.const 70000)))
            (i32.store (i32.const 4) (i32.const 4))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (i32.store (i32.add (global.get $at) (i32.const 70000)) (i32.const 0))
            (i32.const 0)))""",
    )
    out, done = bench.snapshot(wasm)
    check(done.returncode == 0, done.stderr.decode())
    for name in (wasm, out):
        reply = bench.run("run", name).stdout
        check(reply == b"Helo", f"{name}: {reply}")
    print("ok   growing: a reactor's memory is as _initialize left it")


# A component, in its lowered form, whose start functions fill 20 pages; run prints one of them.
COMPONENT = """(module
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))
  (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
  (import "wasi:http/types@0.2.0" "[constructor]request-options" (func $options (result i32)))
  (memory (export "memory") 2)
  (global $out (mut i32) (i32.const 0))
  (func $fill (local $at i32)
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (i32.store8 (i32.add (i32.const 1024) (local.get $at)) (i32.const 65))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 81920))))
    {start})
  (start $fill)
  (func (export "ferry:run") (result i32)
    (if (i32.eqz (global.get $out)) (then (global.set $out (call $stdout))))
    (call $write (global.get $out) (i32.const 80000) (i32.const 3) (i32.const 16))
    (i32.const 0)))"""


def components(bench):
    # Engines other than wasmtime have what WASI 0.2 offers behind one import.
    engines = ["wasmtime", *bench.engine[1:]]
    for start, engine in itertools.product(
            ("", "(global.set $out (call $stdout))"), engines):  # a handle that all events find
        wasm = bench.assemble("component", COMPONENT.format(start=start))
        out, done = bench.snapshot(wasm, engine=engine)
        check(done.returncode == 0, done.stderr.decode())
        for name in (wasm, out):
            reply = bench.run("run", name).stdout
            check(reply == b"AAA", f"{name}: {reply}")
    for name, start, words in (
            ("keeps-a-handle", "(drop (call $options))", "keeps a handle of type request-options"),
            ("writes", "(call $write (call $stdout) (i32.const 2000) (i32.const 1) (i32.const 16))",
             "its start-up wrote"),
            ("draws", "(i64.store (i32.const 80000) (call $random))", "randomness was drawn")):
        wasm = bench.assemble(name, COMPONENT.format(start=start))
        done = bench.snapshot(wasm, engine="wasmtime")[1]
        check(done.returncode == 1 and words in done.stderr.decode(), f"{name}: {done.stderr}")
    print("ok   component: its start functions are taken ahead, unless they keep what is WASI's")


def folders(bench):
    """Fault B6: what looks for its folders while it starts would not find those granted later."""
    wasm = bench.assemble(
        "looks-for-folders",
        """(module
          (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_prestat_get" (func $look (param i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (drop (call $look (i32.const 3) (i32.const 64)))
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))""",
    )
    grant = ["--dir", f"{bench.folder}::/d"]
    out, done = bench.snapshot(wasm)
    check(done.returncode == 0, done.stderr.decode())
    check(b"no folders" in done.stdout + done.stderr, "build does not say what is frozen")
    check(bench.run("run", out).returncode == 0, "the snapshot does not run without folders")
    check(bench.run("run", wasm, *grant).returncode == 0, "the original does not run")
    for words in (["run", out, *grant], ["build", wasm, "--snapshot", "-o", f"{out}.2", *grant]):
        done = bench.run(*words)
        check(done.returncode != 0, f"{words[0]} took folders")
        check(b"would not find" in done.stderr, f"the reason is missing: {done.stderr}")
    done = bench.run("check", out, *grant)
    check(done.returncode == 1 and b"would not find" in done.stdout, f"check: {done.stdout}")
    print("ok   looks-for-folders: runs without folders, and is refused with them")


def refusals(bench):
    for name, (text, words) in REFUSED.items():
        wasm = bench.assemble(name, text)
        out, done = bench.snapshot(wasm, "--timeout", "1s")
        said = done.stderr.decode()
        check(done.returncode == 1, f"{name}: exit {done.returncode}: {said}")
        check(words in said, f"{name}: the reason is missing: {said}")
        check(not out.exists(), f"{name}: refused, and written all the same")
        print(f"ok   {name}: {said.splitlines()[0]}")
    if bench.has("wasmi"):
        out, done = bench.snapshot(bench.assemble("on-wasmi", DEEP.format(depth=1)), engine="wasmi")
        said = done.stderr.decode()
        check(done.returncode == 1 and "wasmi gives no backtraces" in said, f"wasmi: {said}")
        check(not out.exists(), "wasmi: refused, and written all the same")
        print(f"ok   wasmi: {said.splitlines()[0]}")


def differing(bench, functions):
    """A function whose reply depends on an attribute in the environment must be refused."""
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


def awkward(bench, guests):
    wasm = guests / "awkward.wasm"
    out, done = bench.snapshot(wasm, "--accept-frozen", "hash-key")
    check(done.returncode == 0, done.stderr.decode())
    for name in (wasm, out):
        reply = bench.run("run", name, data=b"abcdef").stdout
        check(reply == b"abc" + b"." * 20 + b" def 10100\n", f"{name}: {reply}")
    print("ok   awkward: goroutines at work and a deep stack go on after the rewind")


# What a Go program froze, the option that accepts it, and the words of the refusal without.
FROZEN = {
    "draws": "math_rand.Int63",
    "crypto": "randomness was drawn before the first read",
    "clock": "depends on randomness or the time",
}


def frozen(bench, guests, long):
    if long:
        out, done = bench.snapshot(guests / "fresh.wasm")
        said = done.stderr.decode()
        check(done.returncode == 1 and "--accept-frozen hash-key" in said, f"fresh: {said}")
    for name, words in FROZEN.items() if long else [("draws", FROZEN["draws"])]:
        out, done = bench.snapshot(guests / f"{name}.wasm", "--accept-frozen", "hash-key")
        said = done.stderr.decode()
        check(done.returncode == 1 and words in said, f"{name}: {said}")
        check(not out.exists(), f"{name}: refused, and written all the same")
        print(f"ok   {name}: {said.splitlines()[0]}")


def served(command, events):
    """The replies of one server: its first event gets a new instance, later ones a kept one."""
    with tempfile.TemporaryDirectory() as folder:
        log = open(pathlib.Path(folder) / "log", "w+b")
        server = subprocess.Popen([*command, "--listen", "127.0.0.1:0", "--workers", "1"],
                                  stdout=log, stderr=log)
        try:
            port, patience = None, time.monotonic() + 60
            while port is None and time.monotonic() < patience:
                log.seek(0)
                port = re.search(rb"127\.0\.0\.1:(\d+)", log.read())
                time.sleep(0.05)
            check(port is not None, f"{command}: the server does not listen")
            address = f"http://127.0.0.1:{port[1].decode()}/"
            return [urllib.request.urlopen(address, b"x", 60).read().decode()
                    for _ in range(events)]
        finally:
            server.terminate()
            server.wait(60)


def fresh(bench, guests, long):
    for name in ("fresh", "fresh-reactor") if long else ("fresh",):
        out, done = bench.snapshot(guests / f"{name}.wasm", "--accept-frozen", "hash-key")
        check(done.returncode == 0, f"{name}: {done.stderr.decode()}")
        replies = [bench.run("run", out, data=b"x").stdout.decode() for _ in range(2)]
        replies += served([bench.ferry, "serve", out], 6)
        all_differ(name, replies)


def all_differ(name, replies):
    seen = {}
    for reply in replies:
        lines = reply.splitlines()
        check(len(lines) == 6, f"{name}: {reply}")
        for line in lines:
            kind = line.split()[0]
            check(line not in seen.setdefault(kind, set()),
                  f"{name}: {kind} gave the same twice: {line}")
            seen[kind].add(line)
    print(f"ok   {name}: {', '.join(seen)} differ from event to event")


def packed(bench, functions, guests):
    """What `ferry pack` takes ahead by itself, and what not; run by ferry-host."""
    if not (bench.ferry.parent / "ferry-host").exists():
        print("skip packed: ferry-host is not built")
        return
    def pack(wasm, out, *words):
        return subprocess.run([bench.ferry, "pack", wasm, "--for", "azure", "-o",
                               bench.folder / out, *words], capture_output=True, text=True,
                              check=True, env={**os.environ, "XDG_DATA_HOME": str(bench.folder)})

    done = pack(guests / "fresh.wasm", "fresh")
    digest = "sha256:" + hashlib.sha256((guests / "fresh.wasm").read_bytes()).hexdigest()
    check("fresh: packed as a snapshot" in done.stderr and digest in done.stderr, done.stderr)
    with zipfile.ZipFile(bench.folder / "fresh" / "function.zip") as package:
        package.extractall(bench.folder / "fresh")
    host = bench.folder / "fresh" / "ferry-host"
    host.chmod(0o755)
    all_differ("packed", served([host, "--platform", "http"], 6))
    done = pack(guests / "fresh.wasm", "plain", "--no-snapshot")
    check("snapshot" not in done.stderr, done.stderr)
    plain, fast = ((bench.folder / out / "function.zip").stat().st_size
                   for out in ("plain", "fresh"))
    check(plain != fast, "--no-snapshot made the same package")
    done = pack(guests / "environment.wasm", "environment")
    check("packed as it is" in done.stderr and "main.reply looks at it" in done.stderr,
          done.stderr)
    if (functions / "hello-c.wasm").exists():
        done = pack(functions / "hello-c.wasm", "c")
        check("it starts quickly as it is" in done.stderr, done.stderr)
    print("ok   packed: a snapshot where it is certain, and the reason where not")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build", type=pathlib.Path)
    parser.add_argument("--only", choices=["samples", "random"])
    parser.add_argument("--long", action="store_true", help="with what takes a minute more")
    options = parser.parse_args()
    build = options.build.resolve()
    functions = build / "functions"
    guests = functions / "snapshot"
    if not list(functions.glob("hello-*.wasm")) or not shutil.which("wat2wasm"):
        print("SKIP: no sample functions (make functions) or no wat2wasm (wabt)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(build, folder)
        try:
            probe = bench.snapshot(bench.assemble("probe", PIECES))[1].stderr.decode()
            if "wasm-opt of binaryen is needed" in probe:
                print("SKIP: no wasm-opt; the package binaryen has it")
                return 77
            if options.only != "random":
                pieces(bench)
                deep(bench)
                names(bench)
                growing_reactor(bench)
                components(bench)
                folders(bench)
                refusals(bench)
                differing(bench, functions)
                samples(bench, functions)
            if options.only != "samples" and not (guests / "fresh.wasm").exists():
                print("SKIP: the guests of tests/snapshot/guests are not built (make functions, with Go)")
                return 77
            if options.only != "samples":
                fresh(bench, guests, options.long)
                frozen(bench, guests, options.long)
                awkward(bench, guests)
                packed(bench, functions, guests)
        except Failure as failure:
            print(f"FAIL {failure}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
