#!/usr/bin/env python3
"""`ferry new` as a newcomer meets it: each language's project is made, built, tested with its own
runner, run and verified; and what goes wrong is said.

    tests/project/new_test.py --build DIR

A language whose toolchain is missing here is skipped with that reason. Exit status: that of unittest.
"""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from processes import still_alive

BUILD = None
# Where `tools/setup.sh components` puts the compilers of components.
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
NODE_MODULES = CACHE / "ferry-build/components/node_modules"
# And `tools/setup.sh guests-more` those of two more languages.
ZIG = CACHE / "ferry-build/zig/ziglang/zig"
ASSEMBLYSCRIPT = CACHE / "ferry-build/assemblyscript/node_modules"
PYTHON_TOOLS = CACHE / "ferry-build/components/python/bin"


def has_rust_target(target):
    if not shutil.which("cargo"):
        return False
    told = subprocess.run(["rustc", "--print", "target-libdir", "--target", target],
                          capture_output=True, text=True, check=False)
    return told.returncode == 0 and any(pathlib.Path(told.stdout.strip()).glob("libstd-*.rlib"))


def has_crate(pattern):
    """Whether cargo has the crate here already: tests fetch nothing."""
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    return any(home.glob(f"registry/cache/*/{pattern}.crate"))


def missing(language):
    """What this machine lacks for a language, or nothing."""
    if language == "go-component":
        return None if shutil.which("go") and shutil.which("npm") and NODE_MODULES.exists() else \
            "Go, or jco (tools/setup.sh components)"
    if language.startswith("go"):
        return None if shutil.which("go") else "Go"
    if language.startswith("rust"):
        target = "wasm32-wasip1" if language == "rust" else "wasm32-wasip2"
        if not has_rust_target(target):
            return f"rustup's target {target}"
        return None if language == "rust" or has_crate("wasi-0.14.7*") else "crate wasi"
    if language in ("javascript", "typescript"):
        return None if shutil.which("npm") and NODE_MODULES.exists() else \
            "componentize-js (tools/setup.sh components)"
    if language == "python":
        return None if (PYTHON_TOOLS / "componentize-py").exists() else \
            "componentize-py (tools/setup.sh components)"
    if language == "zig":
        return None if shutil.which("zig") or ZIG.exists() else "zig (make functions-more)"
    if language == "assemblyscript":
        return None if shutil.which("npm") and ASSEMBLYSCRIPT.exists() else \
            "assemblyscript (make functions-more)"
    tools = ["clang-16", "wasm-ld-16", "make", "cc" if language == "c" else "clang++-16"]
    lacking = [tool for tool in tools if not shutil.which(tool)]
    if not lacking and not pathlib.Path("/usr/include/wasm32-wasi").exists():
        lacking = ["wasi-libc"]
    if not lacking and language == "cpp":
        llvm = pathlib.Path(shutil.which("clang-16")).resolve().parent.parent
        if not (llvm / "include/wasm32-wasi/c++/v1").exists():
            lacking = ["libc++ for WASI"]
    return ", ".join(lacking) or None


class New(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ferry-new-test-")
        self.addCleanup(self.folder.cleanup)
        self.home = pathlib.Path(self.folder.name)

    def run_in(self, words, cwd=None, code=0, env=None):
        done = subprocess.run(words, cwd=cwd or self.home, capture_output=True, text=True,
                              check=False, env=env or self.env(), stdin=subprocess.DEVNULL,
                              timeout=900)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def env(self):
        path = os.pathsep.join([str(BUILD / "bin"), os.environ["PATH"], "/usr/local/go/bin",
                                str(PYTHON_TOOLS), str(ZIG.parent)])
        return dict(os.environ, PATH=path, GOFLAGS="", GOWORK="off", CARGO_NET_OFFLINE="true")

    def walk(self, language, test):
        lacking = missing(language)
        if lacking:
            self.skipTest(f"no {lacking} on this machine")
        self.run_in(["ferry", "new", language, "my-first", "--event", "sqs"])
        project = self.home / "my-first"
        if (project / "package.json").exists():
            (project / "node_modules").symlink_to(
                ASSEMBLYSCRIPT if language == "assemblyscript" else NODE_MODULES)
        self.run_in(["ferry", "build"], project)
        self.run_in(test, project)
        done = self.run_in(["ferry", "run", ".", '{"name":"Ada"}'], project)
        self.assertEqual(done.stdout, '{"message":"Hello, Ada!"}')
        self.assertIn("my-first: greeting Ada", done.stderr)
        self.run_in(["ferry", "verify", ".", "cases", "--engine", "wasmtime"], project)
        if (BUILD / "bin/ferry-host").exists():  # it is static, and not in sanitizers' builds
            self.run_in(["ferry", "pack", ".", "--for", "lambda", "-o", "out"], project)
            self.assertTrue(any(file.suffix == ".zip" for file in (project / "out").rglob("*")))

    def test_go(self):
        self.walk("go", ["go", "test", "."])

    def test_go_reactor(self):
        self.walk("go-reactor", ["go", "test", "."])

    def test_c(self):
        self.walk("c", ["make", "test"])

    def test_cpp(self):
        self.walk("cpp", ["make", "test"])

    def test_rust(self):
        self.walk("rust", ["cargo", "test", "--quiet"])

    def test_zig(self):
        self.walk("zig", ["zig", "build", "test"])

    def test_assemblyscript(self):
        self.walk("assemblyscript", ["npm", "test", "--silent"])

    def test_javascript(self):
        self.walk("javascript", ["npm", "test", "--silent"])

    def test_typescript(self):
        self.walk("typescript", ["npm", "test", "--silent"])

    def test_python(self):
        self.walk("python", ["python3", "-m", "unittest"])

    def test_go_component(self):
        self.walk("go-component", ["go", "test", "."])

    def test_rust_component(self):
        self.walk("rust-component", ["cargo", "test", "--quiet"])

    def kind(self, language, kind, test):
        """A handler that starts from the form of this kind's data."""
        lacking = missing(language)
        if language == "rust" and not has_crate("serde_json-1*"):
            lacking = lacking or "crate serde_json"
        if lacking:
            self.skipTest(f"no {lacking} on this machine")
        self.run_in(["ferry", "new", language, "my-first", "--event", kind])
        project = self.home / "my-first"
        if (project / "package.json").exists():
            (project / "node_modules").symlink_to(NODE_MODULES)
        self.run_in(["ferry", "build"], project)
        self.run_in(test, project)
        done = self.run_in(["ferry", "run", ".", "--sample", kind], project)
        self.run_in(["ferry", "verify", ".", "cases", "--engine", "wasmtime"], project)
        for file in project.rglob("*"):
            if file.is_file() and file.suffix in (".go", ".js", ".ts", ".mjs", ".py", ".rs", ".md"):
                self.assertNotRegex(file.read_text(), "@[A-Z_]+@", file)
        return done.stdout

    def test_go_from_s3(self):
        reply = self.kind("go", "s3", ["go", "test", "."])
        self.assertIn('"bucket":"example-uploads","change":"ObjectCreated:Put",', reply)
        done = self.run_in(["gofmt", "-l", "."], self.home / "my-first")
        self.assertEqual(done.stdout, "")

    def test_go_reactor_from_gitlab(self):
        reply = self.kind("go-reactor", "gitlab", ["go", "test", "."])
        self.assertIn('"ref":"refs/heads/main"', reply)

    def test_rust_from_dynamodb(self):
        self.kind("rust", "dynamodb", ["cargo", "test", "--quiet"])

    def test_javascript_from_github(self):
        reply = self.kind("javascript", "github", ["npm", "test", "--silent"])
        self.assertIn("example/project", reply)

    def test_typescript_from_google_storage(self):
        self.kind("typescript", "google-storage", ["npm", "test", "--silent"])

    def test_python_from_ses(self):
        self.kind("python", "ses", ["python3", "-m", "unittest"])

    def test_handlers_of_all_kinds_pass_their_own_tests(self):
        """Those of languages whose tests need no build."""
        kinds = ("s3", "dynamodb", "ses", "github", "gitlab", "stripe", "azure-eventgrid",
                 "google-storage")
        for language, test in (("go", ["go", "test", "."]),
                               ("python", ["python3", "-m", "unittest"]),
                               ("javascript", ["node", "--test"])):
            if not shutil.which(test[0], path=self.env()["PATH"]):
                continue
            for kind in kinds:
                with self.subTest(f"{language}, {kind}"):
                    name = f"{language}-{kind}"
                    self.run_in(["ferry", "new", language, name, "--event", kind])
                    self.run_in(test, self.home / name)

    def test_a_folder_without_a_manifest_is_recognised(self):
        if missing("go"):
            self.skipTest("no Go on this machine")
        self.run_in(["ferry", "new", "go", "plain"])
        project = self.home / "plain"
        (project / "ferry.toml").unlink()
        done = self.run_in(["ferry", "build"], project)
        self.assertIn("GOOS=wasip1 GOARCH=wasm go build", done.stderr)
        self.assertTrue((project / "plain.wasm").exists())

    def test_a_missing_tool_is_named_with_how_to_get_it(self):
        self.run_in(["ferry", "new", "go", "plain"])
        env = dict(self.env(), PATH=f"{BUILD / 'bin'}:/nowhere")
        done = subprocess.run([BUILD / "bin/ferry", "build"], cwd=self.home / "plain", env=env,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 10, done.stderr)
        self.assertIn("the build needs 'go'", done.stderr)
        self.assertIn("https://go.dev/dl", done.stderr)

    def test_a_build_that_fails_says_whose_command_it_was(self):
        self.run_in(["ferry", "new", "go", "plain"])
        (self.home / "plain/ferry.toml").write_text('[build]\ncommand = "exit 3"\n')
        done = self.run_in(["ferry", "build"], self.home / "plain", code=1)
        self.assertIn("the build command ended with exit code 3", done.stderr)

    def test_a_build_that_writes_nothing_says_so(self):
        self.run_in(["ferry", "new", "go", "plain"])
        manifest = '[function]\nwasm = "plain.wasm"\n[build]\ncommand = "true"\n'
        (self.home / "plain/ferry.toml").write_text(manifest)
        done = self.run_in(["ferry", "build"], self.home / "plain", code=10)
        self.assertIn("plain.wasm", done.stderr)

    def test_ctrl_c_ends_a_build_that_never_ends(self):
        self.run_in(["ferry", "new", "go", "plain"])
        project = self.home / "plain"
        (project / "ferry.toml").write_text(
            '[build]\ncommand = "echo $$ > pid.part && mv pid.part pid && exec sleep 1000"\n')
        # As a terminal sends it: to all that run in it.
        with subprocess.Popen([BUILD / "bin/ferry", "build"], cwd=project, env=self.env(),
                              stderr=subprocess.PIPE, start_new_session=True) as build:
            end = time.monotonic() + 60
            while not (project / "pid").exists() and time.monotonic() < end:
                time.sleep(0.05)
            os.killpg(build.pid, signal.SIGINT)
            build.communicate(timeout=60)
        self.assertNotEqual(build.returncode, 0)
        self.assertEqual(still_alive([int((project / "pid").read_text())], 60), [])

    def test_what_is_there_is_left_alone(self):
        (self.home / "mine").mkdir()
        (self.home / "mine/file").write_text("x")
        done = self.run_in(["ferry", "new", "go", "mine"], code=2)
        self.assertIn("is not an empty folder", done.stderr)
        self.assertEqual(sorted(p.name for p in self.home.iterdir()), ["mine"])

    def test_wrong_words(self):
        for words, hint in ((["rus", "x"], "did you mean 'rust'?"),
                            (["go", "My App"], "try 'my-app'"),
                            (["go", "x", "--event", "s4"], "did you mean 's3'?")):
            done = self.run_in(["ferry", "new", *words], code=2)
            self.assertIn(hint, done.stderr)
        self.assertEqual(list(self.home.iterdir()), [])

    def test_a_folder_that_cannot_be_written(self):
        if os.geteuid() == 0:
            target = "/proc/no-such/project"
        else:
            (self.home / "closed").mkdir(mode=0o500)
            target = str(self.home / "closed/project")
        self.run_in(["ferry", "new", "go", "project", "-o", target], code=10)


def main():
    global BUILD
    ask = argparse.ArgumentParser()
    ask.add_argument("--build", type=pathlib.Path, required=True)
    options, rest = ask.parse_known_args()
    BUILD = options.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
