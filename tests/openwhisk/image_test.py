#!/usr/bin/env python3
"""Images of `ferry pack` in a real container engine: one that runs already, or a dockerd of our own
where one can be started. Skipped, with the reason, where there is neither."""
import argparse
import atexit
import base64
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from container import SENTINEL  # it says where ports is
from ports import free_port

OPTIONS = None


def skip(reason):
    print("skipped: " + reason)
    sys.exit(77)


def docker(*words, **more):
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True,
                          **more).stdout.strip()


def answers():
    return shutil.which("docker") and subprocess.run(
        ["docker", "info"], capture_output=True, check=False).returncode == 0


def start_engine(folder):
    if answers():
        return
    if not shutil.which("docker") or not shutil.which("dockerd"):
        skip("no container engine: docker and dockerd are not installed")
    if os.geteuid() != 0:
        skip("no container engine runs, and only root can start dockerd")
    os.environ["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
    with open(folder + "/log", "wb") as log:
        engine = subprocess.Popen(
            ["dockerd", "--data-root", folder + "/data", "--exec-root", folder + "/exec",
             "-H", os.environ["DOCKER_HOST"], "--pidfile", folder + "/pid", "--iptables=false",
             "--bridge=none", "--storage-driver=vfs"], stdout=log, stderr=log)

    def stop():
        engine.terminate()
        engine.wait(60)

    atexit.register(stop)
    for _ in range(300):
        if answers():
            return
        if engine.poll() is not None:
            break
        time.sleep(0.1)
    with open(folder + "/log", encoding="utf-8") as log:
        skip("dockerd does not start here: " + log.read()[-300:])


def pack(name, platform, *more):
    folder = tempfile.mkdtemp(dir=OPTIONS.folder)
    subprocess.run([f"{OPTIONS.build}/bin/ferry", "pack", f"{OPTIONS.build}/functions/{name}.wasm",
                    "--for", platform, "-o", folder, "--quiet", "--no-snapshot", *more], check=True)
    return folder


class Running:
    """A container as strict as can be: nothing writable, no capability, not root."""

    def __init__(self, image, *words, **env):
        self.port = free_port()
        settings = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        self.id = docker("run", "-d", "--network", "host", "--read-only", "--cap-drop", "ALL",
                         "--security-opt", "no-new-privileges", "-e", f"PORT={self.port}",
                         *settings, image, *words)

    def post(self, path, body):
        for _ in range(300):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request("POST", path, json.dumps(body),
                                   {"Content-Type": "application/json"})
                response = connection.getresponse()
                return response.status, json.loads(response.read())
            except ConnectionRefusedError:
                time.sleep(0.1)
            finally:
                connection.close()
        raise AssertionError(docker("logs", self.id))

    def logs(self):
        both = subprocess.run(["docker", "logs", self.id], check=True, capture_output=True,
                              text=True)
        return both.stdout, both.stderr

    def stop(self):
        docker("stop", "-t", "20", self.id)
        code = docker("inspect", self.id, "--format", "{{.State.ExitCode}}")
        docker("rm", self.id)
        return int(code)


class Image(unittest.TestCase):
    def test_serves_http_and_ends_well(self):
        folder = pack("hello-c", "image", "--tag", "ferry-test/hello:1")
        self.assertIn("ferry-test/hello:1", docker("load", "-i", folder + "/image.tar"))
        box = Running("ferry-test/hello:1")
        self.assertEqual(box.post("/", {"name": "Ada"}), (200, {"message": "Hello, Ada!"}))
        self.assertIn("platform http", box.logs()[1])
        self.assertEqual(box.stop(), 0)

    def test_needs_no_network_no_rights_and_no_root(self):
        if os.geteuid() != 0:
            self.skipTest("only root can look into a container without a network")
        folder = pack("hello-c", "image", "--tag", "ferry-test/alone:1")
        docker("load", "-i", folder + "/image.tar")
        box = docker("run", "-d", "--network", "none", "--read-only", "--cap-drop", "ALL",
                     "--security-opt", "no-new-privileges", "--user", "12345:12345",
                     "ferry-test/alone:1")
        try:
            pid = docker("inspect", box, "--format", "{{.State.Pid}}")
            # Nothing reaches it from outside but through its own namespace.
            ask = subprocess.run(
                ["nsenter", "-t", pid, "-n", sys.executable, "-c",
                 "import time, urllib.request as u\n"
                 "for _ in range(300):\n"
                 "    try:\n"
                 "        print(u.urlopen('http://127.0.0.1:8080/', b'{\"name\":\"Ada\"}', 60)"
                 ".read().decode()); break\n"
                 "    except OSError: time.sleep(0.1)\n"], capture_output=True, text=True,
                check=True)
            self.assertEqual(json.loads(ask.stdout), {"message": "Hello, Ada!"})
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                facts = dict(line.strip().split(":\t", 1) for line in file if ":\t" in line)
            self.assertEqual(int(facts["CapEff"], 16), 0)
            self.assertEqual(facts["NoNewPrivs"], "1")
            self.assertEqual(facts["Uid"].split()[0], "12345")
        finally:
            docker("rm", "-f", box)

    def test_is_labelled_and_not_roots(self):
        folder = pack("hello-c", "image", "--tag", "ferry-test/labels:1")
        docker("load", "-i", folder + "/image.tar")
        facts = json.loads(docker("inspect", "ferry-test/labels:1"))[0]
        with open(f"{OPTIONS.build}/functions/hello-c.wasm", "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        self.assertEqual(facts["Config"]["Labels"]["io.ferry.digest"], "sha256:" + digest)
        self.assertNotIn(facts["Config"]["User"].split(":")[0], ("", "0", "root"))

    def test_is_the_same_twice(self):
        tars = []
        for _ in range(2):
            with open(pack("hello-c", "image") + "/image.tar", "rb") as file:
                tars.append(file.read())
        self.assertEqual(tars[0], tars[1])

    def test_is_an_openwhisk_blackbox(self):
        folder = pack("hello-c", "image", "--tag", "ferry-test/blackbox:1")
        docker("load", "-i", folder + "/image.tar")
        box = Running("ferry-test/blackbox:1", __OW_API_HOST="http://127.0.0.1")
        self.assertEqual(box.post("/init", {"value": {"name": "x", "main": "main"}})[0], 200)
        self.assertEqual(box.post("/run", {"value": {"name": "Ada"}}),
                         (200, {"message": "Hello, Ada!"}))
        # Docker takes what the container writes by and by, as OpenWhisk does, which waits for these.
        end = time.monotonic() + 20
        out, err = box.logs()
        while SENTINEL not in out or SENTINEL not in err:
            self.assertLess(time.monotonic(), end, (out, err))
            time.sleep(0.05)
            out, err = box.logs()
        self.assertNotIn("ferry-host:", err)  # it would be in the activation's log
        self.assertEqual((out.count(SENTINEL), err.count(SENTINEL)), (1, 1))
        self.assertEqual(box.stop(), 0)

    def test_is_an_openwhisk_kind(self):
        self.answers_as_a_kind("hello-c")

    def test_is_an_openwhisk_kind_for_components(self):
        if not os.path.exists(f"{OPTIONS.build}/functions/hello-rust-http.wasm"):
            self.skipTest("no component is built: make functions-components")
        self.answers_as_a_kind("hello-rust-http")

    def answers_as_a_kind(self, function):
        """Uploaded as a bundle, and as wasm."""
        folder = pack(function, "openwhisk", "--tag", "ferry-test/kind:1")
        docker("load", "-i", folder + "/image.tar")
        with open(folder + "/action.json", encoding="utf-8") as file:
            action = json.load(file)
        with open(f"{OPTIONS.build}/functions/{function}.wasm", "rb") as file:
            wasm = base64.b64encode(file.read()).decode()
        for code in (action["exec"]["code"], wasm):
            box = Running("ferry-test/kind:1", __OW_API_HOST="http://127.0.0.1")
            init = {"name": "hello", "main": action["exec"]["main"], "binary": True, "code": code}
            self.assertEqual(box.post("/init", {"value": init}), (200, {"ok": True}))
            status, reply = box.post("/run", {"value": {"name": "Ada"}})
            # What answers HTTP requests has a response as its result.
            self.assertEqual((status, reply.get("body", reply)), (200, {"message": "Hello, Ada!"}))
            self.assertEqual(box.stop(), 0)


def main():
    global OPTIONS
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    OPTIONS, rest = parser.parse_known_args()
    for needed in ("bin/ferry-host", "bin/ferry-host-full", "bin/ferry",
                   "functions/hello-c.wasm"):
        if not os.path.exists(f"{OPTIONS.build}/{needed}"):
            skip(f"there is no {OPTIONS.build}/{needed}")
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, True)
    OPTIONS.folder = folder
    os.environ["XDG_DATA_HOME"] = folder + "/key"
    start_engine(folder)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
