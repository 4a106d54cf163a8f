#!/usr/bin/env python3
"""Puts measured figures into the docs: no figure there is typed by hand.

    bench/figures.py            fill each block from docs/data/*.json
    bench/figures.py --check    change nothing; fail if a block differs from its data

A block of a Markdown file:

    <!-- figures NAME:KEY -->
    <!-- end -->

is filled with table KEY of docs/data/NAME.json, and under it with the command that measured it:

    {"command": "make bench FIGURES=serve", "machine": "2 cores, ...", "date": "2026-11-22",
     "tables": {"KEY": {"columns": ["what", "ratio"], "rows": [["hello", "1.2"]]}}}

A table may have a command, a machine and a date of its own.
"""
import argparse
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- figures ([a-z0-9-]+):([a-z0-9_-]+) -->\n).*?(<!-- end -->)", re.S)


def cell(value):
    return str(value).replace("|", "\\|").replace("\n", " ")


def table(data, key, name):
    if key not in data["tables"]:
        raise ValueError(f"docs/data/{name}.json has no table '{key}', only "
                         + ", ".join(sorted(data["tables"])))
    found = data["tables"][key]
    columns, rows = found["columns"], found["rows"]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"docs/data/{name}.json, table '{key}': a row of {len(row)} cells "
                             f"under {len(columns)} columns")
    lines = ["| " + " | ".join(map(cell, columns)) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    lines.append("")
    of = {**data, **found}  # a table measured apart from the others says so itself
    lines.append(f"`{of['command']}`; {of['machine']}; {of['date']}.")
    return "\n".join(lines) + "\n"


def fill(path):
    def replace(match):
        head, name, key, end = match.groups()
        data = json.loads((ROOT / "docs" / "data" / f"{name}.json").read_text())
        return head + table(data, key, name) + end

    text = path.read_text()
    return text, BLOCK.sub(replace, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    wrong = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        try:
            before, after = fill(path)
        except (OSError, ValueError, KeyError) as error:
            sys.exit(f"bench/figures.py: {path.relative_to(ROOT)}: {error}")
        if before != after:
            wrong.append(path.relative_to(ROOT))
            if not check:
                path.write_text(after)
                print(f"filled {path.relative_to(ROOT)}")
    if check and wrong:
        sys.exit("bench/figures.py: these differ from docs/data; run bench/figures.py: "
                 + ", ".join(map(str, wrong)))


main()
