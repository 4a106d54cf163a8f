#!/usr/bin/env python3
"""Figures of the container images and of OpenWhisk: sizes, start, /init, memory. Needs a Docker
engine that runs, Go and node. Writes docs/data/openwhisk.json.

    bench/openwhisk.py [--rounds N] [--build build]

Candidates are interleaved, and ratios are of medians of one run."""
import argparse
import base64
import concurrent.futures
import datetime
import http.client
import io
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench/peers/openwhisk"
ACTIVATIONS = 100


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True,
                          **more).stdout.strip()


def post(port, path, value, patience=60.0):
    """Again at once while nobody listens, as the clock runs."""
    body = json.dumps(value).encode()
    end = time.monotonic() + patience
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            data = answer.read()
            assert answer.status == 200, (path, answer.status, data)
            return data
        except (ConnectionRefusedError, ConnectionResetError):
            assert time.monotonic() < end, "nobody answers"
            time.sleep(0.001)
        finally:
            connection.close()


class Image:
    """One candidate: an image, and what /init is given."""

    def __init__(self, label, image, init):
        self.label, self.image, self.init = label, image, init

    def start(self):
        """Seconds from `docker run` to the first answered /run, and those of /init."""
        port = free_port()
        begin = time.monotonic()
        container = run("docker", "run", "-d", "--network", "host", "--read-only", "--cap-drop",
                        "ALL", "-e", f"PORT={port}", "-e", "__OW_API_HOST=http://127.0.0.1",
                        self.image)
        try:
            up = None
            while up is None:
                try:
                    socket.create_connection(("127.0.0.1", port), 5).close()
                    up = time.monotonic()
                except ConnectionRefusedError:
                    time.sleep(0.001)
                    assert time.monotonic() < begin + 60, run("docker", "logs", container)
            post(port, "/init", {"value": self.init})
            ready = time.monotonic()
            answer = post(port, "/run", {"value": {"name": "Ada"}})
            end = time.monotonic()
            assert b"Ada" in answer, answer
            return {"start": end - begin, "init": ready - up}
        finally:
            run("docker", "rm", "-f", container)


def pss(pids):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def tree(pid):
    found = [pid]
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += tree(int(child))
    return found


def import_image(name, entrypoint, files):
    """An image FROM scratch with these files: {path in it: path here}."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folders = {str(each) for inside in files for each in pathlib.PurePath(inside).parents}
        for folder in sorted(folders - {"/"}):
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for inside, here in files.items():
            entry = archive.gettarinfo(os.path.realpath(here), inside.lstrip("/"))
            entry.uid = entry.gid = 0
            entry.mode = 0o755
            with open(here, "rb") as file:
                archive.addfile(entry, file)
    subprocess.run(["docker", "import", "--change", f"ENTRYPOINT {json.dumps(entrypoint)}", "-",
                    name], input=buffer.getvalue(), check=True, capture_output=True)
    return len(buffer.getvalue())


def node_image(folder):
    """This machine's node with the libraries it needs, and the proxy."""
    node = shutil.which("node")
    if not node:
        return None
    files = {"/node": node, "/proxy.js": str(PEERS / "proxy.js")}
    for line in run("ldd", node).splitlines():
        path = [word for word in line.split() if word.startswith("/")]
        if path:
            files[path[0]] = path[0]
    size = import_image("ferry-bench/node:1", ["/node", "/proxy.js"], files)
    return Image("Node action proxy", "ferry-bench/node:1", {"name": "hello"}), size


def mebibytes(size):
    return f"{size / (1 << 20):.1f} MiB"


def ratio(value, base):
    return f"{value / base:.2f}"


class Bench:
    def __init__(self, options, folder):
        self.build, self.rounds, self.folder = options.build, options.rounds, folder
        self.ferry = self.build / "bin/ferry"
        os.environ["XDG_DATA_HOME"] = folder + "/key"
        environment = {**os.environ, "CGO_ENABLED": "0"}
        for name, target in (("proxy", {}), ("hold.wasm", {"GOOS": "wasip1", "GOARCH": "wasm"})):
            run("go", "build", "-trimpath", "-ldflags=-s -w", "-o", f"{folder}/{name}",
                "./" + name.split(".")[0], cwd=PEERS, env={**environment, **target})
        self.wasm = self.build / "functions/hello-go.wasm"
        self.pack(self.wasm, "image", "ferry-bench/hello:1")
        self.pack(self.wasm, "openwhisk", "ferry-bench/kind:1")
        action = json.loads(pathlib.Path(f"{folder}/openwhisk/action.json").read_text())
        raw = base64.b64encode(self.wasm.read_bytes()).decode()
        native = import_image("ferry-bench/native:1", ["/proxy"], {"/proxy": f"{folder}/proxy"})
        self.images = [
            Image("ferry, image with the function", "ferry-bench/hello:1", {"name": "hello"}),
            Image("ferry, kind with a signed bundle", "ferry-bench/kind:1",
                  {"name": "hello", "main": "hello-go", "binary": True,
                   "code": action["exec"]["code"]}),
            Image("ferry, kind with raw wasm", "ferry-bench/kind:1",
                  {"name": "hello", "main": "main", "binary": True, "code": raw}),
            Image("native Go action proxy", "ferry-bench/native:1", {"name": "hello"})]
        node = node_image(folder)
        self.sizes = {"native": native, "node": node[1] if node else None}
        if node:
            self.images.append(node[0])

    def pack(self, wasm, platform, tag, folder=None):
        folder = f"{self.folder}/{folder or platform}"
        run(self.ferry, "pack", wasm, "--for", platform, "--tag", tag, "-o", folder, "--quiet")
        run("docker", "load", "-i", folder + "/image.tar")

    def size_table(self):
        rows, base = [], self.sizes["native"]
        for name in ("ferry-host", "ferry-host-full"):
            stripped = f"{self.folder}/{name}"
            run("strip", "-o", stripped, self.build / "bin" / name)
            size = os.path.getsize(stripped)
            rows.append([f"`{name}`, stripped", mebibytes(size), ratio(size, base)])
        image = os.path.getsize(f"{self.folder}/image/image.tar")
        rows.append(["image with `ferry-host` and the Go `hello`", mebibytes(image),
                     ratio(image, base)])
        rows.append(["image FROM scratch with the native Go binary", mebibytes(base), "1"])
        if self.sizes["node"]:
            rows.append(["image with node, its libraries and a proxy",
                         mebibytes(self.sizes["node"]), ratio(self.sizes["node"], base)])
        return {"columns": ["what", "size", "ratio to native Go"], "rows": rows}

    def start_tables(self):
        raw = {image.label: [] for image in self.images}
        for _ in range(self.rounds):
            for image in self.images:
                raw[image.label].append(image.start())
        median = {label: {key: statistics.median(each[key] for each in runs)
                          for key in ("start", "init")} for label, runs in raw.items()}
        base = median["native Go action proxy"]["start"]
        start = {"columns": ["container", "`docker run` to first answer of `/run`",
                             "ratio to native Go"],
                 "rows": [[label, f"{1000 * each['start']:.0f} ms", ratio(each["start"], base)]
                          for label, each in median.items()]}
        bundle = median["ferry, kind with a signed bundle"]["init"]
        init = {"columns": ["`/init` with", "time", "ratio to a bundle"],
                "rows": [[what, f"{1000 * median[label]['init']:.1f} ms",
                          ratio(median[label]["init"], bundle)]
                         for what, label in (("a signed bundle", "ferry, kind with a signed bundle"),
                                             ("raw wasm", "ferry, kind with raw wasm"))]}
        return start, init, raw

    def at_once(self, ports, measure):
        value = {"value": {"name": "Ada", "hold": 6}}
        with concurrent.futures.ThreadPoolExecutor(ACTIVATIONS) as pool:
            answers = [pool.submit(post, port, "/run", value) for port in ports]
            time.sleep(4)
            assert not any(answer.done() for answer in answers)
            size = measure()
            for answer in answers:
                assert b"Ada" in answer.result()
        return size

    def memory_table(self):
        self.pack(f"{self.folder}/hold.wasm", "image", "ferry-bench/hold:1", "hold")
        port = free_port()
        container = run("docker", "run", "-d", "--network", "host", "--read-only", "--cap-drop",
                        "ALL", "-e", f"PORT={port}", "-e", "__OW_API_HOST=http://127.0.0.1",
                        "ferry-bench/hold:1")
        try:
            post(port, "/init", {"value": {"name": "hold"}})
            main = int(run("docker", "inspect", "-f", "{{.State.Pid}}", container))
            ours = self.at_once([port] * ACTIVATIONS, lambda: pss(tree(main)))
        finally:
            run("docker", "rm", "-f", container)
        ports = [free_port() for _ in range(ACTIVATIONS)]
        natives = [subprocess.Popen([f"{self.folder}/proxy"], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL,
                                    env={**os.environ, "PORT": str(each)}) for each in ports]
        try:
            for each in ports:
                post(each, "/init", {"value": {}})
            native = self.at_once(ports, lambda: pss([each.pid for each in natives]))
        finally:
            for each in natives:
                each.kill()
                each.wait()
        return {"columns": [f"{ACTIVATIONS} activations at once", "memory (PSS)",
                            "ratio to native Go"],
                "rows": [["one ferry container, each in its own instance", mebibytes(ours),
                          ratio(ours, native)],
                         [f"{ACTIVATIONS} processes of the native Go proxy", mebibytes(native),
                          "1"]]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        start, init, raw = bench.start_tables()
        tables = {"size": bench.size_table(), "start": start, "init": init,
                  "memory": bench.memory_table()}
    data = {"command": f"bench/openwhisk.py --rounds {options.rounds}",
            "machine": f"{os.cpu_count()} cores, Linux {os.uname().release}, Docker "
                       + run("docker", "version", "-f", "{{.Server.Version}}"),
            "date": datetime.date.today().isoformat(), "tables": tables, "raw_seconds": raw}
    out = ROOT / "docs/data/openwhisk.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(data, indent=1) + "\n")
    for name, table in tables.items():
        print(name, *table["rows"], sep="\n  ")


if __name__ == "__main__":
    main()
