#!/usr/bin/env python3
"""Runs end-to-end cases: text files that a person can read.

    tests/cases/run.py [--build DIR] [--rebase] [CASE...]

A case is a file *.case beside this one. Its lines:

    # text              a comment; the first says what the case is about
    file NAME           makes a file, out of the lines "| text" that follow
    file NAME hex H...  of these bytes          file NAME zeros SIZE     of SIZE zero bytes
    file NAME random N  of N bytes, the same each time        file NAME repeat N TEXT
    file NAME head N PATH   of the first N bytes of another file; "+" joins several of these
    dir NAME            makes a folder          link NAME TARGET         makes a symbolic link
    $ command           runs ferry (or `cat FILE`), in a new folder with `functions` beside
    < text              a line of its standard input; "<. text" has no line's end
    > text              a line of its standard output; ">. text" has no line's end
    ! text              a line of its standard error
    = N                 its exit status; 0 when there is no such line

In what is expected, <*> stands for anything within a line, and a line "...", after its mark, for
any number of lines. The line that says that a function is being compiled is left out: it is there
the first time only. --rebase rewrites what is expected where it was wrong; read the difference.

Exit status: 0 all passed, 1 one failed, 77 all were skipped: a function they need was left out of
the build for want of its toolchain.
"""

import argparse
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 120
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20}


class Malformed(Exception):
    """A line of a case that makes no sense."""


class Command:
    """One command, what goes in, and what must come out. Keeps its place in the file."""

    def __init__(self, words, line):
        self.words, self.line, self.end = words, line, line
        self.stdin, self.stdout, self.stderr, self.status = "", [], [], 0

    def expect(self, number, mark, text):
        self.end = number
        if mark == "<":
            self.stdin += text + "\n"
        elif mark == "<.":
            self.stdin += text
        elif mark == "=":
            self.status = int(text)
        elif mark in (">", ">."):
            self.stdout.append((mark, text))
        else:
            self.stderr.append((mark, text))


def size_of(text):
    number, unit = re.fullmatch(r"(\d+)(\w*)", text).groups()
    return int(number) * UNITS[unit]


def contents(words, folder):
    if "+" in words:
        cut = words.index("+")
        return contents(words[:cut], folder) + contents(words[cut + 1:], folder)
    kind, *rest = words
    if kind == "hex":
        return bytes.fromhex("".join(rest))
    if kind == "zeros":
        return bytes(size_of(rest[0]))
    if kind == "repeat":
        return rest[1].encode() * int(rest[0])
    if kind == "random":
        return random.Random(1).randbytes(size_of(rest[0]))
    if kind == "head":
        return (folder / rest[1]).read_bytes()[: size_of(rest[0])]
    raise Malformed(f"no way to make a file called '{kind}'")


def parse(lines, folder):
    """The commands of a case; its files are made on the way."""
    commands, into = [], None
    for number, line in enumerate(lines):
        mark, _, text = line.partition(" ")
        if mark == "|":
            with open(into, "a", encoding="utf-8") as f:
                f.write(text + "\n")
        elif mark == "file":
            name, *how = shlex.split(text)
            into = folder / name
            into.write_bytes(contents(how, folder) if how else b"")
        elif mark == "dir":
            (folder / text).mkdir(parents=True)
        elif mark == "link":
            name, target = text.split()
            os.symlink(target, folder / name)
        elif mark == "$":
            commands.append(Command(shlex.split(text), number))
        elif mark in ("<", "<.", ">", ">.", "!", "!.", "="):
            commands[-1].expect(number, mark, text)
        elif mark not in ("", "#"):
            raise Malformed(f"line {number + 1}: '{line}'")
    return commands


def matches(expected, got, i=0, j=0):
    """Both are lists of (mark, line), compared from i and j on; expected may hold wildcards."""
    if i == len(expected):
        return j == len(got)
    mark, text = expected[i]
    if text == "...":
        return any(matches(expected, got, i + 1, k) for k in range(j, len(got) + 1))
    if j == len(got) or got[j][0] != mark:
        return False
    pattern = ".*".join(re.escape(part) for part in text.split("<*>"))
    return re.fullmatch(pattern, got[j][1]) is not None and matches(expected, got, i + 1, j + 1)


def marked(text, mark):
    """Output as marked lines; the last may lack its end."""
    lines = text.split("\n")
    last = lines.pop()
    return [(mark, line) for line in lines] + ([(mark + ".", last)] if last else [])


def show(lines):
    return [f"{mark} {text}".rstrip() if text else mark for mark, text in lines]


def run_command(command, folder, build):
    program = command.words[0]
    if program == "ferry":
        program = str(build / "bin" / "ferry")
    elif program != "cat":
        raise Malformed(f"'{program}' is not a command of a case")
    home = folder / ".home"
    home.mkdir(exist_ok=True)
    # Compiled functions are kept between cases, or each would compile them anew.
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8",
                   "XDG_CACHE_HOME": str(build / "cases-cache"), "TMPDIR": str(folder)}
    # A sanitizer's build reads its options here.
    environment |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    done = subprocess.run([program] + command.words[1:], cwd=folder, env=environment,
                          input=command.stdin.encode(), capture_output=True, timeout=TIMEOUT)
    log = re.sub(r"(?m)^ferry: compiling .*\n", "", done.stderr.decode(errors="backslashreplace"))
    return (done.returncode, marked(done.stdout.decode(errors="backslashreplace"), ">"),
            marked(log, "!"))


def run_case(path, build, rebase):
    """None when it passed; "skipped: ..." or what went wrong."""
    lines = path.read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory(prefix="ferry-case-") as name:
        folder = pathlib.Path(name)
        os.symlink(build / "functions", folder / "functions")
        needed = set(re.findall(r"\bfunctions/[\w/-]+\.wasm", "\n".join(lines)))
        missing = sorted(f for f in needed if not (folder / f).exists())
        if missing:
            return f"skipped: not built here: {' '.join(missing)}"
        problems, rewritten, done = [], [], 0
        for command in parse(lines, folder):
            status, out, err = run_command(command, folder, build)
            rewritten += lines[done:command.line + 1]
            kept = [l for l in lines[command.line + 1:command.end + 1] if l[:1] == "<"]
            if (status == command.status and matches(command.stdout, out)
                    and matches(command.stderr, err)):
                rewritten += lines[command.line + 1:command.end + 1]
            else:
                result = show(out) + show(err) + ([f"= {status}"] if status else [])
                wanted = show(command.stdout) + show(command.stderr) + (
                    [f"= {command.status}"] if command.status else [])
                problems.append("\n".join([lines[command.line], "  expected"] +
                                          ["    " + l[:2000] for l in wanted] + ["  got"] +
                                          ["    " + l[:2000] for l in result[:60]]))
                rewritten += kept + result
            done = command.end + 1
        if problems and rebase:
            path.write_text("\n".join(rewritten + lines[done:]) + "\n", encoding="utf-8")
            return None
        return "\n".join(problems) or None


def main():
    parser = argparse.ArgumentParser(description="Runs end-to-end cases.")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build")
    parser.add_argument("--rebase", action="store_true", help="rewrite what is expected")
    parser.add_argument("cases", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    passed = failed = skipped = 0
    for path in options.cases or sorted(HERE.glob("*.case")):
        try:
            problem = run_case(path, options.build.resolve(), options.rebase)
        except (Malformed, subprocess.TimeoutExpired) as error:
            problem = str(error)
        if problem is None:
            passed += 1
        elif problem.startswith("skipped"):
            skipped += 1
            print(f"{path.name}: {problem}")
        else:
            failed += 1
            print(f"{path.name}: FAILED\n{problem}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 77 if skipped and not passed else 0


if __name__ == "__main__":
    sys.exit(main())
