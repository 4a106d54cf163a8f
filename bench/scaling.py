"""How much a second core brings where server and clients share the cores.

One core: one worker and its client on it. All cores: a worker for each, and a client on each, as
busy as the one client was. So the load for each core is the same, and where throughput is less than
as many times that of one core, the machine or the server takes something. What the machine takes is
seen beside: the same with servers that share nothing at all, one on each core, and native loops."""
import random
import subprocess

from servers import CORES, Server, cpu_us, load_on, pinned

KINDS = {"arithmetic": "native loop: arithmetic", "memory": "native loop: memory",
         "sockets": "native loop: a socket"}


def loop(program, kind, seconds, cores):
    """A copy of the loop on each core, all together: how often a second."""
    running = [subprocess.Popen([program, kind, str(seconds)], stdout=subprocess.PIPE, text=True,
                                preexec_fn=pinned(core)) for core in cores]
    return sum(float(each.communicate()[0]) for each in running)


class Layouts:
    """One candidate's servers: on one core, on all, on all and pinned, and apart."""

    def __init__(self, start, cores):
        self.cores = cores
        self.shared = start(None, len(cores))
        self.pinned = start(None, len(cores), "--pin")
        self.apart = [start(core, 1) for core in cores]

    def measure(self, seconds, connections):
        figures = {}
        for name, pairs in (("one", [(self.apart[0], self.cores[0])]),
                            ("pinned", [(self.pinned, core) for core in self.cores]),
                            ("all", [(self.shared, core) for core in self.cores]),
                            ("apart", list(zip(self.apart, self.cores)))):
            servers = {server.port: server for server, _ in pairs}.values()
            cpu = sum(cpu_us(server.process.pid) for server in servers)
            seen = load_on(pairs, seconds, connections)
            requests = sum(each["requests"] for each in seen)
            cpu = sum(cpu_us(server.process.pid) for server in servers) - cpu
            figures[f"{name}_per_second"] = sum(each["per_second"] for each in seen)
            figures[f"{name}_cpu_us"] = cpu / requests
        return figures

    def stop(self):
        for server in [self.shared, self.pinned, *self.apart]:
            server.stop()


def measure(bench):
    """Raw rounds: each has what one core did and what all did, one after the other."""
    cores = sorted(CORES)
    seconds = 1 if bench.quick else 2
    candidates = {
        "control": Layouts(lambda core, workers, *extra: Server(
            "control", [bench.bin / "bench_http_control", "127.0.0.1:PORT", *extra, "--workers",
                        workers], core, reply=None), cores),
        "ferry, C": Layouts(lambda core, workers, *extra: bench.ferry(
            bench.hello, core=core, workers=workers, extra=("--quiet", *extra)), cores)}
    rounds = {name: [] for name in [*KINDS, *candidates]}
    for number in range(bench.rounds(8, 3)):
        order = list(rounds)
        random.shuffle(order)
        for name in order:
            if name in KINDS:
                seen = {f"{key}_per_second": loop(bench.bin / "bench_cores", name, seconds / 2, on)
                        for key, on in (("one", cores[:1]), ("all", cores))}
            else:
                seen = candidates[name].measure(seconds, 32)
            for key in ("all", "pinned", "apart"):
                if f"{key}_per_second" in seen:
                    seen[f"{key}_ratio"] = (seen[f"{key}_per_second"]
                                            / seen["one_per_second"] / len(cores))
            if number > 0:
                rounds[name].append(seen)
    for each in candidates.values():
        each.stop()
    return {"cores": len(cores), "rounds": rounds}
