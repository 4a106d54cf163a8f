#!/usr/bin/env python3
"""ferry as a Lambda runtime, from outside: tests/lambda/run.py --build DIR --against WHAT

WHAT is `emulator` (ours, strict), `rie` (AWS's Runtime Interface Emulator, from the wheel
aws-sam-cli), `concurrent` (its other mode, several invocations at once; needs root), `layers` (what
pack makes, in AWS's emulator), `arm64` (what pack makes for arm64, by QEMU) or `junk` (Runtime APIs that answer what they must not). Exit code
77: it can't be had here, and the reason is printed. `--fetch` gets AWS's emulator and no more.
"""
import argparse
import base64
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from ports import free_port

HERE = pathlib.Path(__file__).parent
SAM = "aws-sam-cli==1.170.0"
RIE = "samcli/local/rapid/aws-lambda-rie-x86_64"
WAIT = 60  # seconds that a machine under load may take; a pass takes none of them
failures = []


def check(what, good, detail=""):
    print(("ok    " if good else "FAIL  ") + what + ("" if good else f": {str(detail)[:600]}"))
    if not good:
        failures.append(what)


class Answer:
    """What the function's caller sees."""

    def __init__(self, end, body, error_type="", content_type=""):
        self.end, self.body, self.error_type = end, body, error_type
        self.content_type = content_type  # of a streamed answer

    def json(self):
        return json.loads(self.body)


class Runtime:
    """`ferry serve --platform lambda` or ferry-host, and the log it writes."""

    def __init__(self, command, env):
        self.log = tempfile.NamedTemporaryFile(suffix=".log")
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)

    def text(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def end(self):
        self.process.terminate()
        return self.process.wait(WAIT)


class Ours:
    """Our emulator beside a runtime that this script starts."""

    def __init__(self, build, command, env=None, at_once=1):
        self.at_once = at_once
        self.emulator = subprocess.Popen([build / "bin/lambda_emulator", str(at_once)], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.address = self.emulator.stdout.readline().strip()
        self.command = command
        self.env = {**os.environ, **(env or {}), "AWS_LAMBDA_RUNTIME_API": self.address}
        self.runtime = Runtime(command, self.env)
        self.violations = []

    def restart(self):
        self.runtime.process.kill()
        self.runtime.process.wait(WAIT)
        self.emulator.stdin.write('{"reset": true}\n')
        self.emulator.stdin.flush()
        self.emulator.stdout.readline()
        self.runtime = Runtime(self.command, self.env)

    def invoke(self, payload, timeout_ms=30_000, trace="", times=1, stream=False):
        self.emulator.stdin.write(json.dumps({"payload": payload, "timeout_ms": timeout_ms,
                                              "trace": trace, "at_once": times,
                                              "stream": stream}) + "\n")
        self.emulator.stdin.flush()
        answers = []
        for _ in range(times):
            got = json.loads(self.emulator.stdout.readline())
            self.violations = got["violations"]
            answers.append(Answer(got["end"], got["body"] or got["init_error"], got["error_type"],
                                  got["content_type"]))
        return answers[0] if times == 1 else answers

    def log(self):
        return self.runtime.text()

    def close(self):
        code = self.runtime.end()
        self.emulator.stdin.close()
        self.emulator.wait(WAIT)
        return code


class Theirs:
    """AWS's emulator, which starts the runtime itself."""

    def __init__(self, rie, command, env=None, timeout_s=30, before=()):
        self.port, api = free_port(), free_port()
        self.file = tempfile.NamedTemporaryFile(suffix=".log")
        # A process group of its own, so that the runtime which the RIE starts ends with it.
        self.process = subprocess.Popen(
            [rie, *before, "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}",
             "--runtime-api-address", f"127.0.0.1:{api}", *command],
            env={**os.environ, "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s), **(env or {})},
            stdin=subprocess.DEVNULL, stdout=self.file, stderr=self.file, start_new_session=True)
        for _ in range(WAIT * 20):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the RIE does not listen: " + self.log())

    def invoke(self, payload, trace=""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        headers = {"X-Amzn-Trace-Id": trace} if trace else {}
        connection.request("POST", "/2015-03-31/functions/function/invocations",
                           payload.encode(), headers)
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
        error = ""
        try:
            error = json.loads(body).get("errorType", "")
        except (ValueError, AttributeError):
            pass
        if "Task timed out" in body:
            return Answer("timeout", body)
        end = "response" if response.status == 200 and not error else "error"
        return Answer(end, body, error)

    def log(self):
        return pathlib.Path(self.file.name).read_text(errors="replace")

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(WAIT)


def cases(there, trace_seen=True):
    """What holds on every emulator, one runtime for all."""
    got = there.invoke('{"name": "Ada", "n": 1.50}')
    check("success: the payload's digits come back", got.body == '{"name": "Ada", "n": 1.50}',
          got.body)
    text = '"\u20ac \U0001f6a2 \\u0000 \\"quoted\\" \u2028"'
    got = there.invoke(text)
    check("unicode", got.end == "response" and got.json() == json.loads(text), got.body)
    got = there.invoke('"attributes"')
    check("the event that every input is", got.json().startswith("com.amazonaws.lambda.invoke "),
          got.body)
    if trace_seen:
        trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
        got = there.invoke('"env _X_AMZN_TRACE_ID"', trace=trace)
        check("the trace id", "1-5bef4de7-ad49b0e87f6ef6c87fc2e700" in got.body, got.body)
    for ask, kind, message in [
            ("exit 3", "Function.Failed", "3"),
            ("trap", "Function.Trapped", "unreachable"),
            ("loop", "Function.Timeout", "deadline"),
            ("memory", "Function.OutOfMemory", "memory"),
            ("big 7000000", "Function.OutputTooLarge", "6 MiB")]:
        got = there.invoke(json.dumps(ask))
        fine = got.end == "error" and got.error_type == kind and \
            message in got.json().get("errorMessage", "") and \
            isinstance(got.json().get("stackTrace"), list)
        check(f"outcome: {ask} is {kind}", fine, f"{got.end} {got.body}")
        check(f"after {kind} the same runtime answers", there.invoke("1").body == "1")
    got = there.invoke("not JSON")
    check("a payload that is not JSON is refused", got.error_type == "Host.Refused", got.body)
    size = 6 * 1024 * 1024
    got = there.invoke(f'"big {size}"')
    check("an answer of 6 MiB", got.end == "response" and len(got.body) == size,
          f"{got.end} {len(got.body)}")
    payload = json.dumps("y" * (6 * 1000 * 1000))
    check("a payload of 6 MB", there.invoke(payload).body == payload)
    good = sum(there.invoke(f'{{"n": {n}}}').body == f'{{"n": {n}}}' for n in range(500))
    check("500 invocations in a row", good == 500, good)
    batch = {"Records": [{"messageId": f"m{n}", "body": body, "eventSource": "aws:sqs",
                          "eventSourceARN": "arn:aws:sqs:us-east-1:1:q"}
                         for n, body in enumerate(['"fine"', '"exit 1"', '"trap"', "1"])]}
    got = there.invoke(json.dumps(batch))
    failed = sorted(each["itemIdentifier"] for each in got.json()["batchItemFailures"])
    check("a batch's failures are named", failed == ["m1", "m2"], got.body)
    log = there.log()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"time"')]
    check("log lines are JSON with the request id",
          any(line["text"] == "got 26 bytes" and line["invocation"] for line in lines), log[:2000])


def http_cases(there):
    def ask(payload):
        return there.invoke(json.dumps(payload)).json()

    body = base64.b64encode(b"hi").decode()
    v2 = {"version": "2.0", "rawPath": "/a b", "rawQueryString": "x=1&x=2", "headers": {"host": "h"},
          "requestContext": {"http": {"method": "PUT"}, "requestId": "r"}, "body": body,
          "isBase64Encoded": True}
    text = "PUT /a%20b?x=1&x=2 hi"
    got = ask(v2)
    check("HTTP API and function URL", got["statusCode"] == 201 and got["body"] == text and
          got["cookies"] == ["a=1", "b=2; HttpOnly"] and got["headers"]["x-seen"] == "one, two", got)
    got = ask({"httpMethod": "PUT", "path": "/a b", "requestContext": {"requestId": "r"},
               "multiValueQueryStringParameters": {"x": ["1", "2"]}, "headers": {"Host": "h"},
               "body": "hi", "isBase64Encoded": False})
    check("REST API", got["body"] == text and
          got["multiValueHeaders"]["set-cookie"] == ["a=1", "b=2; HttpOnly"], got)
    alb = {"requestContext": {"elb": {}}, "httpMethod": "PUT", "path": "/a%20b", "body": "hi",
           "isBase64Encoded": False, "multiValueHeaders": {"host": ["h"]},
           "multiValueQueryStringParameters": {"x": ["1", "2"]}}
    got = ask(alb)
    check("load balancer", got["body"] == text and got["statusDescription"] == "201 Created" and
          got["multiValueHeaders"]["set-cookie"] == ["a=1", "b=2; HttpOnly"], got)
    got = ask({**v2, "rawPath": "/binary"})
    check("a body that is not text", got["isBase64Encoded"] and
          base64.b64decode(got["body"]) == b"\x00\xff\xfe", got)
    got = ask({**v2, "headers": {"content-type": "application/json"}})
    check("a body not of its declared type is 400", got["statusCode"] == 400, got)
    got = ask({**v2, "headers": {"x-api-key": "k1", "authorization": "no"}, "rawPath": "/carried"})
    check("[function] headers are carried, and no other secret", "xapikey=k1" in got["body"] and
          "authorization=-" in got["body"], got)


def streaming_cases(there):
    """With FERRY_LAMBDA_STREAMING=on and `[limits] output` of 32 MiB."""
    got = there.invoke('{"n": 1}', stream=True)
    check("a small answer is not a stream", got.body == '{"n": 1}' and got.content_type == "")
    size = 20_000_000
    got = there.invoke(f'"big {size}"', stream=True, timeout_ms=60_000)
    check("20 MB are streamed", got.end == "response" and len(got.body) == size and
          got.content_type == "application/json", f"{got.end} {len(got.body)} {got.body[:200]}")
    got = there.invoke('"trap"', stream=True)
    check("an error stays an error", got.error_type == "Function.Trapped", got.body)
    got = there.invoke("1")
    check("and the next is answered", got.body == "1")
    check("nothing to complain about in streams", there.violations == [], there.violations)


def streaming_http_cases(there):
    url = {"version": "2.0", "rawPath": "/a", "headers": {"host": "h"}, "body": "hi",
           "requestContext": {"http": {"method": "PUT"}, "requestId": "r",
                              "domainName": "x.lambda-url.us-east-1.on.aws"}}
    got = there.invoke(json.dumps(url), stream=True)
    prelude, _, body = got.body.partition("\0" * 8)
    check("a function URL is streamed to", body == "PUT /a? hi" and
          json.loads(prelude)["statusCode"] == 201 and
          json.loads(prelude)["cookies"] == ["a=1", "b=2; HttpOnly"] and
          got.content_type == "application/vnd.awslambda.http-integration-response", got.body)
    url["requestContext"]["domainName"] = "x.execute-api.us-east-1.amazonaws.com"
    got = there.invoke(json.dumps(url))
    check("an HTTP API is not", got.json()["body"] == "PUT /a? hi", got.body)
    check("nothing to complain about in HTTP streams", there.violations == [], there.violations)


def command(build, *functions):
    return [str(build / "bin/ferry"), "serve", "--platform", "lambda",
            *(str(build / "functions" / name) for name in functions), "--timeout", "2s"]


def against_emulator(build):
    there = Ours(build, command(build, "lambda-guest.wasm"))
    cases(there)
    got = there.invoke('"loop"', timeout_ms=1000)
    check("Lambda's deadline, when it is sooner, wins in time", got.error_type == "Function.Timeout",
          f"{got.end} {got.body}")
    check("the emulator has nothing to complain about", there.violations == [], there.violations)
    check("SIGTERM ends it well", there.close() == 0)

    there = Ours(build, command(build, "lambda-guest.wasm"),
                 {"AWS_LAMBDA_MAX_CONCURRENCY": "4"}, at_once=4)
    got = there.invoke('"loop"', timeout_ms=20_000, times=4)
    check("four at once", all(each.error_type == "Function.Timeout" for each in got))
    got = there.invoke("1", times=40)
    check("forty, four at once", all(each.body == "1" for each in got) and there.violations == [],
          there.violations)
    there.close()

    there = Ours(build, command(build, "lambda-http.wasm") +
                 ["--manifest", str(HERE / "http.toml")])
    http_cases(there)
    check("nothing to complain about over HTTP", there.violations == [], there.violations)
    there.close()

    there = Ours(build, command(build, "lambda-guest.wasm") +
                 ["--manifest", str(HERE / "large.toml")], {"FERRY_LAMBDA_STREAMING": "on"})
    streaming_cases(there)
    there.close()
    there = Ours(build, command(build, "lambda-http.wasm") +
                 ["--manifest", str(HERE / "http.toml")], {"FERRY_LAMBDA_STREAMING": "on"})
    streaming_http_cases(there)
    there.restart()
    got = there.invoke(json.dumps({"version": "2.0", "rawPath": "/b", "headers": {"host": "h"},
                                   "requestContext": {"http": {"method": "PUT"}}}))
    check("a runtime that was killed is started again", got.json()["body"] == "PUT /b? ", got.body)
    there.close()

    there = Ours(build, command(build, "no-such.wasm"))
    got = there.invoke("1")
    check("what can't be loaded is an init error", got.end == "gone" and
          got.json()["errorType"] == "Host.InitFailed" and "no-such.wasm" in got.body, got.body)
    check("and an exit code", there.runtime.process.wait(WAIT) != 0)
    there.close()

    there = Ours(build, command(build, "lambda-guest.wasm", "hostile/exit-3.wasm"),
                 {"_HANDLER": "exit-3"})
    check("the handler names the function", there.invoke("1").error_type == "Function.Failed")
    there.close()
    there = Ours(build, command(build, "lambda-guest.wasm", "hostile/exit-3.wasm"),
                 {"_HANDLER": "other"})
    got = there.invoke("1")
    check("a handler that names none is an init error", "lambda-guest, exit-3" in got.body, got.body)
    there.close()


def find_rie(fetch=False):
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    target = cache / "ferry-tests" / SAM / "aws-lambda-rie"
    if target.exists():
        return target
    if not fetch:
        return f"it is not in {target.parent}; tests/lambda/run.py --fetch puts it there"
    if shutil.which("pip") is None and shutil.which("pip3") is None:
        return "there is no pip to fetch it with"
    with tempfile.TemporaryDirectory() as folder:
        got = subprocess.run([shutil.which("pip") or "pip3", "download", "--quiet", "--no-deps",
                              "--dest", folder, SAM], capture_output=True, text=True)
        wheels = list(pathlib.Path(folder).glob("*.whl"))
        if got.returncode != 0 or not wheels:
            return f"pip can't fetch {SAM}: {got.stderr.strip()[-200:]}"
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheels[0]) as wheel:
            part = target.with_suffix(f".{os.getpid()}")
            part.write_bytes(wheel.read(RIE))
            part.chmod(0o755)
            part.rename(target)
    return target


def until(holds):
    for _ in range(WAIT * 20):
        if holds():
            return
        time.sleep(0.05)
    raise RuntimeError("this never came true")


def runtime_of(there):
    """The process that the RIE started: its child."""
    children = pathlib.Path(f"/proc/{there.process.pid}/task").glob("*/children")
    pids = [int(pid) for path in children for pid in path.read_text().split()]
    return pids[0]


def unpack(archive, folder):
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            path = folder / entry.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(opened.read(entry))
            path.chmod(entry.external_attr >> 16 & 0o777)


def pack(build, folder, out, *functions, options=()):
    env = {**os.environ, "XDG_CONFIG_HOME": str(folder / "config"), "HOME": str(folder)}
    subprocess.run([build / "bin/ferry", "pack", *(build / "functions" / name for name in functions),
                    "--for", "lambda", "--quiet", "--no-snapshot", "-o", out, *options], env=env,
                   check=True)


def against_concurrent(build):
    """Several invocations at once, as managed instances do it: the emulator then looks for
    /var/runtime/bootstrap, so it gets a root of its own."""
    rie = find_rie()
    if isinstance(rie, str) or not (build / "bin/ferry-host").exists():
        print("skipped: " + (rie if isinstance(rie, str) else "ferry-host is not in this build"))
        sys.exit(77)
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        print("skipped: a root of its own for the emulator (unshare -m, chroot) needs root")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        root = folder / "root"
        for name in ("dev", "proc", "tmp", "opt", "var/task"):
            (root / name).mkdir(parents=True)
        pack(build, folder, folder / "out", "lambda-guest.wasm")
        unpack(folder / "out/runtime-layer.zip", root / "var/runtime")
        unpack(folder / "out/function-layer.zip", root / "var/task")
        shutil.copy(rie, root / "rie")
        start = folder / "start"
        start.write_text(f"""#!/bin/sh
mount --rbind /dev {root}/dev && mount --rbind /proc {root}/proc && exec chroot {root} /rie "$@"
""")
        start.chmod(0o755)
        there = Theirs("unshare", [], {"AWS_LAMBDA_MAX_CONCURRENCY": "4",
                                       "_HANDLER": "lambda-guest"},
                       before=["-m", str(start)])
        answers = at_once(there, ['"loop"'] * 4)
        check("four at once time out", all(each.error_type == "Function.Timeout"
                                           for each in answers), answers[0].body)
        answers = at_once(there, [f'{{"n": {n}}}' for n in range(40)], 4)
        check("forty by four callers", [each.body for each in answers] ==
              [f'{{"n": {n}}}' for n in range(40)], answers[0].body)
        answers = at_once(there, ['"trap"', "1", '"exit 3"', "2"])
        check("each has its own outcome", [each.error_type or each.body for each in answers] ==
              ["Function.Trapped", "1", "Function.Failed", "2"])
        there.close()


def at_once(there, payloads, callers=4):
    def invoke(payload):
        # AWS's emulator keeps no queue: between an answer and the next /next nobody is free.
        for _ in range(1000):
            got = there.invoke(payload)
            if got.error_type != "Runtime.Unavailable":
                break
            time.sleep(0.001)
        return got

    with concurrent.futures.ThreadPoolExecutor(callers) as pool:
        return list(pool.map(invoke, payloads))


def against_rie(build):
    rie = find_rie()
    if isinstance(rie, str):
        print(f"skipped: AWS's Runtime Interface Emulator: {rie}")
        sys.exit(77)
    there = Theirs(rie, command(build, "lambda-guest.wasm"))
    cases(there, trace_seen=False)
    there.close()

    there = Theirs(rie, command(build, "lambda-http.wasm") +
                   ["--manifest", str(HERE / "http.toml")])
    http_cases(there)
    there.close()

    slow = command(build, "lambda-guest.wasm")
    slow[-1] = "60s"
    there = Theirs(rie, slow, timeout_s=2)
    got = there.invoke('"loop"')
    check("AWS's deadline is kept before AWS keeps it", got.error_type == "Function.Timeout",
          got.body)
    check("and the runtime lives on", there.invoke("1").body == "1")
    there.close()

    there = Theirs(rie, command(build, "lambda-guest.wasm") +
                   ["--manifest", str(HERE / "large.toml")], {"FERRY_LAMBDA_STREAMING": "on"})
    got = there.invoke('"big 7000000"')
    check("a caller who waits for the whole hears that it is too large",
          got.error_type == "Function.ResponseSizeTooLarge", f"{got.end} {got.body[:200]}")
    check("and the next", there.invoke("1").body == "1")
    there.close()
    there = Theirs(rie, command(build, "lambda-http.wasm") +
                   ["--manifest", str(HERE / "http.toml")], {"FERRY_LAMBDA_STREAMING": "on"})
    url = {"version": "2.0", "rawPath": "/a", "headers": {"host": "h"}, "body": "hi",
           "requestContext": {"http": {"method": "PUT"}, "requestId": "r",
                              "domainName": "x.lambda-url.us-east-1.on.aws"}}
    for turn in ("a", "a second"):
        got = there.invoke(json.dumps(url))
        check(f"AWS's emulator takes {turn} streamed answer", got.body.endswith("PUT /a? hi"),
              f"{got.end} {got.body[:200]}")
    there.close()

    there = Theirs(rie, slow)
    check("before the crash", there.invoke("1").body == "1")
    crash = threading.Thread(target=lambda: there.invoke('"loop"'))
    crash.start()
    until(lambda: there.log().count("INVOKE START") == 2)
    os.kill(runtime_of(there), signal.SIGKILL)
    crash.join()
    check("AWS starts a runtime that crashed again", there.invoke("1").body == "1", there.log())
    there.close()

    there = Theirs(rie, command(build, "no-such.wasm"))
    got = there.invoke("1")
    check("an init error reaches the caller", "InitFailed" in got.body, got.body)
    there.close()


def against_layers(build):
    """What pack makes, unpacked as Lambda does it, with `bootstrap` as the runtime."""
    rie = find_rie()
    if isinstance(rie, str) or not (build / "bin/ferry-host").exists():
        print("skipped: " + (rie if isinstance(rie, str) else "ferry-host is not in this build"))
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        one, two, opt = (pathlib.Path(folder) / name for name in ("one", "two", "opt"))
        for out in (one, two):
            pack(build, pathlib.Path(folder), out, "lambda-guest.wasm", "hostile/exit-3.wasm")
        names = sorted(path.name for path in one.iterdir())
        check("what is made", {"function-layer.zip", "function.zip", "runtime-layer.zip",
                               "template.yaml"} <= set(names), names)
        check("the same twice", all((one / name).read_bytes() == (two / name).read_bytes()
                                    for name in names))
        for layer in ("runtime-layer.zip", "function-layer.zip"):
            unpack(one / layer, opt)
        size = (one / "runtime-layer.zip").stat().st_size
        check("the runtime layer has 2 MB at most", size <= 2_000_000, size)
        there = Theirs(rie, [str(opt / "bootstrap")],
                       {"_HANDLER": "lambda-guest", "LAMBDA_TASK_ROOT": folder + "/none"})
        check("the layers answer", there.invoke('{"n": 1.50}').body == '{"n": 1.50}')
        check("and a trap", there.invoke('"trap"').error_type == "Function.Trapped")
        check("and go on", there.invoke("1").body == "1")
        there.close()
        there = Theirs(rie, [str(opt / "bootstrap")],
                       {"_HANDLER": "exit-3", "LAMBDA_TASK_ROOT": folder + "/none"})
        check("the handler chooses among the layer's functions",
              there.invoke("1").error_type == "Function.Failed")
        there.close()
        there = Theirs(rie, [str(opt / "bootstrap")],
                       {"_HANDLER": "other", "LAMBDA_TASK_ROOT": folder + "/none"})
        got = there.invoke("1")
        check("a handler that names none is an init error", "InitFailed" in got.body, got.body)
        there.close()
        (opt / "ferry/lambda-guest.ferry").write_bytes(b"no bundle")
        there = Theirs(rie, [str(opt / "bootstrap")], {"LAMBDA_TASK_ROOT": folder + "/none"})
        got = there.invoke("1")
        check("a bundle that is none is an init error", "InitFailed" in got.body, got.body)
        there.close()


def first_answer(there, payload):
    """QEMU takes about as long to reserve the addresses of instances as Lambda gives a start: 10 s,
    after which the emulator gives the invocation up and the runtime goes on."""
    for _ in range(5):
        got = there.invoke(payload)
        if got.body:
            break
    return got


def against_arm64(build):
    """The layers of --arch arm64, whose bootstrap runs under QEMU against our emulator."""
    qemu = shutil.which("qemu-aarch64-static")
    if qemu is None or not (build / "bin/arm64/ferry-host").exists():
        print("skipped: " + ("ferry-host for arm64 is not in this build (make arm64)" if qemu else
                             "qemu-aarch64-static is missing (tools/setup.sh arm64)"))
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        out, again, other, opt = (folder / name for name in ("out", "again", "other", "opt"))
        for each in (out, again):
            pack(build, folder, each, "lambda-guest.wasm", "hello-go.wasm",
                 options=["--arch", "arm64"])
        check("the same twice", all(path.read_bytes() == (again / path.name).read_bytes()
                                    for path in out.iterdir()))
        template = (out / "template.yaml").read_text()
        check("the template is for arm64", template.count("Architectures: [arm64]") == 4 and
              "x86_64" not in template, template)
        mark = json.loads((out / "ferry-package.json").read_text())
        check("and so is what ferry deploy reads", mark["settings"]["architecture"] == "arm64", mark)
        for layer in ("runtime-layer.zip", "function-layer.zip"):
            unpack(out / layer, opt)
        machine = int.from_bytes((opt / "bootstrap").read_bytes()[18:20], "little")
        check("bootstrap is an arm64 program", machine == 183, machine)
        runtime = [qemu, str(opt / "bootstrap")]
        there = Ours(build, runtime, {"_HANDLER": "lambda-guest"})
        got = first_answer(there, '{"n": 1.50}')
        check("the layers answer", got.body == '{"n": 1.50}', got.body + there.log())
        check("a trap is told", there.invoke('"trap"').error_type == "Function.Trapped")
        check("a deadline is kept",
              there.invoke('"loop"', timeout_ms=2000).error_type == "Function.Timeout")
        good = sum(there.invoke(f'{{"n": {n}}}').body == f'{{"n": {n}}}' for n in range(50))
        check("50 invocations in a row", good == 50, good)
        check("nothing to complain about", there.violations == [], there.violations)
        there.close()
        there = Ours(build, runtime, {"_HANDLER": "hello-go"})
        got = first_answer(there, '{"name": "Ada"}')
        check("a Go program answers", "Ada" in got.body, got.body + there.log())
        there.close()

        # A bundle for another CPU never runs.
        pack(build, folder, other, "lambda-guest.wasm", options=["--arch", "amd64"])
        with zipfile.ZipFile(other / "function-layer.zip") as layer:
            (opt / "ferry/lambda-guest.ferry").write_bytes(layer.read("ferry/lambda-guest.ferry"))
        there = Ours(build, runtime, {"_HANDLER": "lambda-guest"})
        got = first_answer(there, "1")
        check("a bundle for amd64 is refused", got.end == "gone" and
              "made for amd64 CPUs, and this is arm64" in got.body, got.body)
        there.close()


class Junk(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script = []  # what each GET is answered with, in turn: (status, headers, body)
    posts = []

    def do_GET(self):
        status, headers, body = self.script.pop(0) if self.script else (500, {}, b"")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posts.append((self.path, self.headers.get("Lambda-Runtime-Function-Error-Type"), body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_):
        pass


def junk_run(build, script):
    """Every answer of the script, then the end: what was posted, and the exit code."""
    Junk.script, Junk.posts = list(script), []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Junk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    runtime = Runtime(command(build, "lambda-guest.wasm"),
                      {**os.environ,
                       "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"})
    code = runtime.process.wait(WAIT)
    server.shutdown()
    server.server_close()
    return Junk.posts, code, runtime.text()


def against_junk(build):
    name = "Lambda-Runtime-Aws-Request-Id"
    deadline = "Lambda-Runtime-Deadline-Ms"
    posts, code, log = junk_run(build, [(200, {name: "r1"}, b"1")])
    check("no deadline, no ARN: answered", posts == [
        ("/2018-06-01/runtime/invocation/r1/response", None, b"1")], posts)
    check("exit code when /next fails", code not in (0, -11, -6), (code, log))
    posts, _, _ = junk_run(build, [(200, {name: "r1", deadline: "1"}, b"1")])
    check("a deadline in the past is a time-out", posts and posts[0][1] == "Function.Timeout", posts)
    for value in ("soon", "-1", "99999999999999999999999", ""):
        posts, _, _ = junk_run(build, [(200, {name: "r1", deadline: value}, b"1")])
        check(f"a deadline '{value}' is none", posts and posts[0][1] is None, posts)
    posts, code, _ = junk_run(build, [(200, {}, b"1")])
    check("no request id: the runtime ends", posts == [] and code > 0, (posts, code))
    posts, code, _ = junk_run(build, [(200, {name: "../../runtime/init"}, b"1")])
    check("a request id that is a path: the runtime ends", posts == [] and code > 0, (posts, code))
    posts, _, _ = junk_run(build, [(200, {name: "r1"}, b""), (200, {name: "r2"}, b"2")])
    check("no payload is refused, and the next is served",
          [post[1] for post in posts] == ["Host.Refused", None], posts)
    bomb = base64.b64encode(__import__("gzip").compress(b" " * (64 << 20))).decode()
    posts, _, _ = junk_run(build, [
        (200, {name: "r1"}, json.dumps({"awslogs": {"data": bomb}}).encode()),
        (200, {name: "r2"}, b"2")])
    check("a gzip bomb is refused, and the next is served",
          [post[1] for post in posts] == ["Host.Refused", None], posts)


RUNS = {"emulator": against_emulator, "rie": against_rie, "concurrent": against_concurrent,
        "layers": against_layers, "arm64": against_arm64, "junk": against_junk}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--against", choices=sorted(RUNS))
    parser.add_argument("--fetch", action="store_true")
    options = parser.parse_args()
    if options.fetch:
        rie = find_rie(fetch=True)
        print(f"AWS's emulator: {rie}")
        sys.exit(77 if isinstance(rie, str) else 0)
    if not (options.build / "functions/lambda-guest.wasm").exists():
        print("skipped: build/functions/lambda-guest.wasm is not built (make functions)")
        sys.exit(77)
    RUNS[options.against](options.build)
    print(f"{len(failures)} failed" if failures else "all hold")
    sys.exit(1 if failures else 0)


main()
