#!/usr/bin/env python3
"""Runs generated modules on every engine that is built and holds what they did against each other.

compare.py --generator PROGRAM --run PROGRAM [--count N] [--seed S] [--figures FILE] ENGINE...

The first engine is the measure. Known differences are the tables below, each with its reason;
anything else is a failure, printed with the seed and the module's number, which make it again.
"""

import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

# One standard trap, two names: some engines have one code for both.
SAME = {
    "lucet": {
        # idiv faults alike for both, and Lucet names the fault after the instruction.
        "integer overflow": "integer divide by zero",
        # Its tables end at the last element that is set.
        "uninitialized element": "undefined element",
        # Past that end it may find a type first, which is another's.
        "indirect call type mismatch": "undefined element",
    },
}


LINE = re.compile(r"(\d+) (\S+) (.*)")
# Compilers that may end their process: ferry compiles in a child, where that is a refusal.
MAY_DIE = {"lucet": -signal.SIGABRT}


def outcomes(program, engine, file):
    lines, first = {}, 0
    while True:
        done = subprocess.run([program, engine, file, str(first)], capture_output=True, text=True)
        begun = None
        for line in done.stdout.splitlines():
            found = LINE.fullmatch(line)
            if found is None:
                continue  # the rest of a message that has several lines
            number, what, rest = found.groups()
            if what == "begun:":
                begun = int(number)
            else:
                lines[(int(number), what)] = rest
        if done.returncode == 0:
            return lines
        calls = [key for key in lines if key[0] == begun]
        if begun is None or calls or done.returncode != MAY_DIE.get(engine):
            raise SystemExit(f"{engine}: run_modules ended with {done.returncode} at module {begun}: "
                             f"{done.stderr.strip()[:2000]}")
        said = done.stderr.strip().splitlines()
        print(f"note: {engine} ended the process that compiled module {begun}: "
              f"{said[0] if said else ''}")
        lines[(begun, "refused:")] = "its compiler ended"
        first = begun + 1


def refused(lines, number):
    return (number, "refused:") in lines


def normal(text, engine):
    for one, other in SAME.get(engine, {}).items():
        text = text.replace("trapped: " + one, "trapped: " + other)
    return text


def compare(base_name, base, name, lines, seed, show):
    """Counts calls compared, modules refused by this engine alone, differences, and what the
    tables above allowed: traps under a neighbour's name, and calls that ran out of stack."""
    compared, skipped, wrong, renamed, deep = 0, 0, 0, 0, 0
    for number in sorted({key[0] for key in base} | {key[0] for key in lines}):
        if refused(base, number) or refused(lines, number):
            skipped += refused(base, number) != refused(lines, number)
            continue
        for key in [k for k in {**base, **lines} if k[0] == number]:
            a = normal(base.get(key, "nothing"), name)
            b = normal(lines.get(key, "nothing"), name)
            if "call stack exhausted" in a + b:
                deep += 1
                continue  # how deep a stack is, is each engine's own
            compared += 1
            renamed += a == b and base.get(key) != lines.get(key)
            if a != b:
                wrong += 1
                if wrong <= show:
                    print(f"seed {seed}, module {number}, {key[1]}\n  {base_name}: {a}\n  {name}: {b}")
    return compared, skipped, wrong, renamed, deep


def write_figures(given, rows):
    table = {"columns": [f"against {given.engines[0]}", "calls compared", "differ",
                         "alike except for a trap's name", "out of stack, not compared",
                         "modules that one of the two refused"], "rows": rows}
    made = {"command": f"make test-differential COUNT={given.count}",
            "machine": f"{given.count} generated modules, seed {given.seed}",
            "date": time.strftime("%Y-%m-%d", time.gmtime()), "tables": {"differential": table}}
    with open(given.figures, "w", encoding="utf-8") as out:
        out.write(json.dumps(made, indent=1, ensure_ascii=False) + "\n")


def main():
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--generator", required=True)
    ask.add_argument("--run", required=True)
    ask.add_argument("--count", type=int, default=int(os.environ.get("COUNT", "4000")))
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--figures", help="where the result goes as a table for the docs")
    ask.add_argument("engines", nargs="+")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory(prefix="ferry-differential-") as folder:
        file = os.path.join(folder, "modules")
        with open(file, "wb") as out:
            subprocess.run([given.generator, str(given.seed), str(given.count)], stdout=out, check=True)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = dict(zip(given.engines,
                             pool.map(lambda e: outcomes(given.run, e, file), given.engines)))
    base_name = given.engines[0]
    base, failed, rows = found[base_name], False, []
    for name in given.engines[1:]:
        compared, skipped, wrong, renamed, deep = compare(
            base_name, base, name, found[name], given.seed, 5)
        print(f"{name} against {base_name}: {compared} calls compared, {wrong} differ; "
              f"{renamed} are alike except for a trap's name, {deep} ran out of stack and were not "
              f"compared; {skipped} modules taken by one of the two only")
        rows.append([name, compared, wrong, renamed, deep, skipped])
        failed |= wrong > 0 or compared < given.count // 2
    if given.figures:
        write_figures(given, rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
