#!/usr/bin/env python3
"""clang-tidy over source files, again only over those that have changed.

tidy.py BUILD FILE...

A file that was found clean is remembered in BUILD/tidy by the digest of all that clang-tidy would
read: the file after its #includes, comments and macros kept, the checks, and clang-tidy's version.
Files that BUILD/compile_commands.json does not know are left out: an engine need not be built.
"""
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

# The build is GCC's, and some of its warnings have names that clang does not know.
UNKNOWN = "-Wno-unknown-warning-option"


def digest(commands, salt):
    """Of a file as each of its commands compiles it; none if it cannot be preprocessed."""
    sum_ = hashlib.sha256(salt)
    for entry in commands:
        words = shlex.split(entry["command"])
        words = [word for word in words if not word.endswith("ccache")]
        words[0] = "clang++-16" if entry["file"].endswith(".cc") else "clang-16"
        at = words.index("-o")
        del words[at:at + 2]
        words.remove("-c")
        done = subprocess.run(words + ["-w", "-E", "-C", "-dD", UNKNOWN], cwd=entry["directory"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            return None
        sum_.update(" ".join(words).encode() + done.stdout)
    return sum_.hexdigest()


def check(build, file, commands, salt):
    """What clang-tidy says of `file`, if it complains."""
    known = digest(commands, salt)
    stamp = build / "tidy" / (known or "none")
    if known and stamp.exists():
        return None
    done = subprocess.run(["clang-tidy-16", "-p", build, "--quiet", f"--extra-arg={UNKNOWN}", file],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return f"{file}\n{done.stdout or done.stderr}"
    if known:
        stamp.touch()
    return None


def main():
    build = pathlib.Path(sys.argv[1])
    (build / "tidy").mkdir(exist_ok=True)
    commands = collections.defaultdict(list)
    for entry in json.loads((build / "compile_commands.json").read_text()):
        commands[entry["file"]].append(entry)
    salt = pathlib.Path(".clang-tidy").read_bytes()
    salt += subprocess.run(["clang-tidy-16", "--version"], stdout=subprocess.PIPE,
                           check=True).stdout
    files = [(name, os.path.abspath(name)) for name in sys.argv[2:]]
    found = 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        jobs = [pool.submit(check, build, name, commands[full], salt)
                for name, full in files if full in commands]
        for job in concurrent.futures.as_completed(jobs):
            if job.result():
                found += 1
                print(job.result(), flush=True)
    print(f"clang-tidy: {len(jobs)} files, {found} with something to mend")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
