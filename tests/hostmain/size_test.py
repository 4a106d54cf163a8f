#!/usr/bin/env python3
"""What goes into every package does not grow unseen.

    tests/hostmain/size_test.py BUILD

A part of the C library, or of ferry, that one new call brings into a static program can be larger
than all of a feature. `bench/host_size.py BUILD` shows what is in it. Where the growth is wanted,
raise the limit here, and say it in the change.
"""

import pathlib
import sys
import unittest

MOST = {"ferry-host": 6_450_000, "ferry-host-full": 18_700_000}  # bytes, stripped


class Size(unittest.TestCase):
    def test_programs_of_packages_keep_to_their_size(self):
        for name, most in MOST.items():
            with self.subTest(program=name):
                self.assertLessEqual((BUILD / "bin" / name).stat().st_size, most, name)


if __name__ == "__main__":
    BUILD = pathlib.Path(sys.argv.pop(1))
    unittest.main(verbosity=2)
