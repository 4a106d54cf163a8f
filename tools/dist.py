#!/usr/bin/env python3
"""tools/dist.py BUILD OUT [--arm64 BUILD] [--root TAR] [--arm64-root TAR]: what people install, out
of a build folder whose programs are built, and of one for arm64 (`make arm64-ferry`), into OUT:

    ferry_VERSION_ARCH.deb               for Debian and Ubuntu (CPack)
    ferry-VERSION-linux-ARCH.tar.gz      runs from any folder
    ferry-VERSION-py3-none-manylinux_*   a Python wheel: pip install, pipx run
    ferry-VERSION-oci.tar                a container image with ferry on Debian, for CI
    ferry-VERSION.cdx.json, SHA256SUMS

The same commit and build give the same bytes: every time within is that of the commit
(SOURCE_DATE_EPOCH, if it is set), every order is that of names. --root and --arm64-root are the bases
of the image, made by mmdebstrap unless they are given; their packages are those that Debian 12 has on
the day. Those for arm64 run programs as they are installed (tools/with_arm64.py); where that cannot be,
the image is for this machine's architecture alone, which is said.
"""

import argparse
import base64
import csv
import gzip
import hashlib
import io
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import oci

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUMMARY = "Carries one WebAssembly function, unmodified, to every serverless platform"
DEBIAN = "bookworm"
# For jobs of CI: certificates for `ferry deploy` and `pack --push`, and their HTTPS.
IMAGE_PACKAGES = "ca-certificates,libcurl4,libstdc++6"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"dist: {words[0]} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


def cached(build, name):
    """A value of CMake's cache."""
    text = (build / "CMakeCache.txt").read_text()
    found = re.search(rf"^{name}:\w+=(.*)$", text, re.M)
    return found[1] if found else ""


class Release:
    """What is the same in all artefacts: version, time, machine, and the staged files."""

    def __init__(self, build, out):
        self.build, self.out = build, out
        self.version = cached(build, "CMAKE_PROJECT_VERSION")
        cross = "arm64" in cached(build, "CMAKE_TOOLCHAIN_FILE")
        self.machine = "aarch64" if cross else platform.machine()
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        self.epoch = int(epoch or run("git", "-C", ROOT, "log", "-1", "--format=%ct"))
        os.environ["SOURCE_DATE_EPOCH"] = str(self.epoch)
        self.stage = build / "dist-stage"
        self.artefacts = []

    def lay_out(self):
        """bin, lib, share as installed, stripped."""
        shutil.rmtree(self.stage, ignore_errors=True)
        os.umask(0o022)
        run("cmake", "--install", self.build, "--prefix", "/", "--strip",
            env={**os.environ, "DESTDIR": str(self.stage)})
        self.engines = sorted(path.name.removeprefix("ferry-engine-").removesuffix(".so")
                              for path in (self.stage / "lib/ferry/engines").glob("*.so"))

    def files(self):
        """(path within, file) of what is staged, by name."""
        found = [path for path in self.stage.rglob("*") if path.is_file()]
        return sorted((path.relative_to(self.stage).as_posix(), path) for path in found)

    def path(self, name):
        self.artefacts.append(self.out / name)
        return self.artefacts[-1]


def mode_of(path):
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def tar_of(release, prefix):
    """The staged files as a tar, below a folder."""
    out = io.BytesIO()
    folders = set()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        def add(name, kind, mode, data=b""):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime, info.size = kind, mode, release.epoch, len(data)
            info.uname = info.gname = "root"
            tar.addfile(info, io.BytesIO(data))
        for name, path in release.files():
            whole = pathlib.PurePosixPath(prefix, name)
            for folder in reversed(whole.parents[:-1]):
                if folder not in folders:
                    folders.add(folder)
                    add(str(folder), tarfile.DIRTYPE, 0o755)
            add(str(whole), tarfile.REGTYPE, mode_of(path), path.read_bytes())
    return out.getvalue()


def make_deb(release):
    work = release.build / "dist-deb"
    shutil.rmtree(work, ignore_errors=True)
    run("cpack", "-G", "DEB", "-B", work, cwd=release.build)
    made, = work.glob("*.deb")
    shutil.move(made, release.path(made.name))


def make_archive(release):
    name = f"ferry-{release.version}-linux-{release.machine}"
    out = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=release.epoch) as packed:
        packed.write(tar_of(release, name))
    release.path(f"{name}.tar.gz").write_bytes(out.getvalue())


def newest_glibc(release):
    """The newest version of the C library that any program or engine asks for: (2, 34)."""
    needed = set()
    for name, path in release.files():
        if name.startswith(("bin/", "lib/")):
            versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("readelf", "--version-info", path))
            needed |= {tuple(map(int, version)) for version in versions}
    return max(needed)


def make_wheel(release):
    """PyPA's binary distribution format 1.0: what is staged becomes files of the environment's own
    prefix, so that bin/ferry finds lib/ferry/engines as it does elsewhere."""
    tag = "py3-none-manylinux_{}_{}_{}".format(*newest_glibc(release), release.machine)
    name = f"ferry-{release.version}"
    info = f"{name}.dist-info"
    entries = []
    for inside, path in release.files():
        scheme = ("scripts/" + inside.removeprefix("bin/") if inside.startswith("bin/")
                  else "data/" + inside)
        entries.append((f"{name}.data/{scheme}", path.read_bytes(), mode_of(path)))
    readme = (ROOT / "README.md").read_text()
    texts = {
        "METADATA": f"Metadata-Version: 2.1\nName: ferry\nVersion: {release.version}\n"
                    f"Summary: {SUMMARY}\nLicense: Apache-2.0\n"
                    f"Description-Content-Type: text/markdown\n\n{readme}",
        "WHEEL": f"Wheel-Version: 1.0\nGenerator: ferry\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    entries += [(f"{info}/{file}", text.encode(), 0o644) for file, text in texts.items()]
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for path, data, _ in entries:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.writerow([path, f"sha256={digest}", len(data)])
    rows.writerow([f"{info}/RECORD", "", ""])
    entries.append((f"{info}/RECORD", record.getvalue().encode(), 0o644))
    with zipfile.ZipFile(release.path(f"{name}-{tag}.whl"), "w") as wheel:
        for path, data, mode in entries:
            entry = zipfile.ZipInfo(path)  # of 1980, the oldest that the format can say
            entry.external_attr = (0o100000 | mode) << 16
            entry.create_system = 3
            wheel.writestr(entry, data, zipfile.ZIP_DEFLATED)


def debian_root(release):
    """A small Debian as a tar, or nothing where it cannot be laid out: mmdebstrap heeds
    SOURCE_DATE_EPOCH, and runs programs of the packages."""
    path = release.build / "dist-root.tar"
    foreign = release.machine != platform.machine()
    words = [*([ROOT / "tools/with_arm64.py"] if foreign else []),
             "mmdebstrap", "--quiet", "--variant=minbase", f"--include={IMAGE_PACKAGES}",
             f"--architectures={ARCHITECTURES[release.machine]}",
             "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
             "--dpkgopt=path-include=/usr/share/doc/*/copyright",
             "--dpkgopt=path-exclude=/usr/share/locale/*", DEBIAN, path]
    if foreign and subprocess.run([words[0], "true"], capture_output=True,
                                  check=False).returncode == 77:
        return None
    run(*words)
    return path


def make_image(releases, roots):
    """One image, of each architecture; `roots` has the bases that are given, by architecture."""
    variants = {}
    for release in releases:
        architecture = ARCHITECTURES[release.machine]
        base = roots.get(architecture) or debian_root(release)
        if base:
            variants[architecture] = [base.read_bytes(), tar_of(release, "usr")]
        else:
            print(f"dist: no image for {architecture}: this kernel does not run its programs")
    first = releases[0]
    image = oci.image(variants, first.epoch, f"ferry:{first.version}",
                      {"io.ferry.version": first.version})
    first.path(f"ferry-{first.version}-oci.tar").write_bytes(image)


def make_sums(releases):
    """The bill of materials is in the sums, and the sums in nothing."""
    first = releases[0]
    files = sorted(path for release in releases for path in release.artefacts)
    engines = sorted({engine for release in releases for engine in release.engines})
    sbom = first.path(f"ferry-{first.version}.cdx.json")
    python = run(ROOT / "tools/setup.sh", "--python", "dist").strip()
    run(python, ROOT / "tools/sbom.py", sbom, first.version, first.epoch, *files, "--", *engines)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
             for path in sorted([*files, sbom])]
    (first.out / "SHA256SUMS").write_text("".join(lines))
    return sorted([*files, sbom])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("out", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--arm64", type=lambda text: pathlib.Path(text).resolve())
    for name in ("--root", "--arm64-root"):
        parser.add_argument(name, type=lambda text: pathlib.Path(text).resolve())
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    releases = [Release(build, options.out) for build in (options.build, options.arm64) if build]
    for release in releases:
        release.lay_out()
        make_deb(release)
        make_archive(release)
        make_wheel(release)
    make_image(releases, {"arm64": options.arm64_root,
                          ARCHITECTURES[platform.machine()]: options.root})
    for path in make_sums(releases):
        print(f"{path.stat().st_size / 1e6:7.1f} MB  {path}")


main()
