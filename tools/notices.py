#!/usr/bin/env python3
"""tools/notices.py OUT ENGINE...: writes the licences of the Rust crates that are linked into these
engines, each text once, with the crates it is of. Asks cargo, for each engine's Cargo.lock; works
from what the build has already downloaded. What else is linked in is in docs/dependencies.md.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

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
    # Without a source it is ours, unless it is a published one that setup.sh mended.
    return [p for p in data["packages"] if p["id"] in seen
            and (p["source"] is not None or "/mended/" in p["manifest_path"])]


def licences(manifest):
    """(name, version, licence, texts) of each package."""
    for package in linked(manifest):
        folder = pathlib.Path(package["manifest_path"]).parent
        texts = [file.read_text(encoding="utf-8", errors="replace").strip()
                 for file in sorted(folder.iterdir())
                 if file.is_file() and file.name.upper().startswith(NAMES)]
        yield (package["name"], package["version"],
               package["license"] or "see its licence file", texts)


def engine_licences(folder):
    """A crate with a setup.sh is whole only where that has run: in a copy, as in the build."""
    if not (folder / "setup.sh").exists():
        return list(licences(folder / "Cargo.toml"))
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        shutil.copytree(folder, work / "crate")
        shutil.copytree(folder.parent / "thin", work / "thin")
        subprocess.run(["./setup.sh"], cwd=work / "crate", check=True)
        return list(licences(work / "crate" / "Cargo.toml"))


def main():
    out_path, *engines = sys.argv[1:]
    packages = {}
    for engine in engines:
        folder = ROOT / "src/engines" / engine
        if (folder / "Cargo.lock").exists():
            for name, version, licence, texts in engine_licences(folder):
                packages[name, version] = (licence, texts)
    owners = {}
    with open(out_path, "w", encoding="utf-8") as out:
        out.write("Rust crates linked into ferry's engines\n\n")
        for (name, version), (licence, texts) in sorted(packages.items()):
            out.write(f"{name} {version}: {licence}\n")
            for text in texts:
                owners.setdefault(text, []).append(f"{name} {version}")
        for text, crates in sorted(owners.items(), key=lambda item: item[1]):
            out.write("\n" + "-" * 80 + "\n" + ", ".join(crates) + "\n\n" + text + "\n")
    print(f"notices: {len(packages)} crates")


main()
