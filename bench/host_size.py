#!/usr/bin/env python3
"""What connections add to ferry-host, in bytes of what is loaded: bench/host_size.py BUILD

Links ferry-host once more, elsewhere, with a map of the linker's, and sums in it what comes from the
libraries that only connections need, and from ferry's own sources for them. Less what the C library's
resolver would add (a second link, with getaddrinfo): it went when c-ares came. Tables for unwinding,
which nothing reads unless an exception passes, are said on their own. Exit status 1: more than MOST
without them.
"""

import collections
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

MOST = 400_000
LIBRARIES = {"Mbed TLS (HTTPS of components)": ("libmbedtls.a", "libmbedx509.a", "libmbedcrypto.a"),
             "c-ares (names)": ("libcares.a",),
             "src/net": ("libferry_net.a",)}
# Of modules that do other things too.
SOURCES = ("src/wasi/dial.cc", "src/wasi/dns.cc", "src/wasi/sock.cc", "src/wasi/sock_addrinfo.cc",
           "src/wasi/sock_options.cc", "src/wasi/socket_io.cc", "src/wasi2/exchange.cc",
           "src/wasi2/http_outgoing.cc", "src/wasi2/sockets.cc", "src/wasi2/tcp.cc")
ROOT = pathlib.Path(__file__).resolve().parent.parent
# A section of a file in the map of LLVM's linker: address, address, bytes, alignment, file, name.
PLACED = re.compile(r"^ *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ {9}(\S+):\((\.\S+)\)$", re.M)
NOT_LOADED = (".bss", ".tbss", ".comment")


def plain(symbol):
    """Without what the compiler puts behind the name of a part of a function."""
    return re.sub(r"\.(constprop|isra|part|cold|lto_priv)(\.\d+)?.*$", "", symbol)


def link(build, out, *options):
    """Bytes of ferry-host, linked with these options."""
    command = subprocess.run(["ninja", "-t", "commands", "ferry-host"], cwd=build, check=True,
                             capture_output=True, text=True).stdout.splitlines()[-1]
    subprocess.run(command.replace("-o bin/ferry-host", shlex.join(["-o", str(out), *options])),
                   shell=True, cwd=build, check=True)
    return out.stat().st_size


def symbols_of(build, source, out):
    """What a source file defines: compiled alone, as the build compiles its module."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if f"/ferry_{pathlib.Path(source).parent.name}.dir/" in entry["command"]:
            words = shlex.split(entry["command"])
            words[words.index("-o") + 1] = str(out)
            words[words.index("-c") + 1] = str(ROOT / source)
            break
    subprocess.run(words, cwd=build, check=True)
    listed = subprocess.run(["nm", "--defined-only", out], check=True, capture_output=True, text=True)
    return {plain(line.split()[2]) for line in listed.stdout.splitlines()
            if line.split()[1] in "TtRrDd"}


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        whole = link(build, folder / "host", f"-Wl,-Map={folder}/map")
        resolver = link(build, folder / "other", "-Wl,-u,getaddrinfo") - whole
        text = (folder / "map").read_text(errors="replace")
        own = set().union(*(symbols_of(build, each, folder / "one.o") for each in SOURCES))
    placed = PLACED.findall(text)
    if not placed:
        sys.exit("host_size.py: not a map of LLVM's linker: was lld there when BUILD was configured?")
    sums, unwinding = collections.Counter(), 0
    for size, place, section in placed:
        if section.startswith(NOT_LOADED):
            continue
        library = place.split("(")[0].rsplit("/", 1)[-1]
        for what, of in LIBRARIES.items():
            if library in of and section.startswith(".eh_frame"):
                unwinding += int(size, 16)
            elif library in of:
                sums[what] += int(size, 16)
        symbol = re.sub(r"^\.(text|rodata|data)(\.rel\.ro)?(\.local)?(\.(unlikely|hot|startup))?\.", "",
                        section)
        if library in ("libferry_wasi.a", "libferry_wasi2.a") and plain(symbol) in own:
            sums["src/wasi, src/wasi2: sockets, outgoing requests"] += int(size, 16)
    for what, size in sums.most_common():
        print(f"{size:>9,}  {what}")
    print(f"{-resolver:>9,}  the C library's resolver, which is no longer in it")
    added = sums.total() - resolver
    print(f"{added:>9,}  in all, of {whole:,}; at most {MOST:,}")
    print(f"{unwinding:>9,}  the libraries' tables for unwinding, besides")
    return 0 if added <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
