#!/usr/bin/env python3
"""Completion as the shells do it: what each of them offers where a user presses the tab key.

    FERRY_BUILD=build tests/commands/completion_test.py

Shells that are not here are skipped.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

FERRY = pathlib.Path(os.environ["FERRY_BUILD"]).resolve() / "bin" / "ferry"
PATIENCE = 30

# What is typed, what must be among what is offered, and what must not.
PLACES = [
    ("ferry ver", {"verify", "version"}, {"run"}),
    ("ferry --ver", {"--version"}, {"verify"}),
    ("ferry help ca", {"cache"}, {"cat.txt"}),
    ("ferry completion ", {"bash", "zsh", "fish", "man"}, {"cat.txt"}),
    ("ferry new t", {"typescript"}, {"two.txt"}),
    ("ferry run --plat", {"--platform"}, {"--help"}),
    ("ferry run --platform la", {"lambda"}, {"lamp.txt"}),
    ("ferry run --platform=la", {"lambda"}, {"lamp.txt"}),
    ("ferry serve --log-f", {"--log-format", "--log-file"}, {"--listen"}),
    ("ferry serve --log-format ", {"text", "json"}, {"cat.txt"}),
    ("ferry serve --log-file la", {"lamp.txt"}, {"lambda"}),
    ("ferry run ca", {"cat.txt"}, {"cache"}),
]
HIDDEN = "--child"


class Completion(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-completion-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        for name in ("cat.txt", "two.txt", "lamp.txt"):
            (self.work / name).touch()
        self.env = {**os.environ, "HOME": str(self.folder), "TERM": "dumb", "COLUMNS": "200",
                    "XDG_CONFIG_HOME": str(self.folder / "config"),
                    "XDG_DATA_HOME": str(self.folder / "data")}

    def script(self, shell, name):
        if shutil.which(shell) is None:
            self.skipTest(f"{shell} is not here")
        path = self.folder / name
        path.write_bytes(subprocess.run([FERRY, "completion", shell], check=True,
                                        capture_output=True).stdout)
        self.assertNotIn(HIDDEN, path.read_text())
        return path

    def check(self, offered_for):
        for typed, wanted, unwanted in PLACES:
            with self.subTest(typed):
                offered = offered_for(typed)
                self.assertLessEqual(wanted, offered)
                self.assertFalse(unwanted & offered)

    def test_bash(self):
        script = self.script("bash", "ferry.bash")

        def offered_for(typed):
            # As readline splits it: '=' is one of COMP_WORDBREAKS.
            words = re.findall(r"=|[^\s=]+", typed) + ([""] if typed.endswith(" ") else [])
            line = " ".join(f"'{word}'" for word in words)
            done = subprocess.run(
                ["bash", "--norc", "-c",
                 f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _ferry; "
                 r'printf "%s\n" "${COMPREPLY[@]}"'],
                cwd=self.work, env=self.env, check=True, capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            return set(done.stdout.split())

        self.check(offered_for)

    def test_fish(self):
        script = self.script("fish", "ferry.fish")

        def offered_for(typed):
            done = subprocess.run(
                ["fish", "--no-config", "-c", f"source {script}; complete -C '{typed}'"],
                cwd=self.work, env=self.env, check=True, capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            # An option's value may stand behind the option: --platform=lambda.
            return {line.split("\t")[0].rsplit("=", 1)[-1] for line in done.stdout.splitlines()}

        self.check(offered_for)

    def zsh(self, setup):
        """A shell on a terminal, in which the tab key is pressed."""
        shown = "<shown>"

        def offered_for(typed):
            pid, terminal = pty.fork()
            if pid == 0:
                os.chdir(self.work)
                os.execvpe("zsh", ["zsh", "-f", "-i"], self.env)
            try:
                # compinit's own question, when it is asked, is about folders of others.
                for line in ("PS1=", "unsetopt beep zle_bracketed_paste", "autoload -U compinit",
                             *setup, f"LISTMAX=10000; print -n '{shown[0]}'; print '{shown[1:]}'"):
                    os.write(terminal, line.encode() + b"\n")
                self.read_until(terminal, shown + "\r\n")
                os.write(terminal, f"{typed}\t".encode())
                time.sleep(0.3)
                os.write(terminal, b"\x15print -n '<'; print 'end>'\n")
                return set(re.findall(r"[\w.-]+", self.read_until(terminal, "<end>")))
            finally:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
                os.close(terminal)

        return offered_for

    def read_until(self, terminal, text):
        out, end = "", time.monotonic() + PATIENCE
        while text not in out:
            self.assertTrue(select.select([terminal], [], [], max(0, end - time.monotonic()))[0],
                            out)
            out += os.read(terminal, 65536).decode(errors="replace")
        return out

    def test_zsh(self):
        folder = self.script("zsh", "_ferry").parent
        for setup in ([f"fpath=({folder} $fpath)", "compinit -u -D"],
                      ["compinit -u -D", f"source {folder}/_ferry"]):
            self.check(self.zsh(setup))


if __name__ == "__main__":
    unittest.main(verbosity=2)
