#!/usr/bin/env python3
"""tools/notices.py OUT: writes the licences of the Rust crates that are linked into the engines,
each text once, with the crates it is of. Asks cargo, for each engine's Cargo.lock; works from what
the build has already downloaded. What else is linked in is in docs/dependencies.md.
"""

import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE")
CARGO = shutil.which("cargo") or str(pathlib.Path.home() / ".cargo/bin/cargo")


def linked(manifest):
    """The packages that a normal build for Linux links: no build scripts' or tests' ones."""
    for offline in (["--offline"], []):
        done = subprocess.run(
            [CARGO, "metadata", "--format-version=1", "--locked", "--filter-platform",
             "x86_64-unknown-linux-gnu", "--manifest-path", str(manifest), *offline],
            capture_output=True, text=True)
        if done.returncode == 0:
            break
    else:
        sys.exit(f"notices: cargo metadata {manifest}: {done.stderr}")
    data = json.loads(done.stdout)
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    seen, todo = set(), [data["resolve"]["root"]]
    while todo:
        package = todo.pop()
        if package not in seen:
            seen.add(package)
            todo += [dep["pkg"] for dep in nodes[package]["deps"]
                     if any(kind["kind"] is None for kind in dep["dep_kinds"])]
    return [p for p in data["packages"] if p["id"] in seen and p["source"] is not None]


def main():
    packages = {}
    for manifest in sorted(ROOT.glob("src/engines/*/Cargo.toml")):
        if not (manifest.parent / "Cargo.lock").exists():
            continue  # its lock file is made when it is built
        packages.update({(p["name"], p["version"]): p for p in linked(manifest)})
    texts = {}
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("Rust crates linked into ferry's engines\n\n")
        for (name, version), package in sorted(packages.items()):
            out.write(f"{name} {version}: {package['license'] or 'see its licence file'}\n")
            folder = pathlib.Path(package["manifest_path"]).parent
            for file in sorted(folder.iterdir()):
                if file.is_file() and file.name.upper().startswith(NAMES):
                    text = file.read_text(encoding="utf-8", errors="replace").strip()
                    texts.setdefault(text, []).append(f"{name} {version}")
        for text, crates in sorted(texts.items(), key=lambda item: item[1]):
            out.write("\n" + "-" * 80 + "\n" + ", ".join(crates) + "\n\n" + text + "\n")
    print(f"notices: {len(packages)} crates")


main()
