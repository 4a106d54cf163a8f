#!/usr/bin/env python3
"""Two versions of one function, served side by side and asked in turns.

    bench/pair.py [--build build] [--against build] [--rounds 30] FUNCTION FUNCTION DATA

One worker each, on wasmtime, without snapshots of the server's own. Both must give the same reply. Prints
for each the median time of an answer and the mean CPU time of its worker, in milliseconds. With --against
the second one is served by the ferry of another build: one function twice compares two versions of ferry.
"""
import argparse
import http.client
import os
import pathlib
import re
import statistics
import subprocess
import threading
import time


class Server:
    def __init__(self, build, function):
        self.process = subprocess.Popen(
            [build / "bin/ferry", "serve", function, "--listen", "127.0.0.1:0", "--workers", "1",
             "--no-snapshot", "--engine", "wasmtime"], stderr=subprocess.PIPE, text=True)
        line = ""
        while "serving" not in line:
            line = self.process.stderr.readline()
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", line)[1])
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.worker = int(children.read_text().split()[0])

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.worker}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def ask(self, data):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/", data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default="build")
    parser.add_argument("--against", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("functions", nargs=2, metavar="FUNCTION")
    parser.add_argument("data", metavar="DATA")
    given = parser.parse_args()
    builds = [given.build, given.against or given.build]
    servers = [Server(build.resolve(), each) for build, each in zip(builds, given.functions)]
    try:
        for _ in range(3):
            if servers[0].ask(given.data) != servers[1].ask(given.data):
                raise SystemExit("their replies differ")
        before = [server.cpu() for server in servers]
        took = [[], []]
        for _ in range(given.rounds):
            for times, server in zip(took, servers):
                begun = time.monotonic()
                server.ask(given.data)
                times.append((time.monotonic() - begun) * 1000)
        for name, server, times, cpu in zip(given.functions, servers, took, before):
            print(f"{name}: {statistics.median(times):.2f} ms an answer, "
                  f"{(server.cpu() - cpu) / given.rounds:.3f} ms of CPU")
    finally:
        for server in servers:
            server.process.terminate()
            server.process.wait(60)


if __name__ == "__main__":
    main()
