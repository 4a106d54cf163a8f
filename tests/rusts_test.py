#!/usr/bin/env python3
"""The Rust samples, compiled by each Rust for WASI that is installed here, on every engine.

rusts_test.py --build DIR

Debian's Rust and rustup's differ in what they write: since 1.82 the number of a table takes five
bytes, and features are marked that the program does not use; the text of a panic has changed as
well. Exit status: 0 all alike, 1 a difference, 77 no Rust with a WASI target.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVENTS = [b"{}", b'{"name":"Ada"}', b"not json"]


def compilers():
    """(compiler, target) of each Rust that has a library for WASI preview 1."""
    found = {}
    for name in [os.environ.get("FERRY_WASM_RUSTC"), "rustc", "/usr/bin/rustc"]:
        compiler = name and shutil.which(name)
        if not compiler:
            continue
        root = subprocess.run([compiler, "--print", "sysroot"], capture_output=True, text=True)
        for target in ("wasm32-wasip1", "wasm32-wasi"):
            library = pathlib.Path(root.stdout.strip()) / "lib/rustlib" / target / "lib"
            if root.returncode == 0 and list(library.glob("libstd-*.rlib")):
                found.setdefault(root.stdout.strip(), (compiler, target))
                break
    return list(found.values())


def compile_sample(compiler, target, linker, source, out):
    subprocess.run([compiler, "--edition", "2021", "--target", target, "-C", "opt-level=s",
                    "-C", "lto", "-C", "panic=abort", "-C", "strip=debuginfo",
                    "-C", f"linker={linker}", source, "-o", out], check=True)


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    build = ask.parse_args().build.resolve()
    ferry = build / "bin" / "ferry"
    linker = shutil.which("wasm-ld-16")
    rusts = compilers() if linker else []
    if not rusts:
        print("skipped: no Rust with a library for WASI (or no wasm-ld-16) is installed here")
        return 77
    engines = [each["name"] for each in
               json.loads(subprocess.run([ferry, "engines", "--output", "json"],
                                         capture_output=True, check=True).stdout)]
    wrong = 0

    def run(wasm, engine, data):
        done = subprocess.run([ferry, "run", wasm, "-", "--engine", engine, "--quiet"], input=data,
                              capture_output=True, timeout=300)
        return done.returncode, done.stdout, done.stderr

    def differ(what, wanted, got):
        nonlocal wrong
        wrong += 1
        print(f"{what}\n  expected {str(wanted)[:500]}\n  got      {str(got)[:500]}")

    reference = build / "functions" / "hello-c.wasm"
    wanted = [run(reference, "wasmtime", data)[:2] for data in EVENTS]
    with tempfile.TemporaryDirectory(prefix="ferry-rusts-") as folder:
        for number, (compiler, target) in enumerate(rusts):
            version = subprocess.run([compiler, "--version"], capture_output=True,
                                     text=True).stdout.strip()
            hello = pathlib.Path(folder) / f"hello-{number}.wasm"
            panic = pathlib.Path(folder) / f"panic-{number}.wasm"
            compile_sample(compiler, target, linker, ROOT / "functions/hello-rust/main.rs", hello)
            compile_sample(compiler, target, linker, ROOT / "functions/hostile/panic-rust.rs", panic)
            checked = subprocess.run([ferry, "check", hello], capture_output=True, text=True)
            if checked.returncode != 0 or "cannot run it" in checked.stdout:
                differ(f"{version}: ferry check", "runs everywhere", checked.stdout)
            for engine in engines:
                got = [run(hello, engine, data)[:2] for data in EVENTS]
                if got != wanted:
                    differ(f"{version} on {engine}: hello", wanted, got)
                status, _, log = run(panic, engine, b"x")
                if status != 1 or b"the function panicked" not in log:
                    differ(f"{version} on {engine}: panic", "1, the function panicked",
                           (status, log))
            print(f"{version}, {target}: on {', '.join(engines)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
