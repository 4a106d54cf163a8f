#!/usr/bin/env python3
"""What goes into every package does not grow unseen, and has no fixed address.

    tests/hostmain/size_test.py BUILD

A part of the C library, or of ferry, that one new call brings into a static program can be larger
than all of a feature. `bench/host_size.py BUILD` shows what is in it. Where the growth is wanted,
raise the limit here, and say it in the change.
"""

import pathlib
import struct
import sys
import unittest

MOST = {"ferry-host": 6_450_000, "ferry-host-full": 19_200_000}  # bytes, stripped


class Size(unittest.TestCase):
    def test_programs_of_packages_keep_to_their_size(self):
        for name, most in MOST.items():
            with self.subTest(program=name):
                self.assertLessEqual((BUILD / "bin" / name).stat().st_size, most, name)

    # Static, and placed by the kernel at another address at each start (static-pie).
    def test_programs_of_packages_are_static_and_have_no_fixed_address(self):
        for name in MOST:
            with self.subTest(program=name):
                elf = (BUILD / "bin" / name).read_bytes()[:4096]
                kind, = struct.unpack_from("<H", elf, 16)
                table, = struct.unpack_from("<Q", elf, 32)
                size, count = struct.unpack_from("<HH", elf, 54)
                segments = {struct.unpack_from("<I", elf, table + n * size)[0] for n in range(count)}
                self.assertEqual(kind, 3, "ET_DYN: position-independent")
                self.assertNotIn(3, segments, "PT_INTERP: nothing loads it but the kernel")
                self.assertIn(0x6474E552, segments, "PT_GNU_RELRO")


if __name__ == "__main__":
    BUILD = pathlib.Path(sys.argv.pop(1))
    unittest.main(verbosity=2)
