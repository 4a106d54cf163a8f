#!/usr/bin/env python3
"""What may appear in the answers of every platform, to one event and to a batch: replies and problem
details, never logs, backtraces, timings or the engine's name. And what one request may cost.

    FERRY_BUILD=build tests/serve/answers_test.py [Case.test…]
"""

import gzip
import http.server
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import zlib

from server import FERRY, PATIENCE, Server, environment, make_guest, write_function

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
PROBLEM = {"type", "title", "status", "detail", "hint", "outcome", "invocation", "digest"}
GOOD = {"outcome", "invocation", "status", "reply"}
# What the guest logs, the name of the function that it traps in, fields of `ferry run`'s report.
SECRETS = (b"SECRET-LOG", b"secret_function", b"_us\"", b"\"engine\"", b"\"logs\"", b"backtrace")


def event(number=1):
    return {"specversion": "1.0", "id": str(number), "source": "/s", "type": "t", "data": {}}


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-answers-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)


class RuntimeApi:
    """Lambda's side: hands one invocation after the other over, and keeps what is answered."""

    def __init__(self, payloads):
        self.payloads = [json.dumps(payload).encode() for payload in payloads]
        self.answers = {}
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body=b"{}", **fields):
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                number = len(api.answers)
                if number == len(api.payloads):
                    api.done.set()
                    time.sleep(PATIENCE)
                self.answer(200, api.payloads[number],
                            Lambda_Runtime_Aws_Request_Id=f"id{number}",
                            Lambda_Runtime_Deadline_Ms=str(int(time.time() * 1000) + 60_000),
                            Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:a:1:function:f")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                api.answers[len(api.answers)] = body
                self.answer(202)

        self.done = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def run(self, function, folder):
        env = {**environment(folder), "_HANDLER": "leak",
               "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % self.server.server_port}
        process = subprocess.Popen([FERRY, "serve", "--platform", "lambda", function], env=env,
                                   stderr=subprocess.PIPE)
        try:
            assert self.done.wait(600), self.answers
        finally:
            process.kill()
            self.log = process.communicate()[1].decode()
            self.server.shutdown()
        return [self.answers[number] for number in range(len(self.payloads))]


class Fields(Folder):
    """A function that logs and traps, on each platform."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leak = make_guest("leak", cls.folder)

    def check_problem(self, problem):
        self.assertEqual(set(problem), PROBLEM)
        self.assertEqual(problem["outcome"], "trapped")

    def check_silent(self, body):
        for secret in SECRETS:
            self.assertNotIn(secret, body)

    def test_platforms_that_are_called_over_http(self):
        for platform in ("http", "knative", "azure", "openfaas"):
            with self.subTest(platform), \
                    Server(self.folder, self.leak, options=["--platform", platform]) as server:
                one = server.ask(body="{}")
                self.assertEqual(one.status, 500)
                self.check_silent(one.body)
                self.check_problem(json.loads(one.body))
                self.assertLessEqual(
                    set(one.fields),
                    {"content-type", "content-length", "date", "ferry-invocation"})
                many = server.ask(body=json.dumps([event(1), event(2)]),
                                  fields={"Content-Type": BATCH})
                self.assertEqual(many.status, 200)
                self.check_silent(many.body)
                for problem in json.loads(many.body):
                    self.check_problem(problem)
                if platform == "azure":
                    trigger = server.ask(path="/leak", body='{"Data":{"q":"a"},"Metadata":{}}',
                                         fields={"Content-Type": "application/json"})
                    self.assertEqual(trigger.status, 500)
                    self.check_silent(trigger.body)
                    self.check_problem(json.loads(trigger.body))

    def test_openwhisk(self):
        web = {"__ow_method": "post", "__ow_path": "", "__ow_query": "", "__ow_body": "{}",
               "__ow_headers": {"content-type": "application/json"}}
        batch = {**web, "__ow_body": json.dumps([event(1)]), "__ow_headers": {"content-type": BATCH + "; charset=utf-8"}}
        process = subprocess.Popen(
            [FERRY, "serve", "--platform", "openwhisk", "--listen", "127.0.0.1:0", self.leak],
            env=environment(self.folder), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        port = None
        for line in process.stderr:
            if "OpenWhisk on" in line:
                port = int(line.split("127.0.0.1:")[1].split("/")[0])
                break
        for value, wanted in (({}, self.check_problem), (web, self.check_web),
                              (batch, self.check_web)):
            answer = Server.ask(None, path="/run", body=json.dumps({"value": value}),
                                fields={"Content-Type": "application/json"}, port=port)
            self.assertEqual(answer.status, 200, answer.body)
            self.check_silent(answer.body)
            result = json.loads(answer.body)
            self.assertEqual(set(result), {"error"})
            wanted(result["error"])

    def check_web(self, result):
        self.assertEqual(set(result), {"statusCode", "headers", "body"})
        body = result["body"]
        for problem in body if isinstance(body, list) else [body]:
            self.check_problem(problem)

    def test_lambda(self):
        gateway = {"httpMethod": "POST", "path": "/", "requestContext": {"requestId": "r"},
                   "headers": {"content-type": "application/json"}, "body": "{}"}
        batch = {**gateway, "headers": {"content-type": BATCH}, "body": json.dumps([event(1)])}
        sqs = {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": "{}"}]}
        invoked, one, many, queue = RuntimeApi([{}, gateway, batch, sqs]).run(self.leak, self.folder)
        # Who invokes the function itself is its operator, and gets the backtrace as with AWS's own
        # runtimes; the log is in CloudWatch, and nowhere else.
        for error in (invoked, queue):
            self.assertEqual(set(json.loads(error)), {"errorMessage", "errorType", "stackTrace"})
            self.assertNotIn(b"SECRET-LOG", error)
        for answer in (one, many):
            self.check_silent(answer)
            reply = json.loads(answer)
            self.assertEqual(set(reply),
                             {"statusCode", "multiValueHeaders", "body", "isBase64Encoded"})
            body = json.loads(reply["body"])
            for problem in body if isinstance(body, list) else [body]:
                self.check_problem(problem)


class Components(Folder):
    """A component that handles HTTP requests gets them as they came; CloudEvents are events."""

    def test_requests_come_as_they_came(self):
        guest = make_guest("takes-requests", self.folder)
        body = gzip.compress(b"packed")
        for platform in ("http", "knative", "openfaas"):
            with self.subTest(platform), \
                    Server(self.folder, guest, options=["--platform", platform]) as server:
                for text, fields in ((b"{not JSON", {"Content-Type": "application/json"}),
                                     (b"\xef\xbb\xbf{}", {"Content-Type": "application/json"}),
                                     (body, {"Content-Encoding": "gzip"}),
                                     (b"<a/>", {"Content-Type": "no media type"})):
                    answer = server.ask(body=text, fields=fields)
                    self.assertEqual((answer.status, answer.body), (201, text), fields)
                self.assertEqual(server.ask(method="OPTIONS").status, 201)
                self.assertEqual(server.ask(method="OPTIONS", path="*").status, 204)
                # An event that breaks a rule of CloudEvents is none, whatever takes it.
                answer = server.ask(body="{not JSON", fields={
                    "Content-Type": "application/json", "ce-id": "1", "ce-source": "/s",
                    "ce-type": "t", "ce-specversion": "1.0"})
                self.assertEqual(answer.status, 400, answer.body)


class Limits(Folder):
    def test_lambda_says_in_http_that_an_answer_is_too_large(self):
        """It was an invocation error, which a gateway makes a 502 without a word of."""
        guest = make_guest("mebibyte", self.folder)  # zeros are six times as long in JSON
        gateway = {"httpMethod": "GET", "path": "/", "requestContext": {"requestId": "r"}}
        api = RuntimeApi([gateway])
        (answer,) = api.run(guest, self.folder)
        reply = json.loads(answer)
        self.assertEqual(reply["statusCode"], 502)
        self.assertEqual(json.loads(reply["body"])["outcome"], "output-too-large")
        self.assertIn("output-too-large: the answer is larger than Lambda takes", api.log)


class Batches(Folder):
    """One request has one budget and one deadline, however many events are in it."""

    def ask(self, server, count):
        answer = server.ask(body=json.dumps([event(i) for i in range(count)]),
                            fields={"Content-Type": BATCH})
        self.assertEqual(answer.status, 200)
        outcomes = json.loads(answer.body)
        self.assertEqual(len(outcomes), count)
        for outcome in outcomes:
            self.assertEqual(set(outcome), GOOD if outcome["outcome"] == "ok" else PROBLEM)
        return answer.body, [(each["outcome"], each["status"]) for each in outcomes]

    def test_answers_share_the_bytes_of_one(self):
        guest = write_function("big", make_guest("mebibyte", self.folder), self.folder,
                               limits=['output = "2500KiB"'])
        with Server(self.folder, guest) as server:
            body, outcomes = self.ask(server, 100)
        self.assertEqual(outcomes[:3], [("ok", 200), ("ok", 200), ("output-too-large", 502)])
        self.assertEqual(set(outcomes[3:]), {("refused", 503)})
        # The limit is on what functions write; a control character takes six bytes in JSON.
        self.assertLess(len(body), 6 * 2500 * 1024 + 100 * 1024)

    def test_events_share_the_time_of_one(self):
        guest = write_function("nap", make_guest("nap", self.folder), self.folder,
                               limits=['timeout = "1200ms"'])
        with Server(self.folder, guest) as server:
            started = time.monotonic()
            _, outcomes = self.ask(server, 100)
            self.assertLess(time.monotonic() - started, 20)  # 100 naps are 50 s
        self.assertEqual(outcomes[0], ("ok", 200))
        self.assertEqual(outcomes[-1], ("refused", 503))
        self.assertLessEqual(sum(name == "ok" for name, _ in outcomes), 2)

    def test_nothing_more_is_run_once_the_client_has_left(self):
        guest = make_guest("nap", self.folder)
        with Server(self.folder, guest, options=["--workers", "1"]) as server:
            body = json.dumps([event(i) for i in range(50)]).encode()
            with server.connect() as client:
                client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n"
                               b"Content-Length: %d\r\n\r\n" % (BATCH.encode(), len(body)) + body)
                server.wait_for_metric("ferry_in_flight", 1)
            server.wait_for_metric('ferry_requests_total{function="nap",status="refused"}', 49)


class Encoded(Folder):
    """Bodies in a content coding: one rule for all types."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        echo = make_guest("echo", cls.folder)
        cls.server = Server(
            cls.folder, write_function("echo", echo, cls.folder, limits=['input = "64KiB"']),
            write_function("whole", echo, cls.folder, ['input = "cloudevent"']),
            write_function("cgi", echo, cls.folder, ['reply = "cgi"']),
            options=["--workers", "1"])
        cls.enterClassContext(cls.server)

    def ask(self, body, coding, content_type="application/json", path="/echo"):
        return self.server.ask(path=path, body=body, fields={"Content-Type": content_type,
                                                             "Content-Encoding": coding})

    def test_gzip_and_deflate_are_decoded(self):
        text = b'{"a":1}'
        for coding, body in (("gzip", gzip.compress(text)), ("deflate", zlib.compress(text)),
                             ("identity", text), ("deflate, gzip", gzip.compress(zlib.compress(text)))):
            for content_type in ("application/json", "text/plain", "application/octet-stream", ""):
                with self.subTest(coding, content_type=content_type):
                    answer = self.ask(body, coding, content_type)
                    self.assertEqual((answer.status, answer.body), (200, text))

    def test_events_in_each_mode_too(self):
        one = json.dumps(event()).encode()
        self.assertEqual(self.ask(gzip.compress(one), "gzip", STRUCTURED).body, b"{}")
        many = self.ask(gzip.compress(b"[" + one + b"]"), "gzip", BATCH)
        self.assertEqual(json.loads(many.body)[0]["outcome"], "ok")
        binary = self.server.ask(path="/echo", body=gzip.compress(b"[1]"), fields={
            "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t",
            "Content-Type": "application/json", "Content-Encoding": "gzip"})
        self.assertEqual(binary.body, b"[1]")

    def test_a_decoded_coding_is_no_attribute(self):
        whole = json.loads(self.ask(gzip.compress(b"hi"), "gzip", "text/plain", "/whole").body)
        self.assertEqual(whole["data"], "hi")
        self.assertNotIn("httpcontentencoding", whole)

    def test_others_are_415_and_say_what_is_taken(self):
        for content_type in ("application/json", "application/octet-stream", STRUCTURED):
            answer = self.ask(b"x", "br", content_type)
            self.assertEqual(answer.status, 415)
            self.assertEqual(answer.fields["accept-encoding"], "gzip, deflate")
            self.assertIn("'br'", json.loads(answer.body)["detail"])

    def test_what_is_none_is_400_and_a_bomb_413(self):
        self.assertEqual(self.ask(b"{}", "gzip").status, 400)
        self.assertEqual(self.ask(gzip.compress(b"{}")[:-3], "gzip").status, 400)
        self.assertEqual(self.ask(gzip.compress(bytes(64 << 20)), "gzip", "text/plain").status, 413)

    def test_a_function_cannot_set_the_id_of_its_invocation(self):
        """There were two ferry-invocation fields."""
        connection = self.server.connect()
        body = b"Ferry-Invocation: mine\nX: y\n\nhi"
        with connection:
            connection.sendall(b"POST /cgi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(body) + body)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        self.assertEqual(answer.lower().count(b"ferry-invocation:"), 1, answer)
        self.assertNotIn(b"mine", answer)


if __name__ == "__main__":
    unittest.main()
