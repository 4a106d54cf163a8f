#!/usr/bin/env python3
"""The sample components as their users have them: what each is for, the same on every platform and on
every engine that binds components, and packed.

    tests/components/samples_test.py --build DIR [Case.test…]

A sample that is not built here (make functions-components) is skipped with that reason. Exit status:
that of unittest, 77 where no sample is built.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = None
ENGINES = ("wasmtime", "wasmi")  # lucet binds no component; wasmer is left out of most builds
PATIENCE = 900  # a component of 18 MB is compiled; the machine may be busy
SAMPLES = ("hello-js", "hello-py", "hello-rust-http", "hello-rust-run", "hello-c-run", "hello-cpp-run", "hello-rust-async",
           "hello-rust-async-run", "hello-go-http", "feed-go-http", "catalogue-js", "orders-ts",
           "markdown-py", "summary-rust-http")


def sample(name):
    return BUILD / "functions" / f"{name}.wasm"


def ferry(*words, code=0, **more):
    done = subprocess.run([BUILD / "bin/ferry", *map(str, words)], capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE, **more)
    if done.returncode != code:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout.decode(errors='replace')}\n"
                             f"{done.stderr.decode(errors='replace')}")
    return done


class Case(unittest.TestCase):
    def need(self, name):
        if not sample(name).exists():
            self.skipTest(f"{name} is not built here: make functions-components")
        return sample(name)

    def engines(self):
        for engine in ENGINES:
            if (BUILD / f"bin/engines/ferry-engine-{engine}.so").exists():
                yield engine

    def folder(self):
        made = tempfile.TemporaryDirectory(prefix="ferry-components-")
        self.addCleanup(made.cleanup)
        return pathlib.Path(made.name)


class Server:
    def __init__(self, component, *options):
        self.process = subprocess.Popen(
            [BUILD / "bin/ferry", "serve", component, "--listen", "127.0.0.1:0", *options],
            stderr=subprocess.PIPE, text=True, errors="replace")
        for line in self.process.stderr:
            if found := re.search(r"serving .*http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def ask(self, method, path, body=None, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, fields or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


class Verify(Case):
    """One outcome over every platform's wire, on each engine."""

    def verify(self, name, cases):
        component = self.need(name)
        for engine in self.engines():
            with self.subTest(name, engine=engine):
                done = ferry("verify", component, HERE / "cases" / cases, "--engine", engine,
                             "--output", "json")
                report = json.loads(done.stdout)
                self.assertEqual(report["differences"], 0)
                self.assertGreater(len(report["platforms"]), 4)

    def test_javascript(self):
        self.verify("hello-js", "hello.toml")

    def test_python(self):
        self.verify("hello-py", "hello.toml")

    def test_go(self):
        self.verify("hello-go-http", "hello.toml")

    def test_rust(self):
        self.verify("hello-rust-http", "hello.toml")

    def test_rust_of_wasi_03(self):
        self.verify("hello-rust-async", "hello.toml")

    def test_commands(self):
        for name in ("hello-c-run", "hello-cpp-run", "hello-rust-run", "hello-rust-async-run"):
            self.verify(name, ROOT / "tests/verify/cases/hello.toml")

    def test_typescript(self):
        self.verify("orders-ts", "orders.toml")


class Do(Case):
    """What each of them is for."""

    def test_orders_are_added_up_as_in_go(self):
        component = self.need("orders-ts")
        go = BUILD / "functions/orders-go.wasm"
        if not go.exists():
            self.skipTest("orders-go is not built here: make functions")
        for name in ("good", "yen"):
            event = f"@{ROOT}/functions/orders-go/events/{name}.json"
            in_go, here = ferry("run", go, event), ferry("run", component, event)
            self.assertEqual(json.loads(here.stdout), json.loads(in_go.stdout))
            self.assertEqual(self.log(here), self.log(in_go))
        bad = ferry("run", component, f"@{ROOT}/functions/orders-go/events/bad.json", "--output",
                    "json")
        self.assertEqual(json.loads(bad.stdout)["reply"]["http"]["status"], 422)

    def log(self, done):
        return [line for line in done.stderr.splitlines() if line.startswith(b"orders: ")]

    def test_a_service_is_searched_over_http(self):
        with Server(self.need("catalogue-js")) as server:
            status, headers, body = server.ask("GET", "/books?q=bront%C3%AB&limit=2")
            self.assertEqual((status, headers["content-type"]), (200, "application/json"))
            found = json.loads(body)
            self.assertEqual((found["found"], len(found["books"])), (3, 2))
            again = server.ask("GET", "/books?q=BRONTE&limit=2", fields={"If-None-Match": headers["etag"]})
            self.assertEqual((again[0], again[2]), (304, b""))
            status, headers, body = server.ask("OPTIONS", "/books")
            self.assertEqual((status, headers["access-control-allow-origin"]), (204, "*"))
            self.assertEqual(server.ask("HEAD", "/books/dracula")[2], b"")
            self.assertEqual(server.ask("DELETE", "/books")[0], 405)
            self.assertEqual(server.ask("GET", "/books/none")[0], 404)

    def test_a_feed_is_read_whatever_its_size(self):
        """A list of any size comes while Go's collector is at work: it must not call WASI then."""
        entry = ("<entry><id>urn:1</id><title>Ferries</title><link href='https://example.com/1'/>"
                 "<content>" + "x" * 1000 + "</content><updated>2026-11-28T11:00:00+01:00</updated></entry>")
        with Server(self.need("feed-go-http")) as server:
            for entries in (1, 30, 300, 3000):
                status, headers, body = server.ask("POST", "/", f"<feed><title>a</title>{entry * entries}</feed>")
                self.assertEqual((status, headers["content-type"]), (200, "application/feed+json"))
                items = json.loads(body)["items"]
                self.assertEqual(len(items), entries)
                self.assertEqual(items[-1]["date_published"], "2026-11-28T10:00:00Z")
            self.assertEqual(server.ask("POST", "/", "<html/>")[0], 400)
            self.assertEqual(server.ask("GET", "/")[0], 405)

    def test_a_document_becomes_a_page(self):
        with Server(self.need("markdown-py")) as server:
            text = "# One\n\n* *a*\n* <b>\n\n## Two\n\n## Three\n\na | b\n--|--\n1 | 2\n"
            status, headers, body = server.ask("POST", "/", text, {"Content-Type": "text/markdown"})
            self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
            page = body.decode()
            for part in ("<title>One</title>", '<div class="toc">', "<em>a</em>", "<table>"):
                self.assertIn(part, page)
            self.assertEqual(server.ask("POST", "/", b"\xff")[0], 400)
            self.assertEqual(server.ask("GET", "/")[0], 405)

    def test_a_table_is_summed_up_piece_by_piece(self):
        rows = "".join(f"{n},{n}.5,x\n" for n in range(100_000))
        with Server(self.need("summary-rust-http")) as server:
            status, _, body = server.ask("POST", "/", "whole,half,none\n" + rows)
            self.assertEqual(status, 200)
            table = json.loads(body)
            self.assertEqual(table["rows"], 100_000)
            self.assertEqual(table["columns"][0]["sum"], 4_999_950_000)
            self.assertEqual(table["columns"][2], {"name": "none", "numbers": 0})
            self.assertEqual(server.ask("POST", "/", "a,b\n1")[0], 400)


class Pack(Case):
    def setUp(self):
        super().setUp()
        if not (BUILD / "bin" / "ferry-host").exists():
            self.skipTest("ferry-host is not in this build")

    def test_lambda_layers_stay_small_enough_for_a_quick_start(self):
        """The layer with ferry's runtime is below 3 MB, zipped."""
        out = self.folder()
        ferry("pack", self.need("hello-rust-http"), "--for", "lambda", "-o", out)
        layers = {path.name: path.stat().st_size for path in out.rglob("*.zip")}
        runtime = [size for name, size in layers.items() if "runtime" in name]
        self.assertEqual(len(runtime), 1, layers)
        self.assertLess(runtime[0], 3_000_000)

    def test_python_is_packed_for_every_platform(self):
        component = self.need("hello-py")
        for platform in ("lambda", "image", "openwhisk", "knative", "azure"):
            with self.subTest(platform):
                out = self.folder()
                ferry("pack", component, "--for", platform, "-o", out / "packed")
                self.assertTrue(any((out / "packed").iterdir()))


def main():
    global BUILD
    ask = argparse.ArgumentParser()
    ask.add_argument("--build", type=pathlib.Path, required=True)
    given, rest = ask.parse_known_args()
    BUILD = given.build.resolve()
    os.environ.setdefault("XDG_CACHE_HOME", str(BUILD / "tests/components"))
    if not any(sample(name).exists() for name in SAMPLES):
        print("skipped: no sample component is built here: make functions-components")
        return 77
    return 0 if unittest.main(argv=[sys.argv[0], *rest], verbosity=2, exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
