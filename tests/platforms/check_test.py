#!/usr/bin/env python3
"""`ferry check --for`: every message of src/platforms/rules.cc, provoked by a binary or a manifest
that has what it is about.

    FERRY_BUILD=build tests/platforms/check_test.py [Case.test…]
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "serve"))
from server import FERRY, environment, make_guest  # noqa: E402


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.echo = make_guest("echo", cls.folder)

    def check(self, *words, platform="all"):
        run = subprocess.run(
            [FERRY, "check", *map(str, words), "--for", platform, "--output", "json"],
            capture_output=True, text=True, timeout=300, env=environment(self.folder))
        self.assertTrue(run.stdout, run.stderr)
        report = json.loads(run.stdout)
        return run.returncode, report, {each["name"]: each for each in report["platforms"]}

    def ids(self, on):
        return {finding["id"] for finding in on["findings"]}

    def manifest(self, *lines):
        path = self.folder / "m.toml"
        path.write_text("\n".join(['[function]', 'wasm = "echo.wasm"', *lines]) + "\n")
        return ["--manifest", path]

    def wat(self, name, text):
        source = self.folder / f"{name}.wat"
        source.write_text(text)
        subprocess.run(["wat2wasm", source, "-o", source.with_suffix(".wasm")], check=True)
        return source.with_suffix(".wasm")

    def test_a_plain_function_runs_everywhere(self):
        status, _, platforms = self.check(self.echo)
        self.assertEqual(status, 0)
        listed = subprocess.run([FERRY, "platforms", "--output", "json"], capture_output=True,
                                check=True).stdout
        self.assertEqual(list(platforms), [each["name"] for each in json.loads(listed)])
        self.assertTrue(all(on["runs"] for on in platforms.values()))
        self.assertEqual(self.ids(platforms["http"]), set())
        self.assertEqual(self.ids(platforms["openwhisk"]), {"for-input", "for-output"})

    def test_what_runs_nowhere_runs_on_no_platform(self):
        wasm = self.wat("js", '(module (import "env" "emscripten_run" (func)) (memory (export '
                              '"memory") 1) (func (export "_start")))')
        status, told, platforms = self.check(wasm)
        self.assertEqual(status, 1)
        self.assertEqual(told["findings"][0]["id"], "emscripten")
        self.assertIn("STANDALONE_WASM", told["findings"][0]["hint"])
        self.assertFalse(any(on["runs"] for on in platforms.values()))

    def test_code_past_a_package(self):
        # 49 MiB of data: more than an action of OpenWhisk, less than a layer of Lambda.
        wasm = self.folder / "big.wasm"
        wasm.write_bytes(with_data(self.echo.read_bytes(), 49 << 20))
        status, _, platforms = self.check(wasm, "--memory", "128MiB")
        self.assertEqual(status, 1)
        self.assertIn("for-code", self.ids(platforms["openwhisk"]))
        self.assertFalse(platforms["openwhisk"]["runs"])
        self.assertTrue(platforms["lambda"]["runs"])

    def test_memory_that_is_not_there(self):
        wasm = self.wat("wide", '(module (memory (export "memory") 10000) (func (export "_start")))')
        status, _, platforms = self.check(wasm, "--memory", "1GiB")
        self.assertEqual(status, 1)
        self.assertIn("for-memory", self.ids(platforms["openwhisk"]))
        self.assertTrue(platforms["azure"]["runs"])
        status, _, platforms = self.check(self.echo, "--memory", "1GiB")
        self.assertEqual(status, 0)
        self.assertIn("for-memory-limit", self.ids(platforms["openwhisk"]))

    def test_folders_that_cannot_be_granted(self):
        status, _, platforms = self.check(self.echo, "--dir", "/data::/data")
        self.assertEqual(status, 1)
        self.assertEqual(self.ids(platforms["openwhisk"]) & {"for-folder"}, {"for-folder"})
        self.assertIn("for-folder-place", self.ids(platforms["lambda"]))
        self.assertIn("for-folder-place", self.ids(platforms["azure"]))
        self.assertEqual(self.ids(platforms["knative"]), {"for-folder-mount"})
        self.assertTrue(platforms["knative"]["runs"])
        _, _, platforms = self.check(self.echo, "--dir", "/tmp/x::/data", platform="lambda")
        self.assertTrue(platforms["lambda"]["runs"])
        _, _, platforms = self.check(self.echo, "--dir", "data::/data", platform="knative")
        self.assertEqual(self.ids(platforms["knative"]), {"for-folder-relative"})

    def test_what_a_platforms_own_network_adds(self):
        """For functions that connect; the machine's own network adds nothing."""
        _, _, platforms = self.check(self.echo, *self.manifest(
            '[grant]', 'connect = ["db.internal:5432"]'))
        for name, said in (("lambda", "VPC"), ("openwhisk", "invokers"), ("knative", "Direct VPC egress"),
                           ("azure", "virtual network integration"), ("openfaas", "NetworkPolicies")):
            told = [each for each in platforms[name]["findings"] if each["id"] == "for-network"]
            self.assertEqual([each["stops"] for each in told], [False], name)
            self.assertIn(said, told[0]["message"])
            self.assertNotIn("for-loopback", self.ids(platforms[name]))
        for name in ("http", "jsonl"):
            self.assertNotIn("for-network", self.ids(platforms[name]))
        _, _, platforms = self.check(self.echo, platform="lambda")
        self.assertNotIn("for-network", self.ids(platforms["lambda"]))

    def test_a_grant_of_this_machine_means_another_one_there(self):
        for grant in ("localhost:5432", "127.0.0.1:5432", "[::1]:5432"):
            _, _, platforms = self.check(self.echo, *self.manifest('[grant]', f'connect = ["{grant}"]'))
            told = [each for each in platforms["lambda"]["findings"] if each["id"] == "for-loopback"]
            self.assertIn(grant, told[0]["message"])

    def test_replies_that_not_all_callers_get(self):
        _, _, platforms = self.check(self.echo, *self.manifest('reply = "cgi"'))
        for name in ("lambda", "openwhisk", "knative", "azure"):
            self.assertIn("for-reply", self.ids(platforms[name]), name)
        _, _, platforms = self.check(self.echo, *self.manifest('reply = "cloudevent"'))
        self.assertIn("for-reply", self.ids(platforms["azure"]))
        self.assertNotIn("for-reply", self.ids(platforms["knative"]))

    def test_limits_past_the_platforms(self):
        status, _, platforms = self.check(self.echo, *self.manifest(
            "[limits]", 'timeout = "1h"', 'input = "64MiB"', 'output = "64MiB"'))
        self.assertEqual(status, 0)
        for name in ("lambda", "openwhisk", "knative"):
            self.assertLessEqual({"for-timeout", "for-input", "for-output"},
                                 self.ids(platforms[name]), name)

    def test_precompiled_for_another_cpu(self):
        elf = self.folder / "f.cwasm"
        elf.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\xb7\x00" + bytes(44))
        run = subprocess.run([FERRY, "check", elf, "--for", "lambda"], capture_output=True,
                             text=True, timeout=300, env=environment(self.folder))
        self.assertEqual(run.returncode, 11)
        self.assertIn("native code for arm64", run.stderr)
        self.assertIn("give the .wasm file", run.stderr)

    def test_text_names_the_platform_and_where_its_limits_stand(self):
        run = subprocess.run([FERRY, "check", self.echo, "--for", "openwhisk"],
                             capture_output=True, text=True, timeout=300,
                             env=environment(self.folder))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("openwhisk: it will run\n", run.stdout)
        self.assertIn("[limits] input is 6 MiB, the platform itself stops at 1 MiB", run.stdout)
        self.assertIn("source     Apache OpenWhisk", run.stdout)


def leb(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def with_data(wasm, size):
    """The module with a memory that holds so much data, and a segment of them."""
    pages = (size >> 16) + 2
    out = wasm.replace(b"\x05\x03\x01\x00\x02", b"\x05" + leb(2 + len(leb(pages))) + b"\x01\x00" +
                       leb(pages))
    segment = b"\x01\x00\x41\x00\x0b" + leb(size) + b"\x01" * size
    return out + b"\x0b" + leb(len(segment)) + segment


if __name__ == "__main__":
    unittest.main(verbosity=2)
