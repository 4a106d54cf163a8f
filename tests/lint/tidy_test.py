#!/usr/bin/env python3
"""`make lint` looks at a file again only where something that it reads has changed (fault A19).

    tests/lint/tidy_test.py

Exit status 77: clang++-16, which preprocesses the files, is missing.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TIDY = pathlib.Path(__file__).resolve().parents[2] / "tools" / "tidy.py"
# In clang-tidy's place, as `clang-tidy --quiet FILE -- OPTION...`: notes that it was asked, and
# complains of files that say "bad", and of options that are GCC's alone.
FAKE = """#!/bin/sh
case "$*" in --version) echo one; exit 0;; *gnu-unique*) exit 1;; *"-- -DX "*) ;; *) exit 1;; esac
echo "$2" >>asked
! grep -q bad "$2"
"""


class Tidy(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-tidy-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "build").mkdir()
        (self.folder / ".clang-tidy").write_text("Checks: '*'\n")
        (self.folder / "a.h").write_text("int a();\n")
        for name in ("one", "two"):
            (self.folder / f"{name}.cc").write_text(f'#include "a.h"\nint {name}() {{ return a(); }}\n')
        (self.folder / "build" / "compile_commands.json").write_text(json.dumps([
            {"directory": str(self.folder), "file": str(self.folder / f"{name}.cc"),
             "command": f"/usr/bin/ccache c++ -DX -fno-gnu-unique -MD -MT {name}.o -MF {name}.d -o {name}.o"
                        f" -c {name}.cc"}
            for name in ("one", "two")]))
        tools = self.folder / "bin"
        tools.mkdir()
        (tools / "clang-tidy-16").write_text(FAKE)
        # Counts what is preprocessed.
        (tools / "clang++-16").write_text(
            f'#!/bin/sh\necho >>"{self.folder}/preprocessed"\nexec {shutil.which("clang++-16")} "$@"\n')
        for tool in tools.iterdir():
            tool.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}",
                            "XDG_CACHE_HOME": str(self.folder / "cache")}

    def lint(self, *options):
        """The exit status; which files clang-tidy was asked about; how many were preprocessed."""
        for name in ("asked", "preprocessed"):
            (self.folder / name).write_text("")
        done = subprocess.run([TIDY, *options, "build", "one.cc", "two.cc"], cwd=self.folder,
                              text=True, env=self.environment, stdout=subprocess.PIPE, timeout=120)
        self.said = done.stdout
        return (done.returncode, sorted((self.folder / "asked").read_text().split()),
                len((self.folder / "preprocessed").read_text().splitlines()))

    def test_what_is_unchanged_is_not_looked_at(self):
        self.assertEqual(self.lint(), (0, ["one.cc", "two.cc"], 2))
        self.assertEqual(self.lint(), (0, [], 0))

    def test_what_includes_a_changed_file_is_looked_at(self):
        self.lint()
        (self.folder / "a.h").write_text("int a();\nint b();\n")
        self.assertEqual(self.lint(), (0, ["one.cc", "two.cc"], 2))
        (self.folder / "one.cc").write_text("int bad();\n")
        self.assertEqual(self.lint(), (1, ["one.cc"], 1))
        self.assertEqual(self.lint(), (1, ["one.cc"], 1))  # what was found is not forgotten
        (self.folder / "a.h").write_text("int a();\n")
        (self.folder / "one.cc").write_text('#include "a.h"\nint one() { return a(); }\n')
        self.assertEqual(self.lint(), (0, [], 2))  # as it was before

    def test_another_clone_knows_what_was_found(self):
        self.lint()
        clone = self.folder.with_name(self.folder.name + "-clone")
        self.addCleanup(shutil.rmtree, clone)
        shutil.copytree(self.folder, clone)
        for file in (clone / "build" / "compile_commands.json", clone / "bin" / "clang++-16"):
            file.write_text(file.read_text().replace(str(self.folder), str(clone)))
        self.environment["PATH"] = f"{clone}/bin:{os.environ['PATH']}"
        self.folder = clone
        self.assertEqual(self.lint(), (0, [], 0))
        (clone / "a.h").write_text("int a();  // another comment\n")
        self.assertEqual(self.lint(), (0, ["one.cc", "two.cc"], 2))

    def test_it_ends_in_its_time_and_says_what_is_left(self):
        self.assertEqual(self.lint("--seconds", "0"), (0, [], 0))
        self.assertIn("0 files, 0 with something to mend; 2 not looked at within 0 s", self.said)
        self.lint()
        self.assertEqual(self.lint("--seconds", "0"), (0, [], 0))
        self.assertIn("2 files, 0 with something to mend\n", self.said)

    def test_other_checks_are_other_results(self):
        self.lint()
        (self.folder / ".clang-tidy").write_text("Checks: 'cert-*'\n")
        self.assertEqual(self.lint(), (0, ["one.cc", "two.cc"], 2))


if __name__ == "__main__":
    if shutil.which("clang++-16") is None:
        print("clang++-16 is missing")
        sys.exit(77)
    unittest.main(verbosity=2)
