"""Processes that a test did not start itself, seen through /proc. Any of them may end while it is
looked at: opening its files fails with ENOENT then, reading an open one with ESRCH."""

import os
import pathlib
import time

GONE = (FileNotFoundError, ProcessLookupError)


def read(pid, name):
    """The bytes of one of its files; none where it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except GONE:
        return b""


def threads(pid):
    """None where it is gone."""
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except GONE:
        return []


def descriptors(pid):
    """What is open in it, as the kernel names it ("socket:[4711]"); nothing where it is gone. What
    is closed while they are listed is left out."""
    found = []
    try:
        for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                found.append(os.readlink(path))
            except GONE:
                pass
    except GONE:
        pass
    return found


def children(pid):
    """Of all its threads; none where it is gone."""
    return [int(child) for thread in threads(pid)
            for child in read(pid, f"task/{thread}/children").split()]


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def alive(pid):
    stat = read(pid, "stat")
    return stat != b"" and stat.rsplit(b")", 1)[1].split()[0] != b"Z"


def busy(pid):
    """Whether it has used the processor for a twentieth of a second: it is no longer starting."""
    stat = read(pid, "stat")
    return stat != b"" and int(stat.rsplit(b")", 1)[1].split()[11]) >= 5


def still_alive(pids, patience):
    """Those that live after this many seconds. Ending takes a moment, also by SIGKILL."""
    end = time.monotonic() + patience
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < end:
        time.sleep(0.01)
    return left
