"""A file system that is full at once, for tests of what is kept on disk."""
import os
import subprocess


def mount(test, folder, size):
    """Mounts one of `size`, such as "64k", at a new folder, for as long as this test runs; skips the
    test where that needs rights that it has not."""
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
            capture_output=True).returncode != 0:
        test.skipTest("a small disk cannot be mounted here")
    test.addCleanup(subprocess.run, ["umount", folder])
    return folder
