#!/usr/bin/env python3
"""Every sample function and every hostile guest on every engine that is built, with one outcome.

engines_same.py --build DIR [NAME...]        NAME: hello-go, hostile/sleep, …; all when left out

The first engine is the measure: status, reply, log lines, exit code and message must be its own on
all others. What an engine does not publish as a capability is skipped, and said so. Exit status: 0
the same everywhere, 1 a difference, 77 nothing to hold against each other.
"""

import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys

# What each is sent, and options beside. All others get the data and a long timeout.
ORDER = ('{"currency":"EUR","lines":[{"sku":"a","quantity":3,"price":"1.10"},'
         '{"sku":"b","quantity":1,"price":"0.333"}]}')
DATA = {"orders-go": ORDER}
SHORT = ["--timeout", "300ms"]
OPTIONS = {
    "hostile/endless-loop": SHORT,
    "hostile/endless-start": SHORT,
    "hostile/sleep": SHORT,
}
# What a guest needs an engine to publish.
NEEDS = {"hostile/deep-recursion": "stack_limit"}


def ferry(build, *words):
    done = subprocess.run([build / "bin" / "ferry", *words], capture_output=True, text=True,
                          timeout=300, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def engines(build):
    """Names with their capabilities, wasmtime first."""
    code, out, err = ferry(build, "engines", "--output", "json")
    if code != 0:
        raise SystemExit(f"ferry engines: {err}")
    found = []
    for each in json.loads(out):
        found.append((each["name"], each["capabilities"]))
        if each["name"] == "wasmer":
            found.append(("wasmer:singlepass", each["capabilities"]))
    return found


def outcome(build, name, engine):
    words = ["run", str(build / "functions" / (name + ".wasm")), DATA.get(name, '{"name":"Ada"}'),
             "--engine", engine, "--output", "json", *OPTIONS.get(name, ["--timeout", "60s"])]
    code, out, err = ferry(build, *words)
    if not out.strip():
        lines = [line for line in err.splitlines() if not line.startswith("ferry: compiling ")]
        return {"exit": code, "said": lines}
    got = json.loads(out)
    return {
        "exit": code,
        "status": got["status"],
        "reply": got["reply"],
        "log": [line["text"] for line in got["logs"]],
        "error": (got["error"] or {}).get("message"),
    }


def first_difference(one, other):
    for key in one:
        if one.get(key) != other.get(key):
            return f"{key}: {str(one.get(key))[:300]!r} against {str(other.get(key))[:300]!r}"
    return None


def check(build, name, names):
    """The lines to print for one function, and how many engines differ."""
    said, wrong = [], 0
    measure = outcome(build, name, names[0][0])
    for engine, can in names[1:]:
        need = NEEDS.get(name)
        if need and not can[need]:
            said.append(f"skip {name} on {engine}: it does not publish {need}")
            continue
        got = outcome(build, name, engine)
        if not can["exact_traps"] and measure.get("status") == "trapped" == got.get("status"):
            if got["error"] != measure["error"]:
                said.append(f"note {name} on {engine}: {got['error']!r} for {measure['error']!r}; "
                            "it does not publish exact_traps")
            got["error"] = measure["error"]
        difference = first_difference(measure, got)
        if difference:
            wrong += 1
            said.append(f"DIFFERS {name}: {names[0][0]} against {engine}: {difference}")
    said.append(f"ok {name}: {measure.get('status', measure.get('said'))}" if wrong == 0 else "")
    return said, wrong


def main():
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    ask.add_argument("names", nargs="*")
    given = ask.parse_args()
    functions = given.build / "functions"
    names = given.names or sorted(
        [f.stem for f in functions.glob("*.wasm")] +
        ["hostile/" + f.stem for f in (functions / "hostile").glob("*.wasm")])
    on = engines(given.build)
    if len(on) < 2 or not names:
        print(f"skip: {len(on)} engine(s) built and {len(names)} function(s)")
        return 77
    print("engines: " + ", ".join(name for name, _ in on))
    total = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for said, wrong in pool.map(lambda name: check(given.build, name, on), names):
            print("\n".join(line for line in said if line), flush=True)
            total += wrong
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
