#!/usr/bin/env python3
"""What `ferry pack` makes for Knative, Azure Functions and OpenFaaS: read as the platforms read it,
and ferry-host started out of it with the environment that they set.

    FERRY_BUILD=build tests/platforms/packages_test.py [Case.test…]

Exit status 77: ferry-host is not built, or there is no PyYAML.
"""

import base64
import http.client
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "serve"))
from server import BUILD, FERRY, PATIENCE, Answer, environment, make_guest  # noqa: E402
from ports import free_port  # noqa: E402  server says where it is

try:
    import yaml
except ImportError:
    yaml = None


HELLO_GO = BUILD / "functions" / "hello-go.wasm"


class Host:
    """ferry-host, told of its platform by the environment alone."""

    def __init__(self, program, port, env, words=()):
        self.port = port
        clean = {name: value for name, value in os.environ.items()
                 if name not in ("K_SERVICE", "PORT", "AWS_LAMBDA_RUNTIME_API")}
        self.process = subprocess.Popen([program, *words], stderr=subprocess.PIPE, text=True,
                                        env={**clean, **env})
        self.lines = []
        for line in self.process.stderr:
            self.lines.append(line.rstrip())
            if "serving" in line:
                return
        raise AssertionError(self.lines)

    def ask(self, method, path, body=None, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, fields or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def end(self):
        self.process.terminate()
        status = self.process.wait(PATIENCE)
        self.rest = self.process.stderr.read()
        self.process.stderr.close()
        return status


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.echo = make_guest("echo", cls.folder)

    def pack(self, platform, *options, wasm=None, out=None):
        out = out or self.folder / platform
        run = subprocess.run(
            [FERRY, "pack", wasm or self.echo, "--for", platform, "-o", out, "--quiet", *options],
            capture_output=True, text=True, timeout=600,
            env={**environment(self.folder), "XDG_DATA_HOME": str(self.folder / "key")})
        self.assertEqual(run.returncode, 0, run.stderr)
        return out

    def unpack_image(self, tar):
        """The files of an image, and what it starts with."""
        root = tar.parent / "root"
        with tarfile.open(tar) as image:
            manifest = json.load(image.extractfile("manifest.json"))[0]
            config = json.load(image.extractfile(manifest["Config"]))["config"]
            for layer in manifest["Layers"]:
                data = image.extractfile(layer).read()
                with tarfile.open(fileobj=io.BytesIO(data)) as files:
                    files.extractall(root)
        return root, config

    def start(self, program, env, words=()):
        host = Host(program, int(env.get("PORT") or env["FUNCTIONS_CUSTOMHANDLER_PORT"]), env, words)
        self.addCleanup(lambda: host.process.poll() is None and host.end())
        return host

    def test_a11_a_bundle_is_called_one_by_every_verb_and_can_be_served(self):
        with zipfile.ZipFile(self.pack("lambda") / "function-layer.zip") as layer:
            layer.extractall(self.folder / "layer")
        (bundle,) = (self.folder / "layer" / "ferry").glob("*.ferry")
        for verb in ("run", "serve", "check", "compare", "verify", "pack"):
            words = ["--for", "image", "-o", "none"] if verb == "pack" else []
            done = subprocess.run([FERRY, verb, bundle, *words], capture_output=True, text=True,
                                  timeout=PATIENCE, stdin=subprocess.DEVNULL, cwd=self.folder,
                                  env=environment(self.folder))
            self.assertEqual(done.returncode, 2, verb + done.stderr)
            self.assertIn(f"{bundle} is a bundle: a function that 'ferry pack' compiled and signed",
                          done.stderr, verb)
            self.assertIn(f"ferry-host --bundle {bundle}", done.stderr, verb)
        # This user's own key signed it: it is run as it was packed.
        own = {**environment(self.folder), "XDG_DATA_HOME": str(self.folder / "key")}
        for words in ([], ["--platform", "lambda"], ["--env", "A=1", "--timeout", "1s"]):
            done = subprocess.run([FERRY, "run", bundle, "Ada", *words], capture_output=True,
                                  text=True, timeout=PATIENCE, env=own)
            self.assertEqual((done.returncode, done.stdout), (0, "Ada"), done.stderr)
        for words in (["--engine", "wasmi"], ["--profile"]):
            done = subprocess.run([FERRY, "run", bundle, "Ada", *words], capture_output=True,
                                  text=True, timeout=PATIENCE, env=own)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"{words[0]} is not possible", done.stderr)
        # A changed one is not run.
        changed = bytearray(bundle.read_bytes())
        changed[len(changed) // 2] ^= 1
        (self.folder / "changed.ferry").write_bytes(changed)
        done = subprocess.run([FERRY, "run", self.folder / "changed.ferry", "Ada"],
                              capture_output=True, text=True, timeout=PATIENCE, env=own)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        # As the hint says, by the key beside it.
        port = free_port()
        host = self.start(BUILD / "bin" / "ferry-host", {"PORT": str(port)},
                          ["--bundle", str(bundle), "--listen", f"127.0.0.1:{port}"])
        self.assertEqual(host.ask("POST", "/", b"Ada").body, b"Ada")

    def test_a_bundle_that_is_changed_under_a_server_is_never_run(self):
        """Most of its code is read when it is used, or ten seconds after the start."""
        out = self.folder / "changing"
        with zipfile.ZipFile(self.pack("lambda", wasm=HELLO_GO, out=out) /
                             "function-layer.zip") as layer:
            layer.extractall(out)
        bundle = out / "ferry" / "hello-go.ferry"
        whole = bundle.read_bytes()

        def change():
            with open(bundle, "r+b") as file:
                file.write(b"\xcc" * (len(whole) // 2))

        def serve():
            port = free_port()
            return self.start(BUILD / "bin" / "ferry-host", {"PORT": str(port)},
                              ["--bundle", str(bundle), "--listen", f"127.0.0.1:{port}",
                               "--workers", "1"])

        greeting = b'{"message":"Hello, Ada!"}'
        host = serve()
        time.sleep(11)
        change()
        for _ in range(20):
            self.assertEqual(host.ask("POST", "/", b'{"name":"Ada"}').body, greeting)
            self.assertNotEqual(host.ask("POST", "/", b"not JSON").status, 200)
        host.end()
        # At once: it answers right, or a process ends rather than to run it.
        bundle.write_bytes(whole)
        host = serve()
        change()
        for _ in range(5):
            try:
                self.assertEqual(host.ask("POST", "/", b'{"name":"Ada"}').body, greeting)
            except (OSError, http.client.HTTPException):
                break
        host.process.kill()
        host.process.wait(PATIENCE)
        host.process.stderr.close()

    def test_knative(self):
        out = self.pack("knative", "--tag", "registry.example/echo:1")
        service = yaml.safe_load((out / "service.yaml").read_text())
        self.assertEqual((service["apiVersion"], service["kind"]),
                         ("serving.knative.dev/v1", "Service"))
        spec = service["spec"]["template"]["spec"]
        container = spec["containers"][0]
        self.assertEqual(container["image"], "registry.example/echo:1")
        self.assertEqual(spec["timeoutSeconds"], 11)
        self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/_/ready")
        # Knative's webhook warned that there was none.
        self.assertEqual(container["securityContext"], {
            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}})
        trigger = yaml.safe_load((out / "trigger.yaml").read_text())
        self.assertEqual((trigger["apiVersion"], trigger["kind"]),
                         ("eventing.knative.dev/v1", "Trigger"))
        self.assertEqual(trigger["spec"]["subscriber"]["ref"]["name"], service["metadata"]["name"])

        root, config = self.unpack_image(out / "image.tar")
        self.assertEqual(config["Cmd"], ["--platform", "knative"])
        host = self.start(root / "ferry/ferry-host", {"K_SERVICE": "echo", "PORT": str(free_port())})
        self.assertEqual(host.lines[0], "ferry-host: platform knative: K_SERVICE is set")
        self.assertEqual(host.ask("GET", "/_/ready").body, b"ok\n")
        event = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t",
                 "Content-Type": "application/json"}
        answer = host.ask("POST", "/", "{}", event)
        self.assertEqual((answer.status, answer.body, answer.fields["ce-type"]),
                         (200, b"{}", "t.reply"))
        self.assertEqual(host.end(), 0)

    def test_openfaas(self):
        out = self.pack("openfaas")
        stack = yaml.safe_load((out / "stack.yml").read_text())
        self.assertEqual(stack["provider"]["name"], "openfaas")
        self.assertEqual(stack["functions"]["echo"]["image"], "echo")
        self.assertTrue(stack["functions"]["echo"]["skip_build"])
        root, config = self.unpack_image(out / "image.tar")
        self.assertEqual(config["Cmd"], ["--platform", "openfaas"])
        host = self.start(root / "ferry/ferry-host", {"PORT": str(free_port())}, config["Cmd"])
        self.assertEqual(host.ask("GET", "/_/health").body, b"ok\n")
        answer = host.ask("POST", "/", iter([b"in ", b"pieces"]), {"X-Call-Id": "call-1"})
        self.assertEqual((answer.status, answer.body, answer.fields["ferry-invocation"]),
                         (200, b"in pieces", "call-1"))

    def test_azure(self):
        out = self.pack("azure", "--trigger", "http", "--trigger", "queue=orders", "--trigger",
                        "timer=0 */5 * * * *")
        with zipfile.ZipFile(out / "function.zip") as package:
            names = package.namelist()
            modes = {info.filename: info.external_attr >> 16 & 0o777 for info in package.infolist()}
            host_json = json.loads(package.read("host.json"))
            http = json.loads(package.read("echo/function.json"))["bindings"]
            queue = json.loads(package.read("echo-queue/function.json"))["bindings"][0]
            timer = json.loads(package.read("echo-timer/function.json"))["bindings"][0]
            package.extractall(out / "app")
        self.assertEqual(sorted(names), ["echo-queue/function.json", "echo-timer/function.json",
                                         "echo.ferry", "echo/function.json", "ferry-host",
                                         "ferry.pub", "host.json"])
        self.assertEqual(modes["ferry-host"], 0o755)
        self.assertEqual(modes["host.json"], 0o644)
        handler = host_json["customHandler"]
        self.assertEqual(handler["description"]["defaultExecutablePath"], "ferry-host")
        self.assertTrue(handler["enableForwardingHttpRequest"])
        self.assertEqual(host_json["functionTimeout"], "00:00:11")
        self.assertEqual([(b["type"], b["direction"], b["name"]) for b in http],
                         [("httpTrigger", "in", "req"), ("http", "out", "res")])
        self.assertEqual((queue["type"], queue["queueName"], queue["connection"]),
                         ("queueTrigger", "orders", "AzureWebJobsStorage"))
        self.assertEqual((timer["type"], timer["schedule"]), ("timerTrigger", "0 */5 * * * *"))

        os.chmod(out / "app/ferry-host", modes["ferry-host"])
        host = self.start(out / "app/ferry-host", {"FUNCTIONS_CUSTOMHANDLER_PORT": str(free_port())},
                          handler["description"]["arguments"])
        self.assertEqual(host.ask("GET", "/").body, b"ok\n")
        fields = {"X-Azure-Functions-InvocationId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
        self.forwarded(host, fields)
        self.messages(host, {**fields, "Content-Type": "application/json; charset=utf-8"})
        self.assertEqual(host.end(), 0)
        # Fault H2: `ferry serve` listens where Azure's host calls, too.
        served = self.start(FERRY, {"FUNCTIONS_CUSTOMHANDLER_PORT": str(free_port()),
                                    "XDG_CACHE_HOME": str(self.folder / "cache")},
                            ["serve", self.echo, "--platform", "azure"])
        self.assertEqual(served.ask("GET", "/").body, b"ok\n")

    def test_a_component(self):
        """One of WASI 0.2, which answers out of each package as it does elsewhere."""
        component = BUILD / "functions/hello-rust-http.wasm"
        if not component.exists():
            self.skipTest("hello-rust-http is not built: make functions-components")
        for platform in ("knative", "openfaas", "azure"):
            with self.subTest(platform):
                out = self.pack(platform, wasm=component, out=self.folder / "component" / platform)
                port = str(free_port())
                if platform == "azure":
                    with zipfile.ZipFile(out / "function.zip") as package:
                        package.extractall(out / "app")
                    program, words = out / "app/ferry-host", ["--platform", "azure"]
                    program.chmod(0o755)
                    env = {"FUNCTIONS_CUSTOMHANDLER_PORT": port}
                else:
                    root, config = self.unpack_image(out / "image.tar")
                    program, words, env = root / "ferry/ferry-host", config["Cmd"], {"PORT": port}
                host = self.start(program, env, words)
                answer = host.ask("POST", "/", '{"name":"Ada"}', {"Content-Type": "application/json"})
                self.assertEqual((answer.status, answer.body), (200, b'{"message":"Hello, Ada!"}'))
                self.assertEqual(host.end(), 0)

    def forwarded(self, host, fields):
        answer = host.ask("POST", "/api/echo?x=1", bytes(range(256)), fields)
        self.assertEqual((answer.status, answer.body), (200, bytes(range(256))))
        self.assertEqual(answer.fields["ferry-invocation"], fields["X-Azure-Functions-InvocationId"])

    def messages(self, host, fields):
        def post(data, metadata, path="/echo"):
            return host.ask("POST", path, json.dumps({"Data": data, "Metadata": metadata}), fields)

        # Text as the host hands it over: JSON within a string.
        told = json.loads(post({"queue": json.dumps("hello, world")}, {}, "/echo-queue").body)
        self.assertEqual(told, {"Outputs": {"reply": "hello, world"}, "Logs": [],
                                "ReturnValue": "hello, world"})
        told = json.loads(post({"queue": json.dumps("test")}, {}).body)
        self.assertEqual(base64.b64decode(told["ReturnValue"]), b"test")
        told = json.loads(post({"queue": {"a": 1}}, {}).body)
        self.assertEqual(told["ReturnValue"], {"a": 1})
        # An HTTP trigger where forwarding is off.
        request = {"Url": "http://h/api/echo?a=b", "Method": "PUT", "Query": {"a": "b"},
                   "Headers": {"Content-Type": ["text/plain"]}, "Params": {}, "Identities": [],
                   "Body": "grüße"}
        told = json.loads(post({"req": request}, {}).body)
        self.assertEqual(told["Outputs"]["res"]["statusCode"], "200")
        self.assertEqual(told["Outputs"]["res"]["body"], "grüße")
        binary = {**request, "Headers": {"Content-Type": ["application/octet-stream"]},
                  "Body": base64.b64encode(b"\xff\x00").decode()}
        answer = post({"req": binary}, {})
        self.assertEqual(answer.status, 502)
        self.assertIn("enableForwardingHttpRequest", json.loads(answer.body)["hint"])

    def refused(self, status, platform, *words):
        run = subprocess.run([FERRY, "pack", self.echo, "--for", platform, "-o",
                              self.folder / "no", *words], capture_output=True, text=True,
                             timeout=600, env={**environment(self.folder),
                                               "XDG_DATA_HOME": str(self.folder / "key")})
        self.assertEqual(run.returncode, status, run.stderr)
        return run.stderr

    def test_an_architecture_that_a_platform_lacks_is_refused(self):
        for arch in ("arm64", "all"):
            self.assertIn("packages for azure are made for amd64 alone",
                          self.refused(2, "azure", "--arch", arch))
        for platform in ("lambda", "openwhisk"):
            self.assertIn(f"what is packed for {platform} is for one architecture",
                          self.refused(2, platform, "--arch", "all"))
        self.assertIn("arm64", self.refused(2, "image", "--arch", "x86_64"))

    def test_an_image_of_both_architectures(self):
        if not (BUILD / "bin/arm64/ferry-host").exists():
            told = self.refused(10, "image", "--arch", "all")
            self.assertIn("`make arm64` builds", told)
            return
        out = self.pack("image", "--arch", "all", "--tag", "echo:1")
        with tarfile.open(out / "image.tar") as tar:
            def blob(digest):
                return json.load(tar.extractfile("blobs/sha256/" + digest.removeprefix("sha256:")))
            named, = json.load(tar.extractfile("index.json"))["manifests"]
            platforms = {}
            for each in blob(named["digest"])["manifests"]:
                manifest = blob(each["digest"])
                layer = tar.extractfile(
                    "blobs/sha256/" + manifest["layers"][0]["digest"].removeprefix("sha256:"))
                with tarfile.open(fileobj=layer) as files:
                    host = files.extractfile("ferry/ferry-host").read(20)
                platforms[each["platform"]["architecture"]] = int.from_bytes(host[18:20], "little")
                self.assertEqual(blob(manifest["config"]["digest"])["architecture"],
                                 each["platform"]["architecture"])
        self.assertEqual(platforms, {"amd64": 62, "arm64": 183})

    def test_an_openwhisk_runtime_for_arm64(self):
        """Its image has the compiler, so it is made of the other program."""
        full = BUILD / "bin/arm64/ferry-host-full"
        if not full.exists():
            self.assertIn("`make arm64", self.refused(10, "openwhisk", "--arch", "arm64"))
            return
        out = self.pack("openwhisk", "--arch", "arm64")
        with tarfile.open(out / "image.tar") as tar:
            def blob(named):
                return tar.extractfile("blobs/" + named["digest"].replace(":", "/")).read()
            named, = json.load(tar.extractfile("index.json"))["manifests"]
            manifest = json.loads(blob(named))
            self.assertEqual(json.loads(blob(manifest["config"]))["architecture"], "arm64")
            with tarfile.open(fileobj=io.BytesIO(blob(manifest["layers"][0]))) as files:
                self.assertEqual(files.extractfile("ferry/ferry-host").read(), full.read_bytes())

    def test_a_trigger_that_is_none_is_refused(self):
        for words, told in {("telegram",): "no trigger is called 'telegram'",
                            ("queue",): "the trigger queue wants a value",
                            ("http=x",): "the trigger http takes no value"}.items():
            run = subprocess.run([FERRY, "pack", self.echo, "--for", "azure", "-o",
                                  self.folder / "no", "--trigger", *words],
                                 capture_output=True, text=True, timeout=600,
                                 env={**environment(self.folder),
                                      "XDG_DATA_HOME": str(self.folder / "key")})
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn(told, run.stderr)


class Knative(unittest.TestCase):
    """Answers over the wire of a broker and of Google's older services."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        wasm = make_guest("echo", cls.folder)
        (cls.folder / "ferry.toml").write_text(
            '[function]\nwasm = "echo.wasm"\ninput = "cloudevent"\nreply = "cloudevent"\n')
        cls.servers = {}
        for name, what in {"data": wasm, "event": cls.folder / "ferry.toml"}.items():
            home = cls.folder / name
            process = subprocess.Popen(
                [FERRY, "serve", what, "--platform", "knative", "--listen", "127.0.0.1:0",
                 "--workers", "1"] + (["--manifest", "/dev/null"] if name == "data" else []),
                stderr=subprocess.PIPE, text=True, env=environment(home))
            cls.addClassCleanup(process.stderr.close)
            cls.addClassCleanup(process.wait)
            cls.addClassCleanup(process.terminate)
            line = ""
            while "serving" not in line:
                line = process.stderr.readline()
                if not line:
                    raise AssertionError("the server did not start")
            cls.servers[name] = int(re.search(r":(\d+)/", line)[1])

    def ask(self, name, body, fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.servers[name], timeout=PATIENCE)
        try:
            connection.request("POST", "/", body, fields)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def event(self, source="/s"):
        return {"ce-specversion": "1.0", "ce-id": "1", "ce-source": source, "ce-type": "t",
                "ce-subject": "sub", "Content-Type": "application/json"}

    def test_bytes_come_back_as_an_event(self):
        answer = self.ask("data", '{"a":1.10}', self.event())
        self.assertEqual((answer.status, answer.body), (200, b'{"a":1.10}'))
        self.assertEqual((answer.fields["ce-type"], answer.fields["ce-subject"]), ("t.reply", "sub"))
        self.assertEqual(answer.fields["content-type"], "application/json")

    def test_structured_in_structured_out(self):
        event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {"n": 1}}
        answer = self.ask("data", json.dumps(event), {"Content-Type": "application/cloudevents+json"})
        told = json.loads(answer.body)
        self.assertEqual((told["type"], told["data"]), ("t.reply", {"n": 1}))

    def test_a_reply_to_a_reply_is_empty(self):
        first = self.ask("data", "{}", self.event())
        again = self.ask("data", "{}", {**self.event(first.fields["ce-source"]),
                                        "ce-type": first.fields["ce-type"]})
        self.assertEqual((again.status, again.body), (204, b""))

    def test_a_plain_request_is_answered_plainly(self):
        answer = self.ask("data", "hello", {})
        self.assertEqual((answer.status, answer.body), (200, b"hello"))
        self.assertNotIn("ce-type", answer.fields)

    def test_bad_events_are_4xx(self):
        self.assertEqual(self.ask("data", "{}", {**self.event(), "ce-id": ""}).status, 400)

    def test_an_older_event_of_google_is_a_cloudevent(self):
        older = {"context": {"eventId": "7", "timestamp": "2026-01-02T03:04:05Z",
                             "eventType": "google.storage.object.finalize",
                             "resource": {"service": "storage.googleapis.com",
                                          "name": "projects/_/buckets/b/objects/o/p"}},
                 "data": {"kind": "storage#object"}}
        answer = self.ask("event", json.dumps(older), {"Content-Type": "application/json"})
        self.assertEqual(answer.fields["ce-type"], "google.cloud.storage.object.v1.finalized")
        self.assertEqual(answer.fields["ce-source"], "//storage.googleapis.com/projects/_/buckets/b")
        self.assertEqual(answer.fields["ce-subject"], "objects/o/p")
        self.assertEqual(json.loads(answer.body), {"kind": "storage#object"})


if __name__ == "__main__":
    if not (BUILD / "bin" / "ferry-host").exists():
        print("skipped: ferry-host is not built")
        sys.exit(77)
    if yaml is None:
        print("skipped: there is no PyYAML (python3-yaml)")
        sys.exit(77)
    unittest.main(verbosity=2)
