#!/usr/bin/env python3
"""Functions connect to real servers, as their users write them: the samples, and programs/ here.

    tests/network/network_test.py --build build [--services] [--engines wasmtime,wasmi] [TEST…]

Without --services only what needs no package and fetches no module is run: fetch-json and weather
against web servers of this process. With it PostgreSQL, Redis, NATS, MariaDB, nginx and moto's
object store too (`make test-network`). A test whose server or compiler is missing is skipped, with the reason.
Exit status: 0, 1, or 77 where nothing could be run.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import urllib.request
import zipfile
import zlib

import services
from processes import descriptors, threads  # services says where it is

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
PATIENCE = 600  # compiling a Go program on a busy machine
GIVEN = None
WORK = None
PASSWORD = "s3cret-Word"


def ferry(*arguments, environment=None, folder=None):
    return subprocess.run([GIVEN.build / "bin/ferry", *map(str, arguments)], capture_output=True,
                          cwd=folder, timeout=PATIENCE, text=True, errors="replace",
                          env={**os.environ, "XDG_CACHE_HOME": str(GIVEN.cache), **(environment or {})})


class Function:
    """A sample, built by `ferry build` as its user does, or a program of programs/, by the overlay
    that `ferry build --go-overlay` makes; with grants of the test's own."""

    built = {}

    @classmethod
    def sample(cls, name):
        return cls.make(name, lambda: cls._build_sample(name))

    @classmethod
    def program(cls, name):
        return cls.make(name, lambda: cls._build_program(name))

    @classmethod
    def make(cls, name, build):
        if name not in cls.built:
            cls.built[name] = build()
        return cls.built[name]

    @staticmethod
    def _need_go():
        if shutil.which("go") is None:
            raise services.Missing("Go is not installed")

    @classmethod
    def _build_sample(cls, name):
        folder = WORK / "functions" / name
        no_target = shutil.ignore_patterns("target")
        shutil.copytree(SOURCE / "functions" / name, folder, ignore=no_target)
        (WORK / "sdk").exists() or shutil.copytree(SOURCE / "sdk", WORK / "sdk", ignore=no_target)
        wasm = folder / f"{name}.wasm"
        if (folder / "go.mod").exists():
            cls._need_go()
        elif (folder / "Cargo.toml").exists():
            cls._need_rust()
            target = GIVEN.cache / "cargo" / name  # so that crates are compiled once
            target.mkdir(parents=True, exist_ok=True)
            (folder / "target").symlink_to(target)
            wasm = folder / f"target/wasm32-wasip1/release/{name}.wasm"
        if not (folder / "go.mod").exists() and shutil.which("clang-16") is None:
            raise services.Missing("clang-16 is not installed (tools/setup.sh functions)")
        made = ferry("build", folder)
        if made.returncode != 0:
            raise AssertionError(f"ferry build {name}: {made.stderr}")
        return wasm

    @staticmethod
    def _need_rust():
        target = "wasm32-wasip1"
        there = shutil.which("rustc") and subprocess.run(
            ["rustc", "--print", "target-libdir", "--target", target], capture_output=True, text=True)
        if not there or not pathlib.Path(there.stdout.strip()).exists():
            raise services.Missing(f"Rust has no library for {target} (rustup target add {target})")

    @classmethod
    def _build_program(cls, name):
        cls._need_go()
        overlay = ferry("build", "--go-overlay").stdout.strip()
        out = WORK / f"{name}.wasm"
        made = subprocess.run(["go", "build", "-overlay", overlay, "-o", out, f"./{name}"],
                              cwd=HERE / "programs", capture_output=True, text=True, timeout=PATIENCE,
                              env={**os.environ, "GOOS": "wasip1", "GOARCH": "wasm", "GOWORK": "off"})
        if made.returncode != 0:
            raise AssertionError(f"go build {name}: {made.stderr}")
        return out


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def start(cls, what, *arguments):
        """A server that ends with the class; the class is skipped where it is missing."""
        if not GIVEN.services and what is not services.Web and what is not services.Authority:
            raise unittest.SkipTest("it needs a server from a package: make test-network")
        folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
        folder.chmod(0o755)
        try:
            server = what(folder, *arguments) if what is not services.Web else what(*arguments)
        except services.Missing as missing:
            raise unittest.SkipTest(str(missing)) from None
        if hasattr(server, "end"):
            cls.addClassCleanup(server.end)
        return server

    def build(self, made, name):
        try:
            return made(name)
        except services.Missing as missing:
            self.skipTest(str(missing))

    def run_function(self, wasm, event, engine, grants=(), environment=None, manifest=None,
                     expect="ok", options=()):
        """The whole outcome of one event. `manifest`: lines of a ferry.toml beside a copy."""
        if manifest is not None:
            folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
            shutil.copy(wasm, folder / "f.wasm")
            (folder / "ferry.toml").write_text('[function]\nname = "f"\nwasm = "f.wasm"\n' + manifest)
            wasm, options = folder, [*options, "--allow"]
        for grant in grants:
            options = [*options, "--connect", grant]
        for name, value in (environment or {}).items():
            options = [*options, "--env", f"{name}={value}"]
        done = ferry("run", wasm, *([] if event is None else [event]), "--engine", engine, "--output", "json", "--timeout", "120s",
                     *options,
                     environment=environment)
        self.assertTrue(done.stdout, done.stderr)
        outcome = json.loads(done.stdout)
        self.assertIn(outcome["status"], [expect] if isinstance(expect, str) else expect,
                      f"{outcome} {done.stderr}")
        return outcome

    def on_engines(self, dials=False):
        """`dials`: the function connects by path alone, as Lucet takes it."""
        for engine in [*GIVEN.engines, *(GIVEN.dialling if dials else [])]:
            with self.subTest(engine=engine):
                yield engine


def reply(outcome):
    """The reply's data: what JSON says, else text."""
    data = outcome["reply"]["data"]
    return data.strip() if isinstance(data, str) else data


class Http(Case):
    """fetch-json (Go, net/http) and weather (C) against a web server of this process."""

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.start(services.Authority)
        cls.web = cls.start(services.Web)
        cls.secure = cls.start(services.Web, cls.authority.certificate, cls.authority.key)

    def fetch(self, engine, url, **given):
        wasm = self.build(Function.sample, "fetch-json")
        return self.run_function(wasm, json.dumps({"url": url, "field": "sky"}), engine, **given)

    def manifest(self, port, ca=None):
        text = f'[grant]\nconnect = ["localhost:{port}"]\n'
        return text + (f'ca = "{ca}"\n' if ca else "")

    def test_plain(self):
        for engine in self.on_engines():
            outcome = self.fetch(engine, f"http://localhost:{self.web.port}/a",
                                 grants=[f"localhost:{self.web.port}"])
            self.assertEqual(reply(outcome), 'clear')
            self.assertEqual(len(outcome["connections"]), 1, outcome)
            self.assertEqual(self.web.requests[-1][1], "/a")

    def test_what_is_not_granted_is_denied_and_says_what_would_grant_it(self):
        for engine in self.on_engines():
            asked = len(self.web.requests)
            outcome = self.fetch(engine, f"http://localhost:{self.web.port}/", expect="denied",
                                 grants=["localhost:1"])
            self.assertIn(f"--connect localhost:{self.web.port}", json.dumps(outcome))
            self.assertEqual(len(self.web.requests), asked)

    def test_https_by_an_authority_of_the_manifest(self):
        for engine in self.on_engines():
            outcome = self.fetch(engine, f"https://localhost:{self.secure.port}/",
                                 manifest=self.manifest(self.secure.port, self.authority.ca))
            self.assertEqual(reply(outcome), 'clear')

    def test_an_unknown_authority_is_refused(self):
        for engine in self.on_engines():
            outcome = self.fetch(engine, f"https://localhost:{self.secure.port}/", expect="failed",
                                 manifest=self.manifest(self.secure.port))
            self.assertIn("x509: certificate signed by unknown authority", json.dumps(outcome))

    def test_wrong_names_and_expired_certificates_are_refused(self):
        for name, names, days, said in (
                ("other", "DNS:other.example", "2", "certificate is valid for other.example"),
                ("old", "DNS:localhost", "-1", "certificate has expired")):
            web = services.Web(*self.authority.issue(name, names, days))
            self.addCleanup(web.end)
            outcome = self.fetch(GIVEN.engines[-1], f"https://localhost:{web.port}/", expect="failed",
                                 manifest=self.manifest(web.port, self.authority.ca))
            self.assertIn(said, json.dumps(outcome))

    def test_a_failure_beside_the_network_is_no_denial(self):
        """Go looks for /etc/hosts and goes on without it: that is not why the function failed."""
        port = services.free_port()
        outcome = self.fetch(GIVEN.engines[-1], f"http://localhost:{port}/", expect="failed",
                             grants=[f"localhost:{port}"])
        self.assertIn("connection refused", json.dumps(outcome).lower())

    def test_lucet_has_no_sockets_and_check_says_so(self):
        if not GIVEN.dialling:
            self.skipTest("engine lucet is not built")
        wasm = self.build(Function.sample, "fetch-json")
        checked = ferry("check", wasm, "--engine", "lucet")
        self.assertEqual(checked.returncode, 1, checked.stdout)
        self.assertIn("lucet      cannot run it: it has no wasi-sockets", checked.stdout)
        refused = ferry("run", wasm, "{}", "--engine", "lucet")
        self.assertEqual(refused.returncode, 11, refused.stderr)
        self.assertIn("the function uses wasi-sockets, which lucet does not have", refused.stderr)

    def test_c(self):
        wasm = self.build(Function.sample, "weather")
        for engine in self.on_engines(dials=True):
            outcome = self.run_function(
                wasm, '{"city":"Oslo"}', engine, grants=[f"127.0.0.1:{self.web.port}"],
                environment={"WEATHER_HOST": "127.0.0.1", "WEATHER_PORT": str(self.web.port)})
            self.assertEqual(reply(outcome)["path"], "/weather?city=Oslo")


class Serving(Case):
    """Many events of one server: what one opens is gone with it."""

    def test_nothing_is_left_of_connections(self):
        """Descriptors and threads after events that ended well, were broken off, and timed out."""
        sys.path.insert(0, str(SOURCE / "tests/serve"))
        os.environ["FERRY_BUILD"] = str(GIVEN.build)
        import server

        def answer(handler, _):
            if "Endless" in handler.path:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    handler.wfile.write(b"x" * 65536)
            if "Silent" in handler.path:
                waits.wait(services.PATIENCE)
            if "Trickle" in handler.path:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while not waits.wait(0.2):
                    handler.wfile.write(b"x")
            if "Half" in handler.path:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
            else:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + handler.path.encode())
            handler.close_connection = True

        waits = threading.Event()
        self.addCleanup(waits.set)
        web = services.Web(answer=answer)
        self.addCleanup(web.end)
        wasm = self.build(Function.sample, "weather")
        folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
        shutil.copy(wasm, folder / "f.wasm")
        (folder / "ferry.toml").write_text(
            '[function]\nname = "f"\nwasm = "f.wasm"\n'
            f'[grant]\nconnect = ["127.0.0.1:{web.port}"]\n'
            f'env = {{ WEATHER_HOST = "127.0.0.1", WEATHER_PORT = "{web.port}" }}\n'
            '[limits]\ntimeout = "2s"\n')
        with server.Server(folder, folder, options=[
                "--workers", "1", "--allow", "--engine", GIVEN.engines[-1]]) as served:
            worker = served.workers()[0]

            def held():
                return {"descriptors": descriptors(worker), "threads": threads(worker)}

            def ask(city):
                return served.ask(body=json.dumps({"city": city}),
                                  fields={"Content-Type": "application/json"})

            for city in ("Oslo", "Half", "Endless"):  # whatever is made once
                ask(city)
            # A request may come before the thread of the one before it stands by again; then one
            # more is made, and kept. One of each event's would be dozens.
            most = {what: len(each) for what, each in held().items()}
            most["threads"] += 3
            for number in range(20):
                self.assertEqual(ask(f"City{number}").body, b"/weather?city=City%d" % number)
                self.assertEqual(ask("Half").status, 500)
            for _ in range(2):
                self.assertIn(ask("Silent").status, (500, 504))
                self.assertEqual(ask("Trickle").status, 504)  # bytes that come put off no deadline
                self.assertNotEqual(ask("Endless").status, 504)  # the program's own buffer ends it
            self.assertEqual(ask("Oslo").body, b"/weather?city=Oslo")
            # The server notices a moment later that a client has left.
            end = time.monotonic() + services.PATIENCE
            while (more := {what: each for what, each in held().items() if len(each) > most[what]}
                   ) and time.monotonic() < end:
                time.sleep(0.1)
            self.assertEqual(more, {}, most)
            self.assertIn(worker, served.workers())
            served.wait_for_line(rf"ferry: connection to 127.0.0.1:{web.port}: \d+ bytes sent")


    def test_a_snapshot_is_proven_without_asking_anybody(self):
        """A server makes one of a function that connects too; its trial events reach nothing."""
        sys.path.insert(0, str(SOURCE / "tests/serve"))
        os.environ["FERRY_BUILD"] = str(GIVEN.build)
        import server

        home = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
        pinned = home / "ferry-build/npm/node_modules/.bin/wasm-opt"
        if "wasmtime" not in GIVEN.engines or not (pinned.exists() or shutil.which("wasm-opt")):
            self.skipTest("it needs engine wasmtime, and wasm-opt (tools/setup.sh binaryen)")
        if pinned.exists():
            os.environ["FERRY_WASM_OPT"] = str(pinned)
        wasm = self.build(Function.sample, "fetch-json")
        web = self.start(services.Web)
        folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
        shutil.copy(wasm, folder / "f.wasm")
        # net/http reads its environment while it starts: without CE_ variables that is no matter.
        (folder / "ferry.toml").write_text(
            '[function]\nname = "f"\nwasm = "f.wasm"\ninput = "cloudevent"\n'
            f'[grant]\nconnect = ["localhost:{web.port}"]\n')
        with server.Server(folder, folder, snapshots=True, options=[
                "--workers", "1", "--allow", "--engine", "wasmtime"]) as served:
            served.wait_for_line("events start from a snapshot of its start-up now", PATIENCE)
            self.assertEqual(web.requests, [])
            event = json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "type": "t",
                                "url": f"http://localhost:{web.port}/a", "field": "sky"})
            for _ in range(3):
                answer = served.ask(body=event, fields={"Content-Type": "application/cloudevents+json"})
                self.assertIn(b"clear", answer.body)
            self.assertEqual(len(web.requests), 3)


class OnLambda(Case):
    """weather on ferry-host, as pack makes it and Lambda starts it, against our emulator of Lambda."""

    @classmethod
    def setUpClass(cls):
        for needed in ("ferry-host", "lambda_emulator"):
            if not (GIVEN.build / "bin" / needed).exists():
                raise unittest.SkipTest(f"{needed} is not built")
        cls.web = cls.start(services.Web)
        cls.emulator = subprocess.Popen([GIVEN.build / "bin/lambda_emulator", "1"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        cls.addClassCleanup(cls.emulator.wait)
        cls.addClassCleanup(cls.emulator.stdout.close)
        cls.addClassCleanup(cls.emulator.stdin.close)
        cls.address = cls.emulator.stdout.readline().strip()

    def ask(self, host, port, grants):
        """What Lambda's caller gets, and the runtime's log."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
        shutil.copy(self.build(Function.sample, "weather"), folder / "weather.wasm")
        (folder / "ferry.toml").write_text(
            f'[function]\nname = "weather"\nwasm = "weather.wasm"\n[grant]\nconnect = {json.dumps(grants)}\n'
            f'env = {{ WEATHER_HOST = "{host}", WEATHER_PORT = "{port}" }}\n')
        packed = ferry("pack", folder, "--for", "lambda", "-o", folder / "out", "--allow")
        self.assertEqual(packed.returncode, 0, packed.stderr)
        for layer in ("runtime-layer", "function-layer"):
            with zipfile.ZipFile(folder / f"out/{layer}.zip") as archive:
                archive.extractall(folder / "opt")
        (folder / "opt/bootstrap").chmod(0o755)
        with (folder / "log").open("wb") as log:
            runtime = subprocess.Popen(
                [folder / "opt/bootstrap"], stdout=log, stderr=log,
                env={**os.environ, "AWS_LAMBDA_RUNTIME_API": self.address, "_HANDLER": "weather",
                     "LAMBDA_TASK_ROOT": str(folder / "none")})
        try:
            self.tell({"payload": '{"city":"Oslo"}', "timeout_ms": 60_000, "trace": "", "at_once": 1,
                       "stream": False})
            answer = json.loads(self.emulator.stdout.readline())
        finally:
            runtime.kill()
            runtime.wait()
        self.tell({"reset": True})
        self.assertEqual(self.emulator.stdout.readline().strip(), "reset")
        return answer, (folder / "log").read_text(errors="replace")

    def tell(self, what):
        self.emulator.stdin.write(json.dumps(what) + "\n")
        self.emulator.stdin.flush()

    def test_a_function_connects(self):
        answer, log = self.ask("127.0.0.1", self.web.port, [f"127.0.0.1:{self.web.port}"])
        self.assertEqual((answer["end"], answer["violations"]), ("response", []), log)
        self.assertEqual(json.loads(answer["body"])["path"], "/weather?city=Oslo")
        self.assertIn(f"connection to 127.0.0.1:{self.web.port}", log)

    def test_the_runtime_api_is_out_of_reach_though_it_is_granted(self):
        host, port = self.address.rsplit(":", 1)
        for name in (host, "localhost"):
            answer, log = self.ask(name, port, [f"{host}:{port}", f"localhost:{port}", f"127.0.0.0/8:{port}"])
            self.assertEqual(answer["error_type"], "Function.Denied", log)
            self.assertIn("the platform's own endpoint", log)
            self.assertEqual(answer["violations"], [])

    def test_metadata_is_out_of_reach_of_a_grant_of_its_network(self):
        answer, log = self.ask("169.254.169.254", 80, ["169.254.0.0/16:80"])
        self.assertEqual(answer["error_type"], "Function.Denied", log)
        self.assertIn("cloud metadata", log)


class InAnImage(Case):
    """weather in the root that pack makes for an image, with nothing else in it."""

    def test_a_function_connects(self):
        if os.getuid() != 0 or not (GIVEN.build / "bin/ferry-host").exists():
            self.skipTest("it needs ferry-host, and root for chroot")
        web = self.start(services.Web)
        folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
        folder.chmod(0o755)
        shutil.copy(self.build(Function.sample, "weather"), folder / "weather.wasm")
        (folder / "ferry.toml").write_text(
            '[function]\nname = "weather"\nwasm = "weather.wasm"\n'
            f'[grant]\nconnect = ["localhost:{web.port}"]\nenv_from = ["WEATHER_HOST", "WEATHER_PORT", "$(id)"]\n')
        packed = ferry("pack", folder, "--for", "image", "-o", folder / "out", "--allow")
        self.assertEqual(packed.returncode, 0, packed.stderr)
        self.assertIn("-p 8080:8080 -e WEATHER_HOST -e WEATHER_PORT weather\n", packed.stderr)
        root = folder / "root"
        with tarfile.open(folder / "out/image.tar") as image:
            [manifest] = json.load(image.extractfile("manifest.json"))
            for layer in manifest["Layers"]:
                with tarfile.open(fileobj=image.extractfile(layer)) as files:
                    files.extractall(root)
        for place in ({}, {"K_SERVICE": "weather"}):
            with self.subTest(environment=place):
                host = subprocess.Popen(
                    ["chroot", "--userspec=65532:65532", root, "/ferry/ferry-host", "--listen", "127.0.0.1:0"],
                    stderr=subprocess.PIPE, text=True,
                    env={**place, "PATH": os.environ["PATH"], "WEATHER_HOST": "localhost",
                         "WEATHER_PORT": str(web.port)})
                try:
                    said = next(line for line in host.stderr if "serving" in line)
                    [url] = re.findall(r"http://127\.0\.0\.1:\d+/", said)
                    with urllib.request.urlopen(url, b'{"city":"Oslo"}', timeout=PATIENCE) as answer:
                        self.assertEqual(json.load(answer)["path"], "/weather?city=Oslo")
                finally:
                    host.terminate()
                    host.communicate()


class Everywhere(Case):
    """The same connections and the same outcome over every platform."""

    def test_upstreams_of_cases(self):
        wasm = self.build(Function.sample, "weather")
        for engine in self.on_engines():
            done = ferry("verify", wasm.parent, wasm.parent / "cases.toml", "--engine", engine,
                         "--output", "json")
            report = json.loads(done.stdout)
            self.assertEqual((done.returncode, report["differences"]), (0, 0), done.stdout)
            self.assertIn("GET /weather?city=Oslo HTTP/1.1", done.stdout)

    def record(self, wasm, event, manifest, environment):
        """The folder of a function with that manifest, and its recorded cases."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
        shutil.copy(wasm, folder / "f.wasm")
        (folder / "ferry.toml").write_text('[function]\nname = "f"\nwasm = "f.wasm"\n' + manifest +
                                           '[limits]\ntimeout = "120s"\n')  # TLS, interpreted, on a busy machine
        (folder / "given.toml").write_text(f"[[case]]\nname = 'one'\ndata = '{event}'\n")
        # An interpreter takes long for TLS: `make test-network` waits for it.
        engines = [word for engine in GIVEN.engines if GIVEN.services or engine != "wasmi"
                   for word in ("--engine", engine)]
        done = ferry("verify", folder, folder / "given.toml", "--allow", "--record", folder / "recorded",
                     *engines, environment=environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return folder, folder / "recorded/cases.toml", engines

    def test_a_service_is_asked_once_and_recorded_with_its_secrets_masked(self):
        authority = self.start(services.Authority)
        seen = []

        def answer(handler, _):
            seen.append(handler.path)
            text = json.dumps({"sky": "clear", "you": handler.path}).encode()
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(text)))
            handler.end_headers()
            handler.wfile.write(text)

        web = services.Web(authority.certificate, authority.key, answer)
        self.addCleanup(web.end)
        wasm = self.build(Function.sample, "fetch-json")
        manifest = (f'[grant]\nconnect = ["localhost:{web.port}"]\nca = "{authority.ca}"\n'
                    'env_from = ["TOKEN"]\n')
        event = json.dumps({"url": f"https://localhost:{web.port}/?key={PASSWORD}", "field": "sky"})
        folder, cases, engines = self.record(wasm, event, manifest, {"TOKEN": PASSWORD})
        self.assertEqual(seen, [f"/?key={PASSWORD}"])
        text = cases.read_text()
        upstream = text[text.index("[[case.upstream]]"):]
        self.assertIn("request = 'GET /?key=${TOKEN}'", upstream)
        self.assertNotIn(PASSWORD, upstream)
        web.end()
        again = ferry("verify", folder, cases, *engines, "--output", "json", environment={"TOKEN": PASSWORD})
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertIn("GET /?key=${TOKEN} HTTP/1.1", again.stdout)

    def test_an_answer_that_was_not_expected_is_a_difference(self):
        wasm = self.build(Function.sample, "weather")
        cases = wasm.parent / "cases.toml"
        wrong = WORK / "wrong.toml"
        wrong.write_text(cases.read_text().replace("'{\"sky\":\"clear\"}'\n[[case.upstream]]",
                                                   "'{}'\n[[case.upstream]]", 1))
        done = ferry("verify", wasm.parent, wrong, "--engine", GIVEN.engines[-1], "--platform", "http")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)


class Component(Case):
    """fetch-rust-http: wasi:http/outgoing-handler, where ferry speaks HTTP and TLS itself."""

    @classmethod
    def setUpClass(cls):
        cls.wasm = GIVEN.build / "functions/fetch-rust-http.wasm"
        if not cls.wasm.exists():
            raise unittest.SkipTest("fetch-rust-http is not built: make functions-components")
        cls.authority = cls.start(services.Authority)
        cls.web = cls.start(services.Web)
        cls.secure = cls.start(services.Web, cls.authority.certificate, cls.authority.key)

    def ask(self, engine, event, port, ca=None):
        ca = f'ca = "{ca}"\n' if ca else ""
        return self.run_function(self.wasm, event, engine,
                                 manifest=f'[grant]\nconnect = ["localhost:{port}"]\n{ca}')

    def test_plain(self):
        for engine in self.on_engines():
            outcome = self.ask(engine, f"http://localhost:{self.web.port}/a?b", self.web.port)
            self.assertEqual(json.loads(reply(outcome))["path"], "/a?b")
            self.assertEqual(len(outcome["connections"]), 1, outcome)

    def test_a_body_is_posted(self):
        for engine in self.on_engines():
            text = "x" * 100_000
            received = []

            def answer(handler, body):
                received.append(handler.headers.get("Transfer-Encoding"))
                while size := int(handler.rfile.readline(), 16):
                    body += handler.rfile.read(size)
                    handler.rfile.readline()
                handler.rfile.readline()
                received.append(body)
                handler.send_response(200)
                handler.end_headers()
                handler.wfile.write(b"%d" % len(body))
                handler.close_connection = True

            web = services.Web(answer=answer)
            self.addCleanup(web.end)
            outcome = self.ask(engine, f"http://localhost:{web.port}/\n{text}", web.port)
            self.assertEqual(received, ["chunked", text.encode()])
            self.assertEqual(str(reply(outcome)), "100000")

    def test_https_by_an_authority_of_the_manifest(self):
        for engine in self.on_engines():
            outcome = self.ask(engine, f"https://localhost:{self.secure.port}/", self.secure.port,
                               self.authority.ca)
            self.assertEqual(json.loads(reply(outcome))["sky"], "clear")

    def test_certificates_that_are_not_trusted(self):
        engine = GIVEN.engines[-1]
        url = f"https://localhost:{self.secure.port}/"
        self.assertIn("TlsCertificateError", reply(self.ask(engine, url, self.secure.port)))
        for name, names, days in (("other2", "DNS:other.example", "2"), ("old2", "DNS:localhost", "-1")):
            web = services.Web(*self.authority.issue(name, names, days))
            self.addCleanup(web.end)
            outcome = self.ask(engine, f"https://localhost:{web.port}/", web.port, self.authority.ca)
            self.assertIn("TlsCertificateError", reply(outcome))
            self.assertEqual(web.requests, [])

    def test_what_is_not_granted_is_denied(self):
        outcome = self.ask(GIVEN.engines[-1], f"http://localhost:{self.web.port}/", 1)
        self.assertIn("HttpRequestDenied", reply(outcome))
        self.assertIn(f"--connect localhost:{self.web.port}", json.dumps(outcome["logs"]))


def compile_crate(choices):
    """The crate of sdk/rust with its example, by the first compiler that has its target; or None."""
    for compiler, target in choices:
        if shutil.which(compiler) is None:
            continue
        library, out = WORK / f"libferry_net-{target}.rlib", WORK / f"get-{target}.wasm"
        common = [compiler, "--edition", "2021", "--target", target, "-O"]
        made = subprocess.run([*common, "--crate-type", "rlib", "--crate-name", "ferry_net",
                               SOURCE / "sdk/rust/src/lib.rs", "-o", library],
                              capture_output=True, text=True)
        if made.returncode == 0:
            linker = ["-C", "linker=wasm-ld-16"] if compiler == "/usr/bin/rustc" else []
            subprocess.run([*common, *linker, "-C", "strip=debuginfo", "--extern", f"ferry_net={library}",
                            SOURCE / "sdk/rust/examples/get.rs", "-o", out], check=True)
            return out
        if "E0463" not in made.stderr and "could not find specification" not in made.stderr:
            raise AssertionError(made.stderr)  # it has the target
    return None


class ComponentSockets(Case):
    """wasi:sockets, by what languages have for it: std in Rust, `socket` in Python."""

    @classmethod
    def setUpClass(cls):
        cls.web = cls.start(services.Web)
        cls.programs = HERE / "programs/sockets"

    def ask(self, wasm):
        for engine in self.on_engines():
            for host in ("localhost", "127.0.0.1"):
                place = f"{host}:{self.web.port}"
                outcome = self.run_function(wasm, f"{place}/a", engine, grants=[place])
                self.assertEqual(reply(outcome)["path"], "/a")
                self.assertEqual(len(outcome["connections"]), 1, outcome)
        outcome = self.run_function(wasm, f"{place}/a", GIVEN.engines[-1], expect=("denied", "failed"),
                                    grants=["localhost:1"])
        self.assertIn(f"--connect {place}", json.dumps(outcome))

    def test_rust(self):
        wasm = compile_crate([("rustc", "wasm32-wasip2")])
        if wasm is None:
            self.skipTest("no Rust with wasm32-wasip2 (rustup target add wasm32-wasip2)")
        self.ask(wasm)

    def test_python(self):
        if not GIVEN.services:
            self.skipTest("it compiles CPython: make test-network")
        home = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
        compiler = home / "ferry-build/components/python/bin/componentize-py"
        if not compiler.exists():
            self.skipTest("componentize-py is not installed (tools/setup.sh components)")
        made = ferry("new", "python", "asks", folder=WORK)
        self.assertEqual(made.returncode, 0, made.stderr)
        shutil.copy(self.programs / "app.py", WORK / "asks")
        subprocess.run([compiler, "-d", "wit", "componentize", "-p", ".", "entry", "-o", "asks.wasm"],
                       check=True, capture_output=True, cwd=WORK / "asks")
        self.ask(WORK / "asks/asks.wasm")


class Rust(Case):
    """The crate of sdk/rust, by the Rust that has the target."""

    @classmethod
    def setUpClass(cls):
        cls.web = cls.start(services.Web)

    def test_the_crate(self):
        # Debian's, whose target still has its old name; or rustup's.
        wasm = compile_crate([("/usr/bin/rustc", "wasm32-wasi"), ("rustc", "wasm32-wasip1")])
        if wasm is None:
            self.skipTest("no rustc here has the target wasm32-wasi or wasm32-wasip1")
        for engine in self.on_engines(dials=True):
            outcome = self.run_function(wasm, f"localhost:{self.web.port}/a", engine,
                                        grants=[f"localhost:{self.web.port}"])
            self.assertEqual(reply(outcome)["path"], "/a")
        outcome = self.run_function(wasm, "localhost:1/a", GIVEN.engines[-1], expect="denied",
                                    grants=[f"localhost:{self.web.port}"])
        self.assertIn("--connect localhost:1", json.dumps(outcome))


class RustCrates(Case):
    """fetch-rust: ureq with rustls, through the connector of the sample."""

    def test_ureq(self):
        if not GIVEN.services:
            self.skipTest("it fetches and compiles crates: make test-network")
        wasm = self.build(Function.sample, "fetch-rust")
        authority = self.start(services.Authority)
        web, secure = self.start(services.Web), self.start(services.Web, authority.certificate, authority.key)
        for engine in self.on_engines():
            for scheme, port in (("http", web.port), ("https", secure.port)):
                manifest = f'[grant]\nconnect = ["localhost:{port}"]\nca = "{authority.ca}"\n'
                event = json.dumps({"url": f"{scheme}://localhost:{port}/a", "field": "path"})
                self.assertEqual(reply(self.run_function(wasm, event, engine, manifest=manifest)), "/a")
            outcome = self.run_function(wasm, event, engine, expect="failed",
                                        manifest=f'[grant]\nconnect = ["localhost:{port}"]\n')
            self.assertIn("UnknownIssuer", json.dumps(outcome))


class Postgres(Case):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.start(services.postgres)
        cls.url = f"postgres://me:{PASSWORD}@localhost:{cls.server.port}/postgres"
        subprocess.run([services.find("psql"), cls.url, "-qc",
                        "create table orders (id bigserial, customer text, item text, amount int)"],
                       check=True)

    def test_pgx(self):
        self.keep_an_order("orders-store")

    def keep_an_order(self, name):
        wasm = self.build(Function.sample, name)
        for engine in self.on_engines():
            before = self.count()
            outcome = self.run_function(
                wasm, '{"customer":"Ada","item":"tea","amount":2}', engine,
                environment={"DATABASE_URL": self.url}, manifest='[grant]\n'
                f'connect = ["localhost:{self.server.port}"]\nenv_from = ["DATABASE_URL"]\n')
            self.assertEqual(reply(outcome)["customer"], "Ada")
            self.assertEqual(self.count(), before + 1)

    def test_lib_pq(self):
        wasm = self.build(Function.program, "pq")
        for engine in self.on_engines():
            outcome = self.run_function(wasm, "", engine, grants=[f"localhost:{self.server.port}"],
                                        environment={"DATABASE_URL": self.url + "?sslmode=disable"})
            self.assertEqual(reply(outcome), "125250 500000")

    def test_a_wrong_password_is_told_and_the_right_one_never(self):
        wasm = self.build(Function.sample, "orders-store")
        wrong = self.url.replace(PASSWORD, "Wr0ng-guess")
        outcome = self.run_function(
            wasm, '{"customer":"Ada"}', GIVEN.engines[-1], expect="failed",
            environment={"DATABASE_URL": wrong}, manifest='[grant]\n'
            f'connect = ["localhost:{self.server.port}"]\nenv_from = ["DATABASE_URL"]\n')
        self.assertIn("password authentication failed", json.dumps(outcome))
        self.assertNotIn("Wr0ng-guess", json.dumps(outcome))


    def test_a_session_is_recorded_and_verified_without_the_server(self):
        """SCRAM answers a challenge: with the same seed the function answers the same."""
        wasm = self.build(Function.sample, "orders-store")
        manifest = f'[grant]\nconnect = ["localhost:{self.server.port}"]\nenv_from = ["DATABASE_URL"]\n'
        given = {"DATABASE_URL": self.url}
        before = self.count()
        folder, cases, engines = Everywhere.record(
            self, wasm, '{"customer":"Bob","item":"tea","amount":2}', manifest, given)
        self.assertEqual(self.count(), before + 1)
        self.assertNotIn(PASSWORD, cases.read_text())
        again = ferry("verify", folder, cases, *engines, environment=given)
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertEqual(self.count(), before + 1)

    def test_tokio_postgres(self):
        self.keep_an_order("orders-store-rust")

    def test_events_share_the_sessions_of_pgbouncer(self):
        """What a pool brings: the database sees one session, however many events there were."""
        for authentication in ("scram-sha-256", "md5"):  # the recipe of docs/network.md, and a cheaper one
            with self.subTest(auth_type=authentication):
                self.share_sessions(self.start(services.pgbouncer, self.server, authentication))

    def share_sessions(self, pool):
        wasm = self.build(Function.sample, "orders-store")
        url = self.url.replace(str(self.server.port), str(pool.port))
        before = self.sessions()
        for number in range(3):
            for engine in self.on_engines():
                self.run_function(
                    wasm, '{"customer":"Eve","item":"tea","amount":2}', engine,
                    environment={"DATABASE_URL": url}, manifest='[grant]\n'
                    f'connect = ["localhost:{pool.port}"]\nenv_from = ["DATABASE_URL"]\n')
        self.assertEqual(self.sessions(), before + 2)  # the pool's, and psql's own

    def sessions(self):
        """That there were since the server began."""
        time.sleep(1)  # until the server has counted those that ended
        return self.ask_database("select sessions from pg_stat_database where datname = 'postgres'")

    def count(self):
        return self.ask_database("select count(*) from orders")

    def ask_database(self, query):
        done = subprocess.run([services.find("psql"), self.url, "-Atqc", query], check=True,
                              capture_output=True, text=True)
        return int(done.stdout)


class Redis(Case):
    def test_go_redis(self):
        server = self.start(services.redis)
        wasm = self.build(Function.sample, "cache")
        for number, engine in enumerate(self.on_engines(), 1):
            outcome = self.run_function(wasm, "Ada", engine, grants=[f"127.0.0.1:{server.port}"], options=["--allow"],
                                        environment={"REDIS_URL": f"redis://127.0.0.1:{server.port}"})
            self.assertEqual(reply(outcome), {"name": "Ada", "seen": number})


class Nats(Case):
    def test_nats_go(self):
        server = self.start(services.nats)
        wasm = self.build(Function.program, "nats")
        for engine in self.on_engines():
            outcome = self.run_function(wasm, "", engine, grants=[f"127.0.0.1:{server.port}"],
                                        environment={"NATS_URL": f"nats://127.0.0.1:{server.port}"})
            self.assertEqual(reply(outcome), "abab")


class MariaDb(Case):
    def test_go_sql_driver(self):
        server = self.start(services.mariadb)
        wasm = self.build(Function.program, "mysql")
        for engine in self.on_engines():
            outcome = self.run_function(
                wasm, "", engine, grants=[f"127.0.0.1:{server.port}"],
                environment={"MARIADB_DSN": f"me:s3cret@tcp(127.0.0.1:{server.port})/shop"})
            self.assertEqual(reply(outcome), "grüße")


class Nginx(Case):
    @classmethod
    def setUpClass(cls):
        cls.authority = cls.start(services.Authority)
        cls.server = cls.start(services.nginx, cls.authority)

    def test_http_2_over_tls(self):
        wasm = self.build(Function.sample, "fetch-json")
        manifest = (f'[grant]\nconnect = ["localhost:{self.server.port}"]\nca = "{self.authority.ca}"\n')
        for engine in self.on_engines():
            for field, value in (("protocol", "HTTP/2.0"), ("tls", "TLSv1.3")):
                event = json.dumps({"url": f"https://localhost:{self.server.port}/", "field": field})
                self.assertEqual(reply(self.run_function(wasm, event, engine, manifest=manifest)),
                                 value)

    def test_c(self):
        wasm = self.build(Function.sample, "weather")
        for engine in self.on_engines(dials=True):
            outcome = self.run_function(
                wasm, '{"city":"Oslo"}', engine, grants=[f"127.0.0.1:{self.server.plain}"],
                environment={"WEATHER_HOST": "127.0.0.1", "WEATHER_PORT": str(self.server.plain)})
            self.assertEqual(reply(outcome)["sky"], "clear Oslo")


def png(width, height):
    """A grey picture."""
    def chunk(kind, data):
        return (len(data).to_bytes(4, "big") + kind + data
                + zlib.crc32(kind + data).to_bytes(4, "big"))

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class ObjectStore(Case):
    """thumbnail: asked as AWS Lambda asks for an event of S3; plain and over TLS."""

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.start(services.Authority)

    def test_minio_go(self):
        for secure in (False, True):
            with self.subTest(tls=secure):
                self.shrink_in(self.start(services.object_store, *([self.authority] if secure else [])),
                               secure)

    def shrink_in(self, server, secure):
        wasm = self.build(Function.sample, "thumbnail")
        at = f"http{'s' if secure else ''}://localhost:{server.port}"
        trusted = ssl.create_default_context(cafile=self.authority.ca) if secure else None

        def ask(method, path, data=None):
            fields = {"Content-Type": "image/png",
                      "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/s3/aws4_request"}
            request = urllib.request.Request(at + path, data, fields, method=method)
            return urllib.request.urlopen(request, context=trusted, timeout=services.PATIENCE)

        ask("PUT", "/example-uploads").close()
        ask("PUT", "/example-uploads/in/photo%201.jpg", png(400, 200)).close()
        event = WORK / "s3.json"
        event.write_text((SOURCE / "templates/events/lambda/s3.json").read_text())
        manifest = (f'[limits]\nmemory = "512MiB"\n[grant]\nconnect = ["localhost:{server.port}"]\n'
                    'env_from = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_ENDPOINT"]\n'
                    + (f'ca = "{self.authority.ca}"\n' if secure else ""))
        for engine in self.on_engines():
            done = self.run_function(
                wasm, None, engine, manifest=manifest, options=["--platform", "lambda", "--native", event],
                environment={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "S3_ENDPOINT": at,
                             "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG"})
            [[said]] = reply(done)
            self.assertEqual((said["key"], said["width"], said["height"]),
                             ("thumbnails/in/photo 1.jpg", 160, 80))
            with ask("GET", "/example-uploads/thumbnails/in/photo%201.jpg") as made:
                self.assertEqual(made.headers["Content-Type"], "image/jpeg")
                small = made.read()
            self.assertEqual((small[:2], small[-2:], len(small)),
                             (b"\xff\xd8", b"\xff\xd9", said["bytes"]))
            ask("DELETE", "/example-uploads/thumbnails/in/photo%201.jpg").close()


def main():
    global GIVEN, WORK
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--services", action="store_true")
    parser.add_argument("--engines")
    parser.add_argument("tests", nargs="*")
    GIVEN = parser.parse_args()
    GIVEN.build = GIVEN.build.resolve()
    # What was compiled stays in the build tree.
    GIVEN.cache = GIVEN.build / "tests/network"
    there = [each.name.removeprefix("ferry-engine-").removesuffix(".so")
             for each in (GIVEN.build / "bin/engines").glob("ferry-engine-*.so")]
    wanted = (GIVEN.engines or "wasmtime,wasmi").split(",")
    GIVEN.engines = [each for each in wanted if each in there]
    GIVEN.dialling = ["lucet"] if "lucet" in there and "lucet" not in wanted else []
    if not GIVEN.engines:
        print(f"skipped: none of the engines {', '.join(wanted)} is built")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        WORK = pathlib.Path(folder)
        WORK.chmod(0o755)  # servers run as users of their own
        suite = unittest.defaultTestLoader
        tests = (suite.loadTestsFromNames(GIVEN.tests, sys.modules[__name__]) if GIVEN.tests
                 else suite.loadTestsFromModule(sys.modules[__name__]))
        result = unittest.TextTestRunner(verbosity=2).run(tests)
    if not result.wasSuccessful():
        return 1
    return 77 if result.testsRun == len(result.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
