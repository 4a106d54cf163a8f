#!/usr/bin/env python3
"""`ferry verify` over every sample function and every hostile guest: no difference anywhere.

everywhere.py --build DIR [--cache DIR] [--all] [NAME...]     NAME: hello-go, hostile/sleep, ...

Every platform, on wasmtime; a few functions on every engine that is built. --all: each on each.
--cache: what is compiled is kept there instead of in the user's own cache.
Exit status: 0 the same everywhere, 1 a difference, 77 no function or no engine is built.
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CASES = HERE / "cases"
sys.path.insert(0, str(ROOT / "tests"))
from engines_same import engines, keep_in  # noqa: E402

SHORT = ["--timeout", "300ms"]

# What goes through each function; all others get the cases of any.toml.
GIVEN = {
    "orders-go": [ROOT / "functions" / "orders-go" / "events"],
    "hostile/obey": [CASES / "obey.toml"],
    "letters": [ROOT / "functions" / "letters" / "cases.toml"],
    "echo-go": [],                        # those that verify generates
    # Those that answer HTTP requests refuse with a status of their own.
    **{name: [ROOT / "tests" / "components" / "cases" / "hello.toml"] for name in
       ("hello-go-http", "hello-js", "hello-py", "hello-rust-async", "hello-rust-http")},
}
OPTIONS = {name: SHORT for name in
           ("hostile/endless-loop", "hostile/endless-start", "hostile/endless-component",
            "hostile/endless-task", "hostile/sleep")}
# What no engine takes: `ferry check` says why, and there is nothing to compare.
NOT_RUNNABLE = {"hostile/unknown-import", "hostile/unknown-wasi", "hostile/no-entry",
                "hostile/wrong-wasi-type", "hostile/memory-declared", "hostile/table-declared"}
# What a guest needs an engine to publish.
NEEDS = {"hostile/deep-recursion": "stack_limit"}
# On every engine even without --all: small, and one of each kind.
ON_ALL = {"hello-c", "letters", "hostile/obey", "hostile/unreachable", "hostile/exit-3"}


def verify(build, name, names):
    cases = GIVEN.get(name, [CASES / ("hello.toml" if name.startswith("hello-") else "any.toml")])
    words = [build / "bin" / "ferry", "verify", build / "functions" / (name + ".wasm"), *cases,
             *OPTIONS.get(name, ["--timeout", "60s"])]
    if name in ("echo-go", "letters"):
        words += ["--manifest", ROOT / "functions" / name / "ferry.toml"]
    for engine in names:
        words += ["--engine", engine]
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=1800)
    if done.returncode == 0:
        print(f"ok {name} on {', '.join(names)}", flush=True)
        return 0
    print(f"DIFFERS {name} on {', '.join(names)} (exit status {done.returncode})\n"
          f"{done.stdout}{done.stderr}", flush=True)
    return 1


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    ask.add_argument("--cache", type=pathlib.Path)
    ask.add_argument("--all", action="store_true")
    ask.add_argument("names", nargs="*")
    given = ask.parse_args()
    if given.cache:
        keep_in(given.cache)
    folder = given.build / "functions"
    names = given.names or sorted(
        [f.stem for f in folder.glob("*.wasm")] +
        ["hostile/" + f.stem for f in (folder / "hostile").glob("*.wasm")])
    names = [name for name in names if name not in NOT_RUNNABLE and not name.startswith("lambda-")]
    built = engines(given.build)
    if not names or not built:
        print(f"skip: {len(names)} function(s) and {len(built)} engine(s) are built")
        return 77
    jobs = []
    for name in names:
        able = [engine for engine, can in built if can.get(NEEDS.get(name, ""), True)]
        everywhere = given.all or name in ON_ALL or bool(given.names)
        jobs.append((name, able if everywhere else able[:1]))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = sum(pool.map(lambda job: verify(given.build, *job), jobs))
    print(f"{len(jobs)} functions, {wrong} with a difference")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
