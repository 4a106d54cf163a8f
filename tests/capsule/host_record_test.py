#!/usr/bin/env python3
"""What is shipped, as each platform runs it: one package whose function has files of its own, and
`--record`. On each platform the function reads its file, and the event is recorded, without what its
manifest says to leave out.

    tests/capsule/host_record_test.py --build DIR

Exit status: that of unittest; 77 where ferry-host or the sample `letters` is not built.
"""
import argparse
import base64
import http.client
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = None
PATIENCE = 60
LETTER = "Dear Ada Lovelace,\n\nyour order is on its way.\n"
EVENT = '{"name":"Ada Lovelace"}'


class RuntimeApi:
    """AWS's side: hands out one invocation, and takes its answer."""

    def __init__(self):
        self.answered = threading.Event()
        self.answer = None
        outer = self
        given = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                if not given.acquire(blocking=False):  # pylint: disable=consider-using-with
                    outer.answered.wait(PATIENCE)
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "r-1")
                self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
                self.send_header("Lambda-Runtime-Invoked-Function-Arn",
                                 "arn:aws:lambda:eu-central-1:123456789012:function:letters")
                self.send_header("Content-Length", str(len(EVENT)))
                self.end_headers()
                self.wfile.write(EVENT.encode())

            def do_POST(self):  # pylint: disable=invalid-name
                outer.answer = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                outer.answered.set()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.answered.set()
        self.server.shutdown()
        self.server.server_close()


class HostRecord(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        project = cls.home / "letters"
        shutil.copytree(ROOT / "functions/letters", project)
        shutil.copy(BUILD / "functions/letters.wasm", project)
        manifest = (project / "ferry.toml").read_text().split("[build]")[0]
        (project / "ferry.toml").write_text(manifest + '[record]\nredact = ["$.name"]\n')
        cls.project = project
        cls.env = {**{name: value for name, value in os.environ.items()
                      if name not in ("K_SERVICE", "PORT", "AWS_LAMBDA_RUNTIME_API")},
                   "XDG_CACHE_HOME": str(cls.home / "cache"),
                   "XDG_DATA_HOME": str(cls.home / "key")}
        out = cls.home / "out"
        subprocess.run([BUILD / "bin/ferry", "pack", project, "--for", "lambda", "-o", out,
                        "--quiet"], env=cls.env, check=True, timeout=600)
        cls.host = cls.home / "host"
        for layer in ("runtime-layer.zip", "function-layer.zip"):  # as Lambda unpacks them
            with zipfile.ZipFile(out / layer) as package:
                package.extractall(cls.host)
        cls.program = next(each for each in cls.host.rglob("*") if each.name == "bootstrap")
        cls.program.chmod(0o755)

    def start(self, platform, *words, env=None):
        """ferry-host; the address that it serves at, if it says one."""
        process = subprocess.Popen(
            [self.program, "--platform", platform, "--bundle", self.host / "ferry", *words], cwd=self.home, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**self.env, **(env or {})})
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, port, process):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise AssertionError(f"it does not serve ({process.poll()})")

    def end(self, process):
        process.stdin.close()
        process.terminate()
        process.stdout.read()
        process.stderr.read()
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(process.wait(PATIENCE), 0)

    def ask(self, port, path, body, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json",
                                                    **(fields or {})})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def check_capsule(self, folder):
        """One event is there, without the name; and it can be had again from what is there."""
        for file in folder.iterdir():
            self.assertNotIn(b"Lovelace", file.read_bytes())
        done = subprocess.run([BUILD / "bin/ferry", "replay", folder, "--export"], env=self.env,
                              capture_output=True, text=True, check=True, timeout=PATIENCE)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 1)
        capsule = json.loads(lines[0])
        self.assertEqual(capsule["outcome"]["status"], "ok")
        self.assertEqual(capsule["redacted"], ["$.name"])
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        done = subprocess.run(
            [BUILD / "bin/ferry", "replay", next(folder.iterdir()), "--function", self.project],
            env=self.env, capture_output=True, text=True, check=False, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("as recorded", done.stdout + done.stderr)
        self.assertIn("left out of the capsule", done.stdout + done.stderr)

    def over_http(self, platform, path="/", fields=None, body=EVENT):
        folder = self.home / f"capsules-{platform}"
        port = free_port()
        process = self.start(platform, "--listen", f"127.0.0.1:{port}", "--workers", "1",
                             "--record", str(folder))
        try:
            self.wait_for(port, process)
            status, text = self.ask(port, path, body, fields)
        finally:
            self.end(process)
        self.assertEqual(status, 200, text)
        self.check_capsule(folder)
        return text

    def test_http(self):
        self.assertEqual(self.over_http("http"), LETTER)

    def test_openfaas(self):
        self.assertEqual(self.over_http("openfaas"), LETTER)

    def test_knative(self):
        text = self.over_http("knative", fields={"ce-specversion": "1.0", "ce-id": "1",
                                                 "ce-source": "/s", "ce-type": "t"})
        self.assertEqual(text, LETTER)

    def test_azure(self):
        text = self.over_http("azure", "/letters", body=json.dumps(
            {"Data": {"item": json.dumps(EVENT)}, "Metadata": {"DequeueCount": "1"}}))
        self.assertEqual(json.loads(text)["ReturnValue"], LETTER)

    def test_openwhisk_with_the_function_in_the_image(self):
        text = self.over_http("openwhisk", "/run", body=json.dumps({"value": json.loads(EVENT)}))
        self.assertIn("Dear Ada Lovelace", text)

    def test_openwhisk_with_the_function_in_init(self):
        bundle = next(self.host.rglob("*.ferry"))
        key = next(self.host.rglob("ferry.pub"))
        empty = self.home / "empty"
        empty.mkdir()
        program = shutil.copy(self.program, empty / "ferry-host")
        folder = self.home / "capsules-init"
        port = free_port()
        process = subprocess.Popen(
            [program, "--platform", "openwhisk", "--listen", f"127.0.0.1:{port}", "--key", key,
             "--record", folder], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.env)
        self.addCleanup(process.kill)
        try:
            self.wait_for(port, process)
            status, text = self.ask(port, "/init", json.dumps({"value": {
                "name": "letters", "main": "main", "binary": True,
                "code": base64.b64encode(bundle.read_bytes()).decode()}}))
            self.assertEqual(status, 200, text)
            status, text = self.ask(port, "/run", json.dumps({"value": json.loads(EVENT)}))
            self.assertEqual(status, 200, text)
            self.assertIn("Dear Ada Lovelace", text)
        finally:
            self.end(process)
        self.check_capsule(folder)

    def test_lambda_by_its_environment(self):
        api = RuntimeApi()
        self.addCleanup(api.close)
        folder = self.home / "capsules-lambda"
        address = f"127.0.0.1:{api.server.server_address[1]}"
        process = subprocess.Popen(
            [self.program], cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**self.env, "AWS_LAMBDA_RUNTIME_API": address, "FERRY_RECORD": str(folder),
                 "LAMBDA_TASK_ROOT": str(self.host), "_HANDLER": "letters"})
        self.addCleanup(process.kill)
        self.assertTrue(api.answered.wait(PATIENCE), process.poll())
        self.assertEqual(json.loads(api.answer), LETTER)
        process.terminate()
        process.communicate(timeout=PATIENCE)
        self.check_capsule(folder)

    def test_jsonl(self):
        folder = self.home / "capsules-jsonl"
        process = self.start("jsonl", "--record", str(folder), "--quiet")
        out, _ = process.communicate(json.dumps(
            {"specversion": "1.0", "id": "1", "source": "/s", "type": "t",
             "data": json.loads(EVENT)}) + "\n", timeout=PATIENCE)
        self.assertIn("Dear Ada Lovelace", out)
        self.check_capsule(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    known, rest = parser.parse_known_args()
    BUILD = known.build.resolve()
    for needed in ("bin/ferry", "bin/ferry-host", "functions/letters.wasm"):
        if not (BUILD / needed).exists():
            print(f"skip: {needed} is not built")
            sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])
