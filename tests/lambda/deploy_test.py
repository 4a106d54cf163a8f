#!/usr/bin/env python3
"""ferry deploy to AWS Lambda, against moto's server: tests/lambda/deploy_test.py --build DIR

Between the two stands a server that checks each request's signature (Signature Version 4) by AWS's
own library, botocore. `--install` (make test-moto) puts moto into a folder of its own first;
without it, exit code 77 where moto is not there.
"""
import argparse
import hashlib
import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import pinned_moto
from ports import free_port

WAIT = 120
failures = []
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session/token+="


def check(what, good, detail=""):
    print(("ok    " if good else "FAIL  ") + what + ("" if good else f": {str(detail)[:1500]}"))
    if not good:
        failures.append(what)


def in_moto(install):
    """Goes on in moto's Python."""
    if pathlib.Path(sys.prefix) == pinned_moto.folder():
        return
    if pinned_moto.server(install) is None:
        print(f"skipped: moto is not in {pinned_moto.folder()} (make test-moto)")
        sys.exit(77)
    python = pinned_moto.folder() / "bin/python"
    os.execv(python, [str(python), *sys.argv])


class Checking(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behind = ""     # moto's address
    answers = []    # (status, error type) given in place of moto's, in turn
    seen = []       # (method, path)
    unsigned = []

    def handle_one(self):
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path))
        parts = dict(part.strip().split("=", 1) for part in
                     self.headers["Authorization"].split(" ", 1)[1].split(","))
        _, _, region, service, _ = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        request = AWSRequest(self.command, f"http://{self.headers['Host']}{self.path}",
                             headers={name: self.headers[name] for name in names}, data=body)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        auth = SigV4Auth(Credentials(KEY, SECRET), service, region)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        good = auth.signature(text, request) == parts["Signature"] and \
            self.headers["X-Amz-Content-Sha256"] == hashlib.sha256(body).hexdigest() and \
            self.headers["X-Amz-Security-Token"] == TOKEN and service == "lambda"
        if not good:
            self.unsigned.append((self.command, self.path, dict(self.headers)))
        if self.answers:
            status, kind = self.answers.pop(0)
            self.reply(status, json.dumps({"message": "as the test wants it"}).encode(), kind)
            return
        onward = urllib.request.Request(self.behind + self.path, body or None,
                                        {k: v for k, v in self.headers.items()
                                         if k.lower() not in ("host", "content-length")},
                                        method=self.command)
        try:
            with urllib.request.urlopen(onward) as got:
                self.reply(got.status, got.read())
        except urllib.error.HTTPError as error:
            self.reply(error.code, error.read(), error.headers.get("x-amzn-errortype") or "")

    do_GET = do_POST = do_PUT = do_DELETE = handle_one

    def reply(self, status, body, kind=""):
        self.send_response(status)
        if kind:
            self.send_header("x-amzn-ErrorType", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Deployer:
    def __init__(self, build, folder, endpoint):
        self.build, self.folder = build, folder
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_ACCESS_KEY_ID": KEY,
                    "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
                    "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": endpoint,
                    "XDG_CONFIG_HOME": str(folder / "config"),
                    "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME",
                                                     str(pathlib.Path.home() / ".cache"))}

    def pack(self, *args):
        subprocess.run([self.build / "bin/ferry", "pack", *args, "--for", "lambda", "--quiet", "--no-snapshot", "-o",
                        self.folder / "out"], env=self.env, check=True)

    def run(self, *args, env=None):
        got = subprocess.run([self.build / "bin/ferry", "deploy", self.folder / "out", *args],
                             env={**self.env, **(env or {})}, capture_output=True, text=True,
                             timeout=WAIT)
        return got.returncode, got.stdout, got.stderr


def done(text):
    return {change["what"]: change["done"] for change in json.loads(text)["changes"]}


def cases(deployer, client, role):
    guest, http = (deployer.build / f"functions/lambda-{name}.wasm" for name in ("guest", "http"))
    deployer.pack(guest)
    code, out, err = deployer.run("--dry-run")
    check("--dry-run prints the calls and sends none", code == 0 and Checking.seen == [] and
          "POST" in out and "/2018-10-31/layers/ferry-runtime/versions" in out and
          "/2015-03-31/functions" in out, out + err)
    check("and no secret", KEY not in out and SECRET not in out and TOKEN not in out, out)
    code, out, err = deployer.run()
    check("a new function wants a role", code == 2 and "--role" in err, err)
    code, out, err = deployer.run("--role", role, "--output", "json")
    check("created", code == 0 and done(out) == {
        "layer ferry-runtime": "unchanged", "layer ferry-lambda-guest": "unchanged",
        "function lambda-guest": "created"}, out + err)
    there = client.get_function_configuration(FunctionName="lambda-guest")
    check("as it should be", there["Runtime"] == "provided.al2023" and
          there["Handler"] == "lambda-guest" and there["Timeout"] == 11 and
          [layer["Arn"].split(":")[-2] for layer in there["Layers"]] ==
          ["ferry-runtime", "ferry-lambda-guest"], there)
    Checking.seen.clear()
    code, out, err = deployer.run("--output", "json")
    check("a second time nothing is done", code == 0 and set(done(out).values()) ==
          {"unchanged"} and all(method == "GET" for method, _ in Checking.seen), out + err)
    deployer.pack(guest, "--timeout", "20s")
    code, out, err = deployer.run("--output", "json")
    there = client.get_function_configuration(FunctionName="lambda-guest")
    check("a changed limit is an update", code == 0 and
          done(out)["function lambda-guest"] == "updated" and there["Timeout"] == 21, out + err)
    deployer.pack(guest, http)
    code, out, err = deployer.run("--role", role, "--output", "json")
    check("two functions share the layers", code == 0 and
          done(out)["function lambda-http"] == "created" and
          client.get_function_configuration(FunctionName="lambda-http")["Handler"] ==
          "lambda-http", out + err)
    code, out, err = deployer.run("--delete", "--output", "json")
    check("--delete", code == 0 and set(done(out).values()) == {"deleted"}, out + err)
    code, out, err = deployer.run("--delete", "--output", "json")
    check("again: absent", code == 0 and set(done(out).values()) == {"absent"}, out + err)


def refusals(deployer):
    for status, kind, words, expected in [
            (403, "InvalidSignatureException", "credentials", 1),
            (401, "", "credentials", 1),
            (409, "ResourceConflictException", "deploy again", 1),
            (413, "RequestEntityTooLargeException", "50 MB", 1),
            (429, "TooManyRequestsException", "wait a minute", 1),
            (500, "ServiceException", "later", 10)]:
        Checking.answers = [(status, kind)]
        code, _, err = deployer.run()
        check(f"{status} {kind}", code == expected and words in err and kind in err, (code, err))
    Checking.answers = []
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    code, _, err = deployer.run(env=none)
    check("no credentials", code == 2 and "aws configure" in err, err)
    code, _, err = deployer.run(env={"AWS_REGION": ""})
    check("no region", code == 2 and "AWS_REGION" in err, err)
    code, _, err = deployer.run("--endpoint-url", "http://192.0.2.1")
    check("not unencrypted", code == 1 and "unencrypted" in err, err)
    aws = deployer.folder / ".aws"
    aws.mkdir()
    (aws / "credentials").write_text(f"[work]\naws_access_key_id = {KEY}\n"
                                     f"aws_secret_access_key={SECRET}\n"
                                     f"aws_session_token = {TOKEN}\n")
    (aws / "config").write_text("[profile work]\nregion = eu-west-1\n[profile sso]\n"
                                "sso_session = x\nregion = eu-west-1\n")
    code, out, err = deployer.run("--dry-run", env={**none, "AWS_PROFILE": "work",
                                                    "AWS_REGION": ""})
    check("a profile's keys and region", code == 0, err)
    code, _, err = deployer.run(env={**none, "AWS_PROFILE": "sso"})
    check("a profile by single sign-on says how", code == 2 and "export-credentials" in err, err)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--install", action="store_true")
    options = parser.parse_args()
    build = options.build.resolve()
    in_moto(options.install)
    for name in ("bin/ferry-host", "functions/lambda-guest.wasm", "functions/lambda-http.wasm"):
        if not (build / name).exists():
            print(f"skipped: build/{name} is not built")
            sys.exit(77)
    import boto3
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([pathlib.Path(sys.prefix) / "bin/moto_server", "-p", str(port)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(WAIT * 10):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            Checking.behind = f"http://127.0.0.1:{port}"
            between = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Checking)
            threading.Thread(target=between.serve_forever, daemon=True).start()
            aws = {"endpoint_url": Checking.behind, "region_name": "eu-west-1",
                   "aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
            role = boto3.client("iam", **aws).create_role(
                RoleName="runs-functions", AssumeRolePolicyDocument=json.dumps({
                    "Version": "2012-10-17", "Statement": [{
                        "Effect": "Allow", "Action": "sts:AssumeRole",
                        "Principal": {"Service": "lambda.amazonaws.com"}}]}))["Role"]["Arn"]
            deployer = Deployer(build, pathlib.Path(folder),
                                f"http://127.0.0.1:{between.server_port}")
            cases(deployer, boto3.client("lambda", **aws), role)
            refusals(deployer)
            check("every request was signed as AWS's library signs it", Checking.unsigned == [],
                  Checking.unsigned)
        finally:
            server.terminate()
            server.wait(30)
    print(f"{len(failures)} failed" if failures else "all hold")
    sys.exit(1 if failures else 0)


main()
