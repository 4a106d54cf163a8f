#!/usr/bin/env python3
"""Lambda's figures: bench/lambda.py BUILD [--rounds N] [--warm N]

Each candidate runs behind AWS's Runtime Interface Emulator, which tests/lambda/run.py --fetch
gets. A round starts every candidate once, in turn, so that all of them meet the same machine: the
time from its first invocation (the emulator starts the runtime then) to the answer, and the median
of warm invocations after it. Medians over the rounds, and ratios to ferry's layers with the Go
hello. Writes docs/data/lambda.json. Go, Python and Node.js handlers are left out, and named, where
they can't be had.
"""
import argparse
import datetime
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "ferry-tests"
RIE = CACHE / "aws-sam-cli==1.170.0/aws-lambda-rie"
RIC = "awslambdaric==4.2.2"
PAYLOAD = b'{"name":"Ada"}'
ANSWER = {"message": "Hello, Ada!"}


def run(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, **more)


class Candidate:
    def __init__(self, name, command, env=None, zipped=None, unzipped=None, trace=False):
        self.name, self.command, self.env = name, [str(word) for word in command], env or {}
        self.zipped, self.unzipped, self.trace = zipped, unzipped, trace
        self.first, self.warm, self.phases = [], [], []


def sizes(*archives):
    zipped = unzipped = 0
    for path in archives:
        zipped += path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            unzipped += sum(entry.file_size for entry in archive.infolist())
    return zipped, unzipped


def unpack(archive, folder):
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            path = folder / entry.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(opened.read(entry))
            path.chmod(entry.external_attr >> 16 & 0o777)


def ferry(build, folder, name, wasm, stem):
    out, opt = folder / stem / "out", folder / stem / "opt"
    run(build / "bin/ferry", "pack", wasm, "--for", "lambda", "--quiet", "--no-snapshot", "-o", out)
    layers = [out / "runtime-layer.zip", out / "function-layer.zip"]
    for layer in layers:
        unpack(layer, opt)
    return Candidate(name, [opt / "bootstrap"], {"LAMBDA_TASK_ROOT": str(folder / "none")},
                     *sizes(*layers), trace=True)


def zipped(folder, name, *files):
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in files:
            archive.write(file, file.name)
    return path


def candidates(build, folder, missing):
    functions = build / "functions"
    yield ferry(build, folder, "ferry, Go hello", functions / "hello-go.wasm", "go")
    snapshot = folder / "hello-snapshot.wasm"
    try:
        run(build / "bin/ferry", "build", functions / "hello-go.wasm", "--snapshot",
            "--accept-frozen", "hash-key", "-o", snapshot, capture_output=True)
        yield ferry(build, folder, "ferry, Go hello, `build --snapshot --accept-frozen hash-key`", snapshot, "snapshot")
    except subprocess.CalledProcessError as error:
        missing.append("a snapshot (" + error.stderr.decode().strip().splitlines()[0] + ")")
    yield ferry(build, folder, "ferry, C hello", functions / "hello-c.wasm", "c")
    if shutil.which("go"):
        native = folder / "native/bootstrap"
        run("go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", native,
            ".", cwd=ROOT / "bench/peers/lambda-go", env={**os.environ, "CGO_ENABLED": "0"})
        yield Candidate("Go, native `provided.al2023`", [native], {"_HANDLER": "hello"},
                        *sizes(zipped(folder, "native.zip", native)))
    else:
        missing.append("native Go (there is no go)")
    handlers = ROOT / "bench/peers/lambda"
    python = CACHE / RIC / "bin/python"
    if not python.exists():
        venv.create(CACHE / RIC, with_pip=True)
        run(CACHE / RIC / "bin/pip", "install", "--quiet", RIC)
    yield Candidate("Python, AWS's runtime client", [python, "-m", "awslambdaric", "hello.handle"],
                    {"PYTHONPATH": str(handlers)},
                    *sizes(zipped(folder, "py.zip", handlers / "hello.py")))
    if shutil.which("node"):
        yield Candidate("Node.js, on the Runtime API itself",
                        [shutil.which("node"), handlers / "hello.mjs"], {},
                        *sizes(zipped(folder, "js.zip", handlers / "hello.mjs")))
    else:
        missing.append("Node.js")


def invoke(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    start = time.perf_counter()
    connection.request("POST", "/2015-03-31/functions/function/invocations", PAYLOAD)
    body = connection.getresponse().read()
    took = time.perf_counter() - start
    connection.close()
    if json.loads(body) != ANSWER:
        raise RuntimeError(f"answered {body!r}")
    return took * 1e3


def measure(candidate, warm):
    port, api = free_port(), free_port()
    with tempfile.TemporaryFile() as log:
        env = {**os.environ, "AWS_LAMBDA_FUNCTION_TIMEOUT": "30", **candidate.env}
        if candidate.trace:
            env["FERRY_TRACE"] = "1"
        process = subprocess.Popen(
            [RIE, "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
             "--runtime-api-address", f"127.0.0.1:{api}", *candidate.command],
            env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            for _ in range(1000):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.01)
            candidate.first.append(invoke(port))
            candidate.warm.append(statistics.median(invoke(port) for _ in range(warm)))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.seek(0)
        for line in log.read().decode(errors="replace").splitlines():
            if line.startswith('{"init":'):
                candidate.phases.append(json.loads(line)["init"])


def tables(found):
    first, warm = (statistics.median(getattr(found[0], what)) for what in ("first", "warm"))
    speed, size, init = [], [], []
    for each in found:
        mine, mine_warm = statistics.median(each.first), statistics.median(each.warm)
        speed.append([each.name, f"{mine / first:.2f}", f"{mine:.1f} ms",
                      f"{mine_warm / warm:.2f}", f"{mine_warm:.2f} ms"])
        size.append([each.name, f"{each.zipped:,}", f"{each.unzipped:,}"])
        if each.phases:
            median = {key: statistics.median(phase[key] for phase in each.phases)
                      for key in each.phases[0]}
            total = sum(median.values())
            init.append([each.name, f"{total / 1e3:.1f} ms",
                         *(f"{median[key] / total:.0%}" for key in
                           ("bundle_us", "engine_us", "load_us"))])
    return {
        "latency": {"columns": ["what", "first answer, ratio", "first answer", "warm, ratio", "warm"],
                    "rows": speed},
        "sizes": {"columns": ["what is uploaded", "zipped, bytes", "unzipped, bytes"],
                  "rows": size},
        "init": {"columns": ["what", "ferry-host's own start", "read and check the bundle",
                             "make the engine", "load the function"], "rows": init},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--warm", type=int, default=200)
    options = parser.parse_args()
    if not RIE.exists():
        print("AWS's emulator is not here: tests/lambda/run.py --fetch")
        sys.exit(77)
    missing = []
    with tempfile.TemporaryDirectory() as folder:
        found = list(candidates(options.build.resolve(), pathlib.Path(folder), missing))
        for number in range(options.rounds):
            for each in found:
                measure(each, options.warm)
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    out = {"command": f"bench/lambda.py {options.build.name} --rounds {options.rounds} --warm {options.warm}",
           "machine": f"{os.cpu_count()} cores, Linux {os.uname().release.split('-')[0]}",
           "date": datetime.date.today().isoformat(), "missing": missing, "tables": tables(found),
           "raw": {each.name: {"first_ms": each.first, "warm_ms": each.warm,
                               "init": each.phases} for each in found}}
    path = ROOT / "docs/data/lambda.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(out, indent=1) + "\n")
    for key, each in out["tables"].items():
        print(key, *each["rows"], sep="\n  ")
    print("missing:", ", ".join(missing) or "nothing")


main()
