#!/usr/bin/env python3
"""Writes many small functions, no two alike: bench/many.py FOLDER COUNT

Each is a command that answers {"n":NUMBER}, assembled here byte by byte: a compiler's run-time
would make them all look alike. Files that are there already are left as they are.
"""
import pathlib
import sys


def leb(value):
    out = bytearray()
    while True:
        out.append(value & 127 | (128 if value > 127 else 0))
        value >>= 7
        if not value:
            return bytes(out)


def sleb(value):
    out = bytearray()
    while True:
        byte, value = value & 127, value >> 7
        done = value == 0 and not byte & 64
        out.append(byte | (0 if done else 128))
        if done:
            return bytes(out)


def section(number, body):
    return bytes([number]) + leb(len(body)) + body


def name(text):
    return leb(len(text)) + text.encode()


def reply_of(number):
    return b'{"n":%d}' % number


def module(number):
    reply = reply_of(number)
    types = b"\x02" + b"\x60\x04\x7f\x7f\x7f\x7f\x01\x7f" + b"\x60\x00\x00"
    imports = b"\x01" + name("wasi_snapshot_preview1") + name("fd_write") + b"\x00\x00"
    exports = b"\x02" + name("memory") + b"\x02\x00" + name("_start") + b"\x00\x01"
    # A constant of its own, stored and never read; then fd_write(1, 0, 1, 8).
    code = (b"\x00" + b"\x41\x10" + b"\x41" + sleb(number) + b"\x36\x02\x00"
            + b"\x41\x01\x41\x00\x41\x01\x41\x08\x10\x00\x1a\x0b")
    data = (64).to_bytes(4, "little") + len(reply).to_bytes(4, "little")
    segments = (b"\x02" + b"\x00\x41\x00\x0b" + leb(len(data)) + data
                + b"\x00\x41" + sleb(64) + b"\x0b" + leb(len(reply)) + reply)
    return (b"\0asm\x01\0\0\0" + section(1, types) + section(2, imports) + section(3, b"\x01\x01")
            + section(5, b"\x01\x00\x01") + section(7, exports)
            + section(10, b"\x01" + leb(len(code)) + code) + section(11, segments))


def write(folder, count):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"f{number:05}.wasm"
        if not path.exists():
            path.write_bytes(module(number))
        paths.append(path)
    return paths


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]))
