#!/usr/bin/env python3
"""Which lines and branches of the code that reads hostile bytes the tests run.

    tools/coverage.py [--files] [--missed] [--no-run] [--tests NAME,...] BUILD-DIR
    tools/coverage.py --targets

BUILD-DIR was configured by the coverage preset; `make coverage` builds it and runs this. Each test
program of these modules runs once, and each fuzz target on its corpus; clang counts. A branch is one
outcome of a condition in the source: `a && b` has four. What the compiler adds for exceptions and
destructors is not counted, and neither are conditions that it can decide itself.

Ends with 1 where a folder that is judged is below the goal, or where a test fails.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOAL = (95, 90)  # percent of lines, of branches

# What must meet the goal, and under which name: what reads the bytes of clients, guests, platforms and
# manifests, and what holds the limits. docs/reliability.md says the same in words.
JUDGED = {
    "src/event": ["src/event/*"],
    "src/http": ["src/http/*"],
    "src/wasi": ["src/wasi/*"],
    "src/function": ["src/function/*"],
    "src/net: grants": ["src/net/grant.*", "src/net/address.*", "src/net/policy.*"],
    "src/package: zip": ["src/package/zip_read.cc", "src/package/zip_format.h"],
    "src/platforms: readers": [
        "src/platforms/cors.*", "src/platforms/http_calls.*", "src/platforms/json_view.*",
        "src/platforms/azure/events.*", "src/platforms/azure/message.*",
        "src/platforms/jsonl/line_source.*", "src/platforms/knative/google_events.*",
        "src/platforms/lambda/events.*", "src/platforms/lambda/http_events.*",
        "src/platforms/lambda/http_reply.*", "src/platforms/lambda/replies.*",
        "src/platforms/lambda/row*", "src/platforms/lambda/settings.*",
        "src/platforms/lambda/table.*", "src/platforms/openwhisk/code.*",
        "src/platforms/openwhisk/media_types.*", "src/platforms/openwhisk/message.*",
        "src/platforms/openwhisk/web.*"],
}
# What reads modules, components and files, which other suites run as well: shown alone.
SHOWN = {
    "src/wasm": ["src/wasm/*"],
    "src/component": ["src/component/*"],
    "src/capsule: reader": ["src/capsule/capsule_read.cc", "src/capsule/entry_read.cc",
                            "src/capsule/read_files.cc", "src/capsule/line.h"],
    "src/bundle: reader": ["src/bundle/bundle.*", "src/bundle/bundle_format.*",
                           "src/bundle/bundle_mark.*", "src/bundle/elf_code.*"],
}
TESTS = ["event", "http", "wasi", "function", "wasm", "component", "net", "package", "capsule",
         "bundle", "lambda", "openwhisk", "azure", "knative", "jsonl", "platforms", "wasi2", "snapshot",
         "serve", "emulators"]
CORPORA = ["event_json", "event_http", "http_reader", "http_server", "http_response", "wasi_calls",
           "file_tree", "manifest", "wasm_reader", "record", "prepare", "component_lower",
           "net_grant", "zip", "capsule", "bundle_open", "lambda_events", "lambda_reply",
           "lambda_settings", "openwhisk_message", "azure_message", "knative_google_events"]


def programs(names):
    """The name of each program, and its arguments."""
    wanted = {f"test_{name}": [] for name in TESTS}
    wanted |= {f"fuzz_{name}": [str(ROOT / "tests" / "corpus" / name)] for name in CORPORA}
    return {name: words for name, words in wanted.items()
            if names is None or name.split("_", 1)[1] in names}


def run(build, name, words):
    """What one program counted goes to its own folder. Whether it passed."""
    folder = build / "profiles" / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    # A file for each process, since some tests have children.
    env = {**os.environ, "LLVM_PROFILE_FILE": str(folder / "%p.profraw")}
    done = subprocess.run([build / "bin" / name, *words], capture_output=True, text=True,
                          check=False, env=env, cwd=build)
    if done.returncode != 0:
        print(done.stdout[-3000:] + done.stderr[-1000:], file=sys.stderr)
        print(f"coverage: {name} failed", file=sys.stderr)
    return done.returncode == 0


class File:
    def __init__(self):
        self.lines = {}  # of each line, how often it ran
        self.branches = collections.defaultdict(list)  # of each line, how often each was taken

    @property
    def figures(self):
        taken = [count for counts in self.branches.values() for count in counts]
        return (sum(count > 0 for count in self.lines.values()), len(self.lines),
                sum(count > 0 for count in taken), len(taken))

    def missed(self):
        """Lines that never ran; `12/3` is the third branch of a line that did."""
        found = []
        for number, count in sorted(self.lines.items()):
            if count == 0:
                found.append(str(number))
            else:
                found += [f"{number}/{i}" for i, taken in enumerate(self.branches[number], 1)
                          if taken == 0]
        return found


def collect(build, names):
    """All files of the tree that were compiled, by path."""
    profile = build / "coverage.profdata"
    raw = [str(path) for path in (build / "profiles").rglob("*.profraw") if path.stat().st_size > 0]
    listed = build / "profiles" / "list"
    listed.write_text("\n".join(raw))
    subprocess.run(["llvm-profdata-16", "merge", "-sparse", "-o", profile, "-f", listed], check=True)
    first, *others = [build / "bin" / name for name in names if (build / "bin" / name).exists()]
    out = subprocess.run(
        ["llvm-cov-16", "export", "-format=lcov", f"-instr-profile={profile}", first,
         *(word for other in others for word in ("-object", other))],
        capture_output=True, text=True, check=True).stdout
    files, file = {}, None
    for line in out.splitlines():
        key, _, rest = line.partition(":")
        if key == "SF":
            path = pathlib.Path(os.path.normpath(build / rest))
            file = File()
            if path.is_relative_to(ROOT):
                files[str(path.relative_to(ROOT))] = file
        elif key == "DA":
            number, count = rest.split(",")[:2]
            file.lines[int(number)] = int(count)
        elif key == "BRDA":
            number, _, _, taken = rest.split(",")
            file.branches[int(number)].append(0 if taken == "-" else int(taken))
    return files


def row(name, figures):
    """A line of the table, and whether the goal is met."""
    lines, all_lines, branches, all_branches = figures
    shares = [100 * part / whole if whole else 100
              for part, whole in ((lines, all_lines), (branches, all_branches))]
    good = all(share >= goal for share, goal in zip(shares, GOAL))
    return (f"| {name} | {all_lines:,} | {shares[0]:.1f} % | {all_branches:,} | {shares[1]:.1f} % |",
            good)


def report(files, options):
    """Whether each group that is judged meets the goal."""
    good = True
    print("| | lines | run | branches | taken |\n|---|---:|---:|---:|---:|")
    for group, patterns in {**JUDGED, **SHOWN}.items():
        inside = {path: file for path, file in files.items()
                  if any(pathlib.PurePath(path).match(pattern) for pattern in patterns)}
        total = [sum(figures) for figures in
                 zip(*(file.figures for file in inside.values()))] or [0, 0, 0, 0]
        name, _, what = group.partition(": ")
        text, met = row(f"`{name}`" + (f", {what}" if what else ""), total)
        met |= group in SHOWN
        good &= met
        print(text + ("" if met else " below the goal"))
        for path, file in sorted(inside.items()):
            if options.files:
                print(row(path, file.figures)[0])
            if options.missed and file.missed():
                print(f"    {path}: {', '.join(file.missed())}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, nargs="?")
    parser.add_argument("--targets", action="store_true", help="what is to be built")
    parser.add_argument("--no-run", action="store_true", help="report what was counted before")
    parser.add_argument("--tests", type=lambda text: text.split(","), metavar="NAME,...",
                        help="run these alone; what the others counted before stays")
    parser.add_argument("--files", action="store_true", help="a row for each file")
    parser.add_argument("--missed", action="store_true", help="lines and branches that never ran")
    options = parser.parse_args()
    if options.targets:
        print(*programs(None))
        return 0
    if options.build is None:
        parser.error("BUILD-DIR is required")
    build = options.build.resolve()
    good = True
    if not options.no_run:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            good = all(list(pool.map(lambda item: run(build, *item),
                                     programs(options.tests).items())))
    return 0 if report(collect(build, programs(None)), options) and good else 1


if __name__ == "__main__":
    sys.exit(main())
