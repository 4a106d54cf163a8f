#!/usr/bin/env python3
"""`make dist` twice gives the same bytes: the second time with other file times, another umask,
time zone and folder, and a base of the image that is made anew.

    tests/dist/same_test.py --build DIR [--arm64 DIR] [--root TAR] [--arm64-root TAR]

--root, --arm64-root: the image's base is this file both times, and not made anew. Exit status 1: a difference.
"""

import argparse
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def make(build, out, base, **environment):
    subprocess.run([ROOT / "tools/dist.py", build, out, *base], check=True,
                   env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.iterdir()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    for name in ("--arm64", "--root", "--arm64-root"):
        parser.add_argument(name)
    options = parser.parse_args()
    given = {"--arm64": options.arm64, "--root": options.root, "--arm64-root": options.arm64_root}
    base = [word for pair in given.items() if pair[1] for word in pair]
    with tempfile.TemporaryDirectory(dir=options.build) as folder:
        first = make(options.build, pathlib.Path(folder, "first"), base)
        for path in [*(options.build / "bin").rglob("*"), ROOT / "LICENSE"]:
            os.utime(path)
        os.umask(0o077)
        second = make(options.build, pathlib.Path(folder, "second"), base, TZ="Asia/Tokyo")
    different = [name for name in sorted(first | second) if first.get(name) != second.get(name)]
    for name in sorted(first):
        print(f"{'DIFFERENT' if name in different else 'the same'}  {name}")
    sys.exit(1 if different else 0)


main()
