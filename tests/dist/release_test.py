#!/usr/bin/env python3
"""tools/release.sh: the version in two places, and what a release says of itself."""
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOG = "# Changes\n\n## Unreleased\n\n- New.\n- Newer.\n\n## 0.1.0 (2026-01-02)\n\n- First.\n"


class Release(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ferry-release-test-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        (self.home / "CMakeLists.txt").write_text("project(ferry VERSION 0.1.0 LANGUAGES C CXX\n")
        (self.home / "CHANGELOG.md").write_text(LOG)

    def run_it(self, *words, code=0):
        done = subprocess.run([ROOT / "tools/release.sh", *words], cwd=self.home, text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def test_notes_are_those_of_one_version(self):
        self.assertEqual(self.run_it("notes", "0.1.0"), "\n- First.\n")

    def test_a_version_that_is_in_one_place_alone_is_refused(self):
        self.run_it("notes", "0.2.0", code=1)
        (self.home / "CMakeLists.txt").write_text("project(ferry VERSION 0.2.0 LANGUAGES C CXX\n")
        self.run_it("notes", "0.2.0", code=1)
        self.run_it("notes", "0.1.0", code=1)

    def test_begin_sets_both(self):
        self.run_it("begin", "0.2.0")
        self.assertEqual(self.run_it("notes", "0.2.0"), "\n- New.\n- Newer.\n\n")
        self.assertRegex((self.home / "CHANGELOG.md").read_text(),
                         r"(?m)^## Unreleased\n\n## 0\.2\.0 \(\d{4}-\d\d-\d\d\)$")
        self.run_it("begin", "0.2.0", code=1)

    def test_what_is_no_version_is_a_usage_error(self):
        for version in ("", "v1", "1.", ".1", "1..2", "Unreleased"):
            self.run_it("notes", version, code=2)

    def test_cmake_names_its_version_as_it_is_looked_for(self):
        text = (ROOT / "CMakeLists.txt").read_text()
        self.assertTrue(re.search(r"(?m)^project\(ferry VERSION [0-9.]+ ", text))


if __name__ == "__main__":
    unittest.main()
