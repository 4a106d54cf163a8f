#!/usr/bin/env python3
"""Runs the fuzz targets, several at a time, each from its committed corpus.

    tools/fuzz.py BUILD [TARGET...]              each target for 60 seconds
    tools/fuzz.py BUILD --seconds 1200 --record  for 20 minutes; adds what ran to docs/data/fuzz.json
    tools/fuzz.py BUILD --record --up-to 1200    only what is missing there to 20 minutes, a minute each
    tools/fuzz.py BUILD --shard 0/6              every sixth target alone: one of several machines
    tools/fuzz.py BUILD --minimise               run nothing; take into tests/corpus what was found

BUILD was configured by the fuzz preset; `make fuzz` builds it and runs this. New inputs go to
BUILD/corpus. An input that crashes is written to BUILD/crash-TARGET-*: it belongs in
tests/corpus/TARGET, beside the fix. Ends with 1 where a target crashed, hung or could not run.
"""

import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"
DATA = ROOT / "docs" / "data" / "fuzz.json"
# Inputs as large as it takes to reach the target's bounds, where libFuzzer's own 4 KiB are less.
LONG = {"zip", "http_response", "event_http", "lambda_events"}
# What one target may take into tests/corpus by --minimise: as much as a reviewer can still look at.
MOST_KEPT = 16


def options(name):
    words = []
    if (CORPUS / f"{name}.dict").exists():
        words.append(f"-dict={CORPUS / name}.dict")  # what random bytes would not find
    if name in LONG:
        words.append("-max_len=98304")
    return words


def last(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def run(build, name, seconds):
    """Runs one target; what it did, and the end of its log where it failed."""
    kept = build / "corpus" / name
    kept.mkdir(parents=True, exist_ok=True)
    log = build / f"fuzz-{name}.log"
    with open(log, "w") as output:
        process = subprocess.Popen(
            [build / "bin" / f"fuzz_{name}", *options(name), f"-max_total_time={seconds}",
             "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
             f"-artifact_prefix={build}/crash-{name}-", kept, CORPUS / name],
            stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(errors="replace")
    return {"seconds": used.ru_utime + used.ru_stime,  # of CPU time: other work takes none of it
            "executions": last(r"number_of_executed_units: +(\d+)", text),
            "edges": last(r"\bcov: (\d+)", text),
            "failed": "\n".join(text.splitlines()[-40:]) if status != 0 else ""}


def record(name, did):
    """Adds one run to those of the target before it, and writes the table anew."""
    data = json.loads(DATA.read_text()) if DATA.exists() else {
        "command": "make fuzz FUZZ_RECORD=1",
        "since": time.strftime("%Y-%m-%d"), "targets": {}}
    before = data["targets"].get(name, {"seconds": 0, "executions": 0})
    data["targets"][name] = {"seconds": round(before["seconds"] + did["seconds"], 1),
                             "executions": before["executions"] + did["executions"],
                             "edges": did["edges"]}
    data["date"] = f"{data['since']} to {time.strftime('%Y-%m-%d')}"
    data["machine"] = f"{os.cpu_count()} cores, AddressSanitizer and UBSan, all runs added up"
    data["tables"] = {"targets": {
        "columns": ["target", "CPU minutes", "executions", "edges reached"],
        "rows": [[f"`{name}`", f"{each['seconds'] / 60:.1f}", f"{each['executions']:,}",
                  f"{each['edges']:,}"] for name, each in sorted(data["targets"].items())]}}
    DATA.write_text(json.dumps(data, indent=1) + "\n")


def minimise(build, name):
    """Takes into tests/corpus the fewest found inputs that reach what the committed ones do not."""
    found = build / "corpus" / name
    if not found.is_dir():
        return f"{name}: nothing was found"
    target = build / "bin" / f"fuzz_{name}"
    committed = {path.read_bytes() for path in (CORPUS / name).iterdir()}
    with tempfile.TemporaryDirectory(dir=build) as folder:
        # What lies in the first folder stays, and counts as reached.
        shutil.copytree(CORPUS / name, folder, dirs_exist_ok=True)
        subprocess.run([target, *options(name), "-set_cover_merge=1",
                        f"-artifact_prefix={build}/crash-{name}-", folder, found],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        new = [path for path in pathlib.Path(folder).iterdir()
               if path.read_bytes() not in committed]
        # Short ones say more to whoever reads them, and run faster.
        new.sort(key=lambda path: path.stat().st_size)
        for path in new[:MOST_KEPT]:
            (CORPUS / name / path.name[:12]).write_bytes(path.read_bytes())
    return f"{name}: {min(len(new), MOST_KEPT)} of {len(new)} new inputs"


def missing(name, up_to):
    """How many seconds of CPU time of this target the record lacks to `up_to`."""
    targets = json.loads(DATA.read_text())["targets"] if DATA.exists() else {}
    return max(0, up_to - targets.get(name, {"seconds": 0})["seconds"])


def wanted(build, args):
    there = sorted(path.name.removeprefix("fuzz_") for path in (build / "bin").glob("fuzz_*"))
    names = [name.removeprefix("fuzz_") for name in args.targets] or there
    if unknown := [name for name in names if name not in there]:
        sys.exit(f"fuzz: there is no {build}/bin/fuzz_{unknown[0]}; there are: {', '.join(there)}")
    return names[args.shard[0]::args.shard[1]]


def shard(text):
    """'I/N', as two numbers."""
    found = re.fullmatch(r"(\d+)/([1-9]\d*)", text)
    if found is None or int(found[1]) >= int(found[2]):
        raise argparse.ArgumentTypeError(f"'{text}' is not I/N with I below N, as in 0/6")
    return int(found[1]), int(found[2])


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--up-to", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--shard", type=shard, default=(0, 1))
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--minimise", action="store_true")
    args = parser.parse_intermixed_args()
    build = args.build.resolve()
    names = wanted(build, args)
    if not names:
        sys.exit("fuzz: no targets")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        if args.minimise:
            for line in pool.map(lambda name: minimise(build, name), names):
                print(f"fuzz: {line}", flush=True)
            return
        # libFuzzer counts whole seconds, and takes 0 for no bound.
        seconds = {name: args.seconds if args.up_to is None else
                   min(args.seconds, math.ceil(missing(name, args.up_to))) for name in names}
        names = [name for name in names if seconds[name] > 0]
        if not names:
            return print(f"fuzz: each target ran for {args.up_to} s")
        print(f"fuzz: {len(names)} targets, {args.jobs} at a time, {max(seconds.values())} s each "
              f"at most: about {max(1, sum(seconds.values()) // args.jobs // 60)} min", flush=True)
        ran = {}
        running = {pool.submit(run, build, name, seconds[name]): name for name in names}
        try:
            for done in concurrent.futures.as_completed(running):
                name, did = running[done], done.result()
                ran[name] = did
                print(f"fuzz: {name}: {did['executions']:,} executions, {did['edges']:,} edges",
                      flush=True)
                if did["failed"]:
                    left = any(build.glob(f"crash-{name}-*"))
                    print(f"{did['failed']}\nfuzz: {name} FAILED; "
                          + (f"its input is {build}/crash-{name}-*" if left else
                             f"it left no input: {build}/fuzz-{name}.log"),
                          file=sys.stderr, flush=True)
                if args.record:
                    record(name, did)
        except KeyboardInterrupt:  # the targets that run have it too, and end
            pool.shutdown(cancel_futures=True)
            sys.exit(f"fuzz: interrupted after {len(ran)} of {len(names)} targets")
    failed = [name for name, did in ran.items() if did["failed"]]
    if failed:
        sys.exit(f"fuzz: of {len(ran)} targets failed: {' '.join(sorted(failed))}")
    print(f"fuzz: {len(ran)} targets, no crash")


if __name__ == "__main__":
    main()
