#!/usr/bin/env python3
"""One plain-HTTP call and one PostgreSQL query per event: ferry against native Go, paired in one run.

    bench/network.py --build build [--events 200] [--engine wasmtime]

The same Go source (bench/network) is compiled for wasip1 and natively. ferry serves the one, the
other listens with net/http itself; both make new connections for each event. Requests go to each in
turn, one at a time, so that both meet the same machine. Prints the medians and their ratio.
"""

import argparse
import http.client
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/network"))
import services  # noqa: E402

PASSWORD = "s3cret-Word"


def ask(connection, body=b"{}"):
    start = time.perf_counter()
    connection.request("POST", "/", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {text}")
    return (time.perf_counter() - start) * 1e3


def serve(given, folder, *options):
    process = subprocess.Popen([given.build / "bin/ferry", "serve", folder, "--listen", "127.0.0.1:0",
                                "--workers", "1", "--allow", *options],
                               stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if found := re.search(r"serving .*http://127\.0\.0\.1:(\d+)", line):
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, int(found[1])
    raise RuntimeError("ferry serve did not start")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--engine", default="wasmtime")
    given = parser.parse_args()
    given.build = given.build.resolve()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        work.chmod(0o755)
        database = services.postgres(work)
        web = services.Web()
        environment = {"DATABASE_URL": f"postgres://me:{PASSWORD}@localhost:{database.port}/postgres",
                       "UPSTREAM": f"http://localhost:{web.port}/"}
        function = work / "f"
        function.mkdir()
        overlay = subprocess.run([given.build / "bin/ferry", "build", "--go-overlay"],
                                 check=True, capture_output=True, text=True).stdout.strip()
        source = ROOT / "bench/network"
        subprocess.run(["go", "build", "-overlay", overlay, "-o", function / "f.wasm", "."], check=True,
                       cwd=source, env={**os.environ, "GOOS": "wasip1", "GOARCH": "wasm"})
        subprocess.run(["go", "build", "-o", work / "native", "."], check=True, cwd=source)
        lines = ", ".join(f'{key} = "{value}"' for key, value in environment.items())
        (function / "ferry.toml").write_text(
            f'[function]\nname = "f"\nwasm = "f.wasm"\n[grant]\nenv = {{ {lines} }}\n'
            f'connect = ["localhost:{database.port}", "localhost:{web.port}"]\n')
        ours, our_port = serve(given, function, "--engine", given.engine)
        port = services.free_port()
        native = subprocess.Popen([work / "native"], env={**os.environ, **environment,
                                                          "LISTEN": f"127.0.0.1:{port}"})
        try:
            services.await_port(port, native, pathlib.Path(os.devnull))
            pair = [http.client.HTTPConnection("127.0.0.1", each) for each in (our_port, port)]
            times = ([], [])
            for number in range(given.events + 10):
                for which in ((0, 1) if number % 2 else (1, 0)):
                    took = ask(pair[which])
                    if number >= 10:
                        times[which].append(took)
        finally:
            for process in (ours, native):
                process.terminate()
                process.wait()
            database.end()
            web.end()
        medians = [statistics.median(each) for each in times]
        print(f"ferry ({given.engine}): {medians[0]:.1f} ms an event; native Go: {medians[1]:.1f} ms; "
              f"ratio {medians[0] / medians[1]:.2f}, over {given.events} events each")


if __name__ == "__main__":
    main()
