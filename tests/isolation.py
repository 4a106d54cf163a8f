#!/usr/bin/env python3
"""Isolation at length: every kind of guest that leaves marks, on each engine that keeps instances,
by both ways of finding pages; a canary in each event, and the whole state compared after each.

    tests/isolation.py BUILD [--events N] [--jobs N] [--warmed | --components] [--data NAME]

Runs the cases of tests/engine/kept_test.cc, tests/host/isolation_test.cc and
tests/builder/warmed_isolation_test.cc, each engine in a process of its own, and prints what ran.
--warmed: the last of them alone; --components: lowered components alone. --data NAME: puts the table
into docs/data/isolation.json as NAME (release, asan, tsan, warmed, components). Exits 1 if one event met what another had left.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENGINES = ("wasmtime", "wasmer")
WAYS = ("signal", "userfault")
# For a build of preset tsan, as in CMakePresets.json; no other reads it.
TSAN = ("halt_on_error=1:report_signal_unsafe=0:suppressions="
        + str(ROOT / "tests" / "sanitizers" / "tsan.supp"))
CASES = {
    "every_page": "writes a word on every page",
    "fill": "writes every byte",
    "copy": "copies half of the memory over the other",
    "random_pages": "writes to 40 random pages",
    "random_stores": "stores of every width at 80 random places",
    "same_pages": "writes to the same pages each time",
    "straddle": "one store across two pages",
    "by_the_host": "has a read and randomness written across pages",
    "by_every_call": "has every WASI call that writes do so",
    "float": "sets all of 32 globals to random bits",
    "trap": "writes, then traps",
    "trap_any": "writes, then traps in one of six ways",
    "grow_refused": "is refused more memory",
    "grow": "grows its memory (costs the instance)",
    "more_pages_than_listed": "writes to 2,560 pages (by signal: costs the instance)",
    "all_kinds_in_turn": "one of the above, drawn for each event",
    "two_threads": "two instances on two threads",
    "write_tables": "writes its tables (never kept)",
    "through_the_host": "all of it through the host, with exits, traps and deadlines",
    "component_rust": "a component in Rust answers, or refuses",
    "component_rust_03": "a component of WASI 0.3 in Rust",
    "component_c": "a component in C, run as a command",
    "component_go": "a component in Go",
    "component_javascript": "a component in JavaScript",
    "component_python": "a component in Python",
    "warmed_all_kinds": "warmed: marks each page, fails, exits, traps, grows",
    "warmed_go": "warmed: a Go reactor answers, or refuses",
    "warmed_rust": "warmed: a component in Rust",
    "warmed_rust_03": "warmed: a component of WASI 0.3 in Rust",
}
# Run where `make functions-components` made them.
OPTIONAL = ("component_", "warmed_rust")
PROGRAMS = {"test_engine": "Kept", "test_host": "Isolation", "test_builder": "WarmedIsolation"}


def has(build, program, engine):
    """Whether the engine was built."""
    listed = subprocess.run([build / "bin" / program, "--gtest_list_tests",
                             f"--gtest_filter=*/{engine}"], capture_output=True, text=True,
                            check=True)
    return f"/{engine}" in listed.stdout


def run(build, program, engine, events, report):
    """One engine's cases in one program; its progress goes to our stderr. The exit code."""
    out = subprocess.run(
        [build / "bin" / program, f"--gtest_filter=*{PROGRAMS[program]}.*/{engine}",
         "--gtest_brief=1"],
        env={"TSAN_OPTIONS": TSAN, **os.environ, "FERRY_ISOLATION_EVENTS": str(events),
             "FERRY_ISOLATION_REPORT": report},
        stdout=subprocess.PIPE, text=True, check=False)
    if out.returncode != 0 or " 0 tests ran" in out.stdout or "Running 0 tests" in out.stdout:
        print(f"{program}, {engine}: exit {out.returncode}\n{out.stdout}", file=sys.stderr)
        return out.returncode or 1
    return 0


def table(lines):
    found = {}
    for line in lines:
        found.setdefault(line["case"], {})[line["engine"], line["way"]] = line
    sides = [(engine, way) for engine in ENGINES for way in WAYS]

    def cell(each, side):
        if side in each:
            return f"{each[side]['seconds']:.0f} s"
        return "new instance" if (side[0], "new instance") in each else ""

    rows = []
    for case, words in CASES.items():
        each = found.get(case)
        if each:
            events = sorted({line["events"] for line in each.values()})
            rows.append([words, " to ".join(f"{count:,}" for count in {events[0], events[-1]}),
                         *(cell(each, side) for side in sides),
                         sum(line["fault"] for line in each.values())])
    rows.append(["all together", f"{sum(line['events'] for line in lines):,}", *[""] * len(sides),
                 sum(line["fault"] for line in lines)])
    return {"columns": ["what each event does", "events, for each engine and way",
                        *(f"{engine}, {way}" for engine, way in sides), "faults found"],
            "rows": rows}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = re.search(r"model name\s*: (.*)", file.read())
    return (f"{len(os.sched_getaffinity(0))} cores, {cpu.group(1) if cpu else platform.machine()}, "
            f"Linux {platform.release().split('-')[0]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--warmed", action="store_true", help="warmed first states alone")
    parser.add_argument("--components", action="store_true", help="lowered components alone")
    parser.add_argument("--data", metavar="NAME", help="the table's name in docs/data")
    options = parser.parse_args()
    programs = ["test_builder"] if options.warmed else list(PROGRAMS)
    if options.components:
        programs = ["test_host"]
        PROGRAMS["test_host"] = "ComponentIsolation"
    begun = time.monotonic()
    build = options.build.resolve()
    with tempfile.NamedTemporaryFile("r") as report, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run, build, program, engine, options.events, report.name)
                   for program in programs for engine in ENGINES
                   if has(build, program, engine)]
        failed = any([each.result() for each in running])
        lines = [json.loads(line) for line in report]
    if not lines:
        sys.exit("isolation: no case ran; is there an engine that keeps instances?")
    ran = {(line["case"], line["engine"]) for line in lines
           if line["way"] != "userfault"}  # which a kernel may not have
    for case in (case for case in CASES if not options.components
                 and (not options.warmed or case.startswith("warmed_"))):
        for engine in ENGINES:
            if (not case.startswith(OPTIONAL) and (case, engine) not in ran
                    and engine in {line["engine"] for line in lines}):
                print(f"isolation: {case} did not run on {engine}", file=sys.stderr)
                failed = True
    made = table(lines)
    print(" | ".join(made["columns"]))
    for row in made["rows"]:
        print(" | ".join(map(str, row)))
    print(f"isolation: {sum(line['events'] for line in lines):,} events in "
          f"{time.monotonic() - begun:.0f} s, {'FAILED' if failed else 'no fault'}")
    if options.data:
        path = ROOT / "docs" / "data" / "isolation.json"
        data = json.loads(path.read_text()) if path.exists() else {"tables": {}, "raw": {}}
        suffix = {"release": "test-isolation", "asan": "test-isolation PRESET=asan",
                  "tsan": "test-isolation PRESET=tsan",
                  "warmed": "test-isolation WARMED=1",
                  "components": "test-isolation COMPONENTS=1"}[options.data]
        of_run = {"command": f"make {suffix} EVENTS={options.events}", "machine": machine(),
                  "date": time.strftime("%Y-%m-%d", time.gmtime())}
        data.update(of_run)
        data["tables"][options.data] = {**made, **of_run}
        data["raw"][options.data] = lines
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
