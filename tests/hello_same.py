#!/usr/bin/env python3
"""A hello in one more language answers as hello-c does: status, reply and log, event by event.

hello_same.py --build DIR [--engine ENGINE] NAME

Exit status: 0 the same, 1 a difference, 77 one of the two is not built here.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

DEEP = 10_000  # the most that values may nest
EVENTS = [
    # Who is greeted.
    b"", b"null", b"{}", b' { } ', b'{"name":""}', b'{"name":null}', b'{"name":"Ada"}',
    b'{"NAME":"Ada","Name":"Grace"}', b'{"name":"Ada","name":null}', b'{"na\\u006de":"Ada"}',
    b'\n\t\r {"name"\n:\t"Ada"}\r\n', b'{"id":[1,{"name":"no"}],"name":"Ada","x":1e3}',
    b'{"a":{"name":7},"b":[{"name":1}]}', b'{"name":"' + b"x" * 200_000 + b'"}',
    # Strings: escapes, surrogates, what is not UTF-8, line separators.
    b'{"name":"a\\nb\\"<&>\\u0000\\u001f\\u007f\\b\\f\\r\\t\\/\\\\"}',
    b'{"name":"\\ud800 \\ud83d\\ude00 \\udc00\\ud800\\u0041 \\\\ud800 \\uD83D\\uDE00"}',
    b'{"name":"\xff\xc3\xa4 \xe2\x28\xa1 \xf0\x9f\x98\x80 \xed\xa0\x80 \xc0\x80 \xf0\x9f\x98"}',
    b'{"name":"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"}', b'{"name":"\\ud800\\uZZZZ"}',
    b'{"name":"\x01"}', b'{"name":"\\x"}', b'{"name":"\\u12g4"}', b'{"name":"\\u12', b'{"name":"\\',
    b'{"name":"\\\xff"}', b"\xff", b"\xef\xbb\xbf{}",
    # Numbers and words.
    b'{"a":-0.5e+10,"b":0,"c":-1}', b'{"a":01}', b'{"a":1.}', b'{"a":-}', b'{"a":1e}', b'{"a":+1}',
    b'{"a":tru}', b'{"a":nul}', b"nullx", b"null null",
    # Structure.
    b"   ", b"not json", b"[", b"]", b"{,}", b'{"a"}', b'{"a":}', b"{1:2}", b"[1}", b'{"a":1]',
    b'{"a":[1,]}', b'{"a":[,1]}', b'{"a":[1 2]}', b'{"a":1,}', b'{"name":"a" "b"}', b"{} {}",
    b'{"name":"Ada"} x', b'{"name":7', b"[" * DEEP + b"]" * DEEP,
    b"[" * (DEEP + 1) + b"]" * (DEEP + 1), b'{"a":' + b"[" * (DEEP - 1) + b"]" * (DEEP - 1) + b"}",
    b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}",
    # JSON, but not as wanted.
    b"[1]", b"7", b'"x"', b"true", b'{"name":7}', b'{"name":7,"name":"Ada"}', b'{"name":["x"]}',
    b'{"name":{}}',
]


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    ask.add_argument("--engine", default="wasmtime")
    ask.add_argument("name")
    given = ask.parse_args()
    build = given.build.resolve()
    functions = [build / "functions" / f"{name}.wasm" for name in ("hello-c", given.name)]
    for function in functions:
        if not function.exists():
            print(f"skipped: {function.name} is not built here")
            return 77
    different = 0
    with tempfile.TemporaryDirectory(prefix="ferry-hello-") as folder:
        data = pathlib.Path(folder) / "data"

        def outcome(function):
            done = subprocess.run([build / "bin" / "ferry", "run", function, f"@{data}", "--engine",
                                   given.engine], capture_output=True, timeout=120)
            log = [line for line in done.stderr.splitlines()
                   if not line.startswith(b"ferry: compiling ")]
            return done.returncode, done.stdout, log

        for event in EVENTS:
            data.write_bytes(event)
            wanted, got = map(outcome, functions)
            if wanted != got:
                different += 1
                print(f"{event[:80]}\n  expected {str(wanted)[:500]}\n  got      {str(got)[:500]}")
    print(f"{given.name}: {len(EVENTS)} events, {different} answered otherwise than by hello-c")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
