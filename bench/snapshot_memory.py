#!/usr/bin/env python3
"""The most memory that `ferry serve` takes beside serving while it makes a snapshot: the sum of the
PSS of the process that looks for it and of all below it, looked at every 50 ms.

    bench/snapshot_memory.py [--build build] [hello-go orders-go …]
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from processes import children, descendants, read


def pss(pid):
    """KiB; none where it is gone."""
    found = re.search(rb"^Pss:\s+(\d+)", read(pid, "smaps_rollup"), re.M)
    return int(found[1]) if found else 0


def is_beside(pid, server):
    """Those that look for snapshots have a priority below that of those that serve."""
    try:
        return os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, server)
    except ProcessLookupError:
        return False


def measure(build, name):
    """MiB, and the line that says what became of it."""
    with tempfile.TemporaryDirectory(prefix="ferry-snapshot-memory-") as folder:
        server = subprocess.Popen(
            [build / "bin/ferry", "serve", build / f"functions/{name}.wasm", "--workers", "1",
             "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True, env={**os.environ, "XDG_CACHE_HOME": folder})
        lines = []
        reader = threading.Thread(
            target=lambda: [lines.append(line) for line in server.stderr], daemon=True)
        reader.start()
        most = 0
        while server.poll() is None and not any("snapshot" in line for line in lines):
            most = max(most, sum(pss(each) for maker in children(server.pid)
                                 if is_beside(maker, server.pid)
                                 for each in (maker, *descendants(maker))))
            time.sleep(0.05)
        server.terminate()
        server.wait()
        reader.join()
        return most / 1024, lines[-1].strip() if lines else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("functions", nargs="*", default=["hello-go", "orders-go"])
    options = parser.parse_args()
    for name in options.functions:
        most, line = measure(options.build.resolve(), name)
        print(f"{name}: {most:.0f} MiB; {line}")


if __name__ == "__main__":
    main()
