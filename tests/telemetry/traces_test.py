#!/usr/bin/env python3
"""Traces, from outside: a server with a collector that takes them, that hangs, or that is not there.

    tests/telemetry/traces_test.py --build DIR

Exit status: that of unittest.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import time

import served

HERE = pathlib.Path(__file__).resolve().parent
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def attributes(span):
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


class Traces(served.Served):
    def test_an_event_is_a_span_with_its_phases(self):
        with served.Collector() as collector:
            with self.serve(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}",
                            OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20b",
                            OTEL_RESOURCE_ATTRIBUTES="deployment.environment=test") as running:
                running.ask("POST", "/path", b'"x"', {
                    "traceparent": f"00-{TRACE}-{PARENT}-01"})
                spans = collector.spans(2)
            path, headers, body = collector.requests[0]
            self.assertEqual(path, "/v1/traces")
            self.assertEqual(headers["x-key"], "a b")
            resource = attributes(body["resourceSpans"][0]["resource"])
            self.assertEqual(resource, {"service.name": "echo", "deployment.environment": "test"})
            root = spans[0]
            self.assertEqual((root["traceId"], root["parentSpanId"]), (TRACE, PARENT))
            self.assertEqual((root["name"], root["kind"]), ("echo", 2))
            told = attributes(root)
            self.assertEqual(told["faas.trigger"], "http")
            self.assertEqual(told["cloudevents.event_type"], "http.request")
            self.assertEqual(told["url.path"], "/path")
            self.assertEqual(told["ferry.outcome"], "ok")
            self.assertNotIn("status", root)
            for child in spans[1:]:
                self.assertEqual((child["traceId"], child["parentSpanId"]),
                                 (TRACE, root["spanId"]))
                self.assertLessEqual(int(root["startTimeUnixNano"]),
                                     int(child["startTimeUnixNano"]))
                self.assertLessEqual(int(child["endTimeUnixNano"]), int(root["endTimeUnixNano"]))
            self.assertIn("run", [span["name"] for span in spans])

    def test_events_are_sampled_as_their_sender_decided(self):
        with served.Collector() as collector:
            with self.serve(
                    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"http://127.0.0.1:{collector.port}/v1/traces",
                    OTEL_TRACES_SAMPLER="parentbased_always_off") as running:
                running.ask(body=b"1")
                running.ask(body=b"1", fields={"traceparent": f"00-{TRACE}-{PARENT}-00"})
                running.ask(body=b"1", fields={"traceparent": f"00-{TRACE}-{PARENT}-01"})
                spans = collector.spans(1)
            self.assertEqual({span["traceId"] for span in spans}, {TRACE})
            self.assertEqual(len([span for span in spans if span.get("parentSpanId") == PARENT]), 1)

    def test_a_collector_that_hangs_delays_nobody(self):
        with socket.create_server(("127.0.0.1", 0)) as hanging:
            with self.serve(OTEL_EXPORTER_OTLP_ENDPOINT=(
                    f"http://127.0.0.1:{hanging.getsockname()[1]}")) as running:
                for _ in range(50):
                    self.assertEqual(running.ask(body=b'"x"').status, 200)
                before = time.monotonic()
                self.assertEqual(running.end(), 0)
                self.assertLess(time.monotonic() - before, 8)  # not the 10 s of its timeout

    def test_a_collector_that_is_not_there_is_said_once(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        with self.serve(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}") as running:
            running.ask(body=b"1")
            running.wait_for_line("traces are lost, and serving continues")
            running.ask(body=b"1")
        self.assertEqual(len([line for line in running.lines if line and "traces are lost" in line]),
                         1)

    def test_settings_that_make_no_sense_are_named(self):
        for name, value in (("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector"),
                            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
                            ("OTEL_TRACES_SAMPLER", "sometimes"),
                            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                            ("OTEL_EXPORTER_OTLP_HEADERS", "nonsense")):
            environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:1",
                           name: value}
            done = subprocess.run([self.server.FERRY, "serve", self.function, "--listen", "127.0.0.1:0",
                                   "--workers", "1"], env=environment, capture_output=True,
                                  text=True, check=False, timeout=served.PATIENCE)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(name, done.stderr)


class Dashboard(served.Served):
    """The dashboard asks for nothing that a server does not tell."""

    def setUp(self):
        super().setUp()
        self.board = json.loads((HERE.parent.parent / "docs/data/grafana-dashboard.json")
                                .read_text())

    def test_its_metrics_are_there(self):
        with self.server.Server(self.home, self.function) as running:
            running.ask(body=b"1")
            told = running.admin("/metrics").body.decode()
        there = set(re.findall(r"^(ferry_\w+)", told, re.M))
        labels = set(re.findall(r"(\w+)=\"", told)) | {"instance", "le"}
        for panel in self.board["panels"]:
            for target in panel["targets"]:
                expression = target["expr"]
                self.assertTrue(set(re.findall(r"\b(ferry_\w+)", expression)) <= there, expression)
                self.assertTrue(set(re.findall(r"(\w+)(?:=~|!=|=)\"", expression)) <= labels,
                                expression)
                self.assertEqual(expression.count("("), expression.count(")"), expression)
                self.assertEqual(expression.count("{"), expression.count("}"), expression)

    def test_its_panels_stand_beside_each_other(self):
        panels = self.board["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
        variables = {each["name"] for each in self.board["templating"]["list"]}
        used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(self.board)))
        self.assertLessEqual(used, variables)


if __name__ == "__main__":
    served.main()
