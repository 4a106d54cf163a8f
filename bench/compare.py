#!/usr/bin/env python3
"""The figures of docs/engines.md, all from one run of `ferry compare`.

    bench/compare.py BUILD-DIR [--quick] [--from FILE]

Writes docs/data/compare.json, which is what `ferry compare --output json` printed, and from it the
tables of docs/data/engines.json; then fills the docs (bench/figures.py). --quick: a single process
for each figure: does it work at all. --from: measures nothing, makes the tables again.
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENGINES = ["wasmtime", "wasmer", "wasmer:singlepass", "lucet", "wasmi"]
HELLOS = ["hello-c", "hello-rust", "hello-go"]
WORKS = ["prime", "fib", "matrix", "sort"]
LANGUAGES = ["c", "rust", "go"]
# Primes in C over native, as published in 2019.
IN_2019 = {"wasmtime": 1.8, "wasmer": 1.2, "lucet": 1.2}
ROWS = [
    ("artifact_bytes", "compiled code"), ("rewrite_us", "prepare, rewrite"),
    ("compile_us", "compile"), ("open_us", "open the engine"), ("load_us", "load"),
    ("first_instantiate_us", "first instance"), ("first_run_us", "first run"),
    ("instantiate_us", "later instances"), ("run_us", "later runs"),
    ("event_new_us", "event, new instance"), ("event_kept_us", "event, kept instance"),
    ("events_1", "events a second, 1 thread"), ("events_n", "events a second, N threads"),
    ("memory_bytes", "memory an instance"),
]


def significant(value):
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def shown(name, value):
    if name.endswith("_us"):
        for scale, unit in ((1e6, "s"), (1e3, "ms")):
            if value >= scale:
                return f"{significant(value / scale)} {unit}"
        return f"{significant(value)} µs"
    if name.endswith("_bytes"):
        return (f"{significant(value / 1024)} KiB" if value < 1 << 20
                else f"{significant(value / (1 << 20))} MiB")
    return f"{value:,.0f}"


class Tables:
    def __init__(self, report):
        self.report = report
        self.functions = {each["name"]: each for each in report["functions"]}

    def engine(self, function, name):
        for each in self.functions[function]["engines"]:
            if each["engine"] == name:
                return each
        return None

    def spread(self, function, engine, metric):
        found = self.engine(function, engine)
        return found["metrics"].get(metric) if found and not found["error"] else None

    def median(self, function, engine, metric):
        found = self.spread(function, engine, metric)
        return found["median"] if found else None

    def over(self, function, engine, metric, base):
        value, unit = (self.median(function, each, metric) for each in (engine, base))
        return f"{significant(value / unit)}" if value and unit else "–"

    def phases(self, function):
        rows = []
        for metric, title in ROWS:
            cells = [self.spread(function, engine, metric) for engine in ENGINES]
            text = []
            for cell in cells:
                if cell is None:
                    text.append("–")
                    continue
                half = (cell["max"] - cell["min"]) / 2
                part = half / cell["median"] if cell["median"] else 0
                text.append(shown(metric, cell["median"]) + (f" ±{part:.0%}" if part >= 0.01 else ""))
            rows.append([title, *text])
        return {"columns": [function, *ENGINES], "rows": rows}

    def sizes(self):
        rows = [["plug-in", *[shown("_bytes", self.engine("hello-c", engine)["plugin_bytes"])
                              for engine in ENGINES]]]
        for name in HELLOS:
            size = shown("_bytes", self.functions[name]["size_bytes"])
            rows.append([f"code made of {name} ({size})",
                         *[shown("_bytes", self.median(name, engine, "artifact_bytes") or 0)
                           for engine in ENGINES]])
        return {"columns": ["", *ENGINES], "rows": rows}

    def over_wasmtime(self):
        rows = [[f"{name}: {title}",
                 *[self.over(name, engine, metric, "wasmtime") for engine in ENGINES]]
                for name in HELLOS
                for metric, title in (("instantiate_us", "instantiate"), ("run_us", "run"),
                                      ("compile_us", "compile"))]
        return {"columns": ["over wasmtime’s", *ENGINES], "rows": rows}

    def over_native(self):
        rows = []
        for work in WORKS:
            for language in LANGUAGES:
                name = f"{work}-{language}"
                native = self.median(name, "native", "run_us")
                rows.append([name, *[self.over(name, engine, "run_us", "native")
                                     for engine in ENGINES], shown("run_us", native or 0)])
        return {"columns": ["run, over native", *ENGINES, "native takes"], "rows": rows}

    def primes(self):
        rows = []
        for engine in ENGINES:
            then = IN_2019.get(engine)
            rows.append([engine, f"{then:.1f}" if then else "–",
                         *[self.over(f"prime-{language}", engine, "run_us", "native")
                           for language in LANGUAGES]])
        return {"columns": ["primes, over native", "2019, C, as published", "now, C", "now, Rust",
                            "now, Go"], "rows": rows}

    def control(self):
        arithmetic, waiting = self.report["control_us"], self.report["control_waiting"]
        rows = []
        for title, spread, show in (
                ("the same arithmetic in each process, CPU time", arithmetic,
                 lambda value: shown("_us", value)),
                ("its time by the clock over its CPU time", waiting, significant)):
            rows.append([title, *[show(spread[key]) for key in ("median", "min", "max")]])
        return {"columns": ["control", "median", "least", "most"], "rows": rows}

    def all(self):
        return {"sizes": self.sizes(), "over-wasmtime": self.over_wasmtime(),
                "over-native": self.over_native(), "primes": self.primes(),
                "control": self.control(), **{name: self.phases(name) for name in HELLOS}}


def measure(build, quick):
    words = [build / "functions" / f"{name}.wasm" for name in HELLOS]
    words += [build / "functions" / "workloads" / f"{work}-{language}.wasm"
              for work in WORKS for language in LANGUAGES]
    for engine in ENGINES:
        words += ["--engine", engine]
    words += (["--processes", 1, "--compiles", 1, "--budget", 20] if quick
              else ["--processes", 5, "--compiles", 1, "--budget", 150])
    command = [str(word) for word in [build / "bin" / "ferry", "compare", *words, "--output", "json"]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(done.returncode)
    return json.loads(done.stdout), done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--from", dest="file", type=pathlib.Path)
    given = parser.parse_args()
    if given.file:
        report, code = json.loads(given.file.read_text()), 0
    else:
        report, code = measure(given.build, given.quick)
    folder = ROOT / "docs" / "data"
    folder.mkdir(exist_ok=True)
    (folder / "compare.json").write_text(json.dumps(report, separators=(",", ":")) + "\n")
    machine = report["machine"]
    made = {
        "command": "make compare" + (" QUICK=1" if report["processes"] == 1 else ""),
        "machine": f"{machine['cores']} cores, {machine['cpu']}, {machine['kernel']}, load "
                   f"{machine['load_before']:.1f}; medians of {report['processes']} processes, ± half "
                   f"their range; N = {report['threads']}",
        "date": report["time"][:10],
        "tables": Tables(report).all(),
    }
    (folder / "engines.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    for function in report["functions"]:
        if function["difference"]:
            print(f"{function['name']}: another reply from {function['difference']}", file=sys.stderr)
        for engine in function["engines"]:
            if engine["error"]:
                print(f"{function['name']} on {engine['engine']}: {engine['error']}", file=sys.stderr)
    subprocess.run([ROOT / "bench" / "figures.py"], check=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
