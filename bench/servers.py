"""Servers under test: started, pinned, asked whether their answer is right, loaded, counted.

What the kernel charged a server's processes for is read from /proc before and after each round.
"""
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from ports import free_port

HERE = pathlib.Path(__file__).resolve().parent
DATA = '{"name":"Ada"}'
REPLY = b'{"message":"Hello, Ada!"}'
WASMTIME_RUST = "`wasmtime serve`, a component in Rust"
CORES = os.sched_getaffinity(0)
SERVER_CORE, CLIENT_CORE = min(CORES), max(CORES)


def pinned(core):
    return lambda: os.sched_setaffinity(0, {core} if core is not None else CORES)


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


def faults(pid):
    total = 0
    for each in family(pid):
        try:
            with open(f"/proc/{each}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += int(fields[7]) + int(fields[9])
        except OSError:
            pass
    return total


def memory(pid):
    """Bytes resident, and bytes with what is shared divided by its users."""
    total = {"Rss": 0, "Pss": 0}
    for each in family(pid):
        try:
            with open(f"/proc/{each}/smaps_rollup") as file:
                for key, value in re.findall(r"^(Rss|Pss):\s+(\d+) kB", file.read(), re.M):
                    total[key] += int(value) * 1024
        except OSError:
            pass
    return {"rss": total["Rss"], "pss": total["Pss"]}


def descriptors(pid):
    return sum(len(os.listdir(f"/proc/{each}/fd")) for each in family(pid))


def ask(port, path="/", body=DATA.encode(), timeout=10):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body,
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.read()


class Server:
    """Ready when it has given the right answer. PORT in its command is a free port."""

    def __init__(self, name, command, core=None, path="/", reply=REPLY, patience=60, env=None,
                 log=subprocess.DEVNULL):
        self.name, self.path, self.port = name, path, free_port()
        line = [str(part).replace("PORT", str(self.port)) for part in command]
        self.process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=log,
                                        env=None if env is None else {**os.environ, **env},
                                        preexec_fn=pinned(core))
        deadline = time.monotonic() + patience
        while True:
            try:
                body = ask(self.port, self.path)
                if reply is not None and body.strip() != reply:
                    sys.exit(f"bench: {name} answers {body!r}, not {reply!r}")
                return
            except OSError as error:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    sys.exit(f"bench: {name} does not answer: {error}")
                time.sleep(0.005)

    def url(self, path=None):
        return f"http://127.0.0.1:{self.port}{path or self.path}"

    def load(self, seconds, connections, path=None):
        """One round of wrk: what it saw, and what a request cost the server."""
        pid = self.process.pid
        cpu, faulted = cpu_us(pid), faults(pid)
        [seen] = load_on([(self, CLIENT_CORE)], seconds, connections, path)
        seen["cpu_us"] = (cpu_us(pid) - cpu) / seen["requests"]
        seen["faults"] = (faults(pid) - faulted) / seen["requests"]
        return {**seen, **memory(pid)}

    def syscalls(self, connections):
        """System calls a request, counted by strace in a round of its own: it slows the server."""
        pids = [word for each in family(self.process.pid) for word in ("-p", str(each))]
        with tempfile.NamedTemporaryFile("r") as table:
            tracer = subprocess.Popen(["strace", "-f", "-c", "-U", "calls,name", "-o", table.name,
                                       *pids], stderr=subprocess.DEVNULL)
            time.sleep(0.3)
            seen = self.load(1, connections)
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
            found = re.search(r"^\s*(\d+)\s+total$", table.read(), re.M)
        return int(found.group(1)) / seen["requests"] if found else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            sys.exit(f"bench: {self.name} did not end within a minute")


def load_on(pairs, seconds, connections, path=None):
    """A round of wrk from each (server, core of the client), all at the same time."""
    running = [subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s",
                                 HERE / "report.lua", server.url(path)], stdout=subprocess.PIPE,
                                text=True, preexec_fn=pinned(core)) for server, core in pairs]
    rounds = []
    for process, (server, _) in zip(running, pairs):
        out = process.communicate()[0]
        found = re.search(r"JSON (.*)", out)
        if process.returncode != 0 or not found:
            sys.exit(f"bench: {server.name}: wrk failed: {out}")
        seen = json.loads(found.group(1))
        if seen["errors"] > 0 or seen["requests"] == 0:
            sys.exit(f"bench: {server.name}: {seen['errors']} of {seen['requests']} went wrong")
        seen["per_second"] = seen["requests"] / seen["seconds"]
        rounds.append(seen)
    return rounds


def summary(values):
    values = sorted(values)
    quarter = len(values) // 4
    return {"median": statistics.median(values), "from": values[quarter],
            "to": values[-1 - quarter], "rounds": len(values)}


def summaries(rounds):
    return {key: summary([each[key] for each in rounds]) for key in rounds[0]}
