#!/usr/bin/env python3
"""ferry's kind on a real OpenWhisk that nobody has modified: uploaded by `ferry deploy`, invoked
through the API, as users do.

  OPENWHISK=URL AUTH=UUID:KEY tests/openwhisk/real_test.py --build build
      an installation whose operator has loaded the image and the runtimes entry that
      `ferry pack --for openwhisk` made (the kind wasm:1), signed with the key KEY_FILE (default:
      this user's)
  OPENWHISK_JAR=FILE tests/openwhisk/real_test.py --build build
      the standalone server is started here, with a Docker engine that runs already. FILE is its
      jar, or a class path with ':' in it.

Skipped, with the reason, where neither is given."""
import argparse
import atexit
import base64
import concurrent.futures
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

GUEST = ("23bc46b1-71f6-4ed5-8c54-816aa4f8c502:"
         "123zO3xZCLrMN6v2BKK1dXYFpXlPkccOFqm12CdAsMgRU4VrNZ9lyGVCGuMDGIwP")
SENTINEL = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"
OPTIONS = None


def skip(reason):
    print("skipped: " + reason)
    sys.exit(77)


def pack(function, folder, *words):
    subprocess.run([OPTIONS.ferry, "pack", f"{OPTIONS.build}/functions/{function}.wasm", "--for",
                    "openwhisk", "-o", folder, *OPTIONS.key, *words], check=True)
    return folder


def start_server(jar, folder):
    """The standalone server, with the log store that checks the marks at the end of the logs."""
    shutil.copy(folder + "/kind/runtimes.json", folder)
    with open(folder + "/server.conf", "w") as out:
        out.write('include classpath("standalone.conf")\nwhisk {\n  spi { LogStoreProvider = '
                  '"org.apache.openwhisk.core.containerpool.logging.'
                  'DockerToActivationLogStoreProvider" }\n'
                  '  config { limits-actions-invokes-perMinute = 100000\n'
                  '    limits-actions-invokes-concurrent = 1000 }\n'
                  '  concurrency-limit { min = 1, max = 100, std = 1 }\n}\n')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = (["-cp", jar, "org.apache.openwhisk.standalone.StandaloneOpenWhisk"] if ":" in jar
             else ["-jar", jar])
    # The log store reads the engine's own files, from its folder "containers" on.
    root = subprocess.run(["docker", "info", "-f", "{{.DockerRootDir}}"], check=True,
                          capture_output=True, text=True).stdout.strip()
    if not os.access(root + "/containers", os.R_OK):
        skip(f"the standalone server must read Docker's logs in {root}, and may not")
    opens = [f"--add-opens=java.base/{name}=ALL-UNNAMED"
             for name in ("java.lang", "java.util", "sun.nio.ch")]
    log = open(folder + "/server.log", "wb")
    server = subprocess.Popen(
        ["java", *opens, *[f"-Dwhisk.standalone.host.{name}=127.0.0.1"
                           for name in ("name", "ip", "internal")], *start, "--dev-mode", "--no-ui",
         "--port", str(port), "--data-dir", folder + "/data", "--config-file",
         folder + "/server.conf", "--manifest", folder + "/runtimes.json"],
        stdout=log, stderr=log, cwd=root)

    def stop():
        server.terminate()
        server.wait(60)
        names = subprocess.run(["docker", "ps", "-aq", "--filter", "name=wsk0"],
                               capture_output=True, text=True, check=False).stdout.split()
        if names:
            subprocess.run(["docker", "rm", "-f", *names], capture_output=True, check=False)

    atexit.register(stop)
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(url + "/ping", timeout=5).read()
            return url
        except OSError:
            if server.poll() is not None:
                with open(folder + "/server.log") as text:
                    raise AssertionError("the server ended:\n" + text.read()[-4000:]) from None
            time.sleep(1)
    raise AssertionError("the server never answered")


class Api:
    def __init__(self, url, auth):
        self.url = url
        self.auth = auth

    def call(self, method, path, body=None, known=True, content="application/json"):
        request = urllib.request.Request(self.url + path, method=method, data=body)
        if known:
            request.add_header("Authorization",
                               "Basic " + base64.b64encode(self.auth.encode()).decode())
        request.add_header("Content-Type", content)
        try:
            with urllib.request.urlopen(request, timeout=200) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers

    def invoke(self, action, value):
        """The whole activation of a blocking call; its status code too."""
        status, body, _ = self.call(
            "POST", f"/api/v1/namespaces/_/actions/{action}?blocking=true",
            json.dumps(value, ensure_ascii=False).encode())
        answer = json.loads(body)
        if status == 202:  # slower than a blocking call may be
            answer = self.activation(answer["activationId"])
        return status, answer

    def activation(self, identity):
        for _ in range(120):
            status, body, _ = self.call("GET", f"/api/v1/namespaces/_/activations/{identity}")
            if status == 200:
                return json.loads(body)
            time.sleep(1)
        raise AssertionError(f"activation {identity} never ended")

    def logs(self, identity):
        return self.activation(identity)["logs"]


class Real(unittest.TestCase):
    api = None
    folder = None

    def deploy(self, function, *words, name=None):
        folder = os.path.join(self.folder, function)
        if not os.path.exists(folder):
            pack(function, folder)
        name = name or "ferry-test-" + function
        done = subprocess.run(
            [OPTIONS.ferry, "deploy", folder, "--apihost", self.api.url, "--auth", self.api.auth,
             "--insecure", "--name", name, "--output", "json", *words],
            check=True, capture_output=True, text=True)
        self.addCleanup(self.api.call, "DELETE", f"/api/v1/namespaces/_/actions/{name}")
        return name, json.loads(done.stdout)

    def test_create_unchanged_update_delete(self):
        name, said = self.deploy("hello-c")
        self.assertEqual(said["changes"][0]["done"], "created")
        self.assertEqual(self.deploy("hello-c")[1]["changes"][0]["done"], "unchanged")
        self.assertEqual(self.deploy("hello-c", "--force")[1]["changes"][0]["done"], "updated")
        _, first = self.api.invoke(name, {"name": "Ada"})
        self.assertTrue(first["response"]["success"], first)
        _, said = self.deploy("hello-go", name=name)
        self.assertEqual(said["changes"][0]["done"], "updated")
        _, second = self.api.invoke(name, {"name": "Ada"})
        self.assertTrue(second["response"]["success"], second)
        _, said = self.deploy("hello-c", "--delete", name=name)
        self.assertEqual(said["changes"][0]["done"], "deleted")
        self.assertEqual(self.api.invoke(name, {})[0], 404)

    def test_echo_of_everything(self):
        name, _ = self.deploy("hostile/obey", name="ferry-test-echo")
        for more in [{}, {"a": [1, None, True, {"b": "☃ é 日本 \U0001f600"}]},
                     {"é☃": "\u0001\"\\"}, {"big": "x" * 1_048_000}]:
            value = {"do": "echo", **more}
            _, activation = self.api.invoke(name, value)
            self.assertTrue(activation["response"]["success"], str(activation)[:2000])
            self.assertEqual(activation["response"]["result"], value)

    def test_logs(self):
        name, _ = self.deploy("hello-go")
        _, activation = self.api.invoke(name, {"name": "Ada"})
        logs = self.api.logs(activation["activationId"])
        self.assertTrue(logs)
        self.assertNotIn(SENTINEL, "\n".join(logs))
        self.assertNotIn("did not", "\n".join(logs).lower())  # no mark was missing

    def test_faults_are_application_errors(self):
        for guest, outcome in [("exit-3", "failed"), ("divide-by-zero", "trapped"),
                               ("endless-loop", "timeout")]:
            name, _ = self.deploy(f"hostile/{guest}", name="ferry-test-" + guest)
            _, activation = self.api.invoke(name, {})
            response = activation["response"]
            self.assertEqual(response["status"], "application error", activation)
            self.assertEqual(response["result"]["error"]["outcome"], outcome)

    def test_web(self):
        name, said = self.deploy("hello-go", "--web", "raw", name="ferry-test-web")
        status, body, _ = self.api.call("POST", f"/api/v1/web/guest/default/{name}"
                                        if "_/default" in said["address"] else said["address"],
                                        b'{"name":"Ada"}', known=False)
        self.assertEqual(status, 200, body)
        self.assertIn(b"Ada", body)

    def test_many_at_once(self):
        name, _ = self.deploy("hostile/obey", "--concurrency", "50", name="ferry-test-many")
        self.api.invoke(name, {"do": "echo"})

        def one(number):
            return self.api.invoke(name, {"do": "echo", "n": number})[1]["response"].get("result")

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            results = list(pool.map(one, range(100)))
        self.assertEqual(results, [{"do": "echo", "n": number} for number in range(100)])

    def greet_component(self, function):
        if not os.path.exists(f"{OPTIONS.build}/functions/{function}.wasm"):
            self.skipTest(f"{function} is not built: make functions-components")
        name, _ = self.deploy(function, "--web", "raw", name="ferry-test-" + function)
        _, activation = self.api.invoke(name, {"name": "Ada"})
        result = activation["response"]["result"]  # a response, as a web action's
        self.assertEqual((result["statusCode"], result["body"]), (200, {"message": "Hello, Ada!"}),
                         activation)
        logs = "\n".join(self.api.logs(activation["activationId"]))
        self.assertIn("hello: greeting Ada", logs)
        self.assertNotIn("did not", logs.lower())  # no mark was missing
        status, body, _ = self.api.call("POST", f"/api/v1/web/guest/default/{name}",
                                        b'{"name":"Ada"}', known=False)
        self.assertEqual((status, json.loads(body)), (200, {"message": "Hello, Ada!"}))

    def test_component(self):
        self.greet_component("hello-rust-http")

    def test_component_of_13_megabytes(self):
        self.greet_component("hello-js")

    def test_verify(self):
        for function in ("hello-go", "hello-c"):
            name, _ = self.deploy(function, name="ferry-test-verify-" + function)
            place = f"{self.api.url}/api/v1/namespaces/_/actions/{name}"
            done = subprocess.run(
                [OPTIONS.ferry, "verify", f"{OPTIONS.build}/functions/{function}.wasm", "--engine",
                 "wasmtime", "--platform", f"openwhisk={place}"], capture_output=True, text=True,
                env={**os.environ, "OPENWHISK_AUTH": self.api.auth}, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("openwhisk", done.stdout)

    def test_raw_wasm_in_a_zip(self):
        folder = os.path.join(self.folder, "zip")
        os.makedirs(folder, exist_ok=True)
        shutil.make_archive(folder + "/f", "zip", f"{OPTIONS.build}/functions", "hello-c.wasm")
        with open(folder + "/f.zip", "rb") as archive:
            code = base64.b64encode(archive.read()).decode()
        name = "ferry-test-zip"
        path = f"/api/v1/namespaces/_/actions/{name}"
        status, body, _ = self.api.call("PUT", path + "?overwrite=true", json.dumps(
            {"exec": {"kind": "wasm:1", "binary": True, "code": code}}).encode())
        self.assertEqual(status, 200, body)
        self.addCleanup(self.api.call, "DELETE", path)
        _, activation = self.api.invoke(name, {"name": "Ada"})
        self.assertTrue(activation["response"]["success"], activation)

    def test_code_that_is_none_is_the_developers_fault(self):
        name = "ferry-test-junk"
        path = f"/api/v1/namespaces/_/actions/{name}"
        self.api.call("PUT", path + "?overwrite=true", json.dumps(
            {"exec": {"kind": "wasm:1", "binary": True,
                      "code": base64.b64encode(b"junk" * 10).decode()}}).encode())
        self.addCleanup(self.api.call, "DELETE", path)
        _, activation = self.api.invoke(name, {})
        self.assertEqual(activation["response"]["status"], "action developer error", activation)


def main():
    Real.folder = tempfile.mkdtemp(prefix="ferry-openwhisk-")
    atexit.register(shutil.rmtree, Real.folder, True)
    url, jar = os.environ.get("OPENWHISK"), os.environ.get("OPENWHISK_JAR")
    if not url and not jar:
        skip("neither OPENWHISK=URL nor OPENWHISK_JAR=FILE is given")
    OPTIONS.key = ["--key", os.path.abspath(os.environ["KEY_FILE"])] if "KEY_FILE" in os.environ else []
    if not url:
        if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True,
                                                        check=False).returncode:
            skip("the standalone server needs a Docker engine that runs")
        pack("hello-c", Real.folder + "/kind")
        subprocess.run(["docker", "load", "-i", Real.folder + "/kind/image.tar"], check=True)
        url = start_server(jar, Real.folder)
    Real.api = Api(url, os.environ.get("AUTH", GUEST))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    OPTIONS, rest = parser.parse_known_args()
    OPTIONS.ferry = OPTIONS.build + "/bin/ferry"
    main()
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)
