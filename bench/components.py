#!/usr/bin/env python3
"""Components, served by ferry and by wasmtime's own server: bench/components.py BUILD [--rounds N]
And on each engine that binds them, in one process: bench/components.py BUILD --engines

The same component and the same request, `{"name":"Ada"}`. Both servers are pinned to one core and wrk
to another; in each round one is loaded after the other, so that both meet the same machine. What a
request cost is the CPU time of the server's processes, which other work on the machine changes less
than requests a second. Memory is what is resident, what processes share divided among them. In the rows
called warmed, ferry serves a snapshot after this request (--warm). First answer: from the start of the
process, with the compiled component in the cache. Medians over the rounds. Writes docs/data/components.json.

Needs `tools/setup.sh components bench` and `make functions-components`; a component that is not built
is left out and named.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import compare
import servers

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
CONNECTIONS = 64
COMPONENTS = {"Rust": "hello-rust-http", "Go": "hello-go-http", "JavaScript": "hello-js", "Python": "hello-py"}


def find_wasmtime():
    if named := os.environ.get("FERRY_WASMTIME"):
        return pathlib.Path(named)
    found = sorted((CACHE / "ferry-build/components/python/lib").glob(
        "python3*/site-packages/wasmtime_cli/wasmtime"))
    return found[0] if found else sys.exit("bench: no wasmtime: tools/setup.sh components")


def commands(build, component, wasmtime):
    return {"ferry": [build / "bin/ferry", "serve", component, "--listen", "127.0.0.1:PORT",
                      "--workers", "1"],
            "wasmtime": [wasmtime, "serve", "-Scli", "-Ccache", "--addr", "127.0.0.1:PORT",
                         component]}


def warmed(line, event, patience=300):
    """ferry with a snapshot after one event; None where it makes none."""
    admin = servers.free_port()
    server = servers.Server("ferry", [*line, "--warm", event, "--admin", f"127.0.0.1:{admin}"],
                            core=servers.SERVER_CORE, patience=900)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        metrics = servers.ask(admin, "/metrics", None).decode()
        if re.search(r"^ferry_function_snapshot\{.*\} 1$", metrics, re.M):
            return server
        time.sleep(0.5)
    server.stop()
    return None


def prepare(build, component, lines, event, warm):
    """Compiled by each once, so that the code is in its cache. A server of ferry with a snapshot, if wanted."""
    subprocess.run([build / "bin/ferry", "run", component, f"@{event}", "--engine", "wasmtime"],
                   check=True, capture_output=True)
    servers.Server("wasmtime", lines["wasmtime"], patience=900).stop()
    return warmed(lines["ferry"], event) if warm else None


def settle(server, patience=120):
    """Until a server has made its snapshot, or found that it makes none: its processes are then two."""
    end = time.monotonic() + patience
    alone = 0
    while alone < 3 and time.monotonic() < end:
        time.sleep(1)
        alone = alone + 1 if len(servers.family(server.process.pid)) <= 2 else 0


def measure(lines, warm, rounds, seconds):
    starts = {name: [] for name in lines}
    for _ in range(rounds):
        for name, line in lines.items():
            began = time.monotonic()
            server = servers.Server(name, line, core=servers.SERVER_CORE, patience=900)
            starts[name].append((time.monotonic() - began) * 1e3)
            server.stop()
    running = {name: servers.Server(name, line, core=servers.SERVER_CORE, patience=900)
               for name, line in lines.items()}
    settle(running["ferry"])
    if warm:
        running["warmed"] = warm
    seen = {name: [] for name in running}
    for server in running.values():
        server.load(seconds, CONNECTIONS)
    for _ in range(rounds):
        for name, server in running.items():
            seen[name].append(server.load(seconds, CONNECTIONS))
    for server in running.values():
        server.stop()
    return {name: {**{key: statistics.median(each[key] for each in seen[name])
                      for key in ("per_second", "cpu_us", "pss")},
                   **({"start_ms": statistics.median(starts[name])} if name in starts else {})}
            for name in running}


ENGINES = ["wasmtime", "wasmer", "wasmer:singlepass", "wasmi"]
METRICS = {"compile_us": "compile, CPU time", "event_new_us": "event, new instance",
           "event_kept_us": "event, kept instance"}


def engine_table(reports):
    """wasmtime's own figure, and for the others how many times as much they take."""
    rows = []
    for report in reports:
        tables = compare.Tables(report)
        for name in tables.functions:
            for metric, title in METRICS.items():
                own = tables.median(name, "wasmtime", metric)
                rows.append([f"{name}: {title}", compare.shown(metric, own) if own else "–",
                             *[tables.over(name, engine, metric, "wasmtime") for engine in ENGINES[1:]]])
    machine = reports[0]["machine"]
    return {"columns": ["", "wasmtime", *[f"{each}, times" for each in ENGINES[1:]]], "rows": rows,
            "machine": f"{machine['cores']} cores, {machine['cpu']}, {machine['kernel']}, "
                       f"load {machine['load_before']:.1f}",
            "command": "bench/components.py build --engines",
            "date": reports[0]["time"][:10]}


def compare_engines(build, named):
    """Each function in a run of its own; `named`: what such runs printed."""
    if named:
        return [json.loads(path.read_text()) for path in named]
    reports = []
    for name in COMPONENTS.values():
        if (component := build / "functions" / f"{name}.wasm").exists():
            words = [word for engine in ENGINES for word in ("--engine", engine)]
            done = subprocess.run([build / "bin/ferry", "compare", component, *words, "--data",
                                   servers.DATA, "--compiles", "1", "--processes", "3", "--output",
                                   "json"], stdout=subprocess.PIPE, check=True)
            reports.append(json.loads(done.stdout))
    return reports


def row(language, ours, theirs):
    def pair(key, form, scale=1.0):
        return f"{ours[key] / scale:{form}} / {theirs[key] / scale:{form}}"

    return [language, pair("per_second", ",.0f"), f"{ours['per_second'] / theirs['per_second']:.1f}",
            pair("cpu_us", ",.0f"), f"{theirs['cpu_us'] / ours['cpu_us']:.1f}",
            pair("pss", ".0f", 1 << 20), pair("start_ms", ",.0f") if "start_ms" in ours else ""]


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("build", type=pathlib.Path)
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--seconds", type=int, default=3)
    ask.add_argument("--only", choices=COMPONENTS, help="this language; the rows of others stay")
    ask.add_argument("--plain", action="store_true",
                     help="without the rows called warmed: where there is none, that takes minutes to see")
    ask.add_argument("--engines", action="store_true", help="each engine, by ferry compare")
    ask.add_argument("--from", dest="named", type=pathlib.Path, action="append",
                     help="with --engines: what ferry compare --output json printed; measures nothing")
    given = ask.parse_args()
    figures = ROOT / "docs/data/components.json"
    data = json.loads(figures.read_text())
    if given.engines:
        data["tables"]["engines"] = engine_table(compare_engines(given.build.resolve(), given.named))
        figures.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
        return
    wasmtime = find_wasmtime()
    if not shutil.which("wrk"):
        sys.exit("bench: no wrk: tools/setup.sh bench")
    version = subprocess.run([wasmtime, "--version"], capture_output=True, text=True, check=True)
    kept = data["tables"]["serve"]["rows"] if given.only else []
    rows = []
    with tempfile.TemporaryDirectory(prefix="ferry-bench-") as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        event = pathlib.Path(cache) / "event.json"
        event.write_text(servers.DATA)
        for language, name in COMPONENTS.items():
            component = (given.build / "functions" / f"{name}.wasm").resolve()
            if given.only not in (None, language):
                rows += [each for each in kept if each[0].split(",")[0] == language]
            elif not component.exists():
                print(f"left out: {name} (make functions-components)", file=sys.stderr)
            else:
                lines = commands(given.build.resolve(), component, wasmtime)
                build = given.build.resolve()
                warm = prepare(build, component, lines, event, not given.plain)
                found = measure(lines, warm, given.rounds, given.seconds)
                rows.append(row(language, found["ferry"], found["wasmtime"]))
                if "warmed" in found:
                    rows.append(row(f"{language}, warmed", found["warmed"], found["wasmtime"]))
                for each in rows[-2:]:
                    print(" | ".join(each), flush=True)
    if not rows:
        sys.exit("bench: no component is built")
    columns = ["language; ferry / wasmtime serve", "requests a second", "ratio", "CPU µs a request", "ratio",
               "memory, MiB", "first answer, ms"]
    cores = len(os.sched_getaffinity(0))
    data = {"command": f"bench/components.py {given.build.name} --rounds {given.rounds} "
                       f"--seconds {given.seconds}",
            "machine": f"{cores} cores, Linux {platform.release()}, {version.stdout.split(' (')[0].strip()}",
            "date": datetime.date.today().isoformat(),
            "tables": {**data["tables"], "serve": {"columns": columns, "rows": rows}}}
    figures.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
