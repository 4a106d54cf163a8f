#!/usr/bin/env python3
"""`ferry serve` as its callers meet it: what is answered, and what happens to its processes.

    FERRY_BUILD=build tests/serve/serve_test.py [Case.test…]
"""

import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from server import FERRY, PATIENCE, Server, environment, make_guest, raw, write_function

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {"n": 1}}


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-serve-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.echo = make_guest("echo", cls.folder)


class Answers(Folder):
    """One server with several functions, all of the same code: echo, event, cgi, whole, asks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        events = ['input = "cloudevent"', 'reply = "cloudevent"']
        cls.server = Server(
            cls.folder,
            write_function("echo", cls.echo, cls.folder, limits=['input = "64KiB"']),
            write_function("event", cls.echo, cls.folder, events),
            write_function("cgi", cls.echo, cls.folder, ['reply = "cgi"']),
            write_function("whole", cls.echo, cls.folder, ['input = "cloudevent"']),
            write_function("asks", cls.echo, cls.folder,
                           ['input = "cloudevent"', 'headers = ["authorization", "X-Api-Key"]']),
            options=["--workers", "1"])
        cls.enterClassContext(cls.server)

    def problem(self, answer, status, outcome):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.fields["content-type"], "application/problem+json")
        told = json.loads(answer.body)
        self.assertEqual((told["status"], told["outcome"]), (status, outcome))
        self.assertEqual(told["type"], "urn:ferry:outcome:" + outcome)
        return told

    def send_event(self, event, content_type=STRUCTURED, path="/event", fields=None):
        body = event if isinstance(event, bytes) else json.dumps(event)
        return self.server.ask(path=path, body=body,
                               fields={"Content-Type": content_type, **(fields or {})})

    def test_plain_request(self):
        answer = self.server.ask(path="/echo", body="hello")
        self.assertEqual((answer.status, answer.body), (200, b"hello"))
        self.assertRegex(answer.fields["ferry-invocation"], "^[0-9a-f-]{36}$")

    def test_path_below_the_name(self):
        self.assertEqual(self.server.ask(path="/echo/x/y?z", body="a").body, b"a")

    def test_empty_reply_is_204(self):
        answer = self.server.ask(path="/echo")
        self.assertEqual((answer.status, answer.body), (204, b""))

    def test_head_has_no_body(self):
        answer = raw(self.server, b"HEAD /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                     b"Connection: close\r\n\r\nhi")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
        self.assertTrue(answer.endswith(b"\r\n\r\n"), answer)

    def test_options(self):
        answer = self.server.ask("OPTIONS", "/echo", body="asked")
        self.assertEqual((answer.status, answer.body), (200, b"asked"))
        answer = raw(self.server, b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 204 "), answer)

    def test_subject_is_the_path_below_the_name(self):
        for path, subject in (("/whole/a/b?x=1", "/a/b"), ("/whole", "/")):
            event = json.loads(self.server.ask(path=path, body="x").body)
            self.assertEqual((event["subject"], event["httpmount"]), (subject, "/whole"))

    def test_trace_is_405(self):
        answer = self.server.ask("TRACE", "/echo")
        self.problem(answer, 405, "refused")
        self.assertIn("POST", answer.fields["allow"])

    def test_unknown_path_is_404_and_names_the_functions(self):
        told = self.problem(self.server.ask(path="/nothing"), 404, "refused")
        for name in ("/echo", "/event", "/cgi"):
            self.assertIn(name, told["hint"])

    def test_data_beyond_its_limit_is_413(self):
        self.assertEqual(self.server.ask(path="/echo", body="x" * 65536).status, 200)
        self.problem(self.server.ask(path="/echo", body="x" * 65537), 413, "refused")

    def test_binary_mode(self):
        answer = self.server.ask(
            path="/event", body="{}", fields={"ce-specversion": "1.0", "ce-id": "a%20b",
                                              "ce-source": "/s", "ce-type": "t",
                                              "Content-Type": "application/json"})
        self.assertEqual((answer.status, answer.body), (200, b"{}"))
        self.assertEqual(answer.fields["ce-id"], "a%20b")
        self.assertEqual(answer.fields["ce-type"], "t")

    def test_structured_mode(self):
        answer = self.send_event(EVENT)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertTrue(answer.fields["content-type"].startswith(STRUCTURED))
        told = json.loads(answer.body)
        for name, value in EVENT.items():
            self.assertEqual(told[name], value)

    def test_binary_in_structured_out(self):
        answer = self.server.ask(
            path="/event", body="{}", fields={"ce-specversion": "1.0", "ce-id": "1",
                                              "ce-source": "/s", "ce-type": "t",
                                              "Content-Type": "application/json",
                                              "Accept": STRUCTURED})
        self.assertEqual(json.loads(answer.body)["id"], "1")

    def test_batch_of_events(self):
        answer = self.send_event([{**EVENT, "id": str(i)} for i in range(3)], BATCH)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertTrue(answer.fields["content-type"].startswith(BATCH))
        self.assertEqual([event["id"] for event in json.loads(answer.body)], ["0", "1", "2"])

    def test_batch_of_data_gives_outcomes(self):
        answer = self.send_event([EVENT, {**EVENT, "id": "2", "data": {"n": 2}}], BATCH, "/echo")
        outcomes = json.loads(answer.body)
        self.assertEqual([outcome["outcome"] for outcome in outcomes], ["ok", "ok"])
        self.assertEqual([outcome["reply"]["data"]["n"] for outcome in outcomes], [1, 2])

    def test_empty_batch(self):
        answer = self.send_event([], BATCH)
        self.assertEqual((answer.status, json.loads(answer.body)), (200, []))

    def test_event_without_a_required_attribute_is_400(self):
        for name in ("specversion", "id", "source", "type"):
            with self.subTest(name):
                event = {key: value for key, value in EVENT.items() if key != name}
                self.problem(self.send_event(event), 400, "refused")

    def test_event_that_is_no_json_is_400(self):
        for body in (b"{", b"", b"\xff", b"[" * 100_000, b"null"):
            with self.subTest(body[:8]):
                self.problem(self.send_event(body), 400, "refused")

    def test_other_event_format_is_415(self):
        self.problem(self.send_event(b"x", "application/cloudevents+avro"), 415, "refused")

    def test_headers_are_given_to_a_function_that_names_them(self):
        fields = {"Authorization": "Bearer t", "X-Api-Key": "k y", "Cookie": "c=1"}
        asks = json.loads(self.server.ask(path="/asks", body="x", fields=fields).body)
        self.assertEqual((asks["httpauthorization"], asks["httpxapikey"]), ("Bearer t", "k y"))
        self.assertNotIn("httpcookie", asks)
        whole = json.loads(self.server.ask(path="/whole", body="x", fields=fields).body)
        for name in ("httpauthorization", "httpxapikey", "httpcookie"):
            self.assertNotIn(name, whole)

    def test_cgi_reply(self):
        answer = self.server.ask(
            path="/cgi", body="Status: 418 Teapot\nContent-Type: text/x\nX-Tea: green\n\npot")
        self.assertEqual((answer.status, answer.body), (418, b"pot"))
        self.assertEqual(answer.fields["content-type"], "text/x")
        self.assertEqual(answer.fields["x-tea"], "green")

    def test_cgi_reply_does_not_frame(self):
        answer = self.server.ask(
            path="/cgi", body="Content-Length: 1\nTransfer-Encoding: chunked\n\nwhole")
        self.assertEqual((answer.status, answer.body), (200, b"whole"))

    def test_cgi_reply_that_is_none_is_a_failure(self):
        for body in ("no header", "Status: 99\n\n", "Status: 1000\n\n", "a b: c\n\n",
                     "A: b\x01\n\n"):
            with self.subTest(body):
                self.problem(self.server.ask(path="/cgi", body=body), 500, "failed")

    def test_framing_that_could_be_read_two_ways_is_400(self):
        for fields in (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                       b"Content-Length: 3\r\nContent-Length: 4\r\n",
                       b"Content-Length: +3\r\n", b"Content-Length : 3\r\n"):
            with self.subTest(fields):
                answer = raw(self.server, b"POST /echo HTTP/1.1\r\nHost: x\r\n" + fields +
                             b"\r\nabcGET / HTTP/1.1\r\n\r\n")
                self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1)

    def test_head_of_one_mebibyte_is_431(self):
        fields = b"".join(b"A%d: %s\r\n" % (i, b"x" * 8000) for i in range(128))
        answer = raw(self.server, b"GET /echo HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 431 "), answer[:100])

    def test_h10_the_docs_say_how_many_fields_a_head_may_have(self):
        page = (pathlib.Path(__file__).resolve().parents[2] / "docs/serve.md").read_text()
        most = int(re.search(r"more than (\d+)\s+fields \(431\)", page)[1])
        for count, status in ((most, b"204"), (most + 1, b"431")):
            fields = b"".join(b"A%d: x\r\n" % i for i in range(count - 2))
            answer = raw(self.server, b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                         fields + b"\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 " + status), (count, answer[:100]))

    def test_request_that_never_ends_is_408(self):
        answer = raw(self.server, b"POST /echo HTTP/1.1\r\nHost: x\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer)

    def test_admin(self):
        self.assertEqual(self.server.admin("/livez").status, 200)
        self.assertEqual(self.server.admin("/readyz").status, 200)
        self.assertIn(b"# TYPE", self.server.admin("/metrics").body)
        self.assertEqual(self.server.admin("/nothing").status, 404)
        # The functions' address does not serve them.
        self.assertEqual(self.server.ask("GET", "/metrics").status, 404)


class Start(Folder):
    def refused(self, *words):
        run = subprocess.run([FERRY, "serve", *map(str, words)], capture_output=True, text=True,
                             timeout=PATIENCE, env=environment(self.folder))
        self.assertEqual(run.stdout, "")
        self.assertIn("ferry: ", run.stderr)
        return run.returncode, run.stderr

    def test_port_in_use(self):
        with Server(self.folder, self.echo, options=["--workers", "1"]) as first:
            address = f"127.0.0.1:{first.port}"
            status, said = self.refused(self.echo, "--listen", address)
            self.assertEqual(status, 10)
            self.assertIn(address, said)

    def test_two_functions_of_one_name(self):
        status, said = self.refused(self.echo, self.echo)
        self.assertEqual(status, 2)
        self.assertIn("echo", said)

    def test_address_that_is_none(self):
        for address in ("nonsense", "127.0.0.1:99999", "127.0.0.1:-1", ""):
            with self.subTest(address):
                status, _ = self.refused(self.echo, "--listen", address)
                self.assertIn(status, (2, 10))

    def test_file_that_is_missing(self):
        status, said = self.refused(self.folder / "missing.wasm")
        self.assertEqual(status, 10)
        self.assertIn("missing.wasm", said)


class Quiet(Folder):
    def test_a_port_that_nobody_chose_is_told_all_the_same(self):
        with Server(self.folder, self.echo, options=["--workers", "1", "--quiet"]) as server:
            self.assertEqual(server.ask(body="a").body, b"a")

    def test_nothing_else_is_said(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [FERRY, "serve", self.echo, "--listen", f"127.0.0.1:{port}", "--quiet"],
            stderr=subprocess.PIPE, env=environment(self.folder), text=True)
        try:
            end = time.monotonic() + PATIENCE
            body = None
            while body is None and time.monotonic() < end:
                caller = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
                try:
                    caller.request("POST", "/", "a")
                    body = caller.getresponse().read()
                except ConnectionRefusedError:
                    time.sleep(0.01)
                finally:
                    caller.close()
        finally:
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=PATIENCE)[1]
        self.assertEqual((process.returncode, body, said), (0, b"a", ""))


class Processes(Folder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nap = make_guest("nap", cls.folder)

    def test_json_logs(self):
        with Server(self.folder, self.nap, options=["--log-format", "json"]) as server:
            answer = server.ask()
            line = json.loads(server.wait_for_line('"text"'))
        self.assertEqual(answer.body, b"rested")
        self.assertEqual((line["function"], line["text"], line["stream"]),
                         ("nap", "slept", "stderr"))
        self.assertEqual((line["level"], line["invocation"]),
                         ("info", answer.fields["ferry-invocation"]))

    def test_text_logs(self):
        with Server(self.folder, self.nap) as server:
            answer = server.ask()
            line = server.wait_for_line("slept$")
        # The digest is cut: enough to tell versions apart.
        self.assertRegex(line, f" nap {answer.fields['ferry-invocation']} sha256:[0-9a-f]{{12}} slept$")

    def test_refused_requests_are_logged(self):
        with Server(self.folder, self.nap, options=["--log-format", "json"]) as server:
            answer = server.ask(body="{", fields={"Content-Type": "application/json"})
            line = json.loads(server.wait_for_line("refused: "))
        self.assertEqual(answer.status, 400)
        self.assertEqual((line["level"], line["invocation"]),
                         ("warn", answer.fields["ferry-invocation"]))

    def test_killed_worker_has_a_successor(self):
        with Server(self.folder, self.echo, options=["--workers", "2"]) as server:
            workers = server.workers()
            self.assertEqual(len(workers), 2)
            for pid in workers:
                os.kill(pid, signal.SIGKILL)
            for _ in workers:
                server.wait_for_line("was killed by signal 9")
            # The sockets outlive their workers: what comes meanwhile waits for the next ones.
            for i in range(8):
                nonce = f"after {i}"
                self.assertEqual(server.ask(body=nonce).body, nonce.encode())
            self.assertFalse(set(server.workers()) & set(workers))

    def test_pinned_workers_keep_to_cores_of_their_own(self):
        cores = sorted(os.sched_getaffinity(0))
        count = min(2, len(cores))
        with Server(self.folder, self.echo, options=["--workers", str(count), "--pin"]) as server:
            self.assertEqual(sorted(core for pid in server.workers()
                                    for core in os.sched_getaffinity(pid)), cores[:count])
            for i in range(20):
                self.assertEqual(server.ask(body=f"pinned {i}").body, f"pinned {i}".encode())

    def test_how_long_requests_waited_is_told(self):
        one = write_function("one", self.nap, self.folder, limits=["concurrency = 1"])
        with Server(self.folder, one, options=["--workers", "1"]) as server:
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                answers = list(pool.map(lambda _: server.ask(body="x").status, range(3)))
            self.assertEqual(answers, [200] * 3)
            told = dict(re.findall(rb'^ferry_queue_seconds_(\w+)\{function="one"\} (\S+)$',
                                   server.admin("/metrics").body, re.M))
            self.assertEqual(told[b"count"], b"3")
            self.assertGreater(float(told[b"sum"]), 1.2)  # one waited half a second, one a whole

    def test_a_memory_budget_bounds_what_is_kept(self):
        names = [f"kept-{n}" for n in range(6)]
        homes = [write_function(name, self.echo, self.folder) for name in names]
        kept = {}
        for budget in ("1GiB", "10KiB"):
            options = ["--workers", "1", "--memory-budget", budget]
            with Server(self.folder, *homes, options=options) as server:
                for turn in range(4):
                    for name in names:
                        body = f"{name} {turn}".encode()
                        self.assertEqual(server.ask(path=f"/{name}", body=body).body, body)
                [told] = re.findall(rb"^ferry_kept_bytes(?:\{.*\})? (\S+)$",
                                    server.admin("/metrics").body, re.M)
                kept[budget] = float(told)
        self.assertGreater(kept["1GiB"], 10 << 10)
        self.assertLessEqual(kept["10KiB"], 10 << 10)
        self.assertGreater(kept["10KiB"], 0)

    def test_sigterm_finishes_what_was_accepted(self):
        with Server(self.folder, self.nap, options=["--workers", "1"]) as server:
            callers = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
                       for _ in range(4)]
            for caller in callers:
                caller.connect()
            server.wait_for_metric("ferry_connections", 4)
            for caller in callers:
                caller.request("POST", "/", "x")
            self.assertEqual(server.end(), 0)
            for caller in callers:
                answer = caller.getresponse()
                self.assertEqual((answer.status, answer.read()), (200, b"rested"))
                self.assertEqual(answer.getheader("connection"), "close")
                caller.close()
            with self.assertRaises(OSError):
                server.connect()


if __name__ == "__main__":
    unittest.main(argv=sys.argv, verbosity=2)
