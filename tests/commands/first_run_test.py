#!/usr/bin/env python3
"""`make run` uses the engine that can be had soonest, and what ferry says where only that one is built;
`make build` builds all that `make install` lays down.

    FERRY_BUILD=build tests/commands/first_run_test.py [Case.test…]
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["FERRY_BUILD"]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
EVENT = '{"name":"Ada"}'
# A build folder in small: the rules that compile crates look as those of cmake/BuildCrate.cmake do.
RULES = """rule run
  command = $cmd
rule crate
  command = true -DNAME=$name -DOUT={cache}/${{name}}-1 -DLIBRARY=l.a "-DCOST=about $minutes CPU minutes" && $
    mkdir -p {cache}/${{name}}-1 && touch $out
build crates/wasmtime.a: crate
  name = wasmtime
  minutes = 6
build crates/wasmi.a: crate
  name = wasmi
  minutes = 1
build object.o: run
  cmd = touch object.o || c++ -o object.o -c object.cc
build ferry: phony object.o
build ferry_engine_wasmtime: phony crates/wasmtime.a
{wasmi}
build function-hello-go: phony
build programs: phony ferry ferry_engine_wasmtime crates/wasmi.a
"""


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="test-first-run-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder, True)


@unittest.skipUnless(shutil.which("ninja"), "ninja is missing")
class MakeRun(Folder):
    def setUp(self):
        super().setUp()
        self.cache = self.folder / "cache"
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "nproc").write_text("#!/bin/sh\necho 2\n")
        self.build = self.folder / "build"
        (self.build / "bin").mkdir(parents=True)
        (self.build / "crates").mkdir()
        (self.build / "CMakeCache.txt").write_text(
            f"CMAKE_PROJECT_NAME:STATIC=ferry\nCMAKE_GENERATOR:INTERNAL=Ninja\nCMAKE_MAKE_PROGRAM:FILEPATH={shutil.which('ninja')}\n")
        (self.build / "bin/ferry").write_text('#!/bin/sh\necho "[ferry $*]"\n')
        for program in (tools / "nproc", self.build / "bin/ferry"):
            program.chmod(0o755)
        self.env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
        self.rules()

    def rules(self, wasmi="build ferry_engine_wasmi: phony crates/wasmi.a"):
        (self.build / "build.ninja").write_text(RULES.format(cache=self.cache, wasmi=wasmi))

    def first_run(self):
        return self.ok("first_run.sh", "build", "2")

    def ok(self, tool, *words):
        done = subprocess.run([ROOT / "tools" / tool, *words], cwd=self.folder, env=self.env,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_compiles_wasmi_alone_where_no_engine_is_compiled(self):
        out = self.first_run()
        self.assertIn("1 C++ files and, once, engine crates (wasmi): about 1 min on 2 idle", out)
        # What is shown is what is run.
        words = "run --engine wasmi build/functions/hello-go.wasm"
        self.assertIn(f"  build/bin/ferry {words} '{EVENT}'\n", out)
        self.assertIn(f"[ferry {words} {EVENT}]", out)
        self.assertIn("ferry serve --engine wasmi build", out)
        self.assertRegex(out, r"(?s)interpreter.*`make build` compiles wasmtime.* about 3 min on 2 ")
        self.assertFalse((self.cache / "wasmtime-1").exists())
        # And again, with nothing to build.
        self.assertIn(f"[ferry {words} {EVENT}]", self.first_run())

    def test_uses_wasmtime_where_its_crate_is_kept(self):
        (self.cache / "wasmtime-1").mkdir(parents=True)
        out = self.first_run()
        words = "run build/functions/hello-go.wasm"
        self.assertIn(f"  build/bin/ferry {words} '{EVENT}'\n", out)
        self.assertIn(f"[ferry {words} {EVENT}]", out)
        self.assertNotIn("--engine", out)
        self.assertNotIn("make build", out)
        self.assertFalse((self.cache / "wasmi-1").exists())

    def test_uses_wasmtime_after_make_build(self):
        self.first_run()
        subprocess.run(["ninja", "-C", self.build, "programs"], check=True, capture_output=True)
        self.assertNotIn("--engine", self.first_run())

    def test_compiles_wasmtime_where_wasmi_is_left_out(self):
        self.rules(wasmi="")
        out = self.first_run()
        self.assertIn("engine crates (wasmtime): about 4 min on 2 idle cores.", out)
        self.assertNotIn("--engine", out)

    def test_what_is_expected_is_silent_when_all_is_there(self):
        self.assertEqual(self.ok("expect.sh", "--crates", "build", "programs"), "wasmtime, wasmi\n")
        self.assertEqual(self.ok("expect.sh", "--minutes", "build", "programs"), "4\n")
        subprocess.run(["ninja", "-C", self.build, "programs"], check=True, capture_output=True)
        self.assertEqual(self.ok("expect.sh", "build", "programs"), "")
        self.assertEqual(self.ok("expect.sh", "--crates", "build", "programs"), "\n")
        self.assertEqual(self.ok("expect.sh", "--minutes", "build", "programs"), "0\n")


class WithoutWasmtime(Folder):
    """ferry with the engine wasmi alone, as the first `make run` leaves it."""

    def setUp(self):
        super().setUp()
        plugin = BUILD / "bin/engines/ferry-engine-wasmi.so"
        if not plugin.exists():
            self.skipTest("wasmi is not built here")
        self.engines = self.folder / "bin/engines"
        self.engines.mkdir(parents=True)
        shutil.copy(BUILD / "bin/ferry", self.folder / "bin")
        shutil.copy(plugin, self.engines)

    def run_ferry(self, *words):
        return subprocess.run(
            [self.folder / "bin/ferry", "run", BUILD / "functions/hello-c.wasm", EVENT, *words],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)}, capture_output=True, text=True)

    def test_an_error_names_both_ways_out(self):
        done = self.run_ferry()
        self.assertEqual(done.returncode, 10, done.stderr)
        self.assertIn("no engine 'wasmtime'; there is wasmi in ", done.stderr)
        self.assertIn("`make build` builds it, and `--engine wasmi` does without it", done.stderr)
        done = self.run_ferry("--engine", "wasmi")
        self.assertEqual((done.returncode, done.stdout), (0, '{"message":"Hello, Ada!"}'), done.stderr)

    def test_packing_takes_no_other_engine(self):
        host = BUILD / "bin/ferry-host"
        if not host.exists():
            self.skipTest("ferry-host is not built here")
        shutil.copy(host, self.folder / "bin")
        done = subprocess.run(
            [self.folder / "bin/ferry", "pack", BUILD / "functions/hello-c.wasm", "--for", "lambda",
             "--engine", "wasmi", "-o", self.folder / "out"],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)}, capture_output=True, text=True)
        self.assertEqual(done.returncode, 10, done.stderr)
        self.assertIn("hint: `make build` builds it\n", done.stderr)

    def test_an_error_where_there_is_no_engine(self):
        shutil.rmtree(self.engines)
        done = self.run_ferry()
        self.assertEqual(done.returncode, 10, done.stderr)
        self.assertIn("no engine 'wasmtime'; there is none in ", done.stderr)
        self.assertIn("hint: `make build` builds it\n", done.stderr)


@unittest.skipUnless(shutil.which("ninja"), "ninja is missing")
class MakeInstall(unittest.TestCase):
    def test_make_build_builds_what_it_lays_down(self):
        """ferry-host-full was missing, unless `make test` had been there."""
        commands = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", "programs"], check=True,
                                  capture_output=True, text=True).stdout
        built = re.findall(r" -o (bin/\S+)", commands)
        bin_files = re.findall(rf'"{re.escape(str(BUILD.resolve()))}/(bin/[^"]+)"\)',
                               (BUILD / "cmake_install.cmake").read_text())
        self.assertIn("bin/ferry", bin_files)
        self.assertEqual(set(bin_files) - {"bin/arm64"} - set(built), set())


if __name__ == "__main__":
    unittest.main()
