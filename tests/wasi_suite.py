#!/usr/bin/env python3
"""Runs the preview 1 tests of a checkout of WebAssembly/wasi-testsuite with `ferry run`.

    tests/wasi_suite.py SUITE [--ferry build/bin/ferry] [--only NAME] [--markdown]

SUITE holds the compiled tests: check out the branch prod/testsuite-base. The suite is copied to a
temporary folder first, since its tests write into their directories. Exit code 0 when all pass.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

LANGUAGES = {"c": "C", "rust": "Rust", "assemblyscript": "AssemblyScript"}


def find_tests(suite):
    """(language, wasm) of each compiled preview 1 test, in a stable order."""
    for folder, language in LANGUAGES.items():
        for wasm in sorted((suite / "tests" / folder).glob("testsuite/**/*.wasm")):
            if "wasm32-wasip1" in wasm.parts:
                yield language, wasm


def specification(wasm):
    """The test's JSON in the suite's older form, whichever of its two forms it has."""
    path = wasm.with_suffix(".json")
    spec = json.loads(path.read_text()) if path.exists() else {}
    for operation in spec.get("operations", []):
        kind = operation["type"]
        if kind == "run":
            spec.update({k: operation[k] for k in ("args", "env", "root") if k in operation})
        elif kind == "wait":
            spec["exit_code"] = operation.get("exit_code", 0)
        elif kind == "read":
            spec[operation.get("id", "stdout")] = operation.get("payload", "")
        else:
            raise SystemExit(f"{path}: an operation of type {kind!r}, which preview 1 tests lack")
    return spec


def guest_exit_code(outcome):
    """What the guest ended with, from the outcome that ferry printed."""
    if outcome["status"] == "ok":
        return 0
    return (outcome.get("error") or {}).get("exit_code", outcome["status"])


def reply_of(outcome):
    reply = outcome.get("reply") or {}
    data = reply.get("data", "")
    return data if isinstance(data, str) else json.dumps(data)


def run(ferry, wasm, manifest):
    """None when it passes, or what went wrong in one line."""
    for old in wasm.parent.rglob("*.cleanup"):
        shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    spec = specification(wasm)
    command = [ferry, "run", str(wasm), "--manifest", str(manifest), "--output", "json",
               "--timeout", "20s", "--quiet"]
    if spec.get("root"):
        command += ["--dir", f"{wasm.parent / spec['root']}::/"]
    for key, value in spec.get("env", {}).items():
        command += ["--env", f"{key}={value}"]
    for argument in spec.get("args", []):
        command += [f"--arg={argument}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=120)
    try:
        outcome = json.loads(done.stdout)
    except ValueError:
        return f"ferry exited with {done.returncode}: {done.stderr.strip()[:200]}"
    expected = spec.get("exit_code", 0)
    code = guest_exit_code(outcome)
    log = " / ".join(line["text"] for line in outcome.get("logs", []))
    if code != expected:
        error = (outcome.get("error") or {}).get("message", "")
        return f"exit {code}, expected {expected}: {error} {log}".strip()[:300]
    if "stdout" in spec and spec["stdout"] and outcome["status"] == "ok":
        if reply_of(outcome) != spec["stdout"]:
            return f"stdout {reply_of(outcome)!r}, expected {spec['stdout']!r}"
    if spec.get("stderr") and log != spec["stderr"].rstrip("\n").replace("\n", " / "):
        return f"stderr {log!r}, expected {spec['stderr']!r}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("--ferry", default="build/bin/ferry")
    parser.add_argument("--only", help="only tests whose name holds this")
    parser.add_argument("--markdown", action="store_true", help="print the table of docs/wasi.md")
    options = parser.parse_args()
    ferry = str(pathlib.Path(options.ferry).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / "suite"
        shutil.copytree(options.suite / "tests", copy / "tests", symlinks=True)
        tests = [t for t in find_tests(copy) if (options.only or "") in t[1].stem]
        if not tests:
            sys.exit(f"no compiled preview 1 tests in {options.suite}: check out its branch "
                     "prod/testsuite-base")
        # A test that counts its environment must meet none that the event put there (CE_*).
        manifest = pathlib.Path(scratch) / "ferry.toml"
        manifest.write_text('[function]\ninput = "cloudevent"\n')
        results = [(language, wasm.stem, run(ferry, wasm, manifest)) for language, wasm in tests]
    failed = [r for r in results if r[2] is not None]
    if options.markdown:
        for language in LANGUAGES.values():
            of = [r for r in results if r[0] == language]
            print(f"| {language} | {len(of)} | {sum(r[2] is None for r in of)} |")
    for language, name, problem in failed:
        print(f"FAILED {language} {name}: {problem}")
    print(f"{len(results) - len(failed)} of {len(results)} passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
