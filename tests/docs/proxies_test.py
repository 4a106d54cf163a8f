#!/usr/bin/env python3
"""What docs/operations.md shows for other programs, given to these programs: nginx and HAProxy stand
before a server with their lines of the page, and systemd reads its units.

    FERRY_BUILD=build tests/docs/proxies_test.py [Case.test…]

Exit status 77: curl or openssl is missing. Each test says which other program it lacks.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "serve"))
from server import BUILD, PATIENCE, Server  # noqa: E402
from ports import free_port  # noqa: E402  server says where it is

OBEY = BUILD / "functions" / "hostile" / "obey.wasm"
PAGE = (ROOT / "docs" / "operations.md").read_text()


def block(before, kind=""):
    """The first fence of this kind behind these words of the page."""
    return re.search(rf"^```{kind}\n(.*?)^```$", PAGE[PAGE.index(before):], re.S | re.M)[1]


def program(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if not found:
        raise unittest.SkipTest(f"{name} is not installed")
    return found


class Proxies(unittest.TestCase):
    def setUp(self):
        if not OBEY.exists():
            self.skipTest("obey.wasm is not built here")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", self.folder / "site.key",
                        "-out", self.folder / "site.crt"], check=True, capture_output=True)
        self.server = self.enterContext(Server(self.folder, OBEY))
        self.port = free_port()

    def placed(self, text, changes):
        """The page's lines with the addresses and files of this test."""
        for was, now in changes.items():
            self.assertIn(was, text)
            text = text.replace(was, str(now))
        return text

    def ask(self, path, data=b'{"do":"env"}'):
        """Over TLS and HTTP/2: what the head says, and the body."""
        done = subprocess.run(
            ["curl", "--silent", "--insecure", "--http2", "--max-time", str(PATIENCE), "--include",
             "--header", "Expect:", "--data-binary", "@-", f"https://localhost:{self.port}{path}"],
            input=data, capture_output=True)
        head, _, body = done.stdout.decode(errors="replace").partition("\r\n\r\n")
        return head, body

    def start(self, *words):
        log = self.enterContext(open(self.folder / "proxy.log", "w"))
        proxy = subprocess.Popen([*map(str, words)], stdout=log, stderr=log, cwd=self.folder)

        def end():
            proxy.terminate()
            proxy.wait(PATIENCE)

        self.addCleanup(end)
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            said = (self.folder / "proxy.log").read_text()
            self.assertIsNone(proxy.poll(), said)
            if self.ask("/")[0].startswith("HTTP/2 200"):
                return
            time.sleep(0.1)
        self.fail("it passes nothing on: " + said)

    def check_environment(self):
        head, body = self.ask("/a/b?x=1")
        self.assertTrue(head.startswith("HTTP/2 200"), head)
        found = json.loads(body)
        self.assertEqual((found["CE_SUBJECT"], found["CE_HTTPQUERY"]), ("/a/b", "x=1"))
        self.assertEqual(found["CE_HTTPXFORWARDEDPROTO"], "https")
        # A body as large as `[limits] input` lets it be.
        head, _ = self.ask("/", b"x" * (5 << 20))
        self.assertTrue(head.startswith("HTTP/2 200"), head)
        return found

    def test_nginx(self):
        server = program("nginx")
        lines = self.placed(block("nginx:", "nginx"), {
            "server 127.0.0.1:8080": f"server 127.0.0.1:{self.server.port}",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "/etc/nginx/site": self.folder / "site"})
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"daemon off; {user} pid nginx.pid; error_log stderr; worker_processes 1;\n"
            "events {}\nhttp { access_log off; client_body_temp_path body; proxy_temp_path proxy;\n"
            "fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n" + lines + "}\n")
        self.start(server, "-p", self.folder, "-e", "stderr", "-c", self.folder / "nginx.conf")
        found = self.check_environment()
        self.assertRegex(found["CE_ID"], "^[0-9a-f]{32}$")  # nginx's $request_id
        self.assertRegex(found["CE_SOURCE"], "^http://localhost")

    def test_haproxy(self):
        server = program("haproxy")
        (self.folder / "site.pem").write_bytes(
            (self.folder / "site.crt").read_bytes() + (self.folder / "site.key").read_bytes())
        (self.folder / "haproxy.cfg").write_text(self.placed(block("HAProxy:"), {
            "bind :443": f"bind 127.0.0.1:{self.port}",
            "/etc/haproxy/site.pem": self.folder / "site.pem",
            "port 9090": f"port {self.server.admin_port}",
            "127.0.0.1:8080": f"127.0.0.1:{self.server.port}"}))
        self.start(server, "-db", "-f", self.folder / "haproxy.cfg")
        self.check_environment()


class Units(unittest.TestCase):
    def test_systemd_reads_its_units(self):
        analyze = program("systemd-analyze")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            units = {"ferry.service": block("`ferry.service`, for", "ini"),
                     "ferry.socket": block("`ferry.socket` beside", "ini"),
                     "ferry-admin.socket": block("and `ferry-admin.socket`", "ini")}
            for unit, text in units.items():
                # The program has to be there.
                (folder / unit).write_text(text.replace("/usr/bin/ferry", shutil.which("true")))
            done = subprocess.run([analyze, "verify", *(folder / unit for unit in units)],
                                  capture_output=True, text=True, cwd=folder)
        told = [line for line in done.stderr.splitlines() if "ferry" in line]
        self.assertEqual((done.returncode, told), (0, []), done.stderr)


if __name__ == "__main__":
    if not shutil.which("curl") or not shutil.which("openssl"):
        print("skipped: no curl or no openssl")
        sys.exit(77)
    unittest.main(verbosity=2)
