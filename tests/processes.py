"""Processes that a test did not start itself, seen through /proc. Any of them may end while it is
looked at: opening its files fails with ENOENT then, reading an open one with ESRCH."""

import pathlib
import time


def children(pid):
    """Of all its threads; none where it is gone."""
    found = []
    try:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                found += map(int, (task / "children").read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                pass  # this thread has ended
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def still_alive(pids, patience):
    """Those that live after this many seconds. Ending takes a moment, also by SIGKILL."""
    end = time.monotonic() + patience
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < end:
        time.sleep(0.01)
    return left
