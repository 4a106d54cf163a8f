"""What is linked into what users run: the Rust crates of the engines, from each engine's
Cargo.lock, and the Debian packages that bring static libraries and headers, from
tools/packages.txt. For tools/notices.py and tools/sbom.py.
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
TARGET = "x86_64-unknown-linux-gnu"
LOADED = ("libcurl4-openssl-dev",)  # its headers are used; the library is the user's own
# Of the C and C++ compilers: ferry-host holds the C library and both runtimes, ferry parts of them.
TOOLCHAIN = ("libc6-dev", "libstdc++-12-dev", "libgcc-12-dev")


def crates(manifest):
    """The packages that a normal build for Linux links: no build scripts' or tests' ones."""
    for offline in (["--offline"], []):
        done = subprocess.run(
            [CARGO, "metadata", "--format-version=1", "--locked", "--filter-platform", TARGET,
             "--manifest-path", str(manifest), *offline],
            capture_output=True, text=True)
        if done.returncode == 0:
            break
    else:
        sys.exit(f"cargo metadata {manifest}: {done.stderr}")
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


def licence_texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    return [file.read_text(encoding="utf-8", errors="replace").strip()
            for file in sorted(folder.iterdir())
            if file.is_file() and file.name.upper().startswith(NAMES)]


def engine_crates(engine):
    """(package of cargo's metadata, licence texts) of each crate; nothing if it is no crate."""
    folder = ROOT / "src/engines" / engine
    if not (folder / "Cargo.lock").exists():
        return []
    # A crate with a setup.sh is whole only where that has run: in a copy, as in the build.
    if not (folder / "setup.sh").exists():
        return [(p, licence_texts(p)) for p in crates(folder / "Cargo.toml")]
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        shutil.copytree(folder, work / "crate")
        shutil.copytree(folder.parent / "thin", work / "thin")
        subprocess.run(["./setup.sh"], cwd=work / "crate", check=True, stdout=sys.stderr)
        return [(p, licence_texts(p)) for p in crates(work / "crate" / "Cargo.toml")]


def debian_packages():
    """(name, version) of the development packages that are linked, as installed here; nothing where
    this is no Debian."""
    if not shutil.which("dpkg-query"):
        return []
    group, names = None, list(TOOLCHAIN)
    for line in (ROOT / "tools/packages.txt").read_text().splitlines():
        if line.startswith("["):
            group = line.strip("[]")
        elif group == "build" and line.split("#")[0].strip().endswith("-dev"):
            names.append(line.split()[0])
    names = [name for name in names if name not in LOADED]
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *names],
                          capture_output=True, text=True)
    found = (line.split() for line in done.stdout.splitlines())
    return sorted(tuple(words) for words in found if len(words) == 2)


def debian_licence(name):
    file = pathlib.Path("/usr/share/doc") / name / "copyright"
    return file.read_text(encoding="utf-8", errors="replace").strip() if file.exists() else None
