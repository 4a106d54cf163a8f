#!/usr/bin/env python3
"""What no fuzz target reaches: the functions of a folder that none enters with its corpora, the
largest first. Where bytes of a guest, a client or a file go there, a target is missing.

    tools/fuzz_reach.py BUILD                      all of src/
    tools/fuzz_reach.py BUILD src/wasi src/wasi2   these alone
    tools/fuzz_reach.py BUILD --least 1            the smallest functions, too

BUILD was configured by the fuzz preset, and its targets are built (`make fuzz`). Inlined functions
count as what they are inlined into. Takes about a minute.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"
LINE = re.compile(r"COVERED_FUNC: hits: \d+ edges: (\d+)/(\d+) (.*) (\S+):\d+$")


def short(name):
    """A function without its namespaces' unnamed parts and arguments."""
    name = re.sub(r"\(anonymous namespace\)::|\[abi:cxx11\]|^ferry::", "", name)
    return name.split("(", 1)[0]


def reach(program):
    """(file, function) to (edges reached, edges), by one target."""
    name = program.name.removeprefix("fuzz_")
    folders = [folder for folder in (CORPUS / name, program.parent.parent / "corpus" / name)
               if folder.is_dir()]
    # Inputs as long as any target takes; -runs=0 reads them all once.
    done = subprocess.run([program, "-runs=0", "-max_len=98304", "-print_coverage=1", *folders],
                          capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        sys.exit(f"fuzz_reach: {name} failed on its own corpus:\n{done.stderr[-2000:]}")
    found = {}
    for line in done.stderr.splitlines():
        match = LINE.search(line)
        if match and (path := pathlib.Path(match[4])).is_relative_to(ROOT / "src"):
            found[str(path.relative_to(ROOT)), short(match[3])] = (int(match[1]), int(match[2]))
    return found


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folders", nargs="*", default=["src"])
    parser.add_argument("--least", type=int, default=10, help="edges of a function that is listed")
    args = parser.parse_args()
    programs = sorted((args.build.resolve() / "bin").glob("fuzz_*"))
    if not programs:
        sys.exit(f"fuzz_reach: no targets in {args.build}/bin: make fuzz")
    best = collections.defaultdict(lambda: (0, 0))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(reach, programs):
            for key, edges in found.items():
                best[key] = max(best[key], edges)
    missed = collections.defaultdict(list)
    for (path, function), (reached, edges) in best.items():
        inside = any(path == folder or path.startswith(folder.rstrip("/") + "/")
                     for folder in args.folders)
        if inside and reached == 0 and edges >= args.least:
            missed[path].append((edges, function))
    for path, functions in sorted(missed.items()):
        print(path)
        for edges, function in sorted(functions, reverse=True):
            print(f"  {edges:5} {function}")
    print(f"{len(programs)} targets; {sum(map(len, missed.values()))} functions of {len(missed)} "
          "files are not reached")


if __name__ == "__main__":
    main()
