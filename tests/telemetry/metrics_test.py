#!/usr/bin/env python3
"""Metrics, from outside: what a server tells Prometheus, sends to a collector, and writes for
CloudWatch. What is sent is read by the OpenTelemetry Collector's own parser (tests/telemetry/collector),
where Go has that module here.

    tests/telemetry/metrics_test.py --build DIR

Exit status: that of unittest.
"""
import functools
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import served

HERE = pathlib.Path(__file__).resolve().parent


@functools.cache
def parser():
    """The collector's parser as a program, or why there is none."""
    go = shutil.which("go") or "/usr/local/go/bin/go"
    program = pathlib.Path(tempfile.mkdtemp(prefix="ferry-collector-")) / "collector"
    env = {**os.environ, "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    try:
        done = subprocess.run([go, "build", "-o", program, "."], cwd=HERE / "collector", env=env,
                              capture_output=True, text=True, check=False, timeout=600)
    except FileNotFoundError:
        return None, "there is no Go here"
    return (program, "") if done.returncode == 0 else (None, done.stderr.strip().splitlines()[-1])


def understood(test, signal, body):
    """What the parser makes of a request's body, a line for each span or metric."""
    program, why_not = parser()
    if program is None:
        test.skipTest(f"the collector's parser: {why_not}")
    done = subprocess.run([program, signal], input=json.dumps(body), capture_output=True, text=True,
                          check=False, timeout=served.PATIENCE)
    test.assertEqual(done.returncode, 0, done.stderr)
    return done.stdout.splitlines()


class Metrics(served.Served):
    def sent(self, events=3):
        """What a collector got of a server that answered so many events."""
        with served.Collector() as collector:
            with self.serve(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}",
                            OTEL_METRIC_EXPORT_INTERVAL="600000") as running:
                for _ in range(events):
                    running.ask(body=b'"x"')
                self.assertEqual(running.end(), 0)  # the last metrics are sent as it ends
            return collector.requests

    def test_a_collector_gets_sums_and_histograms(self):
        bodies = [body for path, _, body in self.sent() if path == "/v1/metrics"]
        self.assertEqual(len(bodies), 1)
        lines = understood(self, "metrics", bodies[0])
        told = {line.split()[1]: line for line in lines}
        self.assertEqual(told["faas.invocations"], "echo faas.invocations {invocation} Sum 1 3 true")
        self.assertEqual(told["faas.errors"], "echo faas.errors {error} Sum 1 0 true")
        self.assertEqual(told["faas.timeouts"], "echo faas.timeouts {timeout} Sum 1 0 true")
        self.assertEqual(told["faas.invoke_duration"],
                         "echo faas.invoke_duration s Histogram 1 3 true")
        self.assertEqual(told["ferry.phase.duration"],
                         "echo ferry.phase.duration s Histogram 4 12 true")
        self.assertEqual(told["faas.mem_usage"], "echo faas.mem_usage By Histogram 1 3 true")

    def test_the_collectors_parser_reads_the_spans(self):
        bodies = [body for path, _, body in self.sent(1) if path == "/v1/traces"]
        lines = understood(self, "traces", bodies[0])
        self.assertTrue(lines[0].startswith("echo Server "), lines)
        self.assertTrue(any(line.startswith("run Internal ") for line in lines), lines)
        self.assertTrue(all(" true " in line for line in lines), lines)

    def test_either_is_left_out(self):
        os.environ["OTEL_TRACES_EXPORTER"] = "none"
        self.addCleanup(os.environ.pop, "OTEL_TRACES_EXPORTER", None)
        self.assertEqual({path for path, _, _ in self.sent()}, {"/v1/metrics"})
        os.environ["OTEL_TRACES_EXPORTER"] = ""
        os.environ["OTEL_METRICS_EXPORTER"] = "none"
        self.addCleanup(os.environ.pop, "OTEL_METRICS_EXPORTER", None)
        self.assertEqual({path for path, _, _ in self.sent()}, {"/v1/traces"})

    def test_a_collector_that_is_not_there_delays_nobody(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        with self.serve(OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=f"http://127.0.0.1:{port}/v1/metrics",
                        OTEL_METRIC_EXPORT_INTERVAL="50") as running:
            self.assertEqual(running.ask(body=b"1").status, 200)
            running.wait_for_line("metrics are lost, and serving goes on")
            self.assertEqual(running.ask(body=b"1").status, 200)

    def test_settings_that_make_no_sense_are_named(self):
        for name, value in (("OTEL_METRIC_EXPORT_INTERVAL", "soon"),
                            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "collector"),
                            ("FERRY_METRICS", "statsd")):
            environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:1",
                           name: value}
            done = subprocess.run([self.server.FERRY, "serve", self.function, "--listen", "127.0.0.1:0",
                                   "--workers", "1"], env=environment, capture_output=True,
                                  text=True, check=False, timeout=served.PATIENCE)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(name, done.stderr)

    def test_cloudwatch_finds_each_event_in_the_log(self):
        with self.serve(FERRY_METRICS="emf") as running:
            running.ask(body=b'"x"')
            line = json.loads(running.wait_for_line("CloudWatchMetrics"))
        self.assertEqual((line["function"], line["outcome"], line["Events"]), ("echo", "ok", 1))
        told = line["_aws"]["CloudWatchMetrics"][0]
        self.assertEqual(told["Namespace"], "ferry")
        self.assertEqual(told["Dimensions"], [["function"], ["function", "outcome"]])
        for metric in told["Metrics"]:
            self.assertGreater(line[metric["Name"]], 0, metric)
        for dimension in told["Dimensions"][1]:
            self.assertIsInstance(line[dimension], str)

    def test_prometheus_has_the_phases_and_the_memory(self):
        with self.serve() as running:
            for _ in range(3):
                running.ask(body=b'"x"')
            told = running.admin("/metrics").body.decode()
        values = {name: float(value) for name, value in
                  re.findall(r"^(ferry_\S+(?: \S+=\S+)*) (\S+)$", told, re.M)}
        whole = values['ferry_request_seconds_sum{function="echo"}']
        parts = 0
        for phase in ("instance", "guest", "glue"):
            labels = f'function="echo",phase="{phase}"'
            self.assertEqual(values[f"ferry_phase_seconds_count{{{labels}}}"], 3)
            self.assertEqual(values[f'ferry_phase_seconds_bucket{{{labels},le="+Inf"}}'], 3)
            parts += values[f"ferry_phase_seconds_sum{{{labels}}}"]
        self.assertLess(abs(parts - whole), 0.00002)  # each is rounded to microseconds
        self.assertEqual(values['ferry_function_memory_bytes_count{function="echo"}'], 3)
        self.assertGreater(values['ferry_function_memory_bytes_sum{function="echo"}'], 3 * 65535)
        self.assertEqual(values['ferry_function_interpreted{function="echo"}'], 0)
        self.assertEqual(values['ferry_requests_total{function="echo",status="ok"}'], 3)


if __name__ == "__main__":
    served.main()
