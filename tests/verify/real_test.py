#!/usr/bin/env python3
"""`ferry verify --platform NAME=URL` against servers in processes of their own.

real_test.py --build DIR

`ferry serve` as http and as knative, and AWS's Runtime Interface Emulator with ferry as its runtime:
all have to be found the same as the host. And a plain HTTP server that is called Knative must be
found out. Exit status: 0 right, 1 wrong, 77 the function is not built. Without AWS's emulator (see
tests/lambda/run.py) that part is left out, and it is said.
"""
import argparse
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from ports import free_port

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE / "cases" / "hello.toml"
PATIENCE = 60


def find_rie():
    """AWS's emulator where tests/lambda/run.py keeps it, or nothing."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    return next(iter(sorted((cache / "ferry-tests").glob("*/aws-lambda-rie"))), None)


def start(words, port):
    # A group of its own: AWS's emulator starts ferry, which has to end with it.
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit(f"{words[0]} does not listen on {port}")


def verify(build, wasm, platform, port):
    done = subprocess.run(
        [build / "bin" / "ferry", "verify", wasm, CASES, "--engine", "wasmtime",
         "--platform", f"{platform}=http://127.0.0.1:{port}"],
        capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    build = ask.parse_args().build.resolve()
    ferry, wasm = build / "bin" / "ferry", build / "functions" / "hello-c.wasm"
    if not wasm.exists():
        print("skip: hello-c is not built")
        return 77
    plans = []  # what is driven, as which platform, the exit status
    for serves, driven_as, status in (("http", "http", 0), ("knative", "knative", 0),
                                      ("http", "knative", 1)):
        port = free_port()
        plans.append(([ferry, "serve", wasm, "--platform", serves, "--workers", "1", "--listen",
                       f"127.0.0.1:{port}"], port, driven_as, status))
    rie = find_rie()
    if rie is None:
        print("left out: AWS's Runtime Interface Emulator, which tests/lambda/run.py fetches")
    else:
        port = free_port()
        plans.append(([rie, "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
                       "--runtime-api-address", f"127.0.0.1:{free_port()}", ferry, "serve", wasm,
                       "--platform", "lambda"], port, "lambda", 0))
    wrong = 0
    for words, port, driven_as, status in plans:
        process = start(words, port)
        try:
            code, said = verify(build, wasm, driven_as, port)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        right = code == status
        wrong += not right
        print(f"{'ok' if right else 'WRONG'}: {words[0].name} driven as {driven_as}: "
              f"exit status {code}")
        if not right:
            print(said)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
