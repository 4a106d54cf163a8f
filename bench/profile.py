#!/usr/bin/env python3
"""Where a served event's time goes: the worker under load, sampled by perf.

    bench/profile.py BUILD-DIR [--quick]      writes docs/data/profile.json

One worker on one core, 64 connections, the client on another core, as in `make bench
FIGURES=serve`. Each sample counts for the part whose code ran; what libc and libstdc++ do counts
for the part that called them. Needs perf (Debian: linux-perf) and the right to use it.
"""
import argparse
import collections
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

from measures import Bench, Missing
from run import cpu_name
from servers import CLIENT_CORE, CORES, HERE, SERVER_CORE, family, load_on

# In this order: the first whose pattern is found in a frame decides.
PARTS = (
    (r"ferry::engine::(Kept|FirstState|SignalGuard|UserfaultGuard|PageGuard|for_each_run"
     r"|\(anonymous namespace\)::copy\b)|ferry::host::Loaded::(release|set_back)",
     "ferry: setting the instance back"),
    (r"ferry::wasi::|ferry::engine::wasmtime::\(anonymous namespace\)::trampoline",
     "ferry: WASI"),
    (r"ferry::http::", "ferry: HTTP"),
    (r"ferry::platforms::|ferry::event::|ferry::host::\(anonymous namespace\)::.*reply|make_reply",
     "ferry: event, reply, log"),
    (r"ferry::host::|ferry::engine::", "ferry: host"),
    (r"ferry::", "ferry: the rest"),
)
CALLS = {"sendto": "kernel: send", "recvfrom": "kernel: recv", "epoll_wait": "kernel: epoll_wait",
         "epoll_pwait": "kernel: epoll_wait", "futex": "kernel: futex",
         "mprotect": "kernel: mprotect"}
# libc's doors to the kernel: perf finds no caller of theirs.
DOORS = {"__send", "__libc_send", "__libc_recv", "recv", "send", "epoll_wait", "epoll_pwait"}
LIBRARIES = ("libc.so", "libstdc++", "libm.so", "ld-linux", "[vdso]", "libgcc")
# Whose symbols have a table of their own.
SYMBOLS = {"C": "symbols-c", "Go, snapshot": "symbols-go"}
GUEST, ENGINE, OTHER = "the function", "the engine", "libraries, no caller known"
FRAME = re.compile(r"^\s+[0-9a-f]+ (.*) \((.*)\)$")


def part_of(frames):
    """frames: (symbol, file), the running one first."""
    symbol, file = frames[0]
    if file.startswith("[kernel") or file == "[guest.kernel.kallsyms]":
        for name, _ in frames:
            call = re.match(r"__(?:x64|arm64)_sys_(\w+)", name)
            if call:
                return CALLS.get(call.group(1), "kernel: other calls")
        if any("page_fault" in name for name, _ in frames):
            return "kernel: page faults"
        return "kernel: interrupts and the rest"
    if symbol in DOORS:
        return "ferry: HTTP"
    for symbol, file in frames:
        name = os.path.basename(file)
        if name.endswith(".ferry"):
            return GUEST
        for pattern, part in PARTS:
            if re.search(pattern, symbol):
                return part
        if name.startswith("ferry-engine-"):
            return ENGINE
        if not name.startswith(LIBRARIES) and "unknown" not in symbol:
            continue  # std:: and boost:: in our own program: whoever called it
    return OTHER


def shown_file(file):
    name = os.path.basename(file)
    if file.startswith("["):
        return file.strip("[]").replace("kernel.kallsyms", "kernel")
    return GUEST if name.endswith(".ferry") else name


def samples(data, processes):
    """The frames of each sample of these processes, read from perf's own text."""
    script = subprocess.Popen(["perf", "script", "-i", data, "-F", "ip,sym,dso", "--no-inline",
                               "--pid", ",".join(map(str, processes))],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    frames = []
    for line in script.stdout:
        found = FRAME.match(line)
        if found:
            frames.append((found.group(1), found.group(2)))
        elif frames:
            yield frames
            frames = []
    if frames:
        yield frames
    script.wait()


def measure(server, seconds):
    """Shares by part and by symbol, and what a request costs without perf."""
    workers = family(server.process.pid)
    workers = workers[1:] or workers  # the control works in the process that was started
    server.load(1, 64)
    cpu = server.load(seconds, 64)["cpu_us"]
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "perf.data"
        # The core and not the worker: perf would follow no thread that is not there yet, and the
        # loop's leader may be one that comes later.
        perf = subprocess.Popen(
            ["perf", "record", "-q", "-F", "3989", "-g", "-C", str(SERVER_CORE), "-o", data, "--",
             "sleep", str(seconds)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        load_on([(server, CLIENT_CORE)], seconds, 64)
        why = perf.communicate()[1]
        if perf.returncode != 0 or not data.exists():
            sys.exit(f"bench/profile.py: perf record failed: {why.strip()}")
        parts, symbols, libraries, total = collections.Counter(), collections.Counter(), 0, 0
        for frames in samples(data, workers):
            part = part_of(frames)
            symbol, file = frames[0]
            parts[part] += 1
            # Without arguments, and without what a template was made for: a name, not a proof.
            short = re.sub(r"<.*>|\(.*\)(?= const|$)|\[clone.*\]", "", symbol).strip()
            if file.endswith(".ferry"):
                short = "all of its code"
            symbols[short, shown_file(file), part] += 1
            libraries += os.path.basename(file).startswith(LIBRARIES)
            total += 1
    if total < 100:
        sys.exit(f"bench/profile.py: only {total} samples; is the server idle?")
    return {"cpu_us": cpu, "samples": total, "libraries": libraries / total,
            "parts": {part: count / total for part, count in parts.most_common()},
            "symbols": [[*key, count / total] for key, count in symbols.most_common(25)]}


def tables(raw):
    names = list(raw)
    order = collections.Counter()
    for seen in raw.values():
        order.update(seen["parts"])
    groups = ("kernel", "ferry", GUEST, ENGINE, OTHER)

    def cells(share_of):
        out = []
        for seen in raw.values():
            share = share_of(seen)
            out += [f"{share:.1%}", f"{share * seen['cpu_us']:.2f}"]
        return out

    def total(group):
        return cells(lambda seen: sum(share for part, share in seen["parts"].items()
                                      if part.split(":")[0] == group))

    rows = []
    for group in groups:
        inside = [part for part, _ in order.most_common() if part.startswith(f"{group}:")]
        if inside:
            rows.append([f"**{group}, all of it**", *total(group)])
        rows += [[part, *cells(lambda seen, part=part: seen["parts"].get(part, 0))]
                 for part in inside or [each for each in order if each == group]]
    rows.append(["(of all that, in libc and libstdc++)", *cells(lambda seen: seen["libraries"])])
    made = {"parts": {"columns": ["where"] + [head for name in names for head in
                                             (f"{name}: share", "µs a request")], "rows": rows}}
    for name, key in SYMBOLS.items():
        if name in raw:
            made[key] = {"columns": ["symbol", "in", "counts for", "share"],
                         "rows": [[f"`{symbol}`", file, part, f"{share:.1%}"]
                                  for symbol, file, part, share in raw[name]["symbols"][:15]]}
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="few samples: does it work at all")
    options = parser.parse_args()
    if not shutil.which("perf"):
        sys.exit("bench/profile.py: there is no perf (Debian: apt-get install linux-perf)")
    build = options.build.resolve()
    bench = Bench(build, options.quick)
    load = os.getloadavg()[0]
    servers = {"control": bench.control, "C": lambda: bench.ferry(bench.hello)}
    try:
        snapshot = bench.go_snapshot()
        servers["Go, snapshot"] = lambda: bench.ferry(snapshot)
    except Missing as why:
        print(f"bench: Go left out: {why}", file=sys.stderr)
    raw = {}
    for name, start in servers.items():
        server = start()
        raw[name] = measure(server, 4 if options.quick else 20)
        server.stop()
    result = {"command": "make bench-profile" + (" QUICK=1" if options.quick else ""),
              "machine": f"{len(CORES)} cores, {cpu_name()}, Linux "
                         f"{platform.release().split('-')[0]}, load average {load:.1f}",
              "date": time.strftime("%Y-%m-%d", time.gmtime()), "tables": tables(raw), "raw": raw}
    path = HERE.parent / "docs" / "data" / "profile.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    for row in result["tables"]["parts"]["rows"]:
        print(" | ".join(row))


if __name__ == "__main__":
    main()
