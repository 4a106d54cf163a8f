#!/usr/bin/env python3
"""Runs the commands of a page of the docs, so that they cannot rot.

run_blocks.py --build DIR PAGE...

Every fenced block that begins with ```sh and stands right under a line <!-- run --> is run, in the
order of the page, by one shell in an empty folder; each must end with exit status 0. What the page
takes for granted is put on the PATH: ferry, Go where its installer puts it, wasm-opt where
tools/setup.sh does, and a rustc that has a WASI target (with Debian's linker where it is Debian's).
Exit status: 0 all ran, 1 a command failed, 77 a tool is missing here.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^<!-- run -->\n```sh\n(.*?)^```$", re.S | re.M)
NEEDED = ("go", "clang-16", "wasm-ld-16", "wasm-opt", "wasm-strip", "wasm-objdump")


def rust(folder):
    """A rustc wrapper in `folder` and its WASI target, or nothing."""
    for rustc in ("rustc", "/usr/bin/rustc"):
        at = shutil.which(rustc)
        if not at:
            continue
        sysroot = subprocess.run([at, "--print", "sysroot"], capture_output=True,
                                 text=True).stdout.strip()
        for target in ("wasm32-wasip1", "wasm32-wasi"):
            if any(pathlib.Path(sysroot).glob(f"lib/rustlib/{target}/lib/libstd-*.rlib")):
                wrapper = folder / "rustc"
                linker = " -C linker=wasm-ld-16" if sysroot == "/usr" else ""
                wrapper.write_text(f'#!/bin/sh\nexec {at}{linker} "$@"\n')
                wrapper.chmod(0o755)
                return target
    return None


def run(page, build):
    blocks = BLOCK.findall(page.read_text())
    if not blocks:
        print(f"{page}: no block is marked with <!-- run -->")
        return 1
    with tempfile.TemporaryDirectory(prefix="ferry-docs-") as name:
        folder = pathlib.Path(name)
        tools = folder / "tools"
        tools.mkdir()
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
        path = [tools, build / "bin", os.environ["PATH"], "/usr/local/go/bin",
                cache / "ferry-build" / "npm" / "node_modules" / ".bin"]
        env = dict(os.environ, PATH=os.pathsep.join(map(str, path)), GOFLAGS="", GOWORK="off")
        env["RUST_TARGET"] = rust(tools) or ""
        missing = [tool for tool in NEEDED if not shutil.which(tool, path=env["PATH"])]
        if not env["RUST_TARGET"]:
            missing.append("a rustc with a WASI target")
        # It is static, and so left out of the sanitizers' builds.
        if any("ferry pack" in block for block in blocks) and not (build / "bin/ferry-host").exists():
            missing.append("ferry-host in this build")
        if missing:
            print(f"skip {page.name}: no {', '.join(missing)}")
            return 77
        work = folder / "work"
        work.mkdir()
        script = "set -eu\n" + "\n".join(
            f"echo '== block {number}'\n{block}" for number, block in enumerate(blocks, 1))
        done = subprocess.run(["bash", "-c", script], cwd=work, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        print(f"{page.name}: {len(blocks)} blocks, exit status {done.returncode}")
        if done.returncode != 0:
            print(done.stdout)
        return 1 if done.returncode else 0


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    ask.add_argument("pages", nargs="+", type=pathlib.Path)
    given = ask.parse_args()
    codes = [run(page, given.build.resolve()) for page in given.pages]
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
