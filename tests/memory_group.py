"""A control group of limited memory, for tests of what the kernel ends when there is none left."""
import os
import pathlib
import time

GROUPS = pathlib.Path("/sys/fs/cgroup")


def make(test, mebibytes):
    """A new group, for as long as this test runs; skips the test where that needs rights that it has
    not. A process enters it by writing its number to `cgroup.procs` there."""
    unified = (GROUPS / "cgroup.controllers").exists()
    group = GROUPS / ("" if unified else "memory") / f"ferry-test-{os.getpid()}"
    try:
        group.mkdir()
        test.addCleanup(remove, group)
        limit = "memory.max" if unified else "memory.limit_in_bytes"
        (group / limit).write_text(str(mebibytes << 20))
        if (group / "memory.swap.max").exists():
            (group / "memory.swap.max").write_text("0")
    except OSError as error:
        test.skipTest(f"no control group with limited memory can be made here: {error}")
    return group


def remove(group):
    for _ in range(100):
        try:
            return group.rmdir()
        except OSError:  # the last of its processes ends
            time.sleep(0.05)


def kills(group):
    """How many processes of the group the kernel has ended."""
    unified = (group / "memory.events").exists()
    words = (group / ("memory.events" if unified else "memory.oom_control")).read_text().split()
    return int(words[words.index("oom_kill") + 1])
