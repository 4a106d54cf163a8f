#!/usr/bin/env python3
"""Holds the crates that ferry's engines are built of against the RustSec advisory database.

    tools/advisories.py --database DIR [--output text|json] [CARGO_LOCK...]

DIR is a checkout of https://github.com/rustsec/advisory-db. Without a CARGO_LOCK: those of all
engines (src/engines/*/Cargo.lock). What is known and accepted stands in tools/advisories.toml, each
with the reason; docs/engines.md says what it means for users.

Exit status: 0 all found are accepted; 1 one is not, or one that is accepted no longer applies;
2 the database or a file cannot be read.
"""

import argparse
import json
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACCEPTED = ROOT / "tools" / "advisories.toml"


def parse_version(text):
    """A version as a tuple that compares as semver.org says, item 11."""
    text = text.strip().split("+")[0]
    core, _, before = text.partition("-")
    numbers = [int(part) for part in core.split(".")]
    numbers += [0] * (3 - len(numbers))
    # A version without a pre-release part is above all that have one.
    rest = tuple((0, int(part), "") if part.isdigit() else (1, 0, part)
                 for part in before.split(".")) if before else ((2, 0, ""),)
    return tuple(numbers[:3]), rest


def upper_bound(parts, operator):
    """The first version that ^ or ~ no longer allows."""
    numbers = [int(part) for part in parts]
    if operator == "~":
        at = 1 if len(numbers) > 1 else 0
    else:
        at = next((i for i, number in enumerate(numbers) if number != 0), len(numbers) - 1)
    bound = numbers[:at] + [numbers[at] + 1]
    return ".".join(str(number) for number in bound)


def satisfies(version, requirement):
    """Whether a version meets Cargo's requirement, such as ">= 1.2, < 2" or "^0.3"."""
    for part in requirement.split(","):
        found = re.fullmatch(r"(>=|<=|>|<|=|\^|~)?\s*([0-9][^\s]*)", part.strip())
        if not found:
            raise ValueError(f"requirement '{requirement}'")
        operator, bound = found.group(1) or "^", parse_version(found.group(2))
        if operator in "^~":
            after = parse_version(upper_bound(found.group(2).split("-")[0].split("."), operator))
            good = bound <= version < after
        else:
            good = {">=": version >= bound, "<=": version <= bound, ">": version > bound,
                    "<": version < bound, "=": version == bound}[operator]
        if not good:
            return False
    return True


def read_advisory(path):
    text = path.read_text(encoding="utf-8")
    head = re.match(r"```toml\n(.*?)\n```\s*(?:#\s*(.*))?", text, re.DOTALL)
    if not head:
        raise ValueError(f"{path}: no front matter")
    data = tomllib.loads(head.group(1))
    title = re.search(r"^# (.*)$", text[head.end(1):], re.MULTILINE)
    return data, title.group(1).strip() if title else ""


def advisories_of(database, name, version):
    """(id, kind, title) of each advisory that this version of the crate is affected by."""
    for path in sorted((database / "crates" / name).glob("RUSTSEC-*.md")):
        data, title = read_advisory(path)
        advisory, versions = data["advisory"], data.get("versions", {})
        if "withdrawn" in advisory:
            continue
        fine = versions.get("patched", []) + versions.get("unaffected", [])
        if not any(satisfies(parse_version(version), each) for each in fine):
            yield advisory["id"], advisory.get("informational", "vulnerability"), title


def look_at(database, lock):
    """All findings of one lock file."""
    with open(lock, "rb") as file:
        packages = tomllib.load(file)["package"]
    engine = lock.resolve().parent.name
    for package in packages:
        for name, kind, title in advisories_of(database, package["name"], package["version"]):
            yield {"engine": engine, "crate": package["name"], "version": package["version"],
                   "id": name, "kind": kind, "title": title}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--database", type=pathlib.Path, required=True)
    parser.add_argument("--output", choices=["text", "json"], default="text")
    parser.add_argument("locks", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    if not (options.database / "crates").is_dir():
        print(f"{options.database}: no advisory database (there is no folder 'crates')",
              file=sys.stderr)
        return 2
    locks = options.locks or sorted((ROOT / "src" / "engines").glob("*/Cargo.lock"))
    with open(ACCEPTED, "rb") as file:
        accepted = {(entry["engine"], entry["id"]): entry["why"]
                    for entry in tomllib.load(file)["accepted"]}
    found = [finding for lock in locks for finding in look_at(options.database, lock)]
    for finding in found:
        finding["accepted"] = accepted.get((finding["engine"], finding["id"]), "")
    engines = {lock.resolve().parent.name for lock in locks}
    gone = [key for key in accepted
            if key[0] in engines and key not in {(f["engine"], f["id"]) for f in found}]
    if options.output == "json":
        print(json.dumps(found, indent=1))
    else:
        for finding in found:
            print("{mark} {engine}: {id} {crate} {version} ({kind}): {title}".format(
                mark="accepted" if finding["accepted"] else "NEW     ", **finding))
    for engine, name in gone:
        print(f"{engine}: {name} no longer applies: take it out of {ACCEPTED.name}",
              file=sys.stderr)
    return 1 if gone or any(not finding["accepted"] for finding in found) else 0


if __name__ == "__main__":
    sys.exit(main())
