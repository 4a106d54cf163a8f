#!/usr/bin/env python3
"""The GitHub Action: action.yml names inputs and a script that exist, and the script passes a good
function, fails one that does not run where it should, and says so in the job's summary.

    FERRY_BUILD=build tests/dist/action_test.py
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/serve"))
from server import FERRY, environment, make_guest  # noqa: E402

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


class Action(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_script(self, function, **inputs):
        """As GitHub does: the inputs' defaults, and what is given, by way of action.yml."""
        values = {name: each.get("default", "") for name, each in ACTION["inputs"].items()}
        values |= inputs | {"function": str(function)}
        step = ACTION["runs"]["steps"][-1]
        given = {name: values[text.removeprefix("${{ inputs.").removesuffix(" }}")]
                 for name, text in step["env"].items()}
        script = step["run"].replace("${{ github.action_path }}", str(ROOT))
        env = environment(self.folder)
        env |= given | {"GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
                        "PATH": f"{pathlib.Path(FERRY).parent}:{os.environ['PATH']}"}
        return subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=900,
                              env=env)

    def test_passes_a_good_function(self):
        junit = self.folder / "report.xml"
        done = self.run_script(make_guest("echo", self.folder), platforms="http lambda",
                               junit=str(junit))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("<testsuite", junit.read_text())
        summary = (self.folder / "summary.md").read_text()
        self.assertIn("### ferry check", summary)
        self.assertIn("### ferry verify", summary)

    def test_fails_what_runs_nowhere(self):
        source = self.folder / "js.wat"
        source.write_text('(module (import "env" "emscripten_run" (func)) '
                          '(memory (export "memory") 1) (func (export "_start")))')
        wasm = source.with_suffix(".wasm")
        subprocess.run(["wat2wasm", source, "-o", wasm], check=True)
        done = self.run_script(wasm)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("::error title=ferry check::", done.stdout)

    def test_installs_the_package_of_the_machine(self):
        """Of a release with packages for both architectures, on a runner of arm64."""
        commands = self.folder / "bin"
        commands.mkdir()
        for name, text in {
                "dpkg": "echo arm64",
                "sudo": 'echo "$@" >>$LOG',
                "gh": """while [ $# -gt 0 ]; do case $1 in --dir) cd $2;; --pattern) shift
                         case ferry_1.0_arm64.deb in $1) touch ferry_1.0_arm64.deb;; esac;; esac
                         shift; done; touch ferry_1.0_amd64.deb
                         sha256sum ferry_1.0_arm64.deb >SHA256SUMS"""}.items():
            (commands / name).write_text(f"#!/bin/sh\n{text}\n")
            (commands / name).chmod(0o755)
        log = self.folder / "log"
        install = ACTION["runs"]["steps"][0]["run"]
        done = subprocess.run(["bash", "-euc", install], capture_output=True, text=True, timeout=60,
                              env={"PATH": f"{commands}:/usr/bin:/bin", "LOG": str(log),
                                   "REPOSITORY": "o/ferry", "VERSION": "1.0"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(log.read_text(), r"^apt-get install -y \S+/ferry_1\.0_arm64\.deb\n$")

    def test_asks_for_a_function(self):
        done = self.run_script("")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("FERRY_FUNCTION", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
