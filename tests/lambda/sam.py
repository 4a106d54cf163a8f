#!/usr/bin/env python3
"""The layers under AWS SAM's own tools: tests/lambda/sam.py --build DIR   (make test-sam)

`sam local invoke` and `sam local start-api` run the template that `ferry pack --for lambda` wrote, in
a container each, and play API Gateway. Needs a Docker engine and pip; exit code 77, with the
reason, where one is missing. No image is pulled: AWS's own is used if it is there, else one is made
of busybox under its name, and taken away again.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import venv

HERE = pathlib.Path(__file__).parent
SAM = "aws-sam-cli==1.170.0"
IMAGE = "public.ecr.aws/lambda/provided:al2023-x86_64"
WAIT = 300
failures = []


def check(what, good, detail=""):
    print(("ok    " if good else "FAIL  ") + what + ("" if good else f": {str(detail)[:1500]}"))
    if not good:
        failures.append(what)


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def sam_program():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    folder = cache / "ferry-tests" / SAM / "venv"
    if not (folder / "bin/sam").exists():
        venv.create(folder, with_pip=True)
        got = subprocess.run([folder / "bin/pip", "install", "--quiet", SAM], capture_output=True,
                             text=True)
        if got.returncode != 0:
            shutil.rmtree(folder)
            skip(f"pip can't install {SAM}: {got.stderr.strip()[-300:]}")
    return folder / "bin/sam"


def make_image(folder):
    """True when it was made here. Layers are put into it by `RUN mv`, so it needs a shell."""
    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True).returncode == 0:
        return False
    busybox = shutil.which("busybox", path="/bin:/usr/bin")
    if busybox is None:
        skip("busybox is not installed (apt-get install busybox-static), nor is the image " + IMAGE)
    with tarfile.open(folder / "image.tar", "w") as image:
        for name in ("bin", "opt", "tmp", "var/task", "var/rapid", "var/runtime"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            image.addfile(entry)
        image.add(busybox, "bin/busybox")
        for name in ("sh", "mv", "chmod", "mkdir", "cp", "rm"):
            entry = tarfile.TarInfo("bin/" + name)
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            image.addfile(entry)
    subprocess.run(["docker", "import", "-c", "ENV PATH=/bin", "-c", "WORKDIR /var/task",
                    folder / "image.tar", IMAGE], check=True, capture_output=True)
    return True


def pack(build, folder, *args):
    env = {**os.environ, "XDG_CONFIG_HOME": str(folder / "config")}
    subprocess.run([build / "bin/ferry", "pack", *args, "--for", "lambda", "--quiet"], env=env,
                   check=True)


def invoke(sam, env, out, function, payload):
    got = subprocess.run([sam, "local", "invoke", "-t", out / "template.yaml", "--skip-pull-image",
                          "-e", "-", function], input=payload, env=env, capture_output=True,
                         text=True, timeout=WAIT)
    return got.stdout.strip(), got.stderr


def invocations(sam, env, build, folder):
    out = folder / "two"
    pack(build, folder, build / "functions/lambda-guest.wasm", build / "functions/hello-c.wasm",
         "-o", out)
    said, log = invoke(sam, env, out, "LambdaGuestFunction", '{"n": 1.50}')
    # It prints the answer after Python's json has read it, so the digits are not to be seen.
    check("sam local invoke, with the two layers", json.loads(said) == {"n": 1.5}, said + log)
    said, log = invoke(sam, env, out, "HelloCFunction", '{"name": "Ada"}')
    check("the other function of the same layers", "Ada" in said, said + log)
    said, log = invoke(sam, env, out, "LambdaGuestFunction", '"trap"')
    check("a trap is an error of the function", json.loads(said)["errorType"] ==
          "Function.Trapped", said + log)


def ask(port, path, body=b"hi"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, method="PUT",
                                     headers={"Content-Type": "text/plain", "X-Api-Key": "k1",
                                              "Accept": "*/*"})  # bytes only for who says so
    try:
        with urllib.request.urlopen(request, timeout=WAIT) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


EVENTS = """      Events:
        V1: {Type: Api, Properties: {Path: "/v1/{rest+}", Method: ANY}}
        V2: {Type: HttpApi, Properties: {Path: "/v2/{rest+}", Method: ANY}}
"""


def gateway(sam, env, build, folder):
    out = folder / "http"
    pack(build, folder, build / "functions/lambda-http.wasm", "--manifest", HERE / "http.toml",
         "-o", out)
    template = out / "template.yaml"
    text = template.read_text()
    mark = "      Timeout:"
    api = """Globals:
  Api:
    BinaryMediaTypes: ["*/*"]
Resources:
"""
    template.write_text(text.replace(mark, EVENTS + mark, 1).replace("Resources:\n", api, 1))
    port = 3900 + os.getpid() % 90
    log = folder / "api.log"
    with open(log, "w") as file:
        server = subprocess.Popen([sam, "local", "start-api", "-t", template, "--skip-pull-image",
                                   "--port", str(port), "--warm-containers", "LAZY"],
                                  env=env, stdout=file, stderr=file)
    try:
        for _ in range(WAIT):
            if "Running on" in log.read_text() or server.poll() is not None:
                break
            time.sleep(1)
        for row, name in (("/v1", "REST API"), ("/v2", "HTTP API")):
            status, headers, body = ask(port, row + "/a?x=1")
            check(f"sam local start-api, {name}", status == 201 and
                  body == f"PUT {row}/a?x=1 hi".encode(), (status, body, log.read_text()[-800:]))
            check(f"{name}: both cookies", headers.get_all("set-cookie") ==
                  ["a=1", "b=2; HttpOnly"], headers)
            status, headers, body = ask(port, row + "/binary")
            check(f"{name}: bytes that are not text", body == b"\x00\xff\xfe", (status, body))
            status, headers, body = ask(port, row + "/carried")
            check(f"{name}: a carried header", b"xapikey=k1" in body, (status, body))
    finally:
        server.terminate()
        server.wait(60)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    build = parser.parse_args().build.resolve()
    if shutil.which("docker") is None or \
            subprocess.run(["docker", "info"], capture_output=True).returncode != 0:
        skip("there is no Docker engine (docker info fails)")
    for name in ("lambda-guest", "lambda-http", "hello-c"):
        if not (build / f"functions/{name}.wasm").exists():
            skip(f"build/functions/{name}.wasm is not built (make functions)")
    sam = sam_program()
    # Stays out of the account of whoever runs this.
    env = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1",
           "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        made = make_image(folder)
        try:
            invocations(sam, env, build, folder)
            gateway(sam, env, build, folder)
        finally:
            if made:
                subprocess.run(["docker", "rmi", "-f", IMAGE], capture_output=True)
    print(f"{len(failures)} failed" if failures else "all hold")
    sys.exit(1 if failures else 0)


main()
