#!/usr/bin/env python3
"""Every sample function and every hostile guest on every engine that is built, with one outcome.

engines_same.py --build DIR [--cache DIR] [--warm] [--quick] [NAME...]
    NAME: hello-go, hostile/sleep, …; all when left out
    --cache: keep what is compiled there instead of in the user's own cache
    --warm: only compile what takes long, so that a run after it is quick
    --quick: of the functions from Go, hello-go alone on Lucet, which compiles each for 13 CPU seconds

The first engine is the measure: status, reply, log lines, exit code and message must be its own on
all others. What an engine does not publish as a capability is skipped, and said so. Exit status: 0
the same everywhere, 1 a difference, 77 nothing to hold against each other.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SAMPLES = pathlib.Path(__file__).resolve().parent.parent / "functions"
# What each is sent, and options beside. All others get the data and a long timeout.
DATA = {"orders-go": f"@{SAMPLES}/orders-go/events/good.json"}
SHORT = ["--timeout", "300ms"]
OPTIONS = {
    "echo-go": ["--timeout", "60s", "--manifest", str(SAMPLES / "echo-go" / "ferry.toml"),
                "--event", str(SAMPLES / "echo-go" / "event.json")],
    "letters": ["--timeout", "60s", "--manifest", str(SAMPLES / "letters" / "ferry.toml")],
    "hostile/endless-component": SHORT,
    "hostile/endless-loop": SHORT,
    "hostile/endless-start": SHORT,
    "hostile/endless-task": SHORT,
    "hostile/sleep": SHORT,
}
# What a guest needs an engine to publish.
NEEDS = {"hostile/deep-recursion": "stack_limit"}
# Whose backtrace must be the same, frame by frame, on engines that have any.
BACKTRACES = {"hostile/unnamed-frames"}


# An engine that needs a tool which is not here; anything else that it says is an outcome.
NO_TOOL = "wasm-opt of binaryen is needed"
# Its compiler takes five times as long as any other's for what Go made.
SLOW = "lucet"
# Lucet binds no imports of components.
NO_COMPONENTS = "the function uses component-imports"
# What ferry says of an engine's known faults, before the function's own log.
ADVISORY = re.compile(rb"^ferry: \w+: archived in .*\n", re.M)


def keep_in(cache):
    """Sends what ferry compiles to `cache`, and has it find binaryen where it did before."""
    home = os.environ.get("XDG_CACHE_HOME") or str(pathlib.Path.home() / ".cache")
    pinned = os.path.join(home, "ferry-build/npm/node_modules/.bin/wasm-opt")
    tool = (os.environ.get("FERRY_WASM_OPT") or (os.access(pinned, os.X_OK) and pinned)
            or shutil.which("wasm-opt") or pinned)
    if os.access(tool, os.X_OK):
        os.environ["FERRY_WASM_OPT"] = tool
    cache.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(cache.resolve())


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


def reply_of(got):
    """The reply, less what the clock put into an event."""
    reply = got["reply"]
    if reply and "event" in reply:
        reply["event"].pop("time", None)
    return reply


def as_bytes(build, name, words):
    """What a person would see: reply and log, byte for byte."""
    if name == "echo-go":
        return None  # its reply has a time of its own
    words = [word for word in words if word not in ("--output", "json")]
    done = subprocess.run([build / "bin" / "ferry", *words], capture_output=True, timeout=300,
                          stdin=subprocess.DEVNULL)
    return done.stdout, ADVISORY.sub(b"", done.stderr)


def outcome(build, name, engine):
    words = ["run", str(build / "functions" / (name + ".wasm")), "--engine", engine,
             "--output", "json", *OPTIONS.get(name, ["--timeout", "60s"])]
    if "--event" not in words:
        words.insert(2, DATA.get(name, '{"name":"Ada"}'))
    code, out, err = ferry(build, *words)
    if not out.strip():
        lines = [line for line in err.splitlines() if not line.startswith("ferry: compiling ")]
        return {"exit": code, "said": lines}
    got = json.loads(out)
    return {
        "bytes": as_bytes(build, name, words) if not name.startswith("hostile/") else None,
        "exit": code,
        "status": got["status"],
        "reply": reply_of(got),
        "log": [line["text"] for line in got["logs"]],
        "error": (got["error"] or {}).get("message"),
        "backtrace": (got["error"] or {}).get("backtrace") if name in BACKTRACES else None,
    }


def from_go(name):
    return name.endswith(("-go", "-reactor"))


def left_out(name, engine, quick):
    return quick and engine == SLOW and from_go(name) and name != "hello-go"


def first_difference(one, other):
    for key in one:
        if one.get(key) != other.get(key):
            return f"{key}: {str(one.get(key))[:300]!r} against {str(other.get(key))[:300]!r}"
    return None


def check(build, name, names, quick):
    """The lines to print for one function, and how many engines differ."""
    said, wrong = [], 0
    measure = outcome(build, name, names[0][0])
    if not name.startswith("hostile/") and measure.get("status") != "ok":
        said.append(f"WRONG {name} on {names[0][0]}: a sample must be answered, not {measure}")
        wrong += 1
    for engine, can in names[1:]:
        need = NEEDS.get(name)
        if need and not can[need]:
            said.append(f"skip {name} on {engine}: it does not publish {need}")
            continue
        if left_out(name, engine, quick):
            said.append(f"skip {name} on {engine}: --quick")
            continue
        got = outcome(build, name, engine)
        if any(NO_TOOL in line for line in got.get("said", [])):
            said.append(f"skip {name} on {engine}: wasm-opt (binaryen) is not here")
            continue
        if any(NO_COMPONENTS in line for line in got.get("said", [])):
            said.append(f"skip {name} on {engine}: it cannot bind what a component imports")
            continue
        if not can["exact_traps"] and measure.get("status") == "trapped" == got.get("status"):
            if got["error"] != measure["error"]:
                said.append(f"note {name} on {engine}: {got['error']!r} for {measure['error']!r}; "
                            "it does not publish exact_traps")
            got["error"] = measure["error"]
        if not can["backtraces"]:
            got["backtrace"] = measure.get("backtrace")
        difference = first_difference(measure, got)
        if difference:
            wrong += 1
            said.append(f"DIFFERS {name}: {names[0][0]} against {engine}: {difference}")
    said.append(f"ok {name}: {measure.get('status', measure.get('said'))}" if wrong == 0 else "")
    return said, wrong


def main():
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    ask.add_argument("--cache", type=pathlib.Path)
    ask.add_argument("--warm", action="store_true")
    ask.add_argument("--quick", action="store_true")
    ask.add_argument("names", nargs="*")
    given = ask.parse_args()
    if given.cache:
        keep_in(given.cache)
    functions = given.build / "functions"
    names = given.names or sorted(
        [f.stem for f in functions.glob("*.wasm")] +
        ["hostile/" + f.stem for f in (functions / "hostile").glob("*.wasm")])
    on = engines(given.build)
    if len(on) < 2 or not names:
        print(f"skip: {len(on)} engine(s) built and {len(names)} function(s)")
        return 77
    print("engines: " + ", ".join(name for name, _ in on))
    if given.warm:
        pairs = [(name, engine) for engine, _ in on for name in names
                 if from_go(name) and not left_out(name, engine, given.quick)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for _ in pool.map(lambda pair: outcome(given.build, *pair), pairs):
                pass
        return 0
    total = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for said, wrong in pool.map(lambda name: check(given.build, name, on, given.quick), names):
            print("\n".join(line for line in said if line), flush=True)
            total += wrong
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
