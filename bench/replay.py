#!/usr/bin/env python3
"""Records events of each sample and hostile function, and replays them on every engine.

    bench/replay.py [--build build] [--events 1000] [--function NAME]... [--figures FILE]

Each function is served with --record, asked by eight clients with data of many forms (JSON, text, bytes,
nothing), and its capsules are replayed by `ferry replay` on each engine that was built. Functions that
do not start are named and left out; so are engines that cannot run a function. Limits are lowered so
that floods of output and endless loops take little room and time; they travel in the capsules.

Prints a line for each function, and exits with 1 on any difference.
"""
import argparse
import collections
import concurrent.futures
import http.client
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLIENTS = 8
LIMITS = '[limits]\nlog = "16KiB"\noutput = "64KiB"\nmemory = "32MiB"\n'
# Ended by the deadline: a short one, since each of their events takes as long.
ENDLESS = ("sleep", "log-million", "stdout-gigabyte")


def is_endless(wasm):
    return wasm.stem.startswith("endless-") or wasm.stem in ENDLESS


def bodies(events):
    order = (ROOT / "functions/orders-go/events/good.json").read_bytes()
    forms = [lambda i: b'{"name":"Ada %d"}' % i, lambda i: b'{"name":"\xc3\xa9%d","x":[1,2.50,null]}' % i,
             lambda i: b"", lambda i: b"not JSON %d" % i, lambda i: bytes([i % 256, 0, 255, 128]),
             lambda i: order, lambda i: order.replace(b"1", b"%d" % (i % 10)),
             lambda i: b'{"name":"' + b"x" * (i * 7 % 5000) + b'"}']
    return [forms[i % len(forms)](i) for i in range(events)]


class Server:
    def __init__(self, build, home, wasm, capsules):
        manifest = home / "ferry.toml"
        timeout = 'timeout = "20ms"\n' if is_endless(wasm) else 'timeout = "5s"\n'
        manifest.write_text(LIMITS + timeout)
        self.process = subprocess.Popen(
            [build / "bin/ferry", "serve", wasm, "--manifest", manifest, "--workers", "1", "--listen",
             "127.0.0.1:0", "--quiet", "--engine", "wasmtime", "--record", capsules, "--record-size",
             "4GiB"], stderr=subprocess.PIPE, text=True, errors="replace")
        self.port, said = None, []
        for line in self.process.stderr:
            said.append(line)
            if found := re.search(r"serving .*127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        self.said = "".join(said)
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def ask(self, all_bodies):
        def client(part):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            for body in part:
                connection.request("POST", "/", body, {"Content-Type": "application/octet-stream"})
                connection.getresponse().read()
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(client, [all_bodies[i::CLIENTS] for i in range(CLIENTS)]))

    def end(self):
        self.process.terminate()
        self.process.wait(60)


def replay(build, home, wasm, capsules, engine):
    """Outcomes by status, and the differences; or why this engine does not run it."""
    done = subprocess.run(
        [build / "bin/ferry", "replay", *sorted(capsules.iterdir()), "--function", wasm, "--manifest",
         home / "ferry.toml", "--engine", engine, "--quiet", "--output", "json"],
        capture_output=True, text=True, check=False, errors="replace")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines:
        return None, [], done.stderr.strip().splitlines()[0] if done.stderr else str(done.returncode)
    return (collections.Counter(one["status"] for one in lines),
            [one for one in lines if not one["same"]], "")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default="build")
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--function", action="append", default=[], help="by its file's stem; else all")
    parser.add_argument("--figures", type=pathlib.Path)
    given = parser.parse_args()
    build = given.build.resolve()
    told = subprocess.run([build / "bin/ferry", "engines", "--output", "json"], capture_output=True,
                          text=True, check=True)
    engines = [one["name"] for one in json.loads(told.stdout)]
    functions = [path for folder in (".", "hostile", "snapshot", "components")
                 for path in sorted((build / "functions" / folder).glob("*.wasm"))
                 if not given.function or path.stem in given.function]
    rows, different = [], 0
    for wasm in functions:
        with tempfile.TemporaryDirectory(prefix="ferry-replay-") as folder:
            home = pathlib.Path(folder)
            capsules = home / "capsules"
            server = Server(build, home, wasm, capsules)
            if server.port is None:
                server.process.wait(60)
                print(f"{wasm.stem:24} does not start: {server.said.splitlines()[0]}")
                continue
            try:
                server.ask(bodies(given.events))
            finally:
                server.end()
            row = {"function": wasm.stem, "engines": {}}
            for engine in engines:
                statuses, differences, why = replay(build, home, wasm, capsules, engine)
                row["engines"][engine] = {"replayed": sum((statuses or {}).values()),
                                          "different": len(differences), "why": why}
                different += len(differences)
                row["statuses"] = dict(statuses) if statuses else row.get("statuses", {})
                for one in differences[:3]:
                    print(f"  {engine}: {json.dumps(one['differences'])} {one['notes']}")
            rows.append(row)
            each = ", ".join(f"{engine} {one['replayed']}/{one['different']}" if not one["why"] else
                             f"{engine}: {one['why']}" for engine, one in row["engines"].items())
            print(f"{wasm.stem:24} {row['statuses']}: replayed/different: {each}", flush=True)
            shutil.rmtree(capsules)
    total = sum(one["replayed"] for row in rows for one in row["engines"].values())
    print(f"{len(rows)} functions, {total} replays, {different} differences")
    if given.figures:
        given.figures.write_text(json.dumps(rows, indent=1) + "\n")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
