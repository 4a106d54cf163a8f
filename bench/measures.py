"""The figures: each method of Bench measures one and returns raw numbers (bench/tables.py lays
them out). Candidates take turns in short rounds of one run."""
import base64
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

import many
import scaling
from servers import (CLIENT_CORE, CORES, DATA, HERE, REPLY, SERVER_CORE, WASMTIME_RUST, Server,
                     ask, cpu_us, descriptors, free_port, memory, pinned, summaries)

REQUEST = (b"POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
           b"Content-Length: %d\r\n\r\n%b" % (len(DATA), DATA.encode()))


SOAK_EVENTS = int(os.environ.get("SOAK_EVENTS", 10_000_000))


class Missing(Exception):
    """A figure that cannot be measured here, and why."""


class Bench:
    def __init__(self, build, quick):
        self.build, self.quick = build, quick
        self.bin, self.functions, self.peers = build / "bin", build / "functions", build / "peers"
        self.hello = self.functions / "hello-c.wasm"

    def rounds(self, much, few):
        return few if self.quick else much

    def missing(self, peer):
        """Why a peer cannot be had; or None."""
        note = self.peers / f"{peer}.missing"
        return note.read_text().strip() if note.exists() else None

    def ferry(self, *functions, core=SERVER_CORE, workers=1, extra=("--quiet",), path="/",
              reply=REPLY, patience=60, env=None):
        return Server("ferry serve", [self.bin / "ferry", "serve", *functions, "--workers", workers,
                                      "--listen", "127.0.0.1:PORT", "--no-snapshot", *extra],
                      core, path, reply, patience, env)

    def by_default(self, wasm, *extra, patience=300):
        """As a user gets it who knows no option: once a snapshot of its start-up is served."""
        admin = free_port()
        server = Server("ferry serve", [self.bin / "ferry", "serve", wasm, "--workers", 1,
                                        "--listen", "127.0.0.1:PORT", "--admin",
                                        f"127.0.0.1:{admin}", "--quiet", *extra], SERVER_CORE)
        end = time.monotonic() + patience
        while time.monotonic() < end:
            metrics = ask(admin, "/metrics", None).decode()
            if re.search(r"^ferry_function_snapshot\{.*\} 1$", metrics, re.M):
                return server
            time.sleep(0.1)
        server.stop()
        raise Missing(f"no snapshot of {wasm.name} was made: `ferry serve {wasm}` says why")

    def control(self, core=SERVER_CORE):
        """The front, answering without a function."""
        return Server("control", [self.bin / "bench_http_control", "127.0.0.1:PORT"], core,
                      reply=None)

    def snapshot(self, name, *accept):
        """The function with its start-up behind it; made once a build."""
        source, out = self.functions / f"{name}.wasm", self.build / "snapshots" / f"{name}.wasm"
        made_of = max(each.stat().st_mtime for each in (source, self.bin / "ferry"))
        if not out.exists() or out.stat().st_mtime < made_of:
            out.parent.mkdir(exist_ok=True)
            made = subprocess.run([self.bin / "ferry", "build", source, "--snapshot", *accept, "-o",
                                   out], capture_output=True, text=True)
            if made.returncode != 0:
                raise Missing(made.stderr.strip().splitlines()[-1])
        return out

    def go_snapshot(self):
        return self.snapshot("hello-go", "--accept-frozen", "hash-key")

    def packed(self, name, wasm):
        """What `ferry pack` puts into an image: ferry-host, the bundle and the key beside it."""
        folder = self.build / "packed" / name
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([self.bin / "ferry", "pack", wasm, "--for", "image", "-o", folder, "-q",
                        "--no-snapshot"], check=True)
        with tarfile.open(folder / "image.tar") as image:
            layers = json.load(image.extractfile("manifest.json"))[0]["Layers"]
            for layer in layers:
                with tarfile.open(fileobj=image.extractfile(layer)) as files:
                    files.extractall(folder)
        return folder / "ferry"

    # One event in the process, first state each time: ours against the engine's own WASI.
    def events(self):
        programs = [[self.bin / "bench_events", self.hello, DATA, "500", "0"]]
        names = ["new_us", "kept_signal_us", "kept_userfault_us"]
        if not self.missing("wasmtime-events"):
            programs.insert(0, [self.peers / "wasmtime-events", self.hello, DATA, "500"])
            names.insert(0, "engine_wasi_us")
        running = [subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    preexec_fn=pinned(SERVER_CORE)) for program in programs]
        rounds = []
        for number in range(self.rounds(41, 7)):
            values = []
            for process in running:
                process.stdin.write(b"\n")
                process.stdin.flush()
                values += [float(value) for value in process.stdout.readline().split()]
            if number > 0:
                rounds.append(dict(zip(names, values)))
        for process in running:
            process.stdin.close()
            process.wait()
        return summaries(rounds)

    # The same for each kind of function, as it is and as a snapshot.
    def snapshots(self):
        figures = {}
        for name, accept in (("hello-c", ()), ("hello-cpp", ()), ("hello-rust", ()),
                             ("hello-go", ("--accept-frozen", "hash-key")),
                             ("hello-go-reactor", ("--accept-frozen", "hash-key")),
                             ("hello-zig", ()), ("hello-assemblyscript", ())):
            if not (self.functions / f"{name}.wasm").exists():
                continue
            try:
                files = {"as it is": self.functions / f"{name}.wasm",
                         "snapshot": self.snapshot(name, *accept)}
            except Missing as why:
                files = {"as it is": self.functions / f"{name}.wasm", "why": str(why)}
            why = files.pop("why", None)
            running = {key: subprocess.Popen([self.bin / "bench_events", file, DATA, "50", "0"],
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             preexec_fn=pinned(SERVER_CORE))
                       for key, file in files.items()}
            rounds = {key: [] for key in running}
            for number in range(self.rounds(21, 4)):
                for key, process in running.items():
                    process.stdin.write(b"\n")
                    process.stdin.flush()
                    values = [float(value) for value in process.stdout.readline().split()]
                    if number > 0:
                        rounds[key].append(dict(zip(("new_us", "kept_us"), values)))
            for process in running.values():
                process.stdin.close()
                process.wait()
            figures[name] = {key: summaries(each) for key, each in rounds.items()}
            if why:
                figures[name]["refused"] = why
        return figures

    def candidates(self, core, workers):
        """Servers that answer the same event, each to be started; or why one cannot be."""
        def peer(name, command, needs=None, reply=REPLY):
            why = self.missing(needs) if needs else None
            return why or (lambda: Server(name, command, core, reply=reply))

        def ours(wasm, *extra):
            return lambda: self.ferry(wasm, core=core, workers=workers, extra=extra)

        found = {"control": lambda: self.control(core),
                 "ferry, C": ours(self.hello, "--quiet"),
                 "ferry, C, a log line each": ours(self.hello),
                 "ferry, Rust": ours(self.functions / "hello-rust.wasm", "--quiet"),
                 "ferry, Go, `--no-snapshot`": ours(self.functions / "hello-go.wasm", "--quiet")}
        try:
            found["ferry, Go, snapshot"] = ours(self.go_snapshot(), "--quiet")
        except Missing as why:
            found["ferry, Go, snapshot"] = str(why)
        found["wasmtime serve, Rust"] = self.missing("hello-rust-http") or peer(
            "wasmtime serve, Rust", [self.peers / "wasmtime-serve", "--addr", "127.0.0.1:PORT",
                                     self.peers / "hello-rust-http.wasm"], "wasmtime-serve")
        found["wasmtime serve, hand-written"] = peer(
            "wasmtime serve, hand-written", [self.peers / "wasmtime-serve", "--addr",
                                             "127.0.0.1:PORT", HERE / "peers" / "hello.wat"],
            "wasmtime-serve")
        found["native Go"] = peer("native Go", [self.peers / "http-go", "127.0.0.1:PORT"],
                                  "http-go")
        found["Node"] = peer("Node", ["node", HERE / "peers" / "http.mjs", "PORT"], "http-node")
        found["Python"] = peer("Python", [sys.executable, HERE / "peers" / "http.py", "PORT"])
        for name, needs in (("Spin", "spin"), ("Wagi", "wagi"),
                            ("Wasm Workers Server", "wasm-workers-server")):
            found[name] = self.missing(needs)
        return found

    # Requests a second and what one costs, one worker on one core, 64 connections.
    def serve(self):
        found = self.candidates(SERVER_CORE, 1)
        servers = {name: start() for name, start in found.items() if callable(start)}
        rounds = {name: [] for name in servers}
        for number in range(self.rounds(10, 3)):
            order = list(servers)
            random.shuffle(order)
            for name in order:
                seen = servers[name].load(1 if self.quick else 2, 64)
                if number > 0:
                    rounds[name].append(seen)
        figures = {"servers": {}, "missing": {name: why for name, why in found.items()
                                              if isinstance(why, str)}}
        for name, server in servers.items():
            figures["servers"][name] = summaries(rounds[name])
            figures["servers"][name]["syscalls"] = server.syscalls(64)
            server.stop()
        return figures

    # What a user gets without an option, beside the same program compiled natively.
    def default(self):
        if why := self.missing("http-go"):
            raise Missing(why)
        go, reactor = (self.functions / f"hello-go{kind}.wasm" for kind in ("", "-reactor"))
        event = self.build / "warm.json"
        event.write_text(DATA)
        servers = {"native Go": Server("native Go", [self.peers / "http-go", "127.0.0.1:PORT"],
                                       SERVER_CORE)}
        if not self.missing("wasmtime-serve") and not self.missing("hello-rust-http"):
            servers[WASMTIME_RUST] = Server("wasmtime serve", [
                self.peers / "wasmtime-serve", "--addr", "127.0.0.1:PORT",
                self.peers / "hello-rust-http.wasm"], SERVER_CORE)
        servers |= {"`ferry serve hello-go.wasm --no-snapshot`": self.ferry(go),
                   "`ferry serve hello-go.wasm`": self.by_default(go),
                   "`ferry serve hello-go-reactor.wasm`": self.by_default(reactor),
                   "`ferry serve hello-go-reactor.wasm --warm event.json`":
                       self.by_default(reactor, "--warm", event)}
        # By few connections at first: how many requests may wait depends on what events took so far,
        # and a server's first ones take longest.
        for server in servers.values():
            server.load(1 if self.quick else 2, 4)
        rounds = {name: [] for name in servers}
        for _ in range(self.rounds(9, 2)):
            order = list(servers)
            random.shuffle(order)
            for name in order:
                rounds[name].append(servers[name].load(1 if self.quick else 2, 64))
        for server in servers.values():
            server.stop()
        return {name: summaries(each) for name, each in rounds.items()}

    # From nothing compiled to the first answer of a Go binary: of a program's start to its end, of
    # a server's start to its first answer, and of /init and the first /run of a container.
    def first(self):
        go = self.functions / "hello-go.wasm"
        serve = [self.bin / "ferry", "serve", go, "--listen", "127.0.0.1:PORT", "--workers", "1",
                 "--quiet"]
        containers = {"`/init` and `/run`, `ferry serve --platform openwhisk`":
                          [self.bin / "ferry", "serve", "--platform", "openwhisk", "--quiet"],
                      "`/init` and `/run`, `ferry-host-full`": [self.bin / "ferry-host-full"]}
        ways = {"`ferry run hello-go.wasm`": lambda env: one_run(
                    "ferry run", [self.bin / "ferry", "run", go], env),
                "the same, waiting for the compiler (`--engine wasmtime`)": lambda env: one_run(
                    "ferry run", [self.bin / "ferry", "run", go, "--engine", "wasmtime"], env),
                "`ferry serve hello-go.wasm`": lambda env: first_answer("ferry serve", serve, env)}
        for name, command in containers.items():
            if command[0].exists():
                ways[name] = lambda env, command=command: first_activation(command, go, env)
        rounds = {name: [] for name in ways}
        for _ in range(self.rounds(7, 2)):
            for name, way in ways.items():
                with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
                    rounds[name].append(way({**os.environ, "XDG_CACHE_HOME": empty}))
                    # `ferry run` leaves a compiler behind.
                    store = pathlib.Path(empty)
                    while "ferry run" in name and not list(store.glob("ferry/*.ferry")):
                        time.sleep(0.1)
        return {name: summaries(each) for name, each in rounds.items()}

    # One worker, then one for each core, all cores for server and client alike.
    def workers(self):
        figures = {}
        servers = {count: self.ferry(self.hello, core=None, workers=count)
                   for count in sorted({1, len(CORES)})}
        rounds = {count: [] for count in servers}
        for number in range(self.rounds(10, 3)):
            for count, server in servers.items():
                seen = server.load(1 if self.quick else 2, 64)
                if number > 0:
                    rounds[count].append(seen)
        for count, server in servers.items():
            server.stop()
            figures[str(count)] = summaries(rounds[count])
        return figures

    # One core with its client, all cores with theirs.
    def scaling(self):
        return scaling.measure(self)

    # Process start to the first answer.
    def start(self):
        folder = self.packed("go", self.functions / "hello-go.wasm")
        servers = {"ferry-host, Go": [folder / "ferry-host"]}
        try:
            servers["ferry-host, Go, snapshot"] = [
                self.packed("go-snapshot", self.go_snapshot()) / "ferry-host"]
        except Missing:
            pass
        servers["ferry-host, C"] = [self.packed("c", self.hello) / "ferry-host"]
        for command in servers.values():
            command += ["--platform", "http", "--listen", "127.0.0.1:PORT", "--workers", "1",
                        "--quiet"]
        if not self.missing("http-go"):
            servers["native Go server"] = [self.peers / "http-go", "127.0.0.1:PORT"]
        programs = {"ferry run, Go": [self.bin / "ferry", "run", self.functions / "hello-go.wasm"]}
        if "ferry-host, Go, snapshot" in servers:
            programs["ferry run, Go, snapshot"] = [self.bin / "ferry", "run", self.go_snapshot()]
        programs["ferry run, C"] = [self.bin / "ferry", "run", self.hello]
        if not self.missing("hello-go"):
            programs["native Go program"] = [self.peers / "hello-go"]
        os.sched_setaffinity(0, {SERVER_CORE})  # inherited: a hook in the child would be charged
        rounds = {name: [] for name in [*servers, *programs]}
        for number in range(self.rounds(61, 11)):
            for name, command in servers.items():
                seen = first_answer(name, command)
                if number > 0:
                    rounds[name].append(seen)
            for name, command in programs.items():
                seen = one_run(name, command)
                if number > 0:
                    rounds[name].append(seen)
        os.sched_setaffinity(0, CORES)
        return {name: summaries(each) for name, each in rounds.items()}

    # A function that spins for a second beside hello in the same worker.
    def spin(self):
        server = self.ferry(self.hello, self.functions / "hostile" / "endless-loop.wasm",
                            extra=("--timeout", "1s", "--quiet"), path="/hello-c")
        rounds = []
        for number in range(self.rounds(7, 3)):
            values = {}
            for name in ("alone", "beside"):
                spinner = None
                if name == "beside":
                    spinner = subprocess.Popen(
                        ["wrk", "-t1", "-c1", "-d5s", server.url("/endless-loop")],
                        stdout=subprocess.DEVNULL, preexec_fn=pinned(CLIENT_CORE))
                    time.sleep(0.3)
                seen = server.load(3, 4)
                values.update({f"{name}_{key}": seen[key] for key in ("p50_us", "p99_us", "p999_us")})
                if spinner:
                    spinner.wait()
            values["p99_ratio"] = values["beside_p99_us"] / values["alone_p99_us"]
            if number > 0:
                rounds.append(values)
        server.stop()
        return summaries(rounds)

    # Events of many kinds, each with its own nonce; in a folder, the function that ends badly.
    def soak(self):
        folders = []
        # What never ends has a deadline of its own, so that no other event meets it on a machine
        # that does other things as well.
        for name, timeout in (("soak", "10s"), ("endless", "500ms")):
            folder = self.build / name
            folder.mkdir(exist_ok=True)
            shutil.copy(self.functions / "soak-guest.wasm", folder)
            (folder / "ferry.toml").write_text(
                f'[function]\nname = "{name}"\nwasm = "soak-guest.wasm"\n[limits]\n'
                f'timeout = "{timeout}"\nmemory = "16MiB"\noutput = "64KiB"\nlog = "64KiB"\n')
            folders.append(folder)
        log, log_end = os.pipe()
        admin = free_port()
        server = Server("ferry serve", [
            self.bin / "ferry", "serve", self.hello, self.functions / "hello-rust.wasm",
            self.functions / "hello-go.wasm", *folders, "--workers", 1, "--listen", "127.0.0.1:PORT",
            "--admin", f"127.0.0.1:{admin}"], SERVER_CORE, "/hello-c", log=log_end)
        os.close(log_end)
        events, idle = (20_000, 2) if self.quick else (SOAK_EVENTS, 60)

        def run(count, seed):
            with open(log, closefd=False) as lines:
                out = subprocess.run(
                    [self.bin / "bench_soak", str(server.port), str(count), "16", str(seed)],
                    stdin=lines, stdout=subprocess.PIPE, text=True, check=False,
                    preexec_fn=pinned(CLIENT_CORE))
            if not out.stdout:
                sys.exit(f"bench: bench_soak ended with {out.returncode}")
            busy = memory(server.process.pid)["rss"]
            time.sleep(idle)
            dropped = re.search(r"^ferry_log_dropped_lines_total (\d+)$",
                                ask(admin, "/metrics", None).decode(), re.M)
            return {**json.loads(out.stdout), "rss_busy": busy,
                    "rss": memory(server.process.pid)["rss"], "dropped": int(dropped.group(1)),
                    "descriptors": descriptors(server.process.pid)}

        time.sleep(0.5)
        os.read(log, 1 << 16)  # what it says at its start, and the line of the event that Server sent
        # Until it serves what it makes of these functions by itself.
        end = time.monotonic() + 300
        while not re.search(r'^ferry_function_snapshot\{function="hello-go"[^}]*\} 1$',
                            ask(admin, "/metrics", None).decode(), re.M):
            if time.monotonic() > end:
                raise Missing("no snapshot of hello-go was made")
            time.sleep(0.5)
        first = run(events // 40, 1)  # so many that each kind was among them
        second = run(events, 2)
        code = server.stop()
        os.close(log)
        return {**second, "exit_code": code, "rss_before": first["rss"],
                "descriptors_before": first["descriptors"]}

    # Thousands of different functions behind one server.
    def many(self):
        count = 300 if self.quick else 10_000
        files = many.write(self.build / "many", count)
        cache = {"XDG_CACHE_HOME": str(self.build / "many-cache")}
        # Compiled a thousand at a time, once; a start-up should not be timed out by it.
        for at in range(0, count, 1000):
            self.ferry(*files[at:at + 1000], path=f"/{files[at].stem}",
                       reply=many.reply_of(at), patience=600, env=cache).stop()
        one = self.ferry(files[0], reply=many.reply_of(0), env=cache)
        time.sleep(0.5)
        base = memory(one.process.pid)["pss"]
        one.stop()
        server = self.ferry(*files, path=f"/{files[0].stem}", reply=many.reply_of(0), patience=300,
                            env=cache)
        pid = server.process.pid
        figures = {"functions": count, "pss_one": base, "pss_loaded": memory(pid)["pss"],
                   "descriptors": descriptors(pid)}
        numbers = list(range(1, count))
        random.shuffle(numbers)
        # All once; then some again and again: the second call makes an instance to keep, the third
        # learns which pages are written, the fifth is as later ones are. So many only as the engine
        # can have instances at once.
        few = numbers[:256]
        for key, asked in (("first", numbers), ("second", few), ("third", few), ("fourth", few),
                           ("fifth", few)):
            before = cpu_us(pid)
            ask_all(server.port, files, asked)
            figures[f"{key}_call_us"] = (cpu_us(pid) - before) / len(asked)
            figures[f"pss_after_{key}"] = memory(pid)["pss"]
        time.sleep(25)  # idle: http/server.h, kTidy
        figures["pss_idle"] = memory(pid)["pss"]
        server.stop()
        # In a process without a server: five runs, in each of which every function is called twice.
        lines = "".join(f"{file}\n" for file in files)
        runs = [json.loads(subprocess.run(
            [self.bin / "bench_first_calls", "{}"], input=lines, check=True, capture_output=True,
            text=True, preexec_fn=pinned(SERVER_CORE), env={**os.environ, **cache}).stdout)
            for _ in range(self.rounds(5, 2))]
        for key in runs[0]:
            figures[key] = statistics.median(run[key] for run in runs)
        return figures


def ask_all(port, files, numbers):
    """Each function once, over one connection."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        answers = connection.makefile("rb")
        for number in numbers:
            connection.sendall(b"POST /%b HTTP/1.1\r\nHost: bench\r\nContent-Length: 2\r\n\r\n{}"
                               % files[number].stem.encode())
            length = 0
            head = answers.readline()
            while (line := answers.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            body = answers.read(length)
            if b" 200 " not in head or body != many.reply_of(number):
                sys.exit(f"bench: function {number} answers {head!r} {body!r}")


def first_activation(command, wasm, env):
    """OpenWhisk's /init with raw wasm, and the first /run."""
    code = base64.b64encode(wasm.read_bytes()).decode()
    init = json.dumps({"value": {"name": "hello", "main": "main", "binary": True, "code": code}})
    port = free_port()
    process = subprocess.Popen([*command, "--listen", f"127.0.0.1:{port}"], env={
        **env, "__OW_API_HOST": "http://127.0.0.1"}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.001)
    begun = time.perf_counter()
    ask(port, "/init", init.encode(), 60)
    reply = ask(port, "/run", json.dumps({"value": json.loads(DATA)}).encode(), 60)
    seen = {"wall_us": (time.perf_counter() - begun) * 1e6}
    process.send_signal(signal.SIGTERM)
    process.wait()
    if reply.strip() != REPLY:
        sys.exit(f"bench: {command[0]} answers {reply!r}")
    return seen


def first_answer(name, command, env=None):
    """A server from its start until its first answer has come."""
    port = free_port()
    line = [str(part).replace("PORT", str(port)) for part in command]
    begun = time.perf_counter()
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    while True:
        connection = socket.socket()
        try:
            connection.connect(("127.0.0.1", port))
            break
        except OSError:
            connection.close()
            time.sleep(0.0001)
    with connection:
        connection.sendall(REQUEST)
        answer = connection.recv(65536)
        while REPLY not in answer:
            more = connection.recv(65536)
            if not more:
                sys.exit(f"bench: {name} answers {answer!r}")
            answer += more
    seen = {"wall_us": (time.perf_counter() - begun) * 1e6, "cpu_us": cpu_us(process.pid)}
    process.send_signal(signal.SIGTERM)
    process.wait()
    return seen


def one_run(name, command, env=None):
    """A program from its start until it has ended, its event on stdin."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env=env)
    process.stdin.write(DATA.encode())
    process.stdin.close()
    reply = process.stdout.read()
    # Ended, and not yet waited for: its clock still stands.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    seen = {"wall_us": (time.perf_counter() - begun) * 1e6, "cpu_us": cpu_us(process.pid)}
    process.stdout.close()
    process.wait()
    if reply.strip() != REPLY:
        sys.exit(f"bench: {name} answers {reply!r}")
    return seen
