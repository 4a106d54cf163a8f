#!/usr/bin/env python3
"""Every figure of docs/performance.md, as ratios measured in one run.

    bench/run.py BUILD-DIR [FIGURE...]        figures: events serve start spin soak (default: all)

Servers are pinned to one core and the client to another; the candidates of a figure take turns in
short rounds, and what is reported is the median of rounds, so that a noisy machine is noisy for
all. CPU time is what a server's processes were charged for: the figure to trust where other
programs run. Writes BUILD-DIR/bench.json and BUILD-DIR/bench.md.
"""
import argparse
import json
import os
import pathlib
import platform
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
DATA = '{"name":"Ada"}'
REPLY = b'{"message":"Hello, Ada!"}'


def pinned(core):
    return lambda: os.sched_setaffinity(0, {core} if core is not None else CORES)


CORES = os.sched_getaffinity(0)
SERVER_CORE, CLIENT_CORE = min(CORES), max(CORES)


def family(pid):
    """A process and all it started."""
    pids = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                for child in file.read().split():
                    pids += family(int(child))
    except OSError:
        pass
    return pids


def cpu_us(pid):
    total = 0.0
    for each in family(pid):
        try:
            total += time.clock_gettime(~each << 3 | 2) * 1e6  # the process's own clock
        except OSError:
            pass
    return total


def resident(pid):
    pages = 0
    for each in family(pid):
        with open(f"/proc/{each}/statm") as file:
            pages += int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def descriptors(pid):
    return sum(len(os.listdir(f"/proc/{each}/fd")) for each in family(pid))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server under test, pinned; ready when it has given the right answer."""

    def __init__(self, name, command, core=None, path="/", reply=REPLY):
        self.name, self.path = name, path
        self.port = free_port()
        line = [str(part).replace("PORT", str(self.port)) for part in command]
        self.process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=pinned(core))
        deadline = time.monotonic() + 60
        while True:
            try:
                request = urllib.request.Request(self.url(), DATA.encode(),
                                                 {"Content-Type": "application/json"})
                with urllib.request.urlopen(request, timeout=10) as answer:
                    body = answer.read()
                if reply is not None and body != reply:
                    sys.exit(f"bench: {name} answers {body!r}, not {reply!r}")
                return
            except OSError as error:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    sys.exit(f"bench: {name} does not answer: {error}")
                time.sleep(0.05)

    def url(self, path=None):
        return f"http://127.0.0.1:{self.port}{path or self.path}"

    def load(self, seconds, connections, path=None):
        """One round of wrk; what it saw, and the CPU time a request cost the server."""
        before = cpu_us(self.process.pid)
        out = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "report.lua",
             self.url(path)], capture_output=True, text=True, check=True,
            preexec_fn=pinned(CLIENT_CORE)).stdout
        seen = json.loads(re.search(r"JSON (.*)", out).group(1))
        if seen["errors"] > 0:
            sys.exit(f"bench: {self.name}: {seen['errors']} requests went wrong")
        seen["per_second"] = seen["requests"] / seen["seconds"]
        seen["cpu_us"] = (cpu_us(self.process.pid) - before) / max(seen["requests"], 1)
        return seen

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            sys.exit(f"bench: {self.name} did not end within a minute")


def summary(values):
    values = sorted(values)
    quarter = len(values) // 4
    return {"median": statistics.median(values), "from": values[quarter],
            "to": values[-1 - quarter], "rounds": len(values)}


def summaries(rounds):
    return {key: summary([each[key] for each in rounds]) for key in rounds[0]}


class Bench:
    def __init__(self, build, peers, quick):
        self.bin, self.functions = build / "bin", build / "functions"
        self.peers, self.quick = peers, quick
        self.hello = self.functions / "hello-c.wasm"

    def rounds(self, many, few):
        return few if self.quick else many

    def ferry(self, *functions, core=SERVER_CORE, workers=1, extra=(), reply=REPLY, path="/"):
        return Server("ferry serve", [self.bin / "ferry", "serve", *functions, "--workers", workers,
                                      "--listen", "127.0.0.1:PORT", *extra],
                      core, path, reply)

    # A fresh instance per event of the C hello, in-process.
    def events(self):
        ours = subprocess.Popen([self.bin / "bench_events", self.hello, DATA, "500", "0"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                preexec_fn=pinned(SERVER_CORE))
        own = subprocess.Popen([self.peers / "wasmtime-events", self.hello, DATA, "500"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               preexec_fn=pinned(SERVER_CORE))
        rounds = []
        for number in range(self.rounds(41, 7)):
            values = []
            for process in (own, ours):
                process.stdin.write(b"\n")
                process.stdin.flush()
                values += [float(value) for value in process.stdout.readline().split()]
            if number > 0:
                rounds.append(dict(zip(("engine_wasi_us", "new_us", "kept_signal_us",
                                        "kept_userfault_us"), values)))
        for process in (own, ours):
            process.stdin.close()
            process.wait()
        for each in rounds:
            each["new_ratio"] = each["engine_wasi_us"] / each["new_us"]
            each["kept_ratio"] = each["engine_wasi_us"] / each["kept_signal_us"]
        return summaries(rounds)

    # serve against the same front without a function, and against wasmtime serve.
    def serve(self):
        figures = {}
        for name, workers, core in (("one worker", 1, SERVER_CORE),
                                    ("all workers", len(CORES), None)):
            servers = {"ferry": self.ferry(self.hello, "--quiet", core=core, workers=workers),
                       "ferry_logs": self.ferry(self.hello, core=core, workers=workers)}
            if workers == 1:
                servers["control"] = Server("control", [self.bin / "bench_http_control",
                                                        "127.0.0.1:PORT"], core, reply=None)
            # One thread of its runtime where the others have one worker.
            servers["wasmtime"] = Server(
                "wasmtime serve", [self.peers / "wasmtime-serve", "--addr", "127.0.0.1:PORT",
                                   HERE / "peers" / "hello.wat"], core)
            rounds = {key: [] for key in servers}
            for number in range(self.rounds(16, 4)):
                order = list(servers)
                random.shuffle(order)
                for key in order:
                    seen = servers[key].load(1 if self.quick else 2, 64)
                    if number > 0:
                        rounds[key].append(seen)
            for server in servers.values():
                server.stop()
            part = {key: summaries(each) for key, each in rounds.items()}
            middle = {key: part[key]["cpu_us"]["median"] for key in part}
            rate = {key: part[key]["per_second"]["median"] for key in part}
            part["ratios"] = {"of_wasmtime_by_rate": rate["ferry"] / rate["wasmtime"],
                              "of_wasmtime_by_cpu": middle["wasmtime"] / middle["ferry"]}
            if "control" in part:
                part["ratios"]["of_control_by_rate"] = rate["ferry"] / rate["control"]
                part["ratios"]["of_control_by_cpu"] = middle["control"] / middle["ferry"]
                part["ratios"]["with_logs_of_control_by_cpu"] = (
                    middle["control"] / middle["ferry_logs"])
            figures[name] = part
        return figures

    # Process start to first reply, Go hello from a cached bundle, beside the native program.
    def start(self):
        candidates = {"ferry": [self.bin / "ferry", "run", self.functions / "hello-go.wasm", DATA],
                      "native": [self.peers / "hello-go"]}
        # Inherited: a hook in the child would be charged to the candidate.
        os.sched_setaffinity(0, {SERVER_CORE})
        rounds = []
        for number in range(self.rounds(101, 15)):
            values = {}
            for name, command in candidates.items():
                from_ = time.perf_counter()
                process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL)
                process.stdin.write(DATA.encode())
                process.stdin.close()
                reply = process.stdout.read()
                # Ended, and not yet waited for: its clock still stands.
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
                values[name + "_us"] = (time.perf_counter() - from_) * 1e6
                values[name + "_cpu_us"] = time.clock_gettime(~process.pid << 3 | 2) * 1e6
                process.stdout.close()
                process.wait()
                if reply.strip() != REPLY:
                    sys.exit(f"bench: {name} answers {reply!r}")
            values["ratio"] = values["ferry_us"] / values["native_us"]
            values["cpu_ratio"] = values["ferry_cpu_us"] / values["native_cpu_us"]
            if number > 0:
                rounds.append(values)
        os.sched_setaffinity(0, CORES)
        return summaries(rounds)

    # A function that spins for a second beside hello in the same worker.
    def spin(self):
        server = self.ferry(self.hello, self.functions / "hostile" / "endless-loop.wasm",
                            "--timeout", "1s", "--quiet", path="/hello-c")
        spinner = None
        rounds = []
        for number in range(self.rounds(9, 4)):
            values = {}
            for name in ("alone", "beside"):
                if name == "beside":
                    spinner = subprocess.Popen(
                        ["wrk", "-t1", "-c1", "-d5s", server.url("/endless-loop")],
                        stdout=subprocess.DEVNULL, preexec_fn=pinned(CLIENT_CORE))
                    time.sleep(0.3)
                seen = server.load(3, 4)
                values.update({f"{name}_{key}": seen[key] for key in ("p50_us", "p99_us", "p999_us")})
            spinner.wait()
            values["p99_ratio"] = values["beside_p99_us"] / values["alone_p99_us"]
            if number > 0:
                rounds.append(values)
        server.stop()
        return summaries(rounds)

    # A million events, each with its own nonce.
    def soak(self):
        server = self.ferry(self.hello, "--quiet")
        events = 20_000 if self.quick else 1_000_000

        def run(count):
            out = subprocess.run([self.bin / "bench_soak", str(server.port), str(count), "16"],
                                 capture_output=True, text=True, preexec_fn=pinned(CLIENT_CORE))
            if not out.stdout:
                sys.exit(f"bench: {out.stderr}")
            return json.loads(out.stdout)

        first = run(events // 20)
        time.sleep(0.5)
        before = {"resident": resident(server.process.pid), "fds": descriptors(server.process.pid)}
        second = run(events - events // 20)
        time.sleep(0.5)
        after = {"resident": resident(server.process.pid), "fds": descriptors(server.process.pid)}
        code = server.stop()
        return {"events": first["events"] + second["events"],
                "wrong": first["wrong"] + second["wrong"],
                "seconds": first["seconds"] + second["seconds"], "exit_code": code,
                "resident_before": before["resident"], "resident_after": after["resident"],
                "resident_ratio": after["resident"] / before["resident"],
                "descriptors_before": before["fds"], "descriptors_after": after["fds"]}


def rows(value, name=""):
    if isinstance(value, dict) and "median" in value and "rounds" in value:
        yield name, f"{value['median']:,.3f}", f"{value['from']:,.3f} to {value['to']:,.3f}", str(
            value["rounds"])
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from rows(each, f"{name} {key}".strip())
    else:
        yield name, f"{value:,.3f}" if isinstance(value, float) else f"{value:,}", "", ""


def as_markdown(result):
    lines = [f"Measured {result['time']} on {result['machine']['cores']} cores, "
             f"{result['machine']['cpu']}, Linux {result['machine']['kernel']}; load average "
             f"{result['machine']['load']} at the start.", ""]
    for figure, value in result["figures"].items():
        lines += [f"## {figure}", "", "| | median | middle half | rounds |", "|---|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows(value)] + [""]
    return "\n".join(lines)


def cpu_name():
    with open("/proc/cpuinfo") as file:
        found = re.search(r"model name\s*: (.*)", file.read())
    return found.group(1) if found else platform.machine()


def main():
    figures = ("events", "serve", "start", "spin", "soak")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("figure", nargs="*", help=" ".join(figures))
    parser.add_argument("--quick", action="store_true", help="few short rounds: does it work at all")
    options = parser.parse_args()
    for name in options.figure:
        if name not in figures:
            parser.error(f"no figure '{name}'; there are {', '.join(figures)}")
    peers = pathlib.Path(subprocess.run([HERE / "setup.sh"], check=True, stdout=subprocess.PIPE,
                                        text=True).stdout.strip())
    build = options.build.resolve()
    json_path = build / "bench.json"
    result = {"figures": {}}
    if options.figure and json_path.exists():
        result = json.loads(json_path.read_text())  # the others stay as they were
    result["time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    result["machine"] = {"cores": len(CORES), "cpu": cpu_name(), "kernel": platform.release(),
                         "load": round(os.getloadavg()[0], 1)}
    bench = Bench(build, peers, options.quick)
    for name in options.figure or figures:
        print(f"bench: {name}", file=sys.stderr)
        result["figures"][name] = getattr(bench, name)()
        json_path.write_text(json.dumps(result, indent=1) + "\n")
        (build / "bench.md").write_text(as_markdown(result))
    print(as_markdown(result))


if __name__ == "__main__":
    main()
