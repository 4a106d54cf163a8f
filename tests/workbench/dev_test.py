#!/usr/bin/env python3
"""`ferry dev` as a developer meets it: saving, building, breaking, the page in a real browser.

    tests/workbench/dev_test.py --build DIR [--shots DIR]

--shots writes pictures of the page there. What needs Chromium is skipped where there is none. Exit
status: that of unittest.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import browser

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from processes import children, still_alive

BUILD = None
SHOTS = None
PATIENCE = 120  # nothing is measured by it

GUEST = r"""(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\64\00\00\00\08\00\00\00\78\00\00\00\09\00\00\00")
  (data (i32.const 100) "VERSION@")
  (data (i32.const 120) "it works\n")
  (func (export "_start")
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 80)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 80)))))
"""


class Dev:
    """A `ferry dev` of its own; use it in a `with`. It is ended by Ctrl-C."""

    def __init__(self, folder, path, *options, page=True):
        self.process = subprocess.Popen(
            [BUILD / "bin/ferry", "dev", path, "--listen", "127.0.0.1:0", *options],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, errors="replace",
            env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")})
        self.lines = []
        self.grown = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if page:
            self.page = re.search(r"http://(127\.0\.0\.1:\d+)/([0-9a-f]{32})/",
                                  self.wait_for(r"the page is at"))
            self.address = re.search(r"http://([\d.:]+)/", self.wait_for("the function is at"))[1]

    def _read(self):
        for line in self.process.stderr:
            with self.grown:
                self.lines.append(line.rstrip("\n"))
                self.grown.notify_all()

    def wait_for(self, pattern, after=0):
        end = time.monotonic() + PATIENCE
        with self.grown:
            while True:
                for line in self.lines[after:]:
                    if re.search(pattern, line):
                        return line
                if not self.grown.wait(max(0.0, end - time.monotonic())):
                    raise AssertionError(f"no line {pattern}: {self.lines}")

    def ask(self, what, body=None, fields=None, token=None, where=None):
        connection = http.client.HTTPConnection(where or self.page[1], timeout=PATIENCE)
        fields = dict(fields or {})
        if body is not None:
            fields.setdefault("Content-Type", "application/json")
        connection.request("GET" if body is None else "POST",
                           f"/{token or self.page[2]}/{what}",
                           None if body is None else json.dumps(body), fields)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def state(self):
        return json.loads(self.ask("state")[1])

    def wait_for_state(self, state, number=0):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            build = self.state()["build"]
            if build["state"] == state and build["number"] >= number:
                return build
            time.sleep(0.02)
        raise AssertionError(f"never {state}: {self.state()['build']} {self.lines}")

    def finish(self, job):
        number = json.loads(job[1])["job"]
        while True:
            answer = json.loads(self.ask(f"job?number={number}")[1])
            if answer["done"]:
                return answer
            time.sleep(0.05)

    def call(self, body="{}"):
        """One event over HTTP; the status and the reply."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        try:
            connection.request("POST", "/", body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def end(self, sign=signal.SIGINT):
        self.process.send_signal(sign)
        return self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.end()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stderr.close()


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ferry-dev-test-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)

    def project(self, command="wat2wasm f.wat -o f.wasm", version="1", more=""):
        project = self.home / "hello"
        project.mkdir()
        (project / "ferry.toml").write_text(
            f'[function]\nname = "hello"\nwasm = "f.wasm"\n{more}[build]\ncommand = "{command}"\n')
        self.write(project, version)
        return project

    @staticmethod
    def write(project, version):
        (project / "f.wat").write_text(GUEST.replace("@", version))

    def wait_for_reply(self, dev, reply):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if dev.call() == (200, reply):
                return
            time.sleep(0.02)
        raise AssertionError(f"never {reply}: {dev.call()} {dev.lines}")


class DevTest(Case):
    def test_what_is_saved_is_served(self):
        project = self.project()
        with Dev(self.home, project) as dev:
            dev.wait_for_state("serving")
            self.assertEqual(dev.call(), (200, "VERSION1"))
            self.write(project, "2")
            self.wait_for_reply(dev, "VERSION2")
            self.assertEqual(dev.end(), 0)

    def test_a_broken_build_leaves_the_last_good_one(self):
        project = self.project()
        with Dev(self.home, project) as dev:
            dev.wait_for_state("serving")
            (project / "f.wat").write_text("(module (func (nonsense)))")
            build = dev.wait_for_state("failed", 2)
            self.assertIn("f.wat:1:", build["output"])  # where it is, by the tool itself
            dev.wait_for(r"f\.wat:1:")
            self.assertEqual(dev.call(), (200, "VERSION1"))
            self.write(project, "3")
            self.wait_for_reply(dev, "VERSION3")

    def test_before_the_first_good_build_it_says_so(self):
        project = self.project()
        (project / "f.wat").write_text("nonsense")
        with Dev(self.home, project) as dev:
            dev.wait_for_state("failed")
            status, text = dev.call()
            self.assertEqual(status, 503)
            self.assertIn("the build ended with exit code", text)
            self.write(project, "1")
            self.wait_for_reply(dev, "VERSION1")

    def test_a_build_that_writes_nothing(self):
        with Dev(self.home, self.project(command="true")) as dev:
            dev.wait_for_state("failed")
            dev.wait_for(r"f\.wasm")

    def test_a_build_that_never_ends_ends_with_ctrl_c(self):
        with Dev(self.home, self.project(command="echo $$; exec sleep 1000")) as dev:
            dev.wait_for_state("building")
            child = int(dev.wait_for(r"^\d+$"))
            self.assertEqual(dev.end(), 0)
            self.assertEqual(still_alive([child], PATIENCE), [])

    def test_a_save_during_a_build_begins_it_again(self):
        project = self.project(command="sleep 0.4; wat2wasm f.wat -o f.wasm")
        with Dev(self.home, project) as dev:
            dev.wait_for_state("building")
            time.sleep(0.1)
            self.write(project, "7")
            self.wait_for_reply(dev, "VERSION7")

    def test_what_a_build_writes_does_not_begin_another(self):
        # As linkers write (LLVM's beside the file, Go's to see which mode it gets), and cargo.
        command = ("wat2wasm f.wat -o f.wasm.tmp1a2b && touch f.wasm-go-tmp-umask && "
                   "rm f.wasm-go-tmp-umask && mv f.wasm.tmp1a2b f.wasm && date +%N > Cargo.lock")
        project = self.project(command=command)
        with Dev(self.home, project) as dev:
            dev.wait_for_state("serving")
            time.sleep(1.5)
            self.assertEqual(dev.state()["build"]["number"], 1)
            (project / "Cargo.lock").write_text("changed by hand")
            dev.wait_for_state("serving", 2)

    def test_what_takes_long_to_compile_is_served_at_once(self):
        large = BUILD / "functions/hello-go.wasm"
        if not large.exists() or not (BUILD / "bin/engines/ferry-engine-wasmi.so").exists():
            self.skipTest("hello-go or wasmi is not built")
        project = self.project(command=f"cp {large} f.wasm")
        with Dev(self.home, project) as dev:
            dev.wait_for_state("serving")
            self.assertEqual(dev.call('{"name":"Ada"}'), (200, '{"message":"Hello, Ada!"}'))
            end = time.monotonic() + PATIENCE
            while not dev.state()["function"]["engine"].startswith("wasmtime"):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
            self.assertEqual(dev.call('{"name":"Bo"}'), (200, '{"message":"Hello, Bo!"}'))
            self.assertEqual(len(json.loads(dev.ask("events?after=0")[1])["events"]), 2)

    def test_saving_all_the_time_loses_no_event(self):
        project = self.project()
        with Dev(self.home, project) as dev:
            dev.wait_for_state("serving")
            bad, count, over = [], [0], threading.Event()

            def hammer():
                while not over.is_set():
                    try:
                        status, text = dev.call()
                        if status != 200 or not re.fullmatch(r"VERSION\d", text):
                            bad.append((status, text))
                    except OSError as error:
                        bad.append(error)
                    count[0] += 1

            threads = [threading.Thread(target=hammer) for _ in range(3)]
            for each in threads:
                each.start()
            for version in range(2, 7):
                for _ in range(20):  # several saves a millisecond
                    self.write(project, str(version))
                self.wait_for_reply(dev, f"VERSION{version}")
            over.set()
            for each in threads:
                each.join()
            self.assertEqual(bad, [])
            self.assertGreater(count[0], 10)

    def test_a_wasm_file_that_somebody_else_builds(self):
        project = self.project()
        subprocess.run(["wat2wasm", "f.wat", "-o", "f.wasm"], cwd=project, check=True)
        with Dev(self.home, project / "f.wasm") as dev:
            dev.wait_for_state("serving")
            self.write(project, "4")
            subprocess.run(["wat2wasm", "f.wat", "-o", "f.wasm"], cwd=project, check=True)
            self.wait_for_reply(dev, "VERSION4")

    def test_a_killed_worker_is_followed_by_another(self):
        with Dev(self.home, self.project()) as dev:
            dev.wait_for_state("serving")
            os.kill(children(dev.process.pid)[0], signal.SIGKILL)
            dev.wait_for("was ended by signal 9")
            dev.wait_for_state("serving")
            self.assertEqual(dev.call()[0], 200)

    def test_two_on_one_port(self):
        project = self.project()
        with Dev(self.home, project) as dev:
            done = subprocess.run([BUILD / "bin/ferry", "dev", project, "--listen", dev.address],
                                  capture_output=True, text=True, check=False, timeout=PATIENCE)
            self.assertEqual(done.returncode, 10)
            self.assertIn("is in use by another program", done.stderr)

    def test_usage(self):
        for words, code in ((["nowhere"], 10), ([str(self.project()), "--page", ":0"], 2)):
            done = subprocess.run([BUILD / "bin/ferry", "dev", *words], capture_output=True,
                                  text=True, check=False, timeout=PATIENCE)
            self.assertEqual(done.returncode, code, done.stderr)

    def test_others_are_turned_away(self):
        with Dev(self.home, self.project()) as dev:
            dev.wait_for_state("serving")
            self.assertEqual(dev.ask("state")[0], 200)
            self.assertEqual(dev.ask("state", token="0" * 32)[0], 404)
            self.assertEqual(dev.ask("state", fields={"Host": "evil.example"})[0], 403)
            for fields in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
                self.assertEqual(dev.ask("send", {"platform": "http"}, fields)[0], 403)
            self.assertEqual(
                dev.ask("send", {"platform": "http"}, {"Content-Type": "text/plain"})[0], 415)
            self.assertEqual(json.loads(dev.ask("events?after=0")[1])["events"], [])

    def test_values_of_variables_are_not_shown(self):
        project = self.project(more='[grant]\nenv_from = ["FERRY_TEST_SECRET"]\n')
        os.environ["FERRY_TEST_SECRET"] = "hunter22"
        self.addCleanup(os.environ.pop, "FERRY_TEST_SECRET")
        with Dev(self.home, project, "--allow") as dev:
            dev.wait_for_state("serving")
            dev.call()
            number = dev.state()["last"]
            pages = [dev.ask("state")[1], dev.ask("events?after=0")[1],
                     dev.ask(f"event?number={number}")[1]]
            self.assertIn("FERRY_TEST_SECRET", "".join(pages))
            self.assertNotIn("hunter22", "".join(pages))

    def test_sent_through_platforms(self):
        with Dev(self.home, self.project()) as dev:
            dev.wait_for_state("serving")
            for platform in dev.state()["platforms"]:
                done = dev.finish(dev.ask("send", {"platform": platform, "data": "{}"}))
                self.assertEqual(done["exit_code"], 0, done)
                self.assertIn("VERSION1", done["output"])
            events = json.loads(dev.ask("events?after=0")[1])["events"]
            self.assertEqual([one["via"] for one in events], dev.state()["platforms"])
            for one in dev.state()["samples"]:
                name = one["name"]
                sample = json.loads(dev.ask(f"sample/{name}")[1])
                self.assertEqual(sample["platform"], one["platform"])
                done = dev.finish(dev.ask("send", {"platform": sample["platform"],
                                                   "native": sample["input"]}))
                self.assertEqual(done["exit_code"], 0, (name, done))
            self.assertEqual(dev.ask("send", {"platform": "nowhere"})[0], 400)
            self.assertEqual(dev.ask("sample/../../etc/passwd")[0], 404)

    def test_replay_verify_and_save(self):
        project = self.project()
        with Dev(self.home, project) as dev:
            dev.wait_for_state("serving")
            dev.call('{"name":"Ada"}')
            number = dev.state()["last"]
            done = dev.finish(dev.ask("replay", {"number": number, "engine": "wasmi"}))
            self.assertTrue(json.loads(done["output"])["same"], done)
            done = dev.finish(dev.ask("verify", {"number": number}))
            self.assertEqual(json.loads(done["output"])["differences"], 0, done)
            for name, status in (("../x", 400), ("First Case", 400), ("first", 200),
                                 ("first", 400)):
                self.assertEqual(dev.ask("save", {"number": number, "name": name})[0], status, name)
            self.assertIn("VERSION1", (project / "cases/first.toml").read_text())
            self.write(project, "2")
            self.wait_for_reply(dev, "VERSION2")
            done = dev.finish(dev.ask("replay", {"number": number, "engine": "wasmtime"}))
            answer = json.loads(done["output"])
            self.assertFalse(answer["same"])
            self.assertEqual([one["field"] for one in answer["differences"]], ["reply"])
        done = subprocess.run([BUILD / "bin/ferry", "verify", project, project / "cases",
                               "--engine", "wasmtime"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)  # the case holds what build 1 said


class PageTest(Case):
    """The page itself, in Chromium."""

    def setUp(self):
        super().setUp()
        if lacking := browser.missing():
            self.skipTest(f"no {lacking} on this machine")

    def shot(self, page, name):
        if SHOTS:
            page.shot(SHOTS / f"{name}.png")

    def fits(self, page):
        """Nothing is wider than the window."""
        self.assertEqual(page.run(
            "const wide = [...document.querySelectorAll('body *')].filter((each) => "
            "each.getBoundingClientRect().right > innerWidth + 1 && "
            "!each.closest('pre, .skip, svg, #plots'));"
            "return wide.map((each) => each.outerHTML.slice(0, 200))"), [])

    def send(self, page, text, events):
        page.run("document.getElementById('text').value = arguments[0]", text)
        page.click("#form button.main")
        page.wait(f"{events} events", "return document.querySelectorAll('#events li').length >= "
                  "arguments[0] && document.querySelector('#sent').className === 'good'", events)

    def test_page(self):
        project = self.project()
        with Dev(self.home, project) as dev, browser.Browser(self.home) as page:
            page.go(dev.page[0])
            page.wait("serving", "return document.querySelector('#status').textContent"
                      ".includes('serving build 1')")
            self.send(page, '{"name":"Ada","card":{"number":"4111"}}', 1)
            self.assertIn("VERSION1", page.text("#answer"))
            self.assertIn("ok", page.text("#events li"))
            page.wait("its detail", "return document.querySelector('#detail').textContent"
                      ".includes('it works')")
            # A platform's own input, from a sample.
            page.run("const s = document.getElementById('sample'); s.value = 'sqs';"
                     "s.dispatchEvent(new Event('change'))")
            page.wait("the sample", "return document.querySelector('#kind').value === 'native'")
            page.click("#form button.main")
            page.wait("its two records", "return document.querySelectorAll('#events li').length === 3")
            page.wait("the newest", "return document.querySelector('[aria-selected=true]').id === "
                      "'event-3'")
            self.shot(page, "dev-light")
            self.fits(page)

            page.click("#replay")
            page.wait("a replay", "return /the same outcome/.test("
                      "document.querySelector('#result').textContent)")
            page.click("#verify")
            page.wait("a comparison", "return /the same on every engine/.test("
                      "document.querySelector('#result').textContent)")
            self.fits(page)
            self.shot(page, "dev-same")
            page.click("#save")
            page.type("#case", "by-hand")
            page.click("#naming button")
            page.wait("saved", "return /saved as/.test(document.querySelector('#result')"
                      ".textContent)")
            self.assertTrue((project / "cases/by-hand.toml").exists())

            # By keys alone: the older event, and back.
            page.run("document.activeElement.blur()")
            self.press(page, "j")
            page.wait("the older", "return document.querySelector('[aria-selected=true]').id === "
                      "'event-2'")
            self.press(page, "k")
            page.wait("the newer", "return document.querySelector('[aria-selected=true]').id === "
                      "'event-3'")
            self.press(page, "n")
            self.assertEqual(page.run("return document.activeElement.id"), "text")

            (project / "f.wat").write_text("(module (func (nonsense)))")
            page.wait("the error", "return document.querySelector('#output').textContent"
                      ".includes('f.wat:1:') && !document.querySelector('#broken').hidden")
            self.shot(page, "dev-broken")
            self.write(project, "2")
            page.wait("repaired", "return document.querySelector('#broken').hidden")
            self.assertEqual(page.complaints(), [])

    @staticmethod
    def press(page, key):
        for kind in ("keyDown", "keyUp"):
            page.command("Input.dispatchKeyEvent", type=kind, key=key, text=key)

    def test_guests_cannot_write_html(self):
        project = self.project()
        text = (project / "f.wat").read_text()
        (project / "f.wat").write_text(
            text.replace("VERSION1", "<b>x</b>").replace("it works\\n", "<i>lo</i>"))
        with Dev(self.home, project) as dev, browser.Browser(self.home) as page:
            dev.wait_for_state("serving")
            page.go(dev.page[0])
            page.wait("serving", "return document.querySelector('#platform').value === 'http'")
            self.send(page, "<img src=x onerror=alert(1)>", 1)
            page.wait("its detail", "return document.querySelector('#detail').textContent"
                      ".includes('<b>x</b>')")
            self.assertEqual(page.run("return document.querySelectorAll('#detail b, #detail i, "
                                      "#detail img, #answer b').length"), 0)

    def test_narrow_and_dark(self):
        with Dev(self.home, self.project()) as dev, \
                browser.Browser(self.home, dark=True, width=390, height=844) as page:
            dev.wait_for_state("serving")
            dev.call('{"name":"' + "Ada" * 200 + '"}')
            page.go(dev.page[0])
            page.wait("an event", "return document.querySelectorAll('#events li').length === 1")
            page.run("document.querySelector('#events li').click()")
            page.wait("its detail", "return !document.querySelector('#one').hidden && "
                      "document.querySelector('#detail').textContent.includes('it works')")
            self.fits(page)
            dark = page.run("return getComputedStyle(document.body).backgroundColor")
            self.assertEqual(dark, "rgb(20, 23, 26)")
            self.shot(page, "dev-narrow-dark")
            page.resize(1280, 900)
            self.fits(page)
            self.shot(page, "dev-dark")
            self.assertGreater(self.least_contrast(page), 4.5)  # WCAG 2.2, 1.4.3

    def test_pictures(self):
        """Those of the documents, of a function from `ferry new`."""
        if not SHOTS:
            self.skipTest("only with --shots")
        subprocess.run([BUILD / "bin/ferry", "new", "c", "hello", "--quiet"], cwd=self.home,
                       check=True)
        with Dev(self.home, self.home / "hello") as dev:
            dev.wait_for_state("serving")
            for body in ('{"name":"Grace"}', "[1,2", '{"name":"Linus"}', '{"name":""}'):
                dev.call(body)
            for name, dark, width, height in (("dev", False, 1360, 860),
                                              ("dev-narrow", True, 390, 780)):
                with browser.Browser(self.home, dark, width, height) as page:
                    page.go(dev.page[0])
                    page.wait("events", "return document.querySelectorAll('#events li').length > 2")
                    self.send(page, '{"name":"Ada"}', 4)
                    page.wait("its detail", "return document.querySelector('#detail').textContent"
                              ".includes('Ada')")
                    page.run("scrollTo({top: arguments[0] ? document.querySelector('#list-title')"
                             ".getBoundingClientRect().top + scrollY - 8 : 0, "
                             "behavior: 'instant'})", dark)
                    self.shot(page, name)

    @staticmethod
    def least_contrast(page):
        return page.run("""
          const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3)
            .map((each) => each / 255).map((c) => c <= 0.04045 ? c / 12.92
              : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const behind = (each) => { for (; each; each = each.parentElement) {
            const colour = getComputedStyle(each).backgroundColor;
            if (!/, 0\\)$/.test(colour)) return colour; } return 'rgb(255,255,255)'; };
          return Math.min(...[...document.querySelectorAll('body *')]
            .filter((each) => each.textContent.trim() !== '' && each.getClientRects().length > 0)
            .map((each) => { const a = light(getComputedStyle(each).color);
              const b = light(behind(each));
              return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }));""")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--shots", type=pathlib.Path)
    known, rest = parser.parse_known_args()
    BUILD, SHOTS = known.build.resolve(), known.shots
    if not shutil.which("wat2wasm"):
        print("no wat2wasm on this machine")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])
