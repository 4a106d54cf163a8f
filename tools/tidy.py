#!/usr/bin/env python3
"""clang-tidy over source files, again only over those that have changed.

tidy.py [--seconds N] BUILD FILE...

A file that was found clean is remembered in ~/.cache/ferry-build/tidy in two ways. By the digest of
all that clang-tidy would read: the file after its #includes, comments and macros kept, the checks,
and clang-tidy's version. And by the digests of the files that it includes, so that as long as none
of them changes it need not even be preprocessed: a run over the whole tree takes seconds then.
Neither holds where the tree lies, so that one clone knows what another one found.
Files that BUILD/compile_commands.json does not know are left out: an engine need not be built.
--seconds: no file is begun after that time; the last line says how many are left.
"""
import argparse
import collections
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = os.getcwd()
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
# The build is GCC's: some of its warnings have names that clang does not know, and so have options.
UNKNOWN = "-Wno-unknown-warning-option"
GCC_ALONE = ("-fno-gnu-unique",)


@functools.cache
def content(path):
    """Digest of a file; nothing if it is gone. Each is read once in a run."""
    try:
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    except OSError:
        return None


def placeless(text):
    """What names files of this tree, as it would in any other place."""
    return text.replace(ROOT.encode(), b".")


def preprocessor(entry):
    """A compile command as clang's, without what says where the result goes."""
    words = [word for word in shlex.split(entry["command"]) if not word.endswith("ccache")]
    words[0] = "clang++-16" if entry["file"].endswith(".cc") else "clang-16"
    for option in ("-o", "-MT", "-MF"):
        while option in words:
            at = words.index(option)
            del words[at:at + 2]
    return [word for word in words if word not in ("-c", "-MD", *GCC_ALONE)]


def read_dependencies(text):
    """The files in a rule as compilers write it for make."""
    words = text.replace("\\\n", " ").partition(":")[2]
    return [word.replace("\\ ", " ") for word in words.replace("\\ ", "\0").split()]


def preprocess(commands, salt):
    """Of a file as each of its commands compiles it: the digest of what comes out, and the digests
    of the files that went in. Nothing if it cannot be preprocessed."""
    sum_ = hashlib.sha256(salt)
    read = {}
    for entry in commands:
        words = preprocessor(entry)
        with tempfile.NamedTemporaryFile("r", suffix=".d") as rule:
            done = subprocess.run([*words, "-w", "-E", "-C", "-dD", UNKNOWN, "-MD", "-MF", rule.name],
                                  cwd=entry["directory"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
            if done.returncode != 0:
                return None, {}
            for name in read_dependencies(rule.read()):
                path = os.path.realpath(os.path.join(entry["directory"], name))
                read[os.path.relpath(path) if path.startswith(ROOT + "/") else path] = content(path)
        sum_.update(placeless(" ".join(words).encode() + done.stdout))
    return sum_.hexdigest(), read


def is_unchanged(note):
    """Whether all that a clean file included is as it was."""
    try:
        return all(content(os.path.join(ROOT, path)) == digest for path, digest in json.loads(note.read_text()).items())
    except (OSError, ValueError):
        return False


def check(cache, file, commands, salt, until):
    """What clang-tidy says of `file`, if it complains; whether there was no time to look."""
    how = json.dumps([[entry["directory"], preprocessor(entry)] for entry in commands])
    note = cache / (hashlib.sha256(salt + placeless(how.encode())).hexdigest() + ".json")
    if is_unchanged(note):
        return None, False
    if time.monotonic() > until:
        return None, True
    known, read = preprocess(commands, salt)
    stamp = cache / (known or "none")
    if not known or not stamp.exists():
        for entry in commands:
            options = [word for word in preprocessor(entry)[1:]
                       if os.path.join(entry["directory"], word) != entry["file"]]
            done = subprocess.run(["clang-tidy-16", "--quiet", file, "--", *options, UNKNOWN],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if done.returncode != 0:
                return f"{file}\n{done.stdout or done.stderr}", False
    if known:
        stamp.touch()
        note.write_text(json.dumps(read))
    return None, False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("files", nargs="*")
    given = parser.parse_args()
    until = time.monotonic() + given.seconds
    cache = CACHE / "ferry-build" / "tidy"
    cache.mkdir(parents=True, exist_ok=True)
    commands = collections.defaultdict(list)
    for entry in json.loads((given.build / "compile_commands.json").read_text()):
        commands[entry["file"]].append(entry)
    salt = pathlib.Path(".clang-tidy").read_bytes()
    salt += subprocess.run(["clang-tidy-16", "--version"], stdout=subprocess.PIPE,
                           check=True).stdout
    files = [(name, os.path.abspath(name)) for name in given.files]
    found = left = 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        jobs = [pool.submit(check, cache, name, commands[full], salt, until)
                for name, full in files if full in commands]
        for job in concurrent.futures.as_completed(jobs):
            complaint, is_left = job.result()
            left += is_left
            if complaint:
                found += 1
                print(complaint, flush=True)
    print(f"clang-tidy: {len(jobs) - left} files, {found} with something to mend"
          + (f"; {left} not looked at within {given.seconds:.0f} s" if left else ""))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
