#!/usr/bin/env python3
"""ferry pack --push to a real registry (the distribution project's; `make registry` builds it),
without a login, with one, and with one that is wrong; then docker pulls and runs it. Skipped, with
the reason, where there is no registry."""
import argparse
import base64
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from ports import free_port

OPTIONS = None
# "testuser" and "testpassword", as `htpasswd -B` writes it.
HTPASSWD = "testuser:$2b$05$oN.FXB7gl8s5e2aCJK6yfOyOZuetr.MNka7mgvuACW1x5nYptqSfy\n"


def skip(reason):
    print("skipped: " + reason)
    sys.exit(77)


class Registry:
    def __init__(self, folder, auth=""):
        self.port = free_port()
        config = os.path.join(folder, f"config-{self.port}.yml")
        with open(config, "w") as out:
            out.write(f"version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '127.0.0.1:{self.port}'}}\n"
                      f"storage: {{filesystem: {{rootdirectory: {folder}/data-{self.port}}}}}\n{auth}")
        self.log = open(os.path.join(folder, f"log-{self.port}"), "wb")
        self.process = subprocess.Popen([OPTIONS.registry, "serve", config], stdout=self.log,
                                        stderr=self.log)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            except ConnectionRefusedError:
                assert self.process.poll() is None, "the registry ended"
                time.sleep(0.05)
        raise AssertionError("the registry never listened")

    def get(self, path, **fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers=fields)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


class Push(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ferry-push-")
        self.addCleanup(shutil.rmtree, self.folder)

    def registry(self, auth=""):
        out = Registry(self.folder, auth)
        self.addCleanup(out.close)
        return out

    def push(self, name, *words, code=0):
        done = subprocess.run(
            [OPTIONS.ferry, "pack", OPTIONS.function, "--for", "image", "-o", self.folder + "/out",
             "--push", name, *words], capture_output=True, text=True, timeout=300, check=False,
            env={**os.environ, "DOCKER_CONFIG": self.folder, "XDG_DATA_HOME": self.folder})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_push_and_run(self):
        registry = self.registry()
        name = f"127.0.0.1:{registry.port}/team/hello:1"
        done = self.push(name)
        digest = done.stdout.strip().split("@")[1]
        answer, body = registry.get("/v2/team/hello/manifests/1",
                                    Accept="application/vnd.oci.image.manifest.v1+json")
        self.assertEqual(answer.getheader("Docker-Content-Digest"), digest)
        self.assertEqual(json.loads(body)["schemaVersion"], 2)
        self.assertIn("layer", done.stderr)
        # Nothing is sent twice.
        self.assertEqual(self.push(name).stderr.count("there already"), 2)
        self.run_from(name)

    def run_from(self, name):
        if not shutil.which("docker") or subprocess.run(
                ["docker", "info"], capture_output=True, check=False).returncode:
            self.skipTest("pushed; no container engine to pull and run it with")
        docker = ["docker"]
        subprocess.run([*docker, "pull", name], check=True, capture_output=True, timeout=120)
        port = free_port()
        started = subprocess.run(
            [*docker, "run", "-d", "--read-only", "--cap-drop", "ALL", "--network", "host", name,
             "--listen", f"127.0.0.1:{port}"], check=True, capture_output=True, text=True)
        container = started.stdout.strip()
        try:
            for _ in range(600):
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    connection.request("POST", "/", b'{"name":"Ada"}',
                                       {"Content-Type": "application/json"})
                    answer = connection.getresponse()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            self.assertEqual(answer.status, 200)
            self.assertIn(b"Ada", answer.read())
            connection.close()
        finally:
            subprocess.run([*docker, "rm", "-f", container], check=True, capture_output=True)
            subprocess.run([*docker, "rmi", "-f", name], check=True, capture_output=True)

    def test_login(self):
        with open(self.folder + "/htpasswd", "w") as out:
            out.write(HTPASSWD)
        registry = self.registry(f"auth: {{htpasswd: {{realm: r, path: {self.folder}/htpasswd}}}}\n")
        name = f"127.0.0.1:{registry.port}/hello:1"
        self.assertIn("docker login", self.push(name, code=10).stderr)
        for password, code in [("wrong", 10), ("testpassword", 0)]:
            auth = base64.b64encode(f"testuser:{password}".encode()).decode()
            with open(self.folder + "/config.json", "w") as out:
                json.dump({"auths": {f"127.0.0.1:{registry.port}": {"auth": auth}}}, out)
            done = self.push(name, code=code)
            self.assertNotIn(auth, done.stderr)

    def test_no_registry(self):
        self.assertIn("can't be reached", self.push(f"127.0.0.1:{free_port()}/hello", code=10).stderr)
        self.assertIn("does not name an image", self.push("hello", code=2).stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    OPTIONS, rest = parser.parse_known_args()
    OPTIONS.ferry = OPTIONS.build + "/bin/ferry"
    OPTIONS.function = OPTIONS.build + "/functions/hello-c.wasm"
    OPTIONS.registry = (os.environ.get("REGISTRY") or shutil.which("registry", path=OPTIONS.build + "/tools")
                        or shutil.which("registry"))
    if not OPTIONS.registry:
        skip("there is no registry server: `make registry` builds one")
    for path in (OPTIONS.function, OPTIONS.build + "/bin/ferry-host"):
        if not os.path.exists(path):
            skip(f"{path} is not built")
    unittest.main(argv=sys.argv[:1] + rest)
