#!/usr/bin/env python3
"""ferry deploy against a small OpenWhisk API: real sockets, real TLS, every refusal."""
import argparse
import base64
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

KEY = "23bc46b1:123zO3xZCLrMN6v2"
ACTION = {"namespace": "_", "name": "hello",
          "exec": {"kind": "wasm:1", "main": "hello", "binary": True, "code": "QUJD" * 100_000},
          "limits": {"timeout": 3000}, "annotations": []}
MARK = {"format": 1, "platform": "openwhisk", "function": "hello", "digest": "sha256:00",
        "ferry": "0.1.0", "settings": {}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_any(self):
        server = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server.calls.append((self.command, self.path))
        expected = "Basic " + base64.b64encode(KEY.encode()).decode()
        name = self.path.split("?")[0]
        if server.canned and self.command == server.canned[0]:
            return self.answer(*server.canned[1:])
        if self.headers.get("Authorization") != expected:
            return self.answer(401, {"error": "The supplied authentication is invalid", "code": "x"})
        if self.command == "PUT":
            if name in server.actions and "overwrite=true" not in self.path:
                return self.answer(409, {"error": "resource already exists"})
            server.actions[name] = json.loads(body)
            return self.answer(200, server.actions[name])
        if name not in server.actions:
            return self.answer(404, {"error": "The requested resource does not exist."})
        if self.command == "DELETE":
            return self.answer(200, server.actions.pop(name))
        return self.answer(200, {**server.actions[name], "exec": {"kind": "wasm:1"}})

    def answer(self, status, body, **fields):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_DELETE = do_any


class Server:
    def __init__(self, certificate=None):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.calls, self.http.actions, self.http.canned = [], {}, None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.http.handle_error = lambda *words: None  # a client that trusts us not hangs up
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Deploy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ferry-deploy-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("action.json", ACTION)
        self.write("ferry-package.json", MARK)
        self.server = Server()
        self.addCleanup(self.server.close)
        self.http = self.server.http

    def write(self, name, value):
        with open(os.path.join(self.folder, name), "w") as out:
            out.write(value if isinstance(value, str) else json.dumps(value))

    def deploy(self, *words, host=None, auth=KEY, env=None, code=0):
        host = host or f"http://127.0.0.1:{self.server.port}"
        known = ["--apihost", host, "--auth", auth] if auth else []
        plain = {k: v for k, v in os.environ.items() if not k.startswith("__OW_")}
        done = subprocess.run([OPTIONS.build + "/bin/ferry", "deploy", self.folder, *known, *words],
                              capture_output=True, text=True, timeout=60, check=False,
                              env={**plain, "HOME": self.folder, **(env or {})})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn(KEY, done.stdout + done.stderr)
        return done

    def sent(self, method):
        return [path for what, path in self.http.calls if what == method]

    def test_creates_then_leaves_alone_then_updates(self):
        self.assertIn("action hello created", self.deploy().stdout)
        path = "/api/v1/namespaces/_/actions/hello"
        self.assertEqual(self.http.actions[path]["exec"], ACTION["exec"])
        self.assertIn("unchanged", self.deploy().stdout)
        self.assertEqual(len(self.sent("PUT")), 1)
        self.assertIn("updated", self.deploy("--force").stdout)
        self.write("action.json", {**ACTION, "limits": {"timeout": 4000}})
        self.assertIn("updated", self.deploy().stdout)
        self.assertEqual(self.http.actions[path]["limits"]["timeout"], 4000)

    def test_deletes(self):
        self.deploy()
        self.assertIn("deleted", self.deploy("--delete").stdout)
        self.assertIn("absent", self.deploy("--delete").stdout)
        self.assertEqual(self.http.actions, {})

    # A component's action has 30 MB and more, and the server says all of it again.
    def test_an_action_of_any_size_is_answered_with_itself(self):
        self.write("action.json", {**ACTION, "exec": {**ACTION["exec"], "code": "QUJD" * 5_000_000}})
        self.assertIn("created", self.deploy().stdout)
        self.assertIn("deleted", self.deploy("--delete").stdout)

    def test_json_says_what_was_done(self):
        said = json.loads(self.deploy("--output", "json", "--web", "yes").stdout)
        self.assertEqual(said["changes"], [{"what": "action hello", "done": "created"}])
        self.assertIn("/api/v1/web/_/default/hello", said["address"])
        self.assertEqual(said["function"]["digest"], "sha256:00")

    def test_dry_run_sends_nothing_and_shows_no_secret(self):
        out = self.deploy("--dry-run").stdout
        self.assertIn("PUT ", out)
        self.assertNotIn("Basic", out)
        self.assertEqual(self.http.calls, [])

    def test_knows_what_wsk_knows(self):
        host = f"http://127.0.0.1:{self.server.port}"
        self.write(".wskprops", f"APIHOST={host}\nAUTH={KEY}\nNAMESPACE=mine\n")
        self.deploy(auth=None)
        self.assertIn("/api/v1/namespaces/mine/actions/hello", self.http.actions)
        self.write("other", f"AUTH={KEY}\n")
        self.deploy(auth=None, env={"WSK_CONFIG_FILE": self.folder + "/other",
                                    "__OW_API_HOST": host, "__OW_NAMESPACE": "env"})
        self.assertIn("/api/v1/namespaces/env/actions/hello", self.http.actions)

    def test_refusals(self):
        self.assertIn("does not know this key", self.deploy(auth="a:b", code=1).stderr)
        for status, words, code in [(413, "takes no action of", 1), (429, "too many requests", 1),
                                    (409, "somebody else", 1), (500, "failed", 10),
                                    (400, "exceeds allowed", 1)]:
            self.http.canned = ("PUT", status, {"error": "timeout exceeds allowed \x1b[2J"})
            said = self.deploy(code=code).stderr
            self.assertIn(words, said)
            self.assertNotIn("\x1b", said)

    def test_hostile_answers(self):
        self.http.canned = ("GET", 200, b"[" * 100_000)
        self.assertIn("updated", self.deploy().stdout)
        self.http.canned = ("GET", 200, b"x" * (17 << 20))
        self.assertIn("more than", self.deploy(code=1).stderr)
        other = Server()
        self.addCleanup(other.close)
        self.http.canned = ("GET", 302, b"")
        self.assertIn("sends us", self.deploy(code=2).stderr)
        self.assertEqual(other.http.calls, [])

    def test_unreachable(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        self.assertIn("can't be reached", self.deploy(host=f"http://127.0.0.1:{port}",
                                                      code=10).stderr)
        self.assertIn("no host", self.deploy(host="nowhere.invalid", code=10).stderr)
        self.assertIn("unencrypted", self.deploy(host="http://nowhere.invalid", code=2).stderr)

    def test_tls(self):
        if not shutil.which("openssl"):
            self.skipTest("there is no openssl to make a certificate with")
        pem = os.path.join(self.folder, "pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", pem,
                        "-out", pem + ".crt", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        with open(pem, "a") as out, open(pem + ".crt") as certificate:
            out.write(certificate.read())
        secure = Server(pem)
        self.addCleanup(secure.close)
        host = f"https://127.0.0.1:{secure.port}"
        said = self.deploy(host=host, code=1).stderr
        self.assertIn("not trusted", said)
        self.assertIn("--ca-file", said)
        self.assertEqual(secure.http.calls, [])
        self.assertIn("created", self.deploy("--ca-file", pem + ".crt", host=host).stdout)
        self.assertIn("unchanged", self.deploy("--insecure", host=host).stdout)
        self.assertIn("unchanged", self.deploy(host=host,
                                               env={"SSL_CERT_FILE": pem + ".crt"}).stdout)
        plain = f"https://127.0.0.1:{self.server.port}"
        self.assertIn("no TLS", self.deploy(host=plain, code=10).stderr)

    def test_folders_that_hold_nothing(self):
        self.write("ferry-package.json", "{")
        self.assertIn("not a JSON object", self.deploy(code=11).stderr)
        self.write("ferry-package.json", {**MARK, "platform": "moon"})
        self.assertIn("packed for moon", self.deploy(code=2).stderr)
        os.remove(self.folder + "/ferry-package.json")
        self.assertIn("nothing to deploy", self.deploy(code=10).stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=sys.argv[:1] + rest)
