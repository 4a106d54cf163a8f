#!/usr/bin/env python3
"""Sizes of the hello function by language and flags, and the memory of one event.

bench/sizes.py BUILD [--quick]      writes docs/data/sizes.json; --quick leaves wasm-opt out for Go

Each variant is compiled from functions/ in an empty folder, has to answer an event rightly, and is
then stripped (wasm-strip) and shrunk (wasm-opt -Oz) as well.
"""
import argparse
import datetime
import gzip
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUNCTIONS = ROOT / "functions"
DATA = '{"name":"Ada"}'
REPLY = '{"message":"Hello, Ada!"}'
sys.path.insert(0, str(ROOT / "tests" / "docs"))
from run_blocks import rust  # noqa: E402  (the one place that knows where a rustc for WASI is)


def tools(folder):
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    path = [folder, os.environ["PATH"], "/usr/local/go/bin",
            cache / "ferry-build" / "npm" / "node_modules" / ".bin"]
    return dict(os.environ, PATH=os.pathsep.join(map(str, path)), GOFLAGS="", GOWORK="off")


def variants(env, target):
    """(language, flags for people, command with OUT, folder)."""
    lld = shutil.which("wasm-ld-16", path=env["PATH"])
    clang = pathlib.Path(shutil.which("clang-16", path=env["PATH"])).resolve().parent.parent
    c = ["--target=wasm32-wasi", f"-fuse-ld={lld}"]
    c_files = [str(f) for f in sorted((FUNCTIONS / "hello-c").glob("*.c"))]
    cpp_files = [str(f) for f in sorted((FUNCTIONS / "hello-cpp").glob("*.cc"))]
    cpp = [*c, "-std=c++20", "-fno-exceptions", "-nostdinc++", "-isystem",
           f"{clang}/include/wasm32-wasi/c++/v1", f"-L{clang}/lib/wasm32-wasi"]
    go = ["go", "build", "-trimpath"]
    rs = ["rustc", "--edition", "2021", "--target", target, FUNCTIONS / "hello-rust" / "main.rs"]
    lean = ["-C", "opt-level=s", "-C", "lto", "-C", "panic=abort", "-C", "strip=debuginfo"]
    out = [
        ("Go", "none", [*go, "-o", "OUT", "."], FUNCTIONS / "hello-go"),
        ("Go", "-ldflags='-s -w'", [*go, "-ldflags=-s -w", "-o", "OUT", "."],
         FUNCTIONS / "hello-go"),
        ("C", "-O2", ["clang-16", *c, "-O2", *c_files, "-o", "OUT"], None),
        ("C", "-O2 -Wl,--strip-debug",
         ["clang-16", *c, "-O2", "-Wl,--strip-debug", *c_files, "-o", "OUT"], None),
        ("C", "-Os -Wl,--strip-all",
         ["clang-16", *c, "-Os", "-Wl,--strip-all", *c_files, "-o", "OUT"], None),
        ("C++", "-O2 -Wl,--strip-debug",
         ["clang++-16", *cpp, "-O2", "-Wl,--strip-debug", *cpp_files, "-o", "OUT"], None),
    ]
    if target:
        out += [("Rust", "-O", [*rs, "-O", "-o", "OUT"], None),
                ("Rust", "-C opt-level=s -C lto -C panic=abort -C strip=debuginfo",
                 [*rs, *lean, "-o", "OUT"], None)]
    return out


def kib(size):
    return f"{size / 1024:,.1f}"


def event(ferry, wasm):
    done = subprocess.run([ferry, "run", wasm, DATA, "--output", "json", "--engine", "wasmtime",
                           "--quiet"], capture_output=True, text=True, check=True,
                          stdin=subprocess.DEVNULL)
    outcome = json.loads(done.stdout)
    if json.dumps(outcome["reply"]["data"], separators=(",", ":")) != json.dumps(
            json.loads(REPLY), separators=(",", ":")):
        raise SystemExit(f"{wasm}: answers {outcome['reply']}")
    return outcome["usage"]["memory_bytes"]


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("build", type=pathlib.Path)
    ask.add_argument("--quick", action="store_true")
    given = ask.parse_args()
    ferry = given.build.resolve() / "bin" / "ferry"
    rows, raw = [], []
    with tempfile.TemporaryDirectory(prefix="ferry-sizes-") as name:
        folder = pathlib.Path(name)
        env = tools(folder)
        target = rust(folder)
        for number, (language, flags, command, where) in enumerate(variants(env, target)):
            wasm = folder / f"{number}.wasm"
            words = [str(wasm) if word == "OUT" else str(word) for word in command]
            extra = {"GOOS": "wasip1", "GOARCH": "wasm"} if language == "Go" else {}
            subprocess.run(words, cwd=where or folder, env={**env, **extra}, check=True)
            memory = event(ferry, wasm)
            plain = wasm.stat().st_size
            packed = len(gzip.compress(wasm.read_bytes(), 9, mtime=0))
            stripped = folder / f"{number}-stripped.wasm"
            shutil.copy(wasm, stripped)
            subprocess.run(["wasm-strip", stripped], env=env, check=True)
            shrunk = None
            if shutil.which("wasm-opt", path=env["PATH"]) and not (given.quick and
                                                                   language == "Go"):
                small = folder / f"{number}-small.wasm"
                subprocess.run(["wasm-opt", "-Oz", "--enable-bulk-memory",
                                "--enable-nontrapping-float-to-int", "--enable-sign-ext",
                                "--enable-mutable-globals", stripped, "-o", small],
                               env=env, check=True)
                event(ferry, small)
                shrunk = small.stat().st_size
            raw.append({"language": language, "flags": flags, "bytes": plain, "gzip": packed,
                        "stripped": stripped.stat().st_size, "shrunk": shrunk, "memory": memory})
            rows.append([language, f"`{flags}`", kib(plain), kib(packed),
                         kib(stripped.stat().st_size), kib(shrunk) if shrunk else "not run",
                         kib(memory)])
    data = {
        "command": "bench/sizes.py build" + (" --quick" if given.quick else ""),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "date": datetime.date.today().isoformat(),
        "tables": {"sizes": {
            "columns": ["language", "flags", "KiB", "gzip", "after wasm-strip",
                        "and wasm-opt -Oz", "memory"],
            "rows": rows}},
        "raw": raw,
    }
    out = ROOT / "docs" / "data" / "sizes.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(data, indent=1) + "\n")
    print(f"wrote {out.relative_to(ROOT)}")


main()
